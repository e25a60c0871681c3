"""What the simulator found, each as a test of its own."""

from collections.abc import Callable

import pytest
from django.db import transaction

from billing.errors.subscriptions import MoveRefused
from billing.models import BilledLine, CreditNote, Invoice, Phase, Subscription
from billing.services import subscription_changes as changes
from billing.services import subscription_life as life
from billing.services.invoice_states import invoice_void
from billing.services.subscriptions import Taken
from portal.kit import clock, context
from tests.billing.subscription_world import amounts, buyer, change, fresh, on, plan, step, subscribed, totals

pytestmark = pytest.mark.django_db


def test_what_is_paused_cannot_be_paused_again() -> None:
    subscription, _ = subscribed(buyer(), plan(1000), "2024-04-01")
    change(life.subscription_pause, subscription, "2024-04-11")
    with transaction.atomic(), pytest.raises(MoveRefused):
        change(life.subscription_pause, subscription, "2024-04-12")
    assert Phase.objects.filter(subscription=subscription).count() == 1
    assert (fresh(subscription).state, subscription.events.count()) == ("paused", 2)


def test_a_monthly_addon_of_a_yearly_plan_is_billed_each_month_and_goes_with_its_month() -> None:
    addon = plan(700, addon=True)
    yearly = plan(12_000, interval_unit="year")
    subscription, _ = subscribed(buyer(), yearly, "2024-01-15", addons=[Taken(addon, 1)])
    assert fresh(subscription).next_at == on("2024-02-15")
    assert step(subscription, "2024-04-20") == 3
    assert totals(subscription) == [12_700, 700, 700, 700]
    change(changes.subscription_remove_addon, subscription, "2024-04-20", version=addon)
    assert step(subscription, "2025-01-14") == 1
    assert (totals(subscription)[4:], fresh(subscription).next_at) == ([], on("2025-01-15"))
    assert step(subscription, "2025-01-15") == 1
    assert totals(subscription)[4:] == [12_000]


def test_a_weekly_addon_waits_for_the_end_of_a_trial_and_stops_in_a_pause() -> None:
    weekly = plan(100, addon=True, interval_unit="week")
    subscription, _ = subscribed(buyer(), plan(1000), "2024-04-01", addons=[Taken(weekly, 1)], trial_days=10)
    assert fresh(subscription).next_at == on("2024-04-11")
    assert step(subscription, "2024-04-19") == 2
    assert totals(subscription) == [1100, 100]
    change(life.subscription_pause, subscription, "2024-04-20")
    assert (fresh(subscription).next_at, step(subscription, "2024-05-30")) == (None, 0)


def _void(subscription: Subscription, at: str) -> None:
    """Make its first invoice void."""
    with clock.at(on(at)), context.system("a test") as current:
        first = Invoice.objects.filter(subscription_id=subscription.pk).order_by("id").first()
        assert first is not None
        invoice_void(actor=current.actor, invoice=first, reason="A mistake")


def test_a_renewal_bills_again_what_became_void_however_long_ago_it_was() -> None:
    subscription, _ = subscribed(buyer(), plan(1000), "2024-01-01")
    step(subscription, "2024-05-01")
    _void(subscription, "2024-05-10")
    step(subscription, "2024-06-01")
    assert totals(subscription) == [1000] * 5 + [2000]
    step(subscription, "2024-07-01")
    assert totals(subscription)[6:] == [1000]


def _more(subscription: Subscription, at: str) -> None:
    change(changes.subscription_set_quantity, subscription, at, quantity=2)


def _gone(subscription: Subscription, at: str) -> None:
    change(life.subscription_cancel, subscription, at)


@pytest.mark.parametrize("act", [_more, _gone])
def test_who_acts_before_the_worker_has_caught_up_is_not_credited_and_billed_again(
    act: Callable[[Subscription, str], None],
) -> None:
    subscription, _ = subscribed(buyer(), plan(100, model="per_seat", interval_unit="week"), "2024-04-01")
    act(subscription, "2024-04-24")
    before = amounts(subscription)
    assert before[:4] == [100] * 4
    step(subscription, "2024-04-24")
    assert (amounts(subscription), CreditNote.objects.count()) == (before, 0)
    assert fresh(subscription).current_period_end == on("2024-04-29")


def test_a_clock_that_went_back_gives_nothing_back() -> None:
    subscription, _ = subscribed(buyer(), plan(1000), "2024-04-01")
    step(subscription, "2024-05-01")
    change(life.subscription_cancel, subscription, "2024-04-30T23:50")
    assert (amounts(subscription), BilledLine.objects.count()) == ([1000, 1000], 2)


def test_a_pause_that_has_outlasted_its_period_is_cancelled_at_once_and_not_in_the_past() -> None:
    subscription, _ = subscribed(buyer(), plan(1000), "2024-04-01")
    change(life.subscription_pause, subscription, "2024-04-11")
    change(life.subscription_cancel, subscription, "2024-06-10")
    found = fresh(subscription)
    assert (found.state, found.ended_at, found.next_at) == ("cancelled", on("2024-06-10"), None)
    assert sum(amounts(subscription)) == 333
