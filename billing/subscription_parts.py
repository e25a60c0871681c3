"""Parts of services on subscriptions: what several of them write, inside the change that one of them makes."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.errors.catalogue import CouponRefused, PlanNotOffered
from billing.models import (
    Coupon,
    CouponRedemption,
    Invoice,
    PendingChange,
    Phase,
    Plan,
    PlanVersion,
    Subscription,
    SubscriptionItem,
)
from billing.services.coupons import coupon_take
from billing.services.credit_notes import credit_note_issue
from billing.services.invoice_states import void_put
from billing.subscription_changing import Change, end_items, open_items
from billing.subscription_guards import is_staff
from billing.subscription_terms import period_for
from portal.kit.context import Actor
from portal.kit.errors import Invalid

_S = Subscription.State
MOST_UNITS = 1_000_000


def offered(actor: Actor, version: PlanVersion, currency: str, *, kind: str) -> None:
    """`PlanNotOffered` unless the version can be chosen: published, of an active plan of this kind, for everybody or by
    staff, and with prices in the currency (or free of any); part of other services."""
    plan = version.plan
    priced = {price.currency for price in version.prices.all()}
    hidden = plan.visibility == Plan.Visibility.HIDDEN and not is_staff(actor)
    if (
        version.published_at is None
        or plan.state != Plan.State.ACTIVE
        or plan.kind != kind
        or hidden
        or (priced and currency not in priced)
    ):
        raise PlanNotOffered


def item_put(
    subscription: Subscription, version: PlanVersion, quantity: int, at: datetime, *, is_base: bool
) -> SubscriptionItem:
    """Let a subscription take so many of a plan's version from a moment on; part of other services. `Invalid` for a
    quantity that is not 1 to a million."""
    if isinstance(quantity, bool) or not 1 <= quantity <= MOST_UNITS:
        raise Invalid
    return SubscriptionItem.objects.create(
        organisation_id=subscription.organisation_id,
        subscription=subscription,
        plan_version=version,
        is_base=is_base,
        quantity=quantity,
        starts_at=at,
    )


def redeem(subscription: Subscription, code: str, at: datetime) -> CouponRedemption:
    """Use a coupon for a subscription from its next bill on; part of other services. `CouponRefused`, also for a second
    one while the first is in force."""
    if CouponRedemption.objects.filter(subscription=subscription, ended_at=None).exists():
        raise CouponRefused
    coupon = coupon_take(code=code, plan=subscription.plan_version.plan, currency=subscription.currency, at=at)
    uses = {Coupon.Duration.ONCE: 1, Coupon.Duration.REPEATING: coupon.repeats}.get(Coupon.Duration(coupon.duration))
    try:
        with transaction.atomic():
            return CouponRedemption.objects.create(
                organisation_id=subscription.organisation_id,
                subscription=subscription,
                coupon=coupon,
                starts_at=at,
                uses_left=uses,
            )
    except IntegrityError:
        raise CouponRefused from None


def plan_put(change: Change, version: PlanVersion, units: int, at: datetime) -> None:
    """Let another plan take the place of the base from `at` on; what lay there later is taken out of the history."""
    held = change.subscription
    drop_pending(held, change.at, PendingChange.Kind.PLAN)
    rows = SubscriptionItem.objects.filter(subscription=held, is_base=True)
    end_items([item for item in rows if item.ends_at is None or item.ends_at > at], at)
    held.plan_version = version
    item_put(held, version, units, at, is_base=True)
    if held.state != _S.TRIALING:
        whole = period_for(held, version, change.at)
        began = max(held.started_at, held.trial_end or held.started_at)
        period = whole.clipped(began)
        held.current_period_start, held.current_period_end = period.start, period.end


def quantity_put(subscription: Subscription, item: SubscriptionItem, quantity: int, at: datetime) -> None:
    """Another quantity of the same from `at` on; part of other services."""
    end_items([item], at)
    item_put(subscription, item.plan_version, quantity, at, is_base=item.is_base)


def drop_pending(
    subscription: Subscription, at: datetime, kind: str | None = None, version: PlanVersion | None = None
) -> int:
    """Drop what waits for the end of the period; part of other services. How many."""
    rows = PendingChange.objects.filter(subscription=subscription, done_at=None, dropped_at=None)
    if kind is not None:
        rows = rows.filter(kind=kind)
    if version is not None:
        rows = rows.filter(plan_version=version)
    return rows.update(dropped_at=at)


def pending_put(change: Change, row: PendingChange) -> None:
    """Do what waited for this moment; part of the steps of a subscription. What no longer fits is dropped."""
    held = change.subscription
    items = {item.plan_version_id: item for item in open_items(held)}
    item = items.get(row.plan_version_id)
    if row.kind == PendingChange.Kind.PLAN:
        plan_put(change, row.plan_version, row.quantity, row.at)
    elif item is None:
        row.dropped_at = change.at
    elif row.kind == PendingChange.Kind.QUANTITY:
        quantity_put(held, item, row.quantity, row.at)
    else:
        end_items([item], row.at)
    if row.dropped_at is None:
        row.done_at = change.at
    row.save(update_fields=["done_at", "dropped_at"])


def ended_put(change: Change, at: datetime, *, credit: bool = True, planned: bool = False) -> None:
    """End a subscription at `at`; part of other services. Under the policy of day counts the day of it is charged, when
    it is ended by somebody and not by the end of its period."""
    held = change.subscription
    change.kind = "cancelled"
    end_pause(held, at)
    before = held.state
    change.move(_S.CANCELLED)
    held.ended_at, held.cancel_at = at, None
    drop_pending(held, at)
    for item in open_items(held):
        policy = item.plan_version.proration
        advance = item.plan_version.billing == PlanVersion.Billing.ADVANCE
        whole = period_for(held, item.plan_version, at)
        kept = advance and not credit and at > item.starts_at
        by_day = policy == PlanVersion.Proration.DAY_COUNTS and not planned
        end_items([item], whole.end if kept else at, through_day=by_day and not kept)
    CouponRedemption.objects.filter(subscription=held, ended_at=None).update(ended_at=at)
    if before == _S.INCOMPLETE:
        change.bills = False
        close_unpaid(change, reason=_("Cancelled before its first payment"))


def end_pause(held: Subscription, at: datetime) -> None:
    """End the pause that runs, if one does."""
    Phase.objects.filter(subscription=held, kind=Phase.Kind.PAUSE, ends_at=None).update(ends_at=at)


def close_unpaid(change: Change, *, reason: str) -> None:
    """Take back what was billed of a subscription that never began; part of other services. What credit was spent on
    cannot become void: a credit note takes back what is due on it and gives the credit back."""
    held = change.subscription
    CouponRedemption.objects.filter(subscription=held, ended_at=None).update(ended_at=change.at)
    for invoice in Invoice.objects.filter(subscription_id=held.pk, state=Invoice.State.OPEN):
        if invoice.paid or invoice.noted:
            key = f"closed:{invoice.pk}"
            credit_note_issue(actor=change.actor, invoice=invoice, to="open", reason=reason, key=key)
        else:
            void_put(invoice=invoice, reason=reason)
