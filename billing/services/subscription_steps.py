"""Subscriptions whose time has come, one after the other; see `billing.subscription_due` for what becomes of each."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from billing.models import Customer, Subscription
from billing.subscription_due import due_done
from billing.subscription_guards import authorise_on, held_for
from billing.times import now_of
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import StewardError
from portal.kit.record import record
from portal.kit.services import writing
from rbac.standing import standing_on

BATCH = 50


def subscription_step(*, actor: Actor, subscription: Subscription, until: datetime) -> int:
    """Do what falls due on a subscription up to `until` (the customer's time), moment by moment; how many moments.

    Staff and jobs (`subscription:admin`). Events `billing.subscription.renewed`, `.ended_trial`, `.changed_plan`,
    `.cancelled`, `.expired`, and those of what is billed. Called again, it does nothing.
    """
    authorise_on(actor, subscription.organisation_id)
    with standing_on(subscription.organisation_id):
        return due_done(actor, held_for(actor, subscription.pk), until)


def subscriptions_renew(*, actor: Actor, after: UUID | None, until: datetime | None = None) -> tuple[int, UUID | None]:
    """Step at most `BATCH` subscriptions whose moment has come, by id after `after`; how many, and the last id (None:
    there are no more). Part of a job's batch (`subscription:admin`).

    Rows that another worker holds are left to it. One that cannot be stepped (a tax rate is missing) does not hold up
    the others: it stays due, and event `billing.subscription.failed_step` tells of it. Those of test clocks wait for
    their clock.
    """
    authorise(actor, "subscription:admin")
    moment = until or clock.now()
    rows = Subscription.objects.filter(next_at__lte=moment, halted_at=None, customer__test_clock=None)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    with writing():
        some = list(rows.select_for_update(of=("self",), skip_locked=True).order_by("id")[:BATCH])
        for subscription in some:
            _stepped(actor, subscription, moment)
    return len(some), some[-1].pk if len(some) == BATCH else None


def due_for(*, actor: Actor, customer: Customer) -> int:
    """Step all subscriptions of one customer up to its present: for test clocks, which call it after each move. How many
    moments were done."""
    rows = Subscription.objects.filter(customer=customer, next_at__lte=now_of(customer), halted_at=None).order_by("id")
    return sum(_stepped(actor, subscription, now_of(customer)) for subscription in rows)


def _stepped(actor: Actor, subscription: Subscription, until: datetime) -> int:
    """Step one; what it did is undone when it fails, and the failure noted."""
    try:
        with transaction.atomic():
            return subscription_step(actor=actor, subscription=subscription, until=until)
    except StewardError as error:
        with standing_on(subscription.organisation_id):
            record(
                "billing.subscription.failed_step",
                target=subscription,
                outcome="failed",
                data={"error": error.code, "until": until.isoformat()},
            )
        return 0
