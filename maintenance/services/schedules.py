"""Schedules: what is due, exactly once per slot, also with two beats."""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim
from django.conf import settings
from django.db import IntegrityError, transaction

from maintenance.models import ScheduleState
from maintenance.services.runs import run_enqueue
from portal.kit import clock, registry
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing

log = logging.getLogger("steward.beat")


def schedules_sync(*, actor: Actor) -> int:
    """Set up declared schedules that are new, and bring cron and zone of the others up to date. Idempotent.

    Event `maintenance.schedule.created` per new one. A schedule that is no longer declared is switched off, not deleted.
    """
    authorise(actor, "schedule:admin")
    created = 0
    with writing():
        for spec in registry.schedules:
            zone = spec.time_zone or settings.STEWARD_TIME_ZONE
            state, new = ScheduleState.objects.get_or_create(
                name=spec.name, defaults={"cron": spec.cron, "time_zone": zone, "last_slot": clock.now()}
            )
            if new:
                created += 1
                record("maintenance.schedule.created", target=state)
            elif (state.cron, state.time_zone) != (spec.cron, zone):
                state.cron, state.time_zone = spec.cron, zone
                state.save(update_fields=["cron", "time_zone"])
        known = [spec.name for spec in registry.schedules]
        ScheduleState.objects.exclude(name__in=known).filter(enabled=True).update(enabled=False)
    return created


def schedule_switch(*, actor: Actor, name: str, enabled: bool) -> ScheduleState:
    """Switch a schedule on or off; slots that pass while it is off are not made up for. Event `maintenance.schedule.switched`."""
    authorise(actor, "schedule:admin")
    with writing():
        state = ScheduleState.objects.select_for_update().get(pk=name)
        if state.enabled != enabled:
            state.enabled = enabled
            if enabled:
                state.last_slot = clock.now()
            state.save(update_fields=["enabled", "last_slot"])
            record("maintenance.schedule.switched", target=state, changes={"enabled": (not enabled, enabled)})
    return state


def next_slot(cron: str, time_zone: str, after: datetime) -> datetime:
    """The first slot after `after` (aware). A local time that DST skips runs at the next existing one, a doubled one once."""
    return next(CronSim(cron, after.astimezone(ZoneInfo(time_zone))))


def schedules_fire(*, actor: Actor) -> int:
    """Queue a run for each schedule whose slot has come; returns how many.

    Catch-up: of several missed slots only the latest is run. The unique (schedule, slot) makes a second beat harmless.
    """
    fired = 0
    now = clock.now()
    for state in ScheduleState.objects.filter(enabled=True):
        slot = _latest_due(state, now)
        if slot is not None and state.name in registry.schedules:
            fired += _fire(actor, state, slot)
    return fired


def _latest_due(state: ScheduleState, now: datetime) -> datetime | None:
    due: datetime | None = None
    slot = next_slot(state.cron, state.time_zone, state.last_slot)
    while slot <= now:
        due = slot
        slot = next_slot(state.cron, state.time_zone, slot)
    return due


def _fire(actor: Actor, state: ScheduleState, slot: datetime) -> int:
    spec = registry.schedules.get(state.name)
    with writing():
        try:
            with transaction.atomic():
                run_enqueue(
                    spec.job, actor=actor, args=spec.args, key=f"schedule {spec.name}", schedule=spec.name, slot=slot
                )
            fired = 1
        except IntegrityError:
            fired = 0  # The other beat was first.
        ScheduleState.objects.filter(pk=state.pk, last_slot__lt=slot).update(last_slot=slot)
    return fired
