"""Reads about runs."""

from uuid import UUID

from django.db.models import QuerySet

from maintenance.models import JobRun
from portal.kit.context import Actor
from portal.kit.errors import NotFound

STATES = {
    "live": JobRun.LIVE,
    "failed": (JobRun.State.FAILED,),
    "done": (JobRun.State.SUCCEEDED, JobRun.State.CANCELLED),
}


def runs(actor: Actor, *, state: str = "") -> QuerySet[JobRun]:
    """The runs that `actor` may see, newest first; `state` is live, failed, done or "" for all."""
    rows = JobRun.objects.visible_to(actor, "job:read")
    if state in STATES:
        rows = rows.filter(state__in=STATES[state])
    return rows.order_by("-id")


def run(actor: Actor, run_id: UUID) -> JobRun:
    """One run; `NotFound` when there is none that `actor` may see. Who started it may always watch it; so may who was
    given the management of this one alone."""
    found = JobRun.objects.visible_to(actor, "job:read").filter(pk=run_id).first()
    if found is None:
        found = JobRun.objects.visible_to(actor, "job:admin").filter(pk=run_id).first()
    if found is None and actor.id is not None:
        found = JobRun.objects.filter(pk=run_id, actor_id=actor.id).first()
    if found is None:
        raise NotFound
    return found
