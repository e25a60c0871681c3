"""Changes of the catalogue that come at once, in a database of their own."""

import threading
from collections.abc import Callable
from functools import partial

from django.db import connections

from audit.models import Event
from billing.errors.catalogue import CouponRefused, DraftExists, VersionPublished
from billing.models import Coupon, PlanVersion, Price
from billing.services.coupons import coupon_take
from billing.services.versions import version_change, version_publish, version_start
from portal.kit import clock, context
from tests.billing.catalogue_world import coupon, draft, flat, new_plan, sold


def at_once(*acts: Callable[[], object]) -> list[Exception]:
    """Do all of these at the same moment, each on a connection of its own; what was refused."""
    start = threading.Barrier(len(acts))
    refused: list[Exception] = []

    def run(act: Callable[[], object]) -> None:
        start.wait(timeout=20)
        try:
            with context.system("a test"):
                act()
        except Exception as error:  # noqa: BLE001 - each test says which it expects
            refused.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return refused


def test_what_is_sold_is_either_the_old_or_the_new_price_never_changed_after(own_database: dict[str, str]) -> None:
    made = draft(new_plan(), flat())
    refused = at_once(
        lambda: version_publish(actor=context.actor(), version=made),
        lambda: version_change(
            actor=context.actor(),
            version=made,
            change=lambda one: one.with_price(flat(9900), instead_of=("base", "EUR")),
        ),
    )
    amount, told = int(Price.objects.get().unit_amount), Event.objects.filter(code="billing.plan_version.changed")
    assert PlanVersion.objects.get().published_at is not None
    # One change made the draft; the other one came before the publishing, or not at all.
    assert ([type(error) for error in refused], amount, told.count()) in (
        ([], 9900, 2),
        ([VersionPublished], 2900, 1),
    )


def test_a_plan_has_one_draft_however_many_start_one(own_database: dict[str, str]) -> None:
    plan = sold().plan
    refused = at_once(*[lambda: version_start(actor=context.actor(), plan=plan)] * 4)
    assert [type(error) for error in refused] == [DraftExists] * 3
    assert PlanVersion.objects.filter(published_at=None).count() == 1


def test_a_coupon_is_redeemed_as_often_as_it_may_be_and_not_once_more(own_database: dict[str, str]) -> None:
    plan = sold().plan
    made = coupon("SPRING", max_redemptions=3)
    take = partial(coupon_take, code="spring", plan=plan, currency="EUR", at=clock.now())
    refused = at_once(*[take] * 8)
    assert [type(error) for error in refused] == [CouponRefused] * 5
    assert Coupon.objects.get(pk=made.pk).redeemed == 3
