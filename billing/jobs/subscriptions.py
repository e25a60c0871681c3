"""Jobs: what was agreed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.clock_steps import ClockStep, clock_steps
from billing.services import subscription_steps
from portal.kit import context
from portal.kit.registry import Job, Run, Schedule, jobs, schedules


def renew_subscriptions(run: Run) -> Mapping[str, Any]:
    """Do what falls due on subscriptions: periods, trials, planned changes and ends, with their bills. Each batch commits
    by itself. Idempotent: what is done is no longer due, and rows that another worker holds are left to it."""
    stepped = int((run.cursor or {}).get("stepped", 0))
    after = UUID(run.cursor["after"]) if run.cursor and run.cursor.get("after") else None
    while True:
        with run.batch():
            some, after = subscription_steps.subscriptions_renew(actor=context.actor(), after=after)
            stepped += some
            run.cursor = {"stepped": stepped, "after": str(after) if after else None}
            run.progress(stepped, None)
        if after is None:
            break
    run.log(_("Looked after: %(count)s subscriptions.") % {"count": f"{stepped:,}"})
    return {"subscriptions": stepped}


RENEW = "billing.renew_subscriptions"
jobs.add(Job(RENEW, gettext_lazy("Renew subscriptions"), renew_subscriptions, permission="subscription:admin"))
schedules.add(Schedule(RENEW, gettext_lazy("Renew subscriptions"), RENEW, "*/5 * * * *"))
clock_steps.add(
    ClockStep(
        "billing.subscriptions",
        10,
        lambda actor, customer: subscription_steps.due_for(actor=actor, customer=customer),
    )
)
