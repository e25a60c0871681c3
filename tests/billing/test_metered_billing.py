"""Use in arrears: billed once, the late on the next invoice, the minimum made up for, and settled when it can change no more."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing import models
from billing.models import BilledLine, Invoice, InvoiceLine, PlanVersion, Subscription, UsageEvent
from billing.plan_drafts import PriceDraft
from billing.pricing import Tier
from billing.services.invoice_states import invoice_void
from billing.services.subscription_bills import subscription_bill
from billing.services.subscription_changes import subscription_change_plan
from billing.services.subscription_steps import subscription_step
from portal.kit import clock, context
from portal.kit.services import writing
from tests.accounts.organisation_world import House, make_house
from tests.billing.catalogue_world import meter, sold
from tests.billing.money_world import customer_of, seller
from tests.billing.subscription_world import amounts, change, notes, on, step, subscribed, totals
from tests.billing.usage_world import report

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    seller(regime="none")
    meter("calls")
    return make_house("Harbour")


def _plan(*extra: PriceDraft, cents: str = "10", minimum: int = 0, **values: Any) -> PlanVersion:
    """10 cents a call unless it says otherwise; in arrears."""
    calls = PriceDraft("calls", "Calls", "EUR", model="per_seat", meter="calls", unit_amount=Decimal(cents))
    terms: dict[str, Any] = {"billing": "arrears", "minimums": {"EUR": minimum} if minimum else {}, **values}
    made = sold(*(extra or (calls,)), **terms)
    return PlanVersion.objects.get(pk=made.pk)  # With its plan as it is since it was published.


def _used(house: House, quantity: int, happened: str, told: str = "") -> None:
    (one,) = report(house, {"quantity": quantity, "occurred_at": on(happened).isoformat()}, at=on(told or happened))
    assert one.verdict == "counted"


def _lines(subscription: Subscription) -> list[tuple[str, int, str]]:
    """Kind, amount and first day of each line of its newest invoice."""
    newest = Invoice.objects.filter(subscription_id=subscription.pk).order_by("-id")[0]
    rows = InvoiceLine.objects.filter(invoice=newest).order_by("period_start", "position")
    return [(row.kind, row.amount, f"{row.period_start:%m-%d}") for row in rows]


def _bill(subscription: Subscription, at: str) -> bool:
    """Ask by hand for whatever is due."""
    with clock.at(on(at)), context.system("a test") as current:
        return bool(subscription_bill(actor=current.actor, subscription=subscription, until=on(at)))


def test_use_is_billed_once_in_arrears_and_what_is_late_on_the_next_invoice(house: House) -> None:
    subscription, first = subscribed(customer_of(house.organisation), _plan(), "2026-03-01")
    assert not first.bill, "nothing is due before the period is over"
    _used(house, 10, "2026-03-10")
    step(subscription, "2026-04-01")
    assert _lines(subscription) == [("usage", 100, "03-01")]
    assert not _bill(subscription, "2026-04-01")
    _used(house, 4, "2026-03-31T23:00", told="2026-04-02")
    _used(house, 6, "2026-04-02")
    step(subscription, "2026-05-01")
    assert _lines(subscription) == [("usage", 40, "03-01"), ("usage", 60, "04-01")]
    assert not _bill(subscription, "2026-05-02")
    step(subscription, "2026-06-01")
    assert totals(subscription) == [100, 100], "nothing was used in May: no invoice"


def test_late_use_is_priced_by_the_tier_that_it_falls_into(house: House) -> None:
    tiers = (Tier(Decimal(10), Decimal(10)), Tier(None, Decimal(5)))
    steps = PriceDraft("calls", "Calls", "EUR", model="graduated", meter="calls", tiers=tiers)
    subscription, _ = subscribed(customer_of(house.organisation), _plan(steps), "2026-03-01")
    _used(house, 8, "2026-03-10")
    step(subscription, "2026-04-01")
    _used(house, 4, "2026-03-20", told="2026-04-10")
    step(subscription, "2026-05-01")
    assert totals(subscription) == [80, 2 * 10 + 2 * 5]


def test_a_day_that_was_billed_weeks_ago_still_takes_its_late_use(house: House) -> None:
    subscription, _ = subscribed(customer_of(house.organisation), _plan(interval_unit="day"), "2026-03-01")
    _used(house, 1, "2026-03-01T12:00")
    for day in range(2, 22):
        step(subscription, f"2026-03-{day:02d}")
    assert totals(subscription) == [10]
    _used(house, 3, "2026-03-01T13:00", told="2026-03-21T10:00")
    step(subscription, "2026-03-22")
    assert _lines(subscription) == [("usage", 30, "03-01")]


def test_a_minimum_makes_up_for_what_use_leaves_open(house: House) -> None:
    subscription, _ = subscribed(customer_of(house.organisation), _plan(minimum=1000), "2026-03-01")
    _used(house, 30, "2026-03-10")
    step(subscription, "2026-04-01")
    assert _lines(subscription) == [("usage", 300, "03-01"), ("minimum", 700, "03-01")]
    _used(house, 20, "2026-03-31", told="2026-04-02")  # Within the minimum: nothing more to pay for March.
    _used(house, 150, "2026-04-10")
    step(subscription, "2026-05-01")
    assert totals(subscription) == [1000, 1500]
    assert sum(amounts(subscription)) == 2500
    _used(house, 90, "2026-04-30", told="2026-05-02")  # Above it already: all of it is due, and the minimum of May.
    step(subscription, "2026-06-01")
    assert totals(subscription) == [1000, 1500, 1900]


def test_what_is_settled_is_not_asked_for_again_and_a_void_invoice_opens_it(house: House) -> None:
    customer = customer_of(house.organisation, time_zone="Asia/Kolkata")  # Its midnights are no whole hours of UTC.
    small = _plan(minimum=1000)
    subscription, _ = subscribed(customer, small, "2026-03-01")
    for month in range(3, 8):
        _used(house, 30 * month, f"2026-{month:02d}-10")
        step(subscription, f"2026-{month + 1:02d}-01")
    assert totals(subscription) == [1000, 1200, 1500, 1800, 2100]
    with context.system("a test"), writing():
        UsageEvent.objects.filter(occurred_at__lt=on("2026-05-01")).delete()
    with clock.at(on("2026-08-06")):
        other = _plan(cents="20")
    change(subscription_change_plan, subscription, "2026-08-06", version=other)
    assert totals(subscription)[:5] == [1000, 1200, 1500, 1800, 2100]
    assert notes(subscription) == [], "what is settled stays as it was billed"
    july = BilledLine.objects.get(subscription=subscription, amount=2100)
    assert july.invoice_id is not None
    with clock.at(on("2026-09-20")), context.system("a test") as current:
        invoice_void(actor=current.actor, invoice=Invoice.objects.get(pk=july.invoice_id), reason="Wrong address")
    assert _bill(subscription, "2026-09-20")
    again = BilledLine.objects.filter(subscription=subscription, slot_start=july.slot_start).latest("id")
    assert (again.pk != july.pk, again.amount) == (True, 2100)


def test_a_percentage_of_amounts_is_billed_from_its_events(house: House) -> None:
    share = PriceDraft(
        "share", "Share", "EUR", model="percentage", meter="calls", percent=Decimal(1), unit_amount=Decimal(5)
    )
    subscription, _ = subscribed(customer_of(house.organisation), _plan(share), "2026-03-01")
    _used(house, 4000, "2026-03-10")
    _used(house, 1000, "2026-03-11")
    step(subscription, "2026-04-01")
    _used(house, 2000, "2026-03-30", told="2026-04-05")
    step(subscription, "2026-05-01")
    assert totals(subscription) == [60, 25]


def test_a_sandbox_bills_use_of_a_time_long_past(house: House) -> None:
    start = on("2026-03-01T10:20")
    with context.system("a test"), writing():
        sandbox = models.TestClock.objects.create(organisation=house.organisation, name="Past", at=start)
    customer = customer_of(house.organisation, sandbox=True, test_clock=sandbox)
    today = "2027-03-01"
    subscription, _ = subscribed(customer, _plan(proration="seconds"), today)
    assert subscription.started_at == start

    def present(moment: datetime) -> None:
        with context.system("a test"), writing():
            models.TestClock.objects.filter(pk=sandbox.pk).update(at=moment)

    present(start + timedelta(days=5))
    happened = (start + timedelta(minutes=3)).isoformat()
    assert report(house, {"quantity": 7, "occurred_at": happened}, at=on(today))[0].verdict == "counted"
    present(on("2026-04-02"))
    with clock.at(on(today)), context.system("a test") as current:
        subscription_step(actor=current.actor, subscription=subscription, until=on("2026-04-02"))
    assert totals(subscription) == [70]
