"""What every change of a subscription shares: it is billed and written down, and its next moment is set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from billing.errors.subscriptions import MomentRefused, MoveRefused
from billing.models import PendingChange, Phase, PlanVersion, Subscription, SubscriptionItem
from billing.services.subscription_bills import BILLED, Bill, bill_put
from billing.subscription_guards import is_staff
from billing.subscription_notes import noted, value_noted
from billing.subscription_states import ENDED, may_move
from billing.subscription_terms import items_of, period_for
from portal.kit.context import Actor
from portal.kit.errors import Forbidden

FIRST_PAYMENT_WITHIN = timedelta(hours=23)  # As with Stripe: then what was never paid is closed.
_S = Subscription.State


@dataclass(slots=True)
class Change:
    """A change that is being made: the held subscription, who makes it, and the moment (the customer's time).

    `since`: only periods that end after it are looked at when it is billed, where nothing older can have changed.
    """

    actor: Actor
    subscription: Subscription
    kind: str
    at: datetime
    before: Mapping[str, Any] | None = None
    reason: str = ""
    note: str = ""
    bills: bool = True
    since: datetime | None = None
    bill: Bill = field(default_factory=Bill)

    def move(self, state: str) -> None:
        """Go to another state; `MoveRefused` where the table has no such move."""
        if state == self.subscription.state:
            return
        if not may_move(self.subscription.state, state):
            raise MoveRefused
        self.subscription.state = state

    def needs(self, *states: str) -> None:
        """`MoveRefused` unless it is in one of the states."""
        if self.subscription.state not in states:
            raise MoveRefused

    def staff_only(self) -> None:
        """`Forbidden` for whom acts inside the organisation."""
        if not is_staff(self.actor):
            raise Forbidden

    def backdated(self, at: datetime | None) -> datetime:
        """The moment from which a change holds: now, or another since the start, which only staff may choose."""
        if at is None or at == self.at:
            return self.at
        self.staff_only()
        if not self.subscription.started_at <= at <= self.at:
            raise MomentRefused
        return at

    def base(self) -> SubscriptionItem:
        """The open item of its plan; `MoveRefused` when it has ended."""
        rows = SubscriptionItem.objects.filter(subscription=self.subscription, is_base=True, ends_at=None)
        found = rows.select_related("plan_version__plan").first()
        if found is None:
            raise MoveRefused
        return found


@dataclass(frozen=True, slots=True)
class Changed:
    """What a service did: the subscription as it is now, and what was billed for it at once."""

    subscription: Subscription
    bill: Bill


def finish(change: Change) -> None:
    """Value, next moment, bill, history: what follows every change, in one transaction with it."""
    held = change.subscription
    if not change.kind:  # It is so already.
        return
    items = items_of(held)
    value_noted(held, change.at, items)
    held.next_at = next_moment(held, change.at)
    held.save()
    if change.bills and held.state != _S.PAUSED and held.halted_at is None:
        change.bill = bill_put(actor=change.actor, subscription=held, until=change.at, since=change.since, items=items)
        held.save(update_fields=BILLED)
    noted(change.actor, held, change.kind, at=change.at, before=change.before, reason=change.reason, note=change.note)


def next_moment(subscription: Subscription, after: datetime) -> datetime | None:
    """When something is to be done about a subscription by itself, all that fell due until `after` being done; None:
    never again, unless somebody acts."""
    if subscription.state in ENDED:
        return None
    moments = [] if subscription.cancel_at is None else [subscription.cancel_at]
    if subscription.state == _S.INCOMPLETE:
        moments.append(subscription.started_at + FIRST_PAYMENT_WITHIN)
    elif subscription.state != _S.PAUSED:
        moments.append(subscription.current_period_end)
        if subscription.charges_from is not None and subscription.charges_from > after:
            moments.append(subscription.charges_from)  # What begins to be charged within a period is billed then.
        waits = PendingChange.objects.filter(subscription=subscription, done_at=None, dropped_at=None)
        moments += list(waits.values_list("at", flat=True))
        if subscription.state == _S.TRIALING and subscription.trial_end is not None:
            moments.append(subscription.trial_end)
        else:
            moments += _own_periods(subscription, after)
    return min(moments) if moments else None


def _own_periods(subscription: Subscription, after: datetime) -> list[datetime]:
    """When the periods that are running end of add-ons whose periods are not those of the plan (a monthly add-on of a
    yearly plan): they are billed at their own time."""
    plan = subscription.plan_version
    rows = SubscriptionItem.objects.filter(subscription=subscription, is_base=False, ends_at=None)
    return [
        period_for(subscription, item.plan_version, after).end
        for item in rows.select_related("plan_version")
        if _rhythm(item.plan_version) != _rhythm(plan)
    ]


def _rhythm(version: PlanVersion) -> tuple[object, ...]:
    """What tells the periods of one plan's version from another's in the same subscription."""
    exact = version.proration == PlanVersion.Proration.SECONDS
    return version.interval_unit, version.interval_count, version.anchor, exact


def term_end(subscription: Subscription, at: datetime) -> datetime | None:
    """When the fixed term that runs at a moment is over; None where none runs."""
    rows = Phase.objects.filter(subscription=subscription, kind=Phase.Kind.TERM, starts_at__lte=at, ends_at__gt=at)
    ends = [phase.ends_at for phase in rows if phase.ends_at is not None]
    return max(ends) if ends else None


def open_items(subscription: Subscription) -> list[SubscriptionItem]:
    """What it takes now and without an end."""
    rows = SubscriptionItem.objects.filter(subscription=subscription, ends_at=None)
    return list(rows.select_related("plan_version__plan").order_by("-is_base", "id"))


def end_items(items: list[SubscriptionItem], at: datetime, *, through_day: bool = False) -> None:
    """End items at a moment; one that starts later is taken out of the history."""
    for item in items:
        item.ends_at = max(item.starts_at, at)
        item.through_day = through_day and item.ends_at == at
        item.save(update_fields=["ends_at", "through_day"])
