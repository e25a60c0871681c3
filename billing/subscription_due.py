"""What happens to a subscription by itself when its time comes: trials and periods end, planned changes and cancellations
take effect, what was never paid closes.

Each subscription has one next moment. A step does all that falls on it, bills, and finds the next one; what was missed is
done moment by moment, in order, so after days without a worker each period is billed once and dated as it would have been.
Whoever changes a subscription does first what is due on it, so that nothing depends on when a worker came.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from billing.models import PendingChange, Subscription
from billing.subscription_changing import Change, end_items, finish, open_items
from billing.subscription_guards import authorise_on, held_for
from billing.subscription_notes import facts_of
from billing.subscription_parts import close_unpaid, ended_put, pending_put
from billing.subscription_terms import period_for
from billing.times import now_of
from portal.kit.context import Actor
from rbac.standing import standing_on

MOST_STEPS = 2_000  # Of one subscription in one call: five years of days.
WORKER = Actor("system", None, "billing")
_S = Subscription.State


@contextmanager
def changing(
    actor: Actor, subscription: Subscription, kind: str, *, reason: str = "", note: str = ""
) -> Iterator[Change]:
    """Hold the subscription for the block, at the customer's present and with all done that is due, then bill, note and
    save what the block changed."""
    authorise_on(actor, subscription.organisation_id)
    with standing_on(subscription.organisation_id):
        held = held_for(actor, subscription.pk)
        moment = now_of(held.customer)
        due_done(WORKER, held, moment)
        change = Change(actor, held, kind, moment, facts_of(held), reason, note[:300])
        yield change
        finish(change)


def due_done(actor: Actor, held: Subscription, until: datetime) -> int:
    """Do what falls due on a held subscription up to `until`; how many moments. Part of services."""
    done = 0
    while held.next_at is not None and held.next_at <= until and held.halted_at is None and done < MOST_STEPS:
        change = Change(actor, held, "", held.next_at, facts_of(held))
        _due(change)
        change.since = _looked_at_from(held)
        finish(change)
        done += 1
    return done


def _looked_at_from(held: Subscription) -> datetime | None:
    """Renewals look at the period that was billed last and the one before, in which use may still arrive."""
    if held.billed_at is None:
        return None
    return period_for(held, held.plan_version, held.billed_at - timedelta(microseconds=1)).start


def _due(change: Change) -> None:
    """All that falls on the moment of the change; the order decides where several do."""
    held, at = change.subscription, change.at
    if held.state == _S.INCOMPLETE and at != held.cancel_at:
        _expire(change)
        return
    if held.cancel_at is not None and held.cancel_at <= at:
        ended_put(change, at, planned=True)
        return
    change.kind = "renewed"
    waits = PendingChange.objects.filter(subscription=held, done_at=None, dropped_at=None, at__lte=at)
    for row in waits.select_related("plan_version__plan").order_by("at", "id"):
        pending_put(change, row)
        change.kind = "changed_plan" if row.kind == PendingChange.Kind.PLAN else "renewed"
    if held.state == _S.TRIALING and held.trial_end is not None and held.trial_end <= at:
        change.move(_S.ACTIVE)
        change.kind = "ended_trial"
    if held.current_period_end <= at:
        period = period_for(held, held.plan_version, at).clipped(held.trial_end)
        held.current_period_start, held.current_period_end = period.start, period.end


def _expire(change: Change) -> None:
    """Close what was never paid: its invoices are void, and nothing of it is taken any more."""
    held = change.subscription
    change.kind, change.bills = "expired", False
    change.move(_S.INCOMPLETE_EXPIRED)
    held.ended_at, held.cancel_at = change.at, None
    end_items(open_items(held), change.at)
    close_unpaid(change, reason=_("Never paid"))
