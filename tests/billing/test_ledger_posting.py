"""Posting: what stands afterwards, and what is refused and leaves nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from billing.errors.ledger import (
    BooksMixed,
    JournalUnknown,
    KeyConflict,
    LineInvalid,
    Overdrawn,
    ReversedAlready,
    Unbalanced,
)
from billing.ledger import AccountRef, Line, balance, balance_at, post, reverse
from billing.ledger.chart import bank, customer_credit, equity, income, receivable, tax, wallet
from billing.models import Entry, Journal, LedgerAccount
from portal.kit import clock, context
from portal.kit.ids import uuid7
from portal.kit.money import AmountInvalid, CurrencyUnknown, Money, half_up, parsed
from portal.kit.services import UnguardedWrite, writing
from tests.billing.ledger_world import ANN, BOB, DAY, posted, posted_all, posting, sale

pytestmark = pytest.mark.django_db


@contextmanager
def refused(error: type[Exception]) -> Iterator[None]:
    """The block raises `error`, and no journal, entry or account came of it."""
    before = Journal.objects.count(), Entry.objects.count(), LedgerAccount.objects.count()
    with pytest.raises(error), transaction.atomic():
        yield
    assert (Journal.objects.count(), Entry.objects.count(), LedgerAccount.objects.count()) == before


def settled() -> None:
    """What the database checks at commit, checked now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def test_i07_running_balance_previous_and_current_with_versions() -> None:
    there = receivable(ANN, "EUR")
    for amount in (1234, 5678):
        posted((there, amount), (income("usage", "EUR"), -amount))
    entries = Entry.objects.filter(account__path=there.path).order_by("id")
    assert [(e.balance_after - e.amount, e.balance_after, e.account_version) for e in entries] == [
        (0, 1234, 1),
        (1234, 6912, 2),
    ]
    assert balance(there) == 6912
    assert all(e.customer_id == ANN for e in entries)
    settled()


def test_a_journal_of_three_accounts_opens_them_and_balances() -> None:
    done = posted((receivable(ANN, "EUR"), 1190), (income("subscription", "EUR"), -1000), (tax("DE19", "EUR"), -190))
    assert done.created
    assert (balance(income("subscription", "EUR")), balance(tax("DE19", "EUR"))) == (1000, 190)
    opened = LedgerAccount.objects.get(path="liabilities:tax:de19")
    assert (opened.kind, opened.currency, opened.sandbox, opened.stripes) == ("liability", "EUR", False, 16)
    assert opened.balances.count() == 16
    settled()


def test_the_same_account_twice_in_one_journal_runs_on() -> None:
    there = wallet(ANN, "EUR")
    posted((bank("main", "EUR"), 500), (there, -200), (there, -300))
    assert list(
        Entry.objects.filter(account__path=there.path).order_by("id").values_list("balance_after", flat=True)
    ) == [
        -200,
        -500,
    ]


def test_many_journals_in_one_call_answer_in_their_order() -> None:
    there = receivable(BOB, "JPY")
    batch = [posting((there, n), (income("one_off", "JPY"), -n), key=f"batch:{9 - n}") for n in range(1, 6)]
    answers = posted_all(batch)
    assert [Journal.objects.get(pk=a.journal_id).key for a in answers] == [p.key for p in batch]
    assert balance(there) == 15
    assert list(
        Entry.objects.filter(account__path=there.path).order_by("id").values_list("balance_after", flat=True)
    ) == [
        1,
        3,
        6,
        10,
        15,
    ]
    assert posted_all([]) == []


def test_the_same_key_with_the_same_body_posts_once() -> None:
    first = posting((bank("main", "EUR"), 700), (income("usage", "EUR"), -700))
    one, again = posted_all([first]), posted_all([first, first])
    assert [a.created for a in [*one, *again]] == [True, False, False]
    assert {a.journal_id for a in [*one, *again]} == {one[0].journal_id}
    assert balance(bank("main", "EUR")) == 700


def test_the_same_key_with_another_body_is_a_conflict() -> None:
    first = posting((bank("main", "EUR"), 700), (income("usage", "EUR"), -700))
    posted_all([first])
    for other in (
        replace(first, lines=[Line(bank("main", "EUR"), 70), Line(income("usage", "EUR"), -70)]),
        replace(first, event_at=DAY + timedelta(days=1)),
        replace(first, description="Another"),
    ):
        with refused(KeyConflict):
            posted_all([other])
    assert balance(bank("main", "EUR")) == 700


