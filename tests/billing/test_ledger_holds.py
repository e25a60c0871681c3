"""Holds: set aside, then posted, in full or in part, voided or expired; once."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from billing.errors.ledger import (
    BooksMixed,
    HoldEnded,
    HoldExceeded,
    HoldUnknown,
    KeyConflict,
    LineInvalid,
    Overdrawn,
    PeriodClosed,
)
from billing.jobs.ledger import expire_holds
from billing.ledger import balance, hold_expire_due, hold_place, hold_post, hold_void, pending
from billing.ledger.chart import bank, clearing, income, wallet
from billing.ledger.checks import ask
from billing.management.commands.ledger import _number
from billing.models import Hold, Journal
from billing.services.ledger import period_close
from portal.kit import clock, context
from portal.kit.ids import uuid7
from portal.kit.services import writing
from tests.billing.ledger_world import ANN, BOB, DAY, posted

pytestmark = pytest.mark.django_db
OUT = wallet(ANN, "EUR")
INTO = clearing("sandbox", "EUR")


def held(amount: int = 123, **values: object) -> UUID:
    """Money of the wallet set aside for income."""
    with context.system("a test"), writing():
        return hold_place(
            **{  # type: ignore[arg-type]
                "key": f"hold:{uuid7()}",
                "debit": OUT,
                "credit": income("usage", "EUR"),
                "amount": amount,
                **values,
            }
        )


def filled(amount: int = 1000) -> None:
    """The wallet has money."""
    posted((bank("main", "EUR"), amount), (OUT, -amount))


def test_i01_posting_a_hold_in_full_moves_pending_to_posted() -> None:
    filled()
    hold = held(123)
    assert (pending(OUT).balance, pending(OUT).pending_out, pending(OUT).available) == (1000, 123, 877)
    assert pending(income("usage", "EUR")).pending_in == 123
    with context.system("a test"), writing():
        done = hold_post(hold, event_at=DAY)
    assert (pending(OUT).balance, pending(OUT).pending_out) == (877, 0)
    assert (balance(income("usage", "EUR")), pending(income("usage", "EUR")).pending_in) == (123, 0)
    row = Hold.objects.get(pk=hold)
    assert (row.state, row.posted_amount, row.journal_id) == ("posted", 123, done.journal_id)
    assert Journal.objects.get(pk=done.journal_id).key == f"hold:{hold}"
    assert ask(_number) == []


def test_a_hold_posted_in_part_frees_the_rest() -> None:
    filled()
    hold = held(500)
    with context.system("a test"):
        for amount in (501, 0, -1):
            with pytest.raises(HoldExceeded), transaction.atomic(), writing():
                hold_post(hold, event_at=DAY, amount=amount)
        with writing():
            hold_post(hold, event_at=DAY, amount=200)
    assert (pending(OUT).balance, pending(OUT).available) == (800, 800)


@pytest.mark.parametrize("end", ["void", "expire"])
def test_i03_void_or_expire_a_hold_leaves_all_as_before_and_ends_it(end: str) -> None:
    filled()
    before = pending(OUT), pending(income("usage", "EUR")).balance
    hold = held(123, expires_at=DAY)
    with context.system("a test"), writing():
        if end == "void":
            hold_void(hold)
        else:
            assert hold_expire_due(DAY - timedelta(seconds=1)) == 0
            assert hold_expire_due(DAY) == 1
            assert hold_expire_due(DAY) == 0
    assert (pending(OUT), pending(income("usage", "EUR")).balance) == before
    with context.system("a test"):
        with pytest.raises(HoldEnded), transaction.atomic(), writing():
            hold_void(hold)
        with pytest.raises(HoldEnded), transaction.atomic(), writing():
            hold_post(hold, event_at=DAY - timedelta(days=1))
    assert Hold.objects.get().state == ("voided" if end == "void" else "expired")
    assert ask(_number) == []


def test_a_hold_past_its_time_is_not_posted_even_before_the_job_came() -> None:
    filled()
    hold = held(123, expires_at=DAY)
    with context.system("a test"), pytest.raises(HoldEnded), transaction.atomic(), writing():
        hold_post(hold, event_at=DAY)
    assert pending(OUT).pending_out == 123


def test_what_is_held_counts_against_the_limit() -> None:
    filled(100)
    held(60)
    with pytest.raises(Overdrawn), transaction.atomic():
        held(41)
    with pytest.raises(Overdrawn), transaction.atomic():
        posted((OUT, 41), (INTO, -41))
    assert (pending(OUT).available, Hold.objects.count()) == (40, 1)


def test_a_hold_of_the_same_key_is_placed_once() -> None:
    filled()
    first = held(50, key="order:7")
    assert held(50, key="order:7") == first
    with pytest.raises(KeyConflict), transaction.atomic():
        held(51, key="order:7")
    assert pending(OUT).pending_out == 50


@pytest.mark.parametrize(
    ("error", "values"),
    [
        (LineInvalid, {"amount": 0}),
        (LineInvalid, {"amount": -5}),
        (LineInvalid, {"credit": income("usage", "USD")}),
        (BooksMixed, {"credit": income("usage", "EUR", sandbox=True)}),
        (Overdrawn, {"debit": wallet(BOB, "EUR")}),
    ],
)
def test_a_hold_that_cannot_be_leaves_nothing(error: type[Exception], values: dict[str, object]) -> None:
    filled()
    with pytest.raises(error), transaction.atomic():
        held(**values)  # type: ignore[arg-type]
    assert not Hold.objects.exists()


def test_a_hold_is_not_posted_into_a_closed_period_and_stays() -> None:
    filled()
    hold = held(10)
    with context.system("a test") as current:
        period_close(actor=current.actor, until=DAY, reason="February")
        with pytest.raises(PeriodClosed), transaction.atomic(), writing():
            hold_post(hold, event_at=DAY - timedelta(days=1))
        with pytest.raises(HoldUnknown), transaction.atomic(), writing():
            hold_void(uuid7())
    assert Hold.objects.get(pk=hold).state == "pending"


def test_the_job_frees_what_is_due() -> None:
    filled()
    held(10, expires_at=clock.now() - timedelta(minutes=1))
    held(20)

    class _Run:
        def batch(self) -> object:
            return writing()

        def log(self, text: str) -> None:
            self.text = text

    with context.system("a test"):
        assert expire_holds(_Run())["freed"] == 1  # type: ignore[arg-type]
    assert pending(OUT).pending_out == 20
