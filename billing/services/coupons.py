"""Coupons: making them, changing until when they are good, ending them, and counting who redeems them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from billing.errors.catalogue import CouponRefused
from billing.models import Coupon, CouponPlan, Plan
from billing.services.catalogue_rows import change, put, set_archived
from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.money import MOST, CurrencyUnknown, exponent
from portal.kit.record import record
from portal.kit.services import writing

COUPON = (
    "code", "name", "percent_off", "amount_off", "currency", "duration", "repeats", "redeem_by", "max_redemptions",
)  # fmt: skip
EDITABLE = ("name", "redeem_by", "max_redemptions")


def coupon_create(*, actor: Actor, code: str, name: str, plans: Sequence[Plan] = (), **values: Any) -> Coupon:
    """Make a coupon, good for `plans` or for all. Needs `coupon:admin`; event `billing.coupon.created`.

    `values`: a share `percent_off`, or `amount_off` (minor units) and `currency`; `duration` (`once`, `repeating` with
    `repeats`, `forever`), `redeem_by`, `max_redemptions`. `Invalid` with fields.
    """
    authorise(actor, "coupon:admin")
    coupon = Coupon(code=code.strip().upper(), name=name, **values)
    if coupon.currency:
        _known(coupon.currency)
    if coupon.amount_off is not None and coupon.amount_off > MOST:
        raise errors.Invalid(fields={"amount_off": [_("That is more than an amount may be.")]})
    with writing():
        coupon = put(row=coupon, names=COUPON, event="billing.coupon.created")
        CouponPlan.objects.bulk_create(CouponPlan(coupon=coupon, plan=plan) for plan in plans)
        if plans:
            named = ", ".join(sorted(plan.code for plan in plans))
            record("billing.coupon.limited", target=coupon, changes={"plans": (None, named)})
    return coupon


def coupon_update(*, actor: Actor, coupon: Coupon, values: Mapping[str, Any]) -> Coupon:
    """Change its name, until when and how often it may be redeemed. Event `billing.coupon.updated`; none without a
    change. `Invalid` for fewer redemptions than there were.
    """
    authorise(actor, "coupon:admin")
    return change(model=Coupon, key=coupon.pk, values=values, editable=EDITABLE, event="billing.coupon.updated")


def coupon_archive(*, actor: Actor, coupon: Coupon) -> Coupon:
    """Let nobody redeem it any more; who did keeps it. Event `billing.coupon.archived`."""
    authorise(actor, "coupon:admin")
    return set_archived(model=Coupon, key=coupon.pk, event="billing.coupon.archived", archived=True)


def coupon_restore(*, actor: Actor, coupon: Coupon) -> Coupon:
    """Bring a coupon back. Event `billing.coupon.restored`."""
    authorise(actor, "coupon:admin")
    return set_archived(model=Coupon, key=coupon.pk, event="billing.coupon.restored", archived=False)


def coupon_take(*, code: str, plan: Plan, currency: str, at: datetime) -> Coupon:
    """Count one redemption of a coupon, under its lock; part of another service, which has decided that it may be and
    writes whose redemption it is.

    `at` is the customer's time. `CouponRefused` for no such code, an archived or ended one, one that is used up, and one
    for other plans or another currency.
    """
    with writing():
        coupon = Coupon.objects.select_for_update().filter(code=code.strip().upper(), archived_at=None).first()
        if coupon is None:
            raise CouponRefused
        ended = coupon.redeem_by is not None and at >= coupon.redeem_by
        used_up = coupon.max_redemptions is not None and coupon.redeemed >= coupon.max_redemptions
        elsewhere = coupon.currency not in {"", currency}
        plans = set(coupon.plans.values_list("plan_id", flat=True))
        if ended or used_up or elsewhere or (plans and plan.pk not in plans):
            raise CouponRefused
        coupon.redeemed += 1
        coupon.save(update_fields=["redeemed"])
    return coupon


def _known(currency: str) -> None:
    try:
        exponent(currency)
    except CurrencyUnknown as error:
        raise errors.Invalid(fields={"currency": [str(error.detail)]}) from error
