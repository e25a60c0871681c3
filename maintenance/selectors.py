"""Reads about runs, schedules and cleanups."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Max, QuerySet
from django.utils import timezone

from maintenance import cleaning
from maintenance.models import JobRun, ScheduleState
from maintenance.services import schedules as service
from portal.kit import clock, ids, registry
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
    """One run; `NotFound` when there is none that `actor` may see. Who started it may always watch it."""
    found = JobRun.objects.visible_to(actor, "job:read").filter(pk=run_id).first()
    if found is None and actor.id is not None:
        found = JobRun.objects.filter(pk=run_id, actor_id=actor.id).first()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True)
class ScheduleRow:
    """A schedule with what comes next and what came last."""

    state: ScheduleState
    label: str
    next_at: datetime | None
    last_run: JobRun | None


def schedule_rows(actor: Actor) -> list[ScheduleRow]:
    """Every declared schedule that `actor` may see, the next due first."""
    states = [
        state for state in ScheduleState.objects.visible_to(actor, "schedule:admin") if state.name in registry.schedules
    ]
    newest = JobRun.objects.exclude(schedule="").values("schedule").annotate(newest=Max("slot"))
    latest = {row["schedule"]: row["newest"] for row in newest}
    last = {
        item.schedule: item
        for item in JobRun.objects.filter(slot__in=latest.values()).exclude(schedule="")
        if item.slot == latest[item.schedule]
    }
    rows = [
        ScheduleRow(
            state,
            str(registry.schedules.get(state.name).label),
            service.next_slot(state.cron, state.time_zone, clock.now()) if state.enabled else None,
            last.get(state.name),
        )
        for state in states
    ]
    return sorted(rows, key=lambda row: (row.next_at is None, row.next_at or clock.now(), row.label))


def last_cleanups() -> dict[str, JobRun]:
    """The newest run of each clean-up, by its name; one query."""
    rows = JobRun.objects.filter(name=cleaning.JOB).order_by("args__cleanup", "-id").distinct("args__cleanup")
    return {str(row.args["cleanup"]): row for row in rows}


def schedule(actor: Actor, name: str) -> ScheduleState:
    """One schedule; `NotFound` when there is none of that name that `actor` may see."""
    found = ScheduleState.objects.visible_to(actor, "schedule:admin").filter(pk=name).first()
    if found is None:
        raise NotFound
    return found


def deleted_per_day(days: int) -> list[tuple[date, int]]:
    """How many rows all clean-ups deleted on each of the last `days`, today last; one query over the runs of that time."""
    today = timezone.localdate(clock.now())
    first = today - timedelta(days=days - 1)
    start = timezone.make_aware(datetime.combine(first, time.min))
    found = {first + timedelta(days=place): 0 for place in range(days)}
    # A run that is finished in that time may have been queued up to a day before it.
    rows = JobRun.objects.filter(
        name=cleaning.JOB, pk__gte=ids.first_of(start - timedelta(days=1)), finished_at__gte=start
    ).values_list("finished_at", "result__deleted")
    for finished_at, deleted in rows:
        day = timezone.localdate(finished_at)
        if day in found:
            found[day] += int(deleted or 0)
    return list(found.items())
