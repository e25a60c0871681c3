"""Credit notes: what they take back, where it goes, and that they never exceed what is left."""

from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.documents import NoteLine
from billing.errors.invoices import DocumentKeyConflict, InvoiceMove, MoreThanLeft
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, Journal
from billing.services.credit_notes import credit_note_create, credit_note_issue, left_of
from billing.services.settlements import credit_take
from portal.kit import context
from portal.kit.errors import Forbidden, Invalid
from tests.billing.document_world import bank, buyer, credit, draft, final, fresh, line, paid, rate, receivable
from tests.factories import actor_of, person

pytestmark = pytest.mark.django_db
_numbers = count(1)


def note(invoice: Invoice, *nets: Any, to: Any = "balance", key: str | None = None, **values: Any) -> CreditNote:
    """A credit note over exact nets of the invoice's lines, in their order; or by `amount`, or of all."""
    rows = InvoiceLine.objects.filter(invoice=invoice).order_by("position")
    lines = [NoteLine(row.pk, net) for row, net in zip(rows, nets, strict=False)] or None
    with context.system("a test") as current:
        return credit_note_issue(
            actor=current.actor,
            invoice=invoice,
            to=to,
            reason=values.pop("reason", "Ended early"),
            key=key or f"note{next(_numbers)}",
            lines=lines,
            **values,
        )


@pytest.mark.parametrize(
    ("scenario", "amount", "percent", "exact", "expected"),
    [
        ("D01", 20000, "25", Fraction(20000 * 29, 30), (19333, 4833, 24166)),
        ("D03", 2999, "23.33", Fraction(2999 * 6, 7), (2571, 600, 3171)),
        ("D07", 5000, "20", Fraction(5000 * 27, 28), (4821, 964, 5785)),
    ],
)
def test_d01_d03_d07_a_credit_notes_tax_comes_from_the_exact_net(
    scenario: str, amount: int, percent: str, exact: Fraction, expected: tuple[int, int, int]
) -> None:
    customer = buyer(percent)
    invoice = final(customer, amount)
    assert invoice.tax == {"D01": 5000, "D03": 700, "D07": 1000}[scenario]
    paid(invoice)
    made = note(invoice, exact)
    assert (made.subtotal, made.tax, made.total) == expected
    assert credit(customer) == made.total
    assert (fresh(invoice).due, fresh(invoice).noted, receivable(customer)) == (0, made.total, 0)


def test_b21_a_credit_never_exceeds_what_is_left_of_the_line() -> None:
    customer = buyer()
    invoice = final(customer, 249_95)
    paid(invoice)
    note(invoice, 10_00)
    left = left_of(invoice=fresh(invoice))[InvoiceLine.objects.get(invoice=invoice).pk]
    assert left.net == 239_95
    with pytest.raises(MoreThanLeft):
        note(invoice, Decimal("24189"))
    assert (CreditNote.objects.count(), credit(customer)) == (1, 10_00)
    # The change of plan as one document: the capped reversal and the new line; what is below 0 becomes credit.
    change = final(customer, line(-239_95, "proration"), line(9_63, "proration"))
    assert (change.state, change.total, change.due) == ("paid", -230_32, 0)
    assert credit(customer) == 10_00 + 230_32


def test_a_note_on_a_line_taken_back_whole_takes_what_is_left_of_its_taxes() -> None:
    customer = buyer("23.33")
    rate(customer.entity, "1.5", code="town", name="Town tax")
    invoice = final(customer, 33, 33, 33)
    first = note(invoice, Fraction(33, 2), Fraction(33, 2))
    rest = note(invoice)
    assert first.total + rest.total == invoice.total
    assert first.tax + rest.tax == invoice.tax
    assert sum(row.amount for one in (first, rest) for row in one.taxes.all()) == invoice.tax
    with pytest.raises(MoreThanLeft):
        note(invoice, amount=1)


@pytest.mark.parametrize("amount", [1, 7, 118, 119, 237, 356])
def test_a_note_by_amount_gives_exactly_that_amount(amount: int) -> None:
    invoice = final(buyer("19"), 100, 199)
    assert invoice.total == 356
    made = note(invoice, amount=amount, to="open")
    assert (made.total, made.applied, fresh(invoice).due) == (amount, amount, 356 - amount)


