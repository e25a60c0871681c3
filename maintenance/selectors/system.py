"""Reads for the system page: processes, the queue, and how each job went last."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from maintenance.models import Heartbeat, JobRun
from maintenance.services.heartbeats import SILENT_AFTER
from portal.kit import clock, registry
from portal.kit.context import Actor

RECENT = timedelta(hours=24)


@dataclass(frozen=True)
class Process:
    """A worker or beat that gave a sign of life within the hour. `host` and `number` are read out of its name."""

    kind: str
    host: str
    number: str
    started_at: datetime
    seen_at: datetime
    silent: bool


@dataclass(frozen=True)
class Queue:
    """Runs that are due and wait, how long the oldest of them does, and what else is in the queue."""

    due: int
    oldest: timedelta | None
    later: int
    running: int
    lost: int
    failed: int


def processes(actor: Actor) -> list[Process]:
    """Workers and beats, those that live first."""
    now = clock.now()
    rows = Heartbeat.objects.visible_to(actor, "system:read").order_by("kind", "name")
    found = []
    for row in rows:
        host, _colon, number = row.name.partition(" ")[2].partition(":")
        silent = now - row.seen_at > SILENT_AFTER
        found.append(Process(row.kind, host, number, row.started_at, row.seen_at, silent))
    return sorted(found, key=lambda process: (process.silent, process.kind != "worker"))


def queue() -> Queue:
    """The queue of runs; one query. For the health check as well, which nobody in particular asks."""
    now = clock.now()
    live = Q(state__in=[JobRun.State.RUNNING, JobRun.State.CANCELLING])
    due = Q(state=JobRun.State.QUEUED, run_at__lte=now)
    failed = Q(state=JobRun.State.FAILED, finished_at__gt=now - RECENT)
    told = JobRun.objects.filter(live | Q(state=JobRun.State.QUEUED) | failed).aggregate(
        due=Count("id", filter=due),
        oldest=Min("run_at", filter=due),
        later=Count("id", filter=Q(state=JobRun.State.QUEUED, run_at__gt=now)),
        running=Count("id", filter=live),
        lost=Count("id", filter=live & Q(lease_until__lt=now)),
        failed=Count("id", filter=failed),
    )
    oldest = told.pop("oldest")
    return Queue(oldest=None if oldest is None else max(now - oldest, timedelta(0)), **told)


def last_runs(actor: Actor) -> list[JobRun]:
    """The newest finished run of each declared job and clean-up, by name; one query."""
    rows = (
        JobRun.objects.visible_to(actor, "system:read")
        .filter(name__in=[job.name for job in registry.jobs], finished_at__isnull=False)
        .order_by("name", "args__cleanup", "-id")
        .distinct("name", "args__cleanup")
    )
    return list(rows)