def test_i05_exchange_moves_both_currencies_or_neither() -> None:
    rupees = half_up(Decimal(10_000) * Decimal("82.42135"))
    posted((bank("dollars", "USD"), 50_000), (equity("capital", "USD"), -50_000))
    posted(
        (bank("dollars", "USD"), -10_000),
        (equity("exchange", "USD"), 10_000),
        (bank("rupees", "INR"), rupees),
        (equity("exchange", "INR"), -rupees),
    )
    assert (balance(bank("dollars", "USD")), balance(bank("rupees", "INR"))) == (40_000, 824_214)
    with refused(Unbalanced):
        posted((bank("dollars", "USD"), -10_000), (bank("rupees", "INR"), rupees))
    settled()


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [(bank("main", "EUR"), 100)],
        [(bank("main", "EUR"), 100), (income("usage", "EUR"), -99)],
        [(bank("main", "EUR"), 0), (income("usage", "EUR"), 0)],
        [(bank("main", "EUR"), 100), (income("usage", "USD"), -100)],
    ],
)
def test_what_does_not_balance_is_refused(lines: list[tuple[AccountRef, int]]) -> None:
    with refused(Unbalanced):
        posted(*lines)


def test_i11_more_decimals_than_the_currency_has_is_refused_never_rounded() -> None:
    for text, currency in (("0.005", "USD"), ("10.55", "JPY")):
        with pytest.raises(AmountInvalid):
            parsed(text, currency)
    for amount in (0.5, Decimal("10.55"), True, 10**16):
        with refused(LineInvalid):
            posted((bank("main", "USD"), amount), (income("usage", "USD"), -amount))  # type: ignore[arg-type]
    assert parsed("10.55", "USD") == Money(1055, "USD")


def test_unknown_currencies_and_roots_name_no_account() -> None:
    with pytest.raises(CurrencyUnknown):
        bank("main", "XAU")
    with pytest.raises(ValueError, match="start with one of"):
        AccountRef("cash:drawer", "EUR")
    with refused(LineInvalid):
        posted((AccountRef("assets:Bank main", "EUR"), 5), (income("usage", "EUR"), -5))
    with refused(LineInvalid):
        posted((bank("main", "EUR"), 5), (income("usage", "EUR"), -5), event_at=DAY.replace(tzinfo=None))


def test_sandbox_and_real_books_never_mix() -> None:
    with refused(BooksMixed):
        posted((bank("main", "EUR"), 5), (income("usage", "EUR", sandbox=True), -5))
    sale(300)
    posted((bank("main", "EUR", sandbox=True), 7), (income("subscription", "EUR", sandbox=True), -7))
    assert (balance(bank("main", "EUR")), balance(bank("main", "EUR", sandbox=True))) == (300, 7)


def test_a_wallet_is_never_overdrawn() -> None:
    there = wallet(ANN, "EUR")
    posted((bank("main", "EUR"), 500), (there, -500))
    with refused(Overdrawn):
        posted((there, 501), (receivable(ANN, "EUR"), -501))
    with refused(Overdrawn):
        posted((customer_credit(BOB, "EUR"), 1), (receivable(BOB, "EUR"), -1))
    posted((there, 500), (receivable(ANN, "EUR"), -500))
    assert balance(there) == 0


def test_a_reversal_takes_back_every_entry_once_and_is_linked() -> None:
    done = posted((receivable(ANN, "EUR"), 119), (income("usage", "EUR"), -100), (tax("DE19", "EUR"), -19))
    with context.system("a test"), writing():
        back = reverse(done.journal_id, key="back", event_at=DAY, description="A mistake")
        assert reverse(done.journal_id, key="back", event_at=DAY, description="A mistake").created is False
    assert Journal.objects.get(pk=back.journal_id).reverses_id == done.journal_id
    assert balance(receivable(ANN, "EUR")) == balance(income("usage", "EUR")) == balance(tax("DE19", "EUR")) == 0
    settled()
    with context.system("a test"):
        with refused(ReversedAlready), writing():
            reverse(done.journal_id, key="twice", event_at=DAY)
        with refused(JournalUnknown), writing():
            reverse(uuid7(), key="nothing", event_at=DAY)


def test_as_of_two_axes_what_had_happened_and_what_was_known() -> None:
    there = receivable(ANN, "EUR")
    with clock.at(DAY + timedelta(days=1)):
        posted((there, 100), (income("usage", "EUR"), -100), event_at=DAY)
    with clock.at(DAY + timedelta(days=9)):  # Written late, of the second day.
        posted((there, 20), (income("usage", "EUR"), -20), event_at=DAY + timedelta(days=1))
    second, later = DAY + timedelta(days=1), DAY + timedelta(days=2)
    assert balance_at(there, event_at=DAY) == 100
    assert balance_at(there, event_at=second) == 120
    assert balance_at(there, event_at=second, recorded_at=later) == 100
    assert balance_at(there, recorded_at=DAY) == 0
    assert balance_at(there) == balance(there) == 120


def test_posting_needs_the_door_of_a_service() -> None:
    with refused(UnguardedWrite), context.system("a test"):
        post(posting((bank("main", "EUR"), 5), (income("usage", "EUR"), -5)))


def test_an_account_that_was_never_posted_to_stands_at_nothing() -> None:
    assert balance(wallet(BOB, "EUR")) == balance_at(wallet(BOB, "EUR"), event_at=DAY) == 0
