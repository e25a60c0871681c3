"""What is written about every change of a subscription: its history, the audit event, and the movement of MRR."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Sum

from billing.models import (
    Coupon,
    CouponRedemption,
    MrrMovement,
    Subscription,
    SubscriptionEvent,
    SubscriptionItem,
)
from billing.mrr import Worth, monthly, monthly_value, movement_kind
from billing.subscription_guards import held_customer
from billing.subscription_states import VALUED
from billing.subscription_terms import items_of, worths_of
from portal.kit.context import Actor
from portal.kit.record import record

Facts = Mapping[str, Any]
SHOWN = ("state", "plan", "quantity", "addons", "coupon", "trial_end", "current_period_end", "cancel_at", "ended_at")


def facts_of(subscription: Subscription) -> dict[str, Any]:
    """What a subscription is at this moment, as history and audit show it; JSON."""
    items = [item for item in _items(subscription) if item.ends_at is None]
    base = next((item for item in items if item.is_base), None)
    version = base.plan_version if base else subscription.plan_version
    coupon = CouponRedemption.objects.filter(subscription=subscription, ended_at=None).select_related("coupon").first()
    return {
        "state": subscription.state,
        "plan": f"{version.plan.code} {version.number}",
        "quantity": base.quantity if base else 0,
        "addons": {item.plan_version.plan.code: item.quantity for item in items if not item.is_base},
        "coupon": coupon.coupon.code if coupon else "",
        "trial_end": _text(subscription.trial_end),
        "current_period_end": _text(subscription.current_period_end),
        "cancel_at": _text(subscription.cancel_at),
        "ended_at": _text(subscription.ended_at),
    }


def _items(subscription: Subscription) -> list[SubscriptionItem]:
    return list(SubscriptionItem.objects.filter(subscription=subscription).select_related("plan_version__plan"))


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def noted(
    actor: Actor,
    subscription: Subscription,
    kind: str,
    *,
    at: datetime,
    before: Facts | None,
    reason: str = "",
    note: str = "",
) -> None:
    """Append to the history what became of a subscription, and the audit event `billing.subscription.<kind>`."""
    after = facts_of(subscription)
    SubscriptionEvent.objects.create(
        organisation_id=subscription.organisation_id,
        subscription=subscription,
        kind=kind,
        reason=reason,
        note=note,
        actor_kind=actor.kind,
        actor_id=actor.id,
        before=before or {},
        after=after,
        at=at,
    )
    record(
        f"billing.subscription.{kind}",
        target=subscription,
        changes={
            name: ((before or {}).get(name), after[name]) for name in SHOWN if (before or {}).get(name) != after[name]
        },
        reason=note or reason,
    )


def mrr_of(subscription: Subscription, at: datetime, items: Sequence[SubscriptionItem] | None = None) -> int:
    """What a subscription is worth a month at a moment, minor units (metrics.md): 0 unless active or past due. `items`:
    what it has and had, where they have been read."""
    if subscription.state not in VALUED or (subscription.trial_end is not None and subscription.trial_end > at):
        return 0
    worths = worths_of(items_of(subscription) if items is None else items, subscription.currency, at)
    lasting = CouponRedemption.objects.filter(
        subscription=subscription, ended_at=None, coupon__duration=Coupon.Duration.FOREVER
    )
    redemption = lasting.select_related("coupon").first()
    percent: Decimal | None = None
    amount_off = Fraction(0)
    if redemption is not None:
        coupon, version = redemption.coupon, subscription.plan_version
        percent = coupon.percent_off
        if coupon.amount_off is not None:
            amount_off = monthly(Worth(Fraction(coupon.amount_off), version.interval_unit, version.interval_count))
    return monthly_value(worths, percent_off=percent, amount_off=amount_off)


def value_noted(subscription: Subscription, at: datetime, items: Sequence[SubscriptionItem] | None = None) -> None:
    """Write what its customer's MRR moved by, if it did, and keep the subscription's new value (unsaved). `items` as of
    `mrr_of`."""
    value = mrr_of(subscription, at, items)
    moved = value - subscription.mrr
    if not moved:
        return
    customer = held_customer(subscription.customer_id)
    others = Subscription.objects.filter(customer=customer).exclude(pk=subscription.pk)
    before = subscription.mrr + int(others.aggregate(total=Sum("mrr", default=0))["total"])
    earlier = MrrMovement.objects.filter(customer=customer).exists()
    subscription.mrr = value
    version = subscription.plan_version
    MrrMovement.objects.create(
        organisation_id=subscription.organisation_id,
        customer=customer,
        subscription=subscription,
        kind=movement_kind(before, before + moved, had_some=earlier),
        amount=moved,
        currency=subscription.currency,
        sandbox=customer.sandbox,
        at=at,
        snapshot={
            "before": before,
            "after": before + moved,
            "subscription": value,
            "plan": version.plan.code,
            "version": version.number,
            "state": subscription.state,
        },
    )
