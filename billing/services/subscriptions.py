"""Making subscriptions: by a customer for itself, by staff, and of those that ran elsewhere before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.errors.subscriptions import AlreadySubscribed, MomentRefused
from billing.models import (
    Customer,
    Phase,
    Plan,
    PlanVersion,
    Subscription,
)
from billing.periods import Interval, Period, anchor_of, period_at, plus_days
from billing.subscription_changing import Change, Changed, finish
from billing.subscription_guards import authorise_on, held_customer, is_staff
from billing.subscription_parts import item_put, offered, redeem
from billing.subscription_states import OPEN
from billing.subscription_terms import period_for
from billing.times import now_of, zone_of
from portal.kit.context import Actor
from portal.kit.errors import Forbidden, Invalid
from rbac import decision
from rbac.standing import standing_on

_S = Subscription.State


@dataclass(frozen=True, slots=True)
class Taken:
    """A plan's version (an add-on) and how many of it."""

    version: PlanVersion
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """A discount of `percent` on fixed prices for so many `months` from the start."""

    percent: Decimal
    months: int


@dataclass(frozen=True, slots=True)
class Terms:
    """How a subscription begins. What is beyond plan, quantity, add-ons and coupon is staff's to say.

    `starts_at`: in the past for one that began earlier; `charges_from`: what lies before was billed elsewhere.
    `bill_day` 1 to 31 instead of the day of the start; `trial_days` instead of the plan's; `term_months` it does not end
    before; `first_payment`: it is incomplete until its first invoice is paid (None: as the plan says). `again`: without a
    trial, since `previous` had it.
    """

    addons: Sequence[Taken] = ()
    coupon: str = ""
    starts_at: datetime | None = None
    charges_from: datetime | None = None
    bill_day: int = 0
    trial_days: int | None = None
    discount: Stretch | None = None
    term_months: int = 0
    first_payment: bool | None = None
    previous: Subscription | None = None
    again: bool = False

    @property
    def by_staff(self) -> bool:
        """Whether it says anything that is staff's to say."""
        return any(
            (
                self.starts_at is not None,
                self.charges_from is not None,
                self.bill_day,
                self.trial_days is not None,
                self.discount is not None,
                self.term_months,
                self.first_payment is not None,
            )
        )


def subscription_create(
    *, actor: Actor, customer: Customer, version: PlanVersion, quantity: int = 1, terms: Terms | None = None
) -> Changed:
    """Subscribe a customer to a plan and bill what is due at once. By itself (`billing:admin`) or staff
    (`subscription:admin`). Event `billing.subscription.created`, and those of the invoice.

    One base plan of a product runs at a time (`AlreadySubscribed`). `PlanNotOffered`, `CouponRefused`, `MomentRefused`,
    `Invalid` for a quantity below 1.
    """
    terms = terms or Terms()
    authorise_on(actor, customer.organisation_id)
    if terms.by_staff and not is_staff(actor):
        raise Forbidden
    with standing_on(customer.organisation_id):
        held_customer(customer.pk)
        decision.forget_stamps()
        authorise_on(actor, customer.organisation_id)
        at = now_of(customer)
        _may_begin(actor, customer, version, terms, at)
        subscription = _begun(customer, version, terms, at)
        _items(actor, subscription, [Taken(version, quantity), *terms.addons])
        _phases(subscription, terms)
        if terms.coupon:
            redeem(subscription, terms.coupon, at)
        change = Change(actor, subscription, "created", at)
        finish(change)
        if subscription.state == _S.INCOMPLETE and not _owes(change):
            subscription.state = _S.ACTIVE
            finish(Change(actor, subscription, "activated", at, reason="nothing_due", bills=False))
    return Changed(subscription, change.bill)


def _owes(change: Change) -> bool:
    return change.bill.invoice is not None and change.bill.invoice.due > 0


