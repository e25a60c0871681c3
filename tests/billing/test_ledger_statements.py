"""Bank statements: importing them, and matching each line once."""

from datetime import date

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Sum

from billing.errors.ledger import JournalDiffers, StatementLineSettled, StatementUnreadable
from billing.ledger import Line, balance
from billing.ledger.chart import bank, receivable
from billing.models import Entry, Journal, StatementLine
from billing.selectors.ledger import open_items
from billing.services.statements import (
    statement_import,
    statement_line_ignore,
    statement_line_match,
    statement_line_post,
)
from portal.kit import context
from portal.kit.errors import Forbidden
from portal.kit.services import writing
from tests.billing.ledger_world import ANN, posted, sale
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db
HEAD = "date,amount,currency,reference,counterparty,id\n"


def imported(rows: str, bank_code: str = "main") -> tuple[int, int]:
    """Numbers of new and known lines."""
    with context.system("a test") as current:
        done = statement_import(actor=current.actor, bank=bank_code, text=HEAD + rows)
    return done.added, done.known


def test_f07_a_bank_that_pays_short_leaves_only_that_payment_open() -> None:
    there = receivable(ANN, "EUR")
    for name, amount in (("p_122", 2000), ("p_123", 5000), ("p_124", 700)):
        posted(Line(there, amount, name), Line(bank("transit", "EUR"), -amount, name))
    imported("2026-03-02,20.00,EUR,p_122,Ann,b1\n2026-03-02,49.50,EUR,p_123,Ann,b2\n2026-03-03,7.00,EUR,p_124,Ann,b3\n")
    with context.system("a test") as current:
        for line in StatementLine.objects.all():
            statement_line_post(actor=current.actor, line=line, against=there, reference=line.reference)
        assert open_items(current.actor, there) == [("p_123", 50)]
    assert (balance(there), balance(bank("main", "EUR"))) == (50, 7650)
    assert Entry.objects.filter(reference="p_123", account__path=there.path).aggregate(s=Sum("amount"))["s"] == 50


def test_a_statement_sent_twice_is_imported_once_with_and_without_ids() -> None:
    rows = "2026-03-02,20.00,EUR,one,Ann,b1\n2026-03-02,-5.00,EUR,fee,Bank,\n2026-03-02,-5.00,EUR,fee,Bank,\n"
    assert imported(rows) == (3, 0)
    assert imported(rows + "2026-03-04,1.00,EUR,new,Ann,b9\n") == (1, 3)
    assert imported("2026-03-02,20.00,EUR,one,Ann,b1\n", "other") == (1, 0)
    assert StatementLine.objects.filter(bank="main").aggregate(s=Sum("amount"))["s"] == 2000 - 1000 + 100


@pytest.mark.parametrize(
    "rows",
    [
        "2026-03-02,20.005,EUR,too many decimals,Ann,b1\n",
        "2026-03-02,10.55,JPY,too many decimals,Ann,b1\n",
        "02.03.2026,20.00,EUR,a date of people,Ann,b1\n",
        "2026-03-02,20.00,XXX,no currency,Ann,b1\n",
        "2026-03-02,0.00,EUR,nothing,Ann,b1\n",
        "2026-03-02,20.00\n",
    ],
)
def test_a_statement_with_a_line_that_cannot_be_read_is_refused_whole(rows: str) -> None:
    with pytest.raises(StatementUnreadable, match="Line 3"):
        imported("2026-03-02,20.00,EUR,good,Ann,b0\n" + rows)
    assert not StatementLine.objects.exists()


def test_a_file_without_the_columns_is_refused() -> None:
    with context.system("a test") as current, pytest.raises(StatementUnreadable, match="currency"):
        statement_import(actor=current.actor, bank="main", text="date,amount\n2026-03-02,1.00\n")


def test_a_line_is_matched_with_a_journal_of_its_amount_once() -> None:
    done, other = sale(2000), sale(1999)
    imported("2026-03-02,20.00,EUR,one,Ann,b1\n2026-03-02,20.00,EUR,two,Ann,b2\n2026-03-02,-1.00,EUR,fee,Bank,b3\n")
    one, two, fee = StatementLine.objects.order_by("external_id")
    journal = Journal.objects.get(pk=done.journal_id)
    with context.system("a test") as current:
        with pytest.raises(JournalDiffers), transaction.atomic():
            statement_line_match(actor=current.actor, line=one, journal=Journal.objects.get(pk=other.journal_id))
        assert statement_line_match(actor=current.actor, line=one, journal=journal).state == "matched"
        with pytest.raises(JournalDiffers), transaction.atomic():
            statement_line_match(actor=current.actor, line=two, journal=journal)
        assert statement_line_ignore(actor=current.actor, line=fee, note="Told elsewhere").note == "Told elsewhere"
        for line in (one, fee):
            with pytest.raises(StatementLineSettled), transaction.atomic():
                statement_line_ignore(actor=current.actor, line=line, note="again")
    assert Journal.objects.count() == 2
    assert StatementLine.objects.get(pk=two.pk).state == "open"


def test_what_the_bank_said_never_changes() -> None:
    imported("2026-03-02,20.00,EUR,one,Ann,b1\n")
    for values in ({"amount": 1}, {"booked_on": date(2020, 1, 1)}, {"reference": "x"}):
        with context.system("a test"), pytest.raises(DatabaseError), transaction.atomic(), writing():
            StatementLine.objects.update(**values)
    assert StatementLine.objects.get().amount == 2000


def test_matching_needs_the_right(world: World) -> None:
    imported("2026-03-02,20.00,EUR,one,Ann,b1\n")
    line = StatementLine.objects.get()
    with context.acting(actor_of(world.manager)) as current:
        for act in (
            lambda: statement_import(actor=current.actor, bank="main", text=HEAD),
            lambda: statement_line_post(actor=current.actor, line=line, against=receivable(ANN, "EUR")),
            lambda: statement_line_ignore(actor=current.actor, line=line, note="no"),
        ):
            with pytest.raises(Forbidden):
                act()
    assert not Journal.objects.exists()
    assert StatementLine.objects.get().state == "open"
