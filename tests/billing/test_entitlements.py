"""What a plan allows: limits, switches, add-ons, standing; and who is told when most is used."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from audit.models import Event
from billing import entitlements
from billing.entitlements import Held, Reason, Wish, check, quotas
from billing.errors.usage import FeatureUnknown
from billing.models import QuotaAlert
from billing.services.quotas import organisations_changed, quotas_check
from portal.kit import clock, context
from portal.kit.errors import Forbidden
from portal.kit.models import OutboundMessage
from portal.kit.models.notices import Notice
from portal.kit.tenancy import reading
from tests.accounts.organisation_world import House, make_house
from tests.billing.money_world import customer_of
from tests.billing.usage_world import NOON, plan, report


@pytest.fixture
def house(db: None) -> House:
    return make_house("Harbour")


@pytest.fixture
def ports() -> Iterator[None]:
    before = entitlements._plans, entitlements._standing
    yield
    entitlements.fill(plans=before[0], standing=before[1])


def _ask(house: House, feature: str, quantity: int = 1, used: int | None = None) -> entitlements.Answer:
    wish = Wish(feature, Decimal(quantity), None if used is None else Decimal(used))
    with clock.at(NOON), context.system("a test"), reading(house.id):
        return check(house.id, [wish])[0]


def test_a_meter_is_measured_against_both_limits(house: House) -> None:
    plan({"calls": (80, 100), "sso": (None, None), "exports": (None, None)})
    within = _ask(house, "calls", 80)
    assert (within.allowed, within.reason) == (True, Reason.WITHIN_LIMIT)
    assert within.used == 0
    assert within.remaining == 100
    report(house, {"quantity": 70})
    soft, hard = _ask(house, "calls", 11), _ask(house, "calls", 31)
    assert (soft.allowed, soft.reason, soft.soft_limit, soft.limit) == (True, Reason.OVER_SOFT_LIMIT, 80, 100)
    assert (hard.allowed, hard.reason) == (False, Reason.OVER_HARD_LIMIT)
    assert hard.used == 70
    assert hard.remaining == 30
    assert _ask(house, "calls", 30).allowed
    assert _ask(house, "sso").reason == Reason.INCLUDED
    unlimited = _ask(house, "exports", 10**9)
    assert (unlimited.allowed, unlimited.reason, unlimited.limit) == (True, Reason.INCLUDED, None)


def test_use_of_another_period_or_organisation_does_not_count(house: House) -> None:
    plan({"calls": (None, 10)})
    report(house, {"quantity": 9, "occurred_at": "2026-02-28T23:59:59Z"})
    report(make_house("Elsewhere"), {"quantity": 9})
    assert _ask(house, "calls", 10).allowed
    # In the customer's zone March has not begun at that moment, so that use is this month's there.
    customer_of(house.organisation, time_zone="Asia/Kolkata")
    assert _ask(house, "calls", 2).reason == Reason.OVER_HARD_LIMIT


def test_what_no_meter_counts_is_told_by_the_host(house: House) -> None:
    plan({"projects": (None, 3)}, metered=False)
    assert _ask(house, "projects", 1, used=2).allowed
    full = _ask(house, "projects", 1, used=3)
    assert not full.allowed
    assert full.remaining == 0


def test_a_feature_outside_of_the_plan_and_one_that_is_none(house: House) -> None:
    assert plan({"sso": (None, None)}, code="other")
    assert _ask(house, "sso").reason == Reason.NO_PLAN
    plan({"calls": (None, 5)})
    assert _ask(house, "sso").reason == Reason.NOT_IN_PLAN
    for code in ("nothing", "nul\0"):
        with pytest.raises(FeatureUnknown):
            _ask(house, code)


def test_add_ons_come_on_top_and_dunning_restricts(house: House, ports: None) -> None:
    base = entitlements.free_plan
    version = plan({"calls": (50, 100), "sso": (None, None)})
    extra = plan({"calls": (None, 10)}, code="extra")

    def held(organisation_id: object) -> list[Held]:
        (one,) = base(house.id)
        return [replace(one, plan_version_id=version.pk), replace(one, plan_version_id=extra.pk, times=3)]

    entitlements.fill(plans=held)
    found = _ask(house, "calls", 130)
    assert (found.allowed, found.limit, found.soft_limit) == (True, 130, None)
    entitlements.fill(standing=lambda organisation_id: "restricted")
    assert _ask(house, "calls").reason == Reason.RESTRICTED
    assert _ask(house, "sso").allowed
    entitlements.fill(standing=lambda organisation_id: "suspended")
    assert (_ask(house, "sso").allowed, _ask(house, "sso").reason) == (False, Reason.SUSPENDED)


def test_the_quotas_of_an_organisation_are_those_of_its_plan(house: House) -> None:
    plan({"calls": (None, 100), "sso": (None, None), "exports": (40, None)})
    report(house, {"quantity": 25})
    with clock.at(NOON), context.system("a test"), reading(house.id):
        found = {one.feature.code: (one.bound, one.used) for one in quotas(house.id)}
    assert found == {"calls": (100, 25), "sso": (None, None), "exports": (40, 0)}


def _tell(house: House) -> int:
    with clock.at(NOON), context.system("a test") as current:
        return quotas_check(actor=current.actor, organisation_id=house.id)


def test_who_sees_the_bills_is_told_once_at_80_and_once_at_100_percent(house: House) -> None:
    plan({"calls": (None, 100)})
    report(house, {"quantity": 79})
    assert _tell(house) == 0
    report(house, {"quantity": 1})
    assert (_tell(house), _tell(house)) == (1, 0)
    people = {house.owner.pk, house.admin.pk}
    assert set(Notice.objects.filter(category="usage").values_list("person_id", flat=True)) == people
    mails = OutboundMessage.objects.filter(category="usage")
    assert {mail.person_id for mail in mails} == people
    assert "80 % of “Calls” is used" in mails[0].subject
    assert "80 of 100" in mails[0].text
    report(house, {"quantity": 20})
    assert _tell(house) == 1
    assert Event.objects.filter(code="billing.quota.reached").count() == 2
    assert organisations_changed() in ([], [house.id])
    with clock.at(NOON):
        assert organisations_changed() == [house.id]


def test_who_jumps_beyond_both_is_told_of_the_higher_one_and_again_next_month(house: House) -> None:
    plan({"calls": (100, None), "exports": (None, None)})
    report(house, {"quantity": 500})
    assert _tell(house) == 2
    assert Notice.objects.filter(category="usage").count() == 2
    assert {row.percent for row in QuotaAlert.objects.all()} == {80, 100}
    april = datetime(2026, 4, 2, tzinfo=UTC)
    report(house, {"quantity": 85}, at=april)
    with clock.at(april), context.system("a test") as current:
        assert quotas_check(actor=current.actor, organisation_id=house.id) == 1


def test_only_the_job_may_compare(house: House) -> None:
    actor = house.inside(house.owner)
    with context.acting(actor), pytest.raises(Forbidden):
        quotas_check(actor=actor, organisation_id=house.id)
    assert not QuotaAlert.objects.exists()
