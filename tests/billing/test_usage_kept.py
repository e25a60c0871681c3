"""Single events of use are kept for as long as a bill needs them, and no longer; and charges that begin within a period."""

from decimal import Decimal

import pytest

from billing.models import PlanVersion, Subscription, UsageEvent
from billing.plan_drafts import PriceDraft
from maintenance.cleaning.found import Pace
from maintenance.cleaning.rows import TableRows
from portal.kit import clock, context
from portal.kit.registry import cleanups
from portal.kit.services import writing
from tests.accounts.organisation_world import House, make_house
from tests.billing.catalogue_world import meter, sold
from tests.billing.money_world import customer_of, seller
from tests.billing.subscription_world import amounts, buyer, fresh, on, plan, step, subscribed, totals
from tests.billing.usage_world import report

pytestmark = pytest.mark.django_db
CALLS = PriceDraft("calls", "Calls", "EUR", model="per_seat", meter="calls", unit_amount=Decimal(10))
SHARE = PriceDraft(
    "share", "Share", "EUR", model="percentage", meter="calls", percent=Decimal(1), unit_amount=Decimal(5)
)


@pytest.fixture
def house() -> House:
    seller(regime="none")
    meter("calls")
    return make_house("Harbour")


def _sold(price: PriceDraft, **values: str) -> PlanVersion:
    return PlanVersion.objects.get(pk=sold(price, **values).pk)  # With its plan as it is since it was published.


def _used(house: House, quantity: int, happened: str) -> None:
    (one,) = report(house, {"quantity": quantity, "occurred_at": on(happened).isoformat()}, at=on(happened))
    assert one.verdict == "counted"


def _cleaned(at: str) -> int:
    """Let the clean-ups of use run at a moment; how many single events are left."""
    with context.system("a test"), writing():
        for name in ("billing.usage_events", "billing.usage_hours", "billing.usage_values"):
            spec = cleanups.get(name)
            way, place = TableRows(spec, on(at) - spec.keep), None
            while True:
                done = way.step(place, Pace(1000))
                place = done.place
                if done.over:
                    break
        return UsageEvent.objects.count()


@pytest.mark.parametrize(
    ("price", "zone", "total"),
    [(SHARE, "Europe/Berlin", 60 + 110), (CALLS, "Asia/Kolkata", 15_000 * 10)],
)
def test_a_year_is_billed_from_events_that_are_older_than_ninety_days(
    house: House, price: PriceDraft, zone: str, total: int
) -> None:
    version = _sold(price, billing="arrears", interval_unit="year")
    subscription, _ = subscribed(customer_of(house.organisation, time_zone=zone), version, "2026-03-01")
    _used(house, 3_900, "2026-03-01T00:20")
    _used(house, 100, "2026-03-01T18:40")
    _used(house, 1_000, "2026-03-11")
    _used(house, 10_000, "2026-07-11")
    assert _cleaned("2027-01-15") == 4
    step(subscription, "2027-03-01T12:00")
    assert totals(subscription) == [total]
    assert _cleaned("2027-03-02") == 4, "Use of the year may still arrive, late."
    _used(house, 50, "2027-07-01")
    version_next = fresh(subscription)
    with clock.at(on("2027-07-02")), context.system("a test"), writing():
        assert version_next.usage_from is not None
    step(subscription, "2028-03-01T12:00")
    assert _cleaned("2028-03-02") == 1, "The first year is settled, and let go."


def test_sums_are_enough_for_whole_hours_and_nothing_is_kept_for_them(house: House) -> None:
    version = _sold(CALLS, billing="arrears", interval_unit="year")
    subscription, _ = subscribed(customer_of(house.organisation, time_zone="Europe/Berlin"), version, "2026-03-01")
    _used(house, 4, "2026-03-01T00:20")
    assert fresh(subscription).usage_from is None
    assert _cleaned("2027-01-15") == 0
    step(subscription, "2027-03-01T12:00")
    assert totals(subscription) == [40]


def test_another_organisation_is_kept_nothing_for_and_one_that_ended_not_for_ever(house: House) -> None:
    version = _sold(SHARE, billing="arrears", interval_unit="year")
    subscription, _ = subscribed(customer_of(house.organisation), version, "2026-03-01")
    other = make_house("Island")
    _used(house, 4_000, "2026-03-10")
    _used(other, 4_000, "2026-03-10")
    assert _cleaned("2026-09-15") == 1
    with context.system("a test"), writing():
        Subscription.objects.filter(pk=subscription.pk).update(
            state="cancelled", ended_at=on("2026-04-01"), next_at=None
        )
    assert _cleaned("2026-09-15") == 0


def test_what_begins_to_be_charged_within_a_period_is_billed_at_that_moment() -> None:
    subscription, _ = subscribed(
        buyer(), plan(3100), "2024-04-10", starts_at=on("2024-01-01"), charges_from=on("2024-05-21")
    )
    assert (amounts(subscription), subscription.next_at) == ([], on("2024-05-01"))
    step(subscription, "2024-05-01")
    assert (amounts(subscription), fresh(subscription).next_at) == ([], on("2024-05-21"))
    step(subscription, "2024-05-21")
    assert (amounts(subscription), fresh(subscription).next_at) == ([1100], on("2024-06-01"))
    step(subscription, "2024-06-01")
    assert amounts(subscription) == [1100, 3100]
