"""Coupons: what they give, for whom, how often and until when."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import Event
from billing.errors.catalogue import CouponRefused
from billing.models import Coupon, CouponPlan
from billing.services import coupons
from portal.kit import clock, context, errors
from portal.kit.services import writing
from tests.billing.catalogue_world import coupon, sold
from tests.factories import actor_of, person

pytestmark = pytest.mark.django_db


def told() -> list[str]:
    """Events of coupons, oldest first."""
    return list(Event.objects.filter(code__startswith="billing.coupon").order_by("id").values_list("code", flat=True))


def test_a_coupon_is_made_changed_ended_and_brought_back() -> None:
    plan = sold(code="pro").plan
    made = coupon("welcome-20", plans=[plan], duration="repeating", repeats=3)
    with context.system("a test") as current:
        actor = current.actor
        made = coupons.coupon_update(actor=actor, coupon=made, values={"max_redemptions": 2, "name": "Hello"})
        coupons.coupon_update(actor=actor, coupon=made, values={"name": "Hello"})
        coupons.coupon_archive(actor=actor, coupon=made)
        with pytest.raises(CouponRefused):
            coupons.coupon_take(code="WELCOME-20", plan=plan, currency="EUR", at=clock.now())
        coupons.coupon_restore(actor=actor, coupon=made)
        taken = coupons.coupon_take(code=" welcome-20 ", plan=plan, currency="EUR", at=clock.now())
    assert (taken.code, taken.redeemed, taken.name) == ("WELCOME-20", 1, "Hello")
    assert told() == [f"billing.coupon.{verb}" for verb in ("created", "limited", "updated", "archived", "restored")]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"percent_off": 0}, "amount_off"),
        ({"percent_off": 101}, "amount_off"),
        ({"percent_off": 5, "amount_off": 5, "currency": "EUR"}, "amount_off"),
        ({"amount_off": 500}, "amount_off"),
        ({"amount_off": -5, "currency": "EUR"}, "amount_off"),
        ({"amount_off": 10**16, "currency": "EUR"}, "amount_off"),
        ({"amount_off": 500, "currency": "XAU"}, "currency"),
        ({"percent_off": 5, "duration": "repeating"}, "repeats"),
        ({"percent_off": 5, "repeats": 3}, "repeats"),
        ({"percent_off": 5, "duration": "sometimes"}, "duration"),
        ({"percent_off": 5, "code": "X"}, "code"),
        ({"percent_off": 5, "code": "TAKEN"}, "code"),
        ({"percent_off": 5, "name": ""}, "name"),
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused_and_nothing_is_made(values: dict[str, Any], field: str) -> None:
    coupon("TAKEN")
    before = Coupon.objects.count(), told()
    with context.system("a test") as current, pytest.raises(errors.Invalid) as caught:
        coupons.coupon_create(actor=current.actor, **{"code": "FRESH", "name": "Fresh", **values})
    assert field in caught.value.fields
    assert (Coupon.objects.count(), told()) == before


def test_a_coupon_is_good_for_its_plans_currency_and_time_only() -> None:
    now = clock.now()
    plan, other = sold().plan, sold().plan
    coupon("PLAN", plans=[plan])
    coupon("EURO", amount_off=500, currency="EUR")
    coupon("ENDED", redeem_by=now)
    coupon("LATER", redeem_by=now + timedelta(days=1))
    coupon("ONCE", max_redemptions=1)
    with context.system("a test"):
        for code, where, currency in (
            ("PLAN", plan, "EUR"),
            ("EURO", plan, "EUR"),
            ("LATER", plan, "EUR"),
            ("ONCE", plan, "EUR"),
        ):
            assert coupons.coupon_take(code=code, plan=where, currency=currency, at=now).redeemed == 1
        for code, where, currency in (
            ("NONE", plan, "EUR"), ("PLAN", other, "EUR"), ("EURO", plan, "USD"), ("ENDED", plan, "EUR"), ("ONCE", plan, "EUR"),
        ):  # fmt: skip
            with pytest.raises(CouponRefused):
                coupons.coupon_take(code=code, plan=where, currency=currency, at=now)
    assert sorted(Coupon.objects.values_list("redeemed", flat=True)) == [0, 1, 1, 1, 1]


def test_what_a_coupon_gives_never_changes_and_only_staff_with_the_right_writes() -> None:
    made = coupon("FIXED", max_redemptions=1)
    with context.system("a test") as current:
        with pytest.raises(errors.Invalid):
            coupons.coupon_update(actor=current.actor, coupon=made, values={"percent_off": 90})
        coupons.coupon_take(code="FIXED", plan=sold().plan, currency="EUR", at=clock.now())
        with pytest.raises(errors.Invalid) as caught:
            coupons.coupon_update(actor=current.actor, coupon=made, values={"max_redemptions": 0})
        assert list(caught.value.fields) == ["max_redemptions"]
        for statement in (
            "UPDATE billing_coupon SET percent_off = 90",
            "UPDATE billing_coupon SET redeemed = 9",
            "DELETE FROM billing_coupon",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), writing():
                connection.cursor().execute(statement)
    clerk = actor_of(person("Clerk", role="manager"))
    before = list(Coupon.objects.values()), list(CouponPlan.objects.values()), told()
    with context.acting(clerk):
        acts: list[Callable[[], object]] = [
            lambda: coupons.coupon_create(actor=clerk, code="MINE", name="Mine", percent_off=5),
            lambda: coupons.coupon_update(actor=clerk, coupon=made, values={"name": "x"}),
            lambda: coupons.coupon_archive(actor=clerk, coupon=made),
            lambda: coupons.coupon_restore(actor=clerk, coupon=made),
        ]
        for refused in acts:
            with pytest.raises(errors.Forbidden):
                refused()
    assert (list(Coupon.objects.values()), list(CouponPlan.objects.values()), told()) == before
