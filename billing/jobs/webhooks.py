"""Jobs and schedules: events that leave by HTTP."""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import webhook_calls
from billing.services import webhook_deliveries as services
from billing.services.webhooks import secrets_of
from portal.kit import clock, jobs
from portal.kit.context import Actor
from portal.kit.registry import Job, Run, Schedule, schedules
from portal.kit.registry import jobs as declared

MINUTE = timedelta(minutes=1)


def deliver_webhooks(run: Run) -> Mapping[str, Any]:
    """Send every delivery that is due: one run for all of them, some at a time, in no transaction while receivers are
    asked. Idempotent: each is claimed by itself, and its row says where it stands. What has to wait is a later run's.
    """
    done: Counter[str] = Counter()
    with ThreadPoolExecutor(services.AT_ONCE) as pool:
        while claimed := services.deliveries_claim():
            calls = [webhook_calls.Call.of(one, secrets_of(endpoint=one.endpoint)) for one in claimed]
            for delivery, outcome in zip(claimed, pool.map(webhook_calls.make, calls), strict=True):
                done[services.delivery_settle(delivery=delivery, outcome=outcome) or "taken over"] += 1
            with run.batch():
                run.cursor = sum(done.values())
                run.progress(run.cursor, None)
    _come_back()
    run.log(
        _("Delivered: %(delivered)s. Again later: %(queued)s. Given up: %(failed)s.")
        % {"delivered": done["delivered"], "queued": done["queued"], "failed": done["failed"]}
    )
    return dict(done)


def _come_back() -> None:
    """A run for the minute in which the next one is due. By minutes, so that many waits are one run."""
    due = services.next_due()
    if due is None:
        return
    at = max(due, clock.now()).replace(second=0, microsecond=0) + MINUTE
    jobs.enqueue(services.JOB, actor=Actor("system", None, "webhooks"), key=f"due {at:%Y-%m-%dT%H:%M}", run_at=at)


declared.add(
    Job(
        services.JOB,
        gettext_lazy("Send webhooks"),
        deliver_webhooks,
        permission=services.PERMISSION,
        max_attempts=20,
    )
)
# Should the process die between a commit and its call to the worker, nothing waits for longer than this.
schedules.add(Schedule(services.JOB, gettext_lazy("Send webhooks that wait"), services.JOB, "*/15 * * * *"))
