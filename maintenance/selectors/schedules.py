"""Reads about schedules."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from maintenance.models import JobRun, ScheduleState
from maintenance.services import schedules as service
from portal.kit import clock, registry
from portal.kit.context import Actor
from portal.kit.errors import NotFound


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


def schedule(actor: Actor, name: str) -> ScheduleState:
    """One schedule; `NotFound` when there is none of that name that `actor` may see."""
    found = ScheduleState.objects.visible_to(actor, "schedule:admin").filter(pk=name).first()
    if found is None:
        raise NotFound
    return found