def test_a_note_to_what_is_open_pays_the_invoice_and_the_rest_is_credit() -> None:
    customer = buyer()
    invoice = final(customer, 100)
    paid(invoice, 30)
    made = note(invoice, to="open")
    assert (made.total, made.applied) == (100, 70)
    assert (fresh(invoice).state, fresh(invoice).due) == ("paid", 0)
    assert (receivable(customer), credit(customer)) == (0, 30)


def test_f03_a_refund_leaves_the_debt_unless_a_credit_note_takes_it_back() -> None:
    customer = buyer()
    without, with_note = final(customer, 233_82), final(customer, 233_82)
    paid(without)
    paid(with_note)
    paid(without, -233_82)
    assert (fresh(without).due, receivable(customer)) == (233_82, 233_82)
    made = note(with_note, 233_82, to="refund")
    with context.system("a test") as current:
        for _again in range(2):
            credit_take(actor=current.actor, customer=customer, amount=233_82, key="refund1", into=bank(with_note))
    assert fresh(with_note).due == 0
    assert CreditNoteLine.objects.get(credit_note=made).net == 233_82
    assert (receivable(customer), credit(customer)) == (233_82, 0)


def test_a_key_makes_one_note_and_numbers_are_of_their_own() -> None:
    invoice = final(buyer(), 100)
    first = note(invoice, amount=10, key="once")
    assert note(invoice, amount=10, key="once") == first
    second = note(invoice, amount=10)
    assert (first.sequence, second.sequence, fresh(invoice).sequence) == (1, 2, 1)
    assert "-CN-" in first.number
    other = final(invoice.customer, 100)
    with pytest.raises(DocumentKeyConflict):
        note(other, amount=10, key="once")
    assert fresh(other).noted == 0


def test_what_cannot_be_credited_is_refused_and_nothing_is_written() -> None:
    customer = buyer()
    open_one, waiting = final(customer, 100), draft(customer, 100)
    journals = Journal.objects.count()
    for wrong, refusal in (
        ({"reason": " "}, Invalid),
        ({"to": "moon"}, Invalid),
        ({"amount": 0}, MoreThanLeft),
        ({"amount": -1}, MoreThanLeft),
        ({"amount": 101}, MoreThanLeft),
    ):
        with pytest.raises(refusal):
            note(open_one, **{"amount": 1} | wrong)
    with pytest.raises(MoreThanLeft):
        note(open_one, 0)
    with pytest.raises(InvoiceMove):
        note(waiting, amount=1)
    clerk = actor_of(person("Clerk", role="user"))
    with context.acting(clerk), pytest.raises(Forbidden):
        credit_note_create(actor=clerk, invoice=open_one, to="open", reason="x", key="k", amount=1)
    assert not CreditNote.objects.exists()
    assert Journal.objects.count() == journals


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE billing_credit_note SET total = 1, subtotal = 1",
        "DELETE FROM billing_credit_note",
        "UPDATE billing_credit_note_line SET net = 1",
        "DELETE FROM billing_credit_note_tax",
        "TRUNCATE billing_credit_note CASCADE",
    ],
)
def test_an_issued_note_is_never_changed_not_even_by_sql(change: str) -> None:
    from django.db import ProgrammingError, connection

    from portal.kit.services import writing

    note(final(buyer("10"), 100))
    with context.system("a test"), pytest.raises(ProgrammingError), writing(), connection.cursor() as cursor:
        cursor.execute(change)
    assert CreditNote.objects.get().total == 110


def test_a_line_added_to_an_issued_note_does_not_commit() -> None:
    from django.db import connection

    from portal.kit.services import writing

    invoice = final(buyer(), 100, 100)
    made = note(invoice, 40)
    second = InvoiceLine.objects.get(invoice=invoice, position=2)
    with context.system("a test"), pytest.raises(IntegrityError, match="sum of its lines"), transaction.atomic():
        with writing():
            CreditNoteLine.objects.create(
                organisation=made.organisation, credit_note=made, line=second, position=9, net=5, tax=0, description="x"
            )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert made.lines.count() == 1