def _may_begin(actor: Actor, customer: Customer, version: PlanVersion, terms: Terms, at: datetime) -> None:
    offered(actor, version, customer.currency, kind=Plan.Kind.BASE)
    running = Subscription.objects.filter(customer=customer, state__in=OPEN)
    if running.filter(plan_version__plan__product=version.plan.product_id).exists():
        raise AlreadySubscribed
    start = terms.starts_at or at
    if start > at or (terms.charges_from is not None and terms.charges_from < start):
        raise MomentRefused
    if not 0 <= terms.bill_day <= 31 or not 0 <= (terms.trial_days or 0) <= 730 or not 0 <= terms.term_months <= 120:
        raise Invalid
    discount = terms.discount
    if discount is not None and not (0 < discount.percent <= 100 and 1 <= discount.months <= 120):
        raise Invalid


def _begun(customer: Customer, version: PlanVersion, terms: Terms, at: datetime) -> Subscription:
    start = terms.starts_at or at
    days = version.trial_days if terms.trial_days is None else terms.trial_days
    days = 0 if terms.again else days
    trial_end = plus_days(start, days, zone_of(customer)) if days else None
    first_payment = version.dunning.get("first_payment", False) if terms.first_payment is None else terms.first_payment
    subscription = Subscription(
        organisation_id=customer.organisation_id,
        customer=customer,
        plan_version=version,
        currency=customer.currency,
        started_at=start,
        # The day of a trial's end is the one that is paid for first, unless a bill day says otherwise.
        anchor_at=trial_end if trial_end is not None and not terms.bill_day else start,
        anchor_day=terms.bill_day,
        trial_end=trial_end,
        charges_from=terms.charges_from,
        previous=terms.previous,
        state=_S.ACTIVE,
    )
    if trial_end is not None and trial_end > at:
        subscription.state = _S.TRIALING
        period = Period(start, trial_end)
    else:
        period = period_for(subscription, version, at).clipped(max(start, trial_end or start))
        if first_payment:
            subscription.state = _S.INCOMPLETE
    subscription.current_period_start, subscription.current_period_end = period.start, period.end
    subscription.next_at = period.end
    subscription.save(force_insert=True)
    return subscription


def _items(actor: Actor, subscription: Subscription, taken: Sequence[Taken]) -> None:
    if len({one.version.pk for one in taken}) != len(taken):
        raise Invalid
    for place, one in enumerate(taken):
        if place:
            offered(actor, one.version, subscription.currency, kind=Plan.Kind.ADDON)
        item_put(subscription, one.version, one.quantity, subscription.started_at, is_base=not place)


def _phases(subscription: Subscription, terms: Terms) -> None:
    start = subscription.started_at
    rows = []
    if subscription.trial_end is not None:
        rows.append(_phase(subscription, Phase.Kind.TRIAL, start, subscription.trial_end))
    paid_from = subscription.trial_end or start
    if terms.discount is not None:
        end = _months_on(subscription, paid_from, terms.discount.months)
        rows.append(_phase(subscription, Phase.Kind.DISCOUNT, paid_from, end, terms.discount.percent))
    if terms.term_months:
        rows.append(
            _phase(subscription, Phase.Kind.TERM, start, _months_on(subscription, paid_from, terms.term_months))
        )
    Phase.objects.bulk_create(rows)


def _phase(
    subscription: Subscription, kind: str, start: datetime, end: datetime | None, percent: Decimal | None = None
) -> Phase:
    return Phase(
        organisation_id=subscription.organisation_id,
        subscription=subscription,
        kind=kind,
        starts_at=start,
        ends_at=end,
        percent_off=percent,
    )


def _months_on(subscription: Subscription, start: datetime, months: int) -> datetime:
    """So many months later, at the end of a period where periods are months."""
    zone = zone_of(subscription.customer)
    anchor = anchor_of(start, Interval("month", months), zone, day=subscription.anchor_day)
    return period_at(anchor, start).end
