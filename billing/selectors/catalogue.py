"""Reads of what is sold. Staff sees all of it; what is offered is for whoever may choose (`offers`)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Max, Prefetch, Q, QuerySet
from django.db.models.expressions import OuterRef, Subquery

from billing.models import Coupon, CouponRedemption, Entitlement, Feature, Meter, Plan, PlanVersion, Price, Product
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.errors import NotFound

READ = "plan:read"
_PRICES = Price.objects.select_related("meter").prefetch_related("tiers")


def products(actor: Actor) -> QuerySet[Product]:
    """All products."""
    return Product.objects.visible_to(actor, READ)


def plans(actor: Actor) -> QuerySet[Plan]:
    """All plans, with their products."""
    return Plan.objects.visible_to(actor, READ).select_related("product")


def meters(actor: Actor) -> QuerySet[Meter]:
    """All meters."""
    return Meter.objects.visible_to(actor, READ)


def features(actor: Actor) -> QuerySet[Feature]:
    """All features, with their meters."""
    return Feature.objects.visible_to(actor, READ).select_related("meter")


def coupons(actor: Actor) -> QuerySet[Coupon]:
    """All coupons, with the plans they are good for."""
    return Coupon.objects.visible_to(actor, READ).prefetch_related("plans__plan")


def versions(actor: Actor) -> QuerySet[PlanVersion]:
    """All versions, with all that they say: four queries more than the rows."""
    return whole(PlanVersion.objects.visible_to(actor, READ))


def whole(rows: QuerySet[PlanVersion]) -> QuerySet[PlanVersion]:
    """Versions with their plan, prices, tiers, minimums and entitlements."""
    return rows.select_related("plan__product").prefetch_related(
        Prefetch("prices", _PRICES),
        "minimums",
        Prefetch(
            "entitlements",
            Entitlement.objects.select_related("feature__meter").order_by("feature__position", "feature_id"),
        ),
    )


def one(rows: QuerySet[Any], key: UUID) -> Any:
    """The row with that id; `NotFound` where there is none, or it may not be seen."""
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def version(actor: Actor, plan: Plan, number: int) -> PlanVersion:
    """The version of a plan with that number; `NotFound`."""
    found = versions(actor).filter(plan=plan, number=number).first()
    if found is None:
        raise NotFound
    return found


def versions_of(actor: Actor, plan: Plan) -> list[PlanVersion]:
    """All versions of a plan, the newest first."""
    return list(versions(actor).filter(plan=plan).order_by("-number"))


def latest(actor: Actor, rows: Sequence[Plan]) -> list[PlanVersion]:
    """The versions of plans with their prices, the oldest first: three queries, for lists."""
    found = PlanVersion.objects.visible_to(actor, READ).filter(plan__in=rows).order_by("number")
    return list(found.prefetch_related(Prefetch("prices", _PRICES)))


def on_sale() -> QuerySet[PlanVersion]:
    """What can be bought now: the last published version of each active plan, in the order of the picker. For
    everybody who may choose; the caller has asked for that right. Also hidden plans, which only staff gives.
    """
    last = (
        PlanVersion.objects.filter(plan=OuterRef("plan"), published_at__isnull=False)
        .values("plan")
        .annotate(last=Max("number"))
        .values("last")
    )
    found = PlanVersion.objects.filter(plan__state=Plan.State.ACTIVE, number=Subquery(last))
    return whole(found).order_by("plan__position", "plan_id")


def offers(*, currency: str = "", kind: str = "") -> list[PlanVersion]:
    """What a customer chooses of: what is on sale and public, in its currency, base plans or add-ons."""
    found = on_sale().filter(plan__visibility=Plan.Visibility.PUBLIC)
    if currency:
        found = found.filter(prices__currency=currency).distinct()
    return list(found.filter(plan__kind=kind) if kind else found)


def sold(*, currency: str, kind: str) -> list[PlanVersion]:
    """What staff can subscribe a customer to in its currency: also hidden plans."""
    return list(on_sale().filter(plan__kind=kind, prices__currency=currency).distinct())


def offered(*, plan: UUID | str, currency: str) -> PlanVersion | None:
    """What a plan (id or code) is sold as now in a currency, public or hidden; None where it is not."""
    by = Q(plan__code=plan) if isinstance(plan, str) else Q(plan_id=plan)
    return on_sale().filter(by, prices__currency=currency).distinct().first()


def drafts(actor: Actor) -> dict[UUID, PlanVersion]:
    """The draft of each plan that has one, by the plan's id."""
    return {row.plan_id: row for row in PlanVersion.objects.visible_to(actor, READ).filter(published_at=None)}


MOST_SHOWN = 50  # Of the uses of one thing; one more is read, so that a page can say that there are more.


def plans_priced_by(actor: Actor, meter: Meter) -> list[Plan]:
    """The plans of which a version that was published stands on a meter."""
    rows = Price.objects.visible_to(actor, READ).filter(meter=meter, plan_version__published_at__isnull=False)
    return _plans_of(actor, rows.values("plan_version__plan_id"))


def plans_giving(actor: Actor, feature: Feature) -> list[Plan]:
    """The plans of which a version that was published gives a feature."""
    rows = Entitlement.objects.visible_to(actor, READ)
    rows = rows.filter(feature=feature, plan_version__published_at__isnull=False)
    return _plans_of(actor, rows.values("plan_version__plan_id"))


def redeemed_by(actor: Actor, coupon: Coupon) -> list[CouponRedemption]:
    """Who used a coupon, the latest first; nobody for who may not see subscriptions."""
    if not can(actor, "subscription:read"):
        return []
    rows = CouponRedemption.objects.visible_to(actor, "subscription:read").filter(coupon=coupon)
    return list(rows.select_related("subscription__customer").order_by("-id")[: MOST_SHOWN + 1])


def _plans_of(actor: Actor, ids: QuerySet[Any, Any]) -> list[Plan]:
    return list(plans(actor).filter(pk__in=ids).order_by("position", "pk")[: MOST_SHOWN + 1])
