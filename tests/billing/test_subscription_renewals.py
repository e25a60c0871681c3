"""Renewals: once per period, whoever asks, however often and however late."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.jobs.subscriptions import renew_subscriptions
from billing.models import BilledLine, Invoice, Subscription
from billing.services.invoice_states import invoice_void
from billing.services.subscription_bills import LINES_A_DAY, subscription_bill
from billing.services.subscription_life import subscription_let_bill
from billing.services.subscription_steps import due_for, subscriptions_renew
from portal.kit import clock, context
from portal.kit.ids import uuid7
from portal.kit.services import writing
from tests.accounts.organisation_world import codes_of
from tests.billing.subscription_world import (
    amounts,
    buyer,
    change,
    fresh,
    on,
    plan,
    step,
    subscribed,
    totals,
)

pytestmark = pytest.mark.django_db


class WalkedRun:
    """A run whose batches are transactions of the test, and that remembers where it came to."""

    def __init__(self) -> None:
        self.id = uuid7()
        self.args: Mapping[str, Any] = {}
        self.cursor: Any = None
        self.done = 0

    def phase(self, text: str) -> None:
        """What is being done."""

    def log(self, text: str) -> None:
        """A line of its log."""

    def progress(self, done: int, total: int | None) -> None:
        """How far it is."""
        self.done = done

    def batch(self) -> Any:
        """One transaction."""
        return writing()


def test_three_days_without_a_worker_bill_every_period_once_and_in_order() -> None:
    daily, _ = subscribed(buyer(), plan(100, interval_unit="day"), "2024-04-01")
    ended, _ = subscribed(buyer(), plan(700, interval_unit="week"), "2024-03-27")
    with clock.at(on("2024-04-04T09:00")), context.system("a worker") as current:
        assert subscriptions_renew(actor=current.actor, after=None) == (2, None)
        assert subscriptions_renew(actor=current.actor, after=None) == (0, None)
    rows = BilledLine.objects.filter(subscription=daily).order_by("id")
    assert [row.slot_start.day for row in rows] == [1, 2, 3, 4]
    assert [row.billed_at.day for row in rows] == [1, 2, 3, 4]
    assert (len(totals(daily)), amounts(ended)) == (4, [700, 700])


def test_the_bill_that_is_made_again_says_nothing() -> None:
    subscription, _ = subscribed(buyer(), plan(1000), "2024-04-01")
    with clock.at(on("2024-04-20")), context.system("a test") as current:
        again = subscription_bill(actor=current.actor, subscription=subscription, until=on("2024-04-20"))
    assert not again
    assert (again.lines, totals(subscription)) == ([], [1000])


def test_a_test_clock_drives_its_own_customers_only() -> None:
    customer = buyer()
    subscription, _ = subscribed(customer, plan(1000), "2024-04-01")
    with clock.at(on("2024-06-01")), context.system("a clock") as current:
        assert due_for(actor=current.actor, customer=customer) == 2
        assert due_for(actor=current.actor, customer=customer) == 0
    assert totals(subscription) == [1000, 1000, 1000]


def test_one_that_cannot_be_billed_does_not_hold_up_the_others() -> None:
    broken, _ = subscribed(buyer(), plan(1000), "2024-04-01")
    sound, _ = subscribed(buyer(), plan(1000), "2024-04-01")
    with context.system("a test"), writing():
        broken.customer.entity.regime = "flat"  # And there is no rate for it.
        broken.customer.entity.save(update_fields=["regime"])
    with clock.at(on("2024-05-01")), context.system("a worker") as current:
        subscriptions_renew(actor=current.actor, after=None)
    assert (totals(broken), totals(sound)) == ([1000], [1000, 1000])
    assert fresh(broken).current_period_end == on("2024-05-01")
    assert "billing.subscription.failed_step" in codes_of(broken.pk)


def test_more_lines_in_a_day_than_a_limit_stop_billing_and_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    subscription, _ = subscribed(buyer(), plan(100, interval_unit="day"), "2024-04-01")
    monkeypatch.setattr("billing.services.subscription_bills.LINES_A_DAY", 0)
    assert step(subscription, "2024-04-02") == 1
    stopped = fresh(subscription)
    assert (stopped.halted_at is not None, totals(subscription)) == (True, [100])
    assert "billing.subscription.halted" in codes_of(subscription.pk)
    assert step(subscription, "2024-04-05") == 0
    monkeypatch.setattr("billing.services.subscription_bills.LINES_A_DAY", LINES_A_DAY)
    change(subscription_let_bill, subscription, "2024-04-05")
    step(subscription, "2024-04-05")
    assert len(totals(subscription)) == 4
    assert sum(amounts(subscription)) == 500


def test_a_voided_bill_is_made_again() -> None:
    subscription, done = subscribed(buyer(), plan(1000), "2024-04-01")
    assert done.bill.invoice is not None
    with clock.at(on("2024-04-02")), context.system("a test") as current:
        invoice_void(actor=current.actor, invoice=done.bill.invoice, reason="Wrong address")
        subscription_bill(actor=current.actor, subscription=subscription, until=on("2024-04-02"))
    rows = Invoice.objects.filter(subscription_id=subscription.pk).order_by("id")
    assert [(row.state, row.total) for row in rows] == [("void", 1000), ("open", 1000)]


def test_the_job_walks_all_that_is_due() -> None:
    subscription, _ = subscribed(buyer(), plan(1000), "2024-04-01")
    run = WalkedRun()
    with clock.at(on("2024-05-01T00:03")), context.system("a worker"):
        assert renew_subscriptions(run) == {"subscriptions": 1}
    assert (run.done, run.cursor) == (1, {"stepped": 1, "after": None})
    found = Subscription.objects.get()
    assert found.next_at == on("2024-06-01")
    assert found.current_period_end - found.current_period_start == timedelta(days=31)
    assert len(totals(subscription)) == 2


def test_a_renewal_with_its_invoice_its_number_and_its_posting_asks_the_database_so_often() -> None:
    """Statements, those of the savepoint included: one more is a decision, and one fewer lowers the number here."""
    version = plan(1900)
    first, second = (subscribed(buyer(), version, "2024-04-01")[0] for _ in range(2))
    step(first, "2024-05-02")  # What a process asks once is asked.
    with CaptureQueriesContext(connection) as queries:
        assert step(second, "2024-05-02") == 1
    assert totals(second) == [1900, 1900]
    assert len(queries) == 64
