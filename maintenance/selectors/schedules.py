"""Reads about schedules."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from audit.selectors import history_page
from audit.selectors.trail import Page
from maintenance import cron
from maintenance.cron import CronInvalid
from maintenance.models import JobRun, ScheduleState
from maintenance.services import schedules as service
from maintenance.services.schedule_settings import cleanup_of
from portal.kit import clock, registry
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.paging import Cursor
from portal.kit.registry import Cleanup

NEXT_RUNS = 5
DURATIONS = 30  # Runs in the chart of a schedule.


@dataclass(frozen=True)
class ScheduleRow:
    """A schedule with what comes next and what came last. `next_at` is None while it does not run by itself."""

    state: ScheduleState
    label: str
    next_at: datetime | None
    last_run: JobRun | None

    @property
    def cleanup(self) -> Cleanup | None:
        """The clean-up that it runs; None where it runs something else."""
        return cleanup_of(name=self.state.name)


def schedule_rows(actor: Actor) -> list[ScheduleRow]:
    """Every schedule that `actor` may see, the next due first; two queries."""
    states = ScheduleState.objects.visible_to(actor, "schedule:admin").order_by("name")
    # One that is no longer declared is shown while it still means to run: somebody must see that it does not.
    shown = [state for state in states if state.name in registry.schedules or state.is_running or state.fault]
    newest = JobRun.objects.filter(schedule__in=[state.pk for state in shown]).order_by("schedule", "-id")
    last = {run.schedule: run for run in newest.distinct("schedule").defer("log", "cursor")}
    rows = [ScheduleRow(state, label_of(state.name), next_of(state), last.get(state.name)) for state in shown]
    return sorted(rows, key=lambda row: (row.next_at is None, row.next_at or clock.now(), row.label))


def upcoming(actor: Actor, limit: int) -> list[ScheduleRow]:
    """What starts next at a time of the day, without its last run; what comes every few minutes is left out. One query."""
    states = ScheduleState.objects.visible_to(actor, "schedule:admin").order_by("name")
    timed = [state for state in states if all(part.isdigit() for part in state.cron.split()[:2])]
    found = [ScheduleRow(state, label_of(state.name), next_of(state), None) for state in timed]
    return sorted((row for row in found if row.next_at), key=lambda row: (row.next_at or clock.now(), row.label))[
        :limit
    ]


def schedule_row(actor: Actor, name: str) -> ScheduleRow:
    """One schedule with next and last run; `NotFound` when there is none of that name that `actor` may see."""
    state = schedule(actor, name)
    last = runs_of(actor, name).defer("log", "cursor").first()
    return ScheduleRow(state, label_of(name), next_of(state), last)


def schedule(actor: Actor, name: str) -> ScheduleState:
    """One schedule; `NotFound` when there is none of that name that `actor` may see."""
    # The database takes no NUL, so nothing has such a name.
    rows = ScheduleState.objects.visible_to(actor, "schedule:admin")
    found = None if "\0" in name else rows.filter(pk=name).first()
    if found is None:
        raise NotFound
    return found


def states_of(actor: Actor, names: Collection[str]) -> dict[str, ScheduleState]:
    """The schedules of these names that `actor` may see, by name."""
    return ScheduleState.objects.visible_to(actor, "schedule:admin").in_bulk(names)


def label_of(name: str) -> str:
    """The label of a declared schedule; the bare name of one that is no longer declared."""
    return str(registry.schedules.get(name).label) if name in registry.schedules else name


def next_of(state: ScheduleState) -> datetime | None:
    """When it runs next by itself; None while it is off, paused or faulty."""
    if not state.is_running or service.fault_of(state=state):
        return None
    try:
        return cron.next_slot(state.cron, state.time_zone, max(clock.now(), state.last_slot))
    except CronInvalid:
        return None


def next_runs(line: str, time_zone: str, number: int = NEXT_RUNS) -> list[datetime]:
    """The next times of a cron line in UTC; `CronInvalid` with the reason for one that cannot be used."""
    cron.zone_of(time_zone)
    return cron.slots(line, time_zone, clock.now(), number)


def next_runs_of(state: ScheduleState) -> list[datetime]:
    """When a schedule runs next by itself, in UTC; nothing while it does not."""
    return next_runs(state.cron, state.time_zone) if next_of(state) is not None else []


def runs_of(actor: Actor, name: str) -> QuerySet[JobRun]:
    """The runs of a schedule, newest first. Its name must be of one that `actor` may see."""
    return JobRun.objects.visible_to(actor, "schedule:admin").filter(schedule=name).order_by("-id")


def durations_of(actor: Actor, name: str, number: int = DURATIONS) -> list[tuple[datetime, float, str]]:
    """Start, seconds and state of the newest runs that have ended, the oldest first."""
    ended = runs_of(actor, name).filter(started_at__isnull=False, finished_at__isnull=False)
    rows = ended.only("started_at", "finished_at", "state")[:number]
    return [
        (run.started_at or run.queued_at, run.elapsed.total_seconds(), run.state)
        for run in reversed(rows)
        if run.elapsed
    ]


def history_of(actor: Actor, name: str, cursor: Cursor | None = None) -> Page:
    """Who changed a schedule, and what; a page of the trail."""
    return history_page(actor, schedule(actor, name).audit_id, cursor)


def people_told(state: ScheduleState) -> list[str]:
    """The names of those who are told of its ends; who no longer exists is left out."""
    found = get_user_model()._default_manager.filter(pk__in=state.people).order_by("pk")
    return [str(person) for person in found]


def keep_of(cleanup_name: str) -> timedelta:
    """How long a clean-up keeps things: as a person has set its schedule, else as it is declared."""
    hours = ScheduleState.objects.filter(pk=cleanup_name).values_list("keep_hours", flat=True).first()
    return registry.cleanups.get(cleanup_name).keep if hours is None else timedelta(hours=hours)
