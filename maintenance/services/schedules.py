"""Schedules: what is due, exactly once per slot, also with two beats."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import gettext as _

from maintenance import cron
from maintenance.cron import CronInvalid, next_slot
from maintenance.models import JobRun, ScheduleState
from maintenance.services.runs import run_enqueue
from portal.kit import clock, registry
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound
from portal.kit.record import record
from portal.kit.registry import Schedule
from portal.kit.services import writing
from portal.kit.settings import TIME_ZONE

PERMISSION = "schedule:admin"
log = logging.getLogger("steward.beat")
GRACE = timedelta(minutes=5)  # A slot that is later than that was missed; a beat that restarts misses none.
AHEAD = timedelta(days=1)  # A clock that was so far ahead is not waited for.
DECLARED = ("cron", "time_zone")  # What follows the declaration unless a person has set it.


def declared_of(*, spec: Schedule) -> dict[str, str]:
    """Cron line and zone as they are declared."""
    return {"cron": spec.cron, "time_zone": spec.time_zone or TIME_ZONE.value()}


def schedules_sync(*, actor: Actor) -> int:
    """Set up declared schedules that are new, and bring cron and zone of the others up to date. Idempotent.

    What a person has set stays. Event `maintenance.schedule.created` per new one. A schedule that is no longer declared
    is switched off, not deleted.
    """
    authorise(actor, PERMISSION)
    created = 0
    with writing():
        for spec in registry.schedules:
            declared = declared_of(spec=spec)
            state, new = ScheduleState.objects.get_or_create(
                name=spec.name, defaults={**declared, "last_slot": clock.now()}
            )
            if new:
                created += 1
                record("maintenance.schedule.created", target=state)
                continue
            changed = [name for name in DECLARED if name not in state.own and getattr(state, name) != declared[name]]
            for name in changed:
                setattr(state, name, declared[name])
            if state.fault and not fault_of(state=state):
                state.fault, state.last_slot = "", clock.now()
                changed += ["fault", "last_slot"]
            if changed:
                state.save(update_fields=changed)
        known = [spec.name for spec in registry.schedules]
        ScheduleState.objects.exclude(name__in=known).filter(enabled=True).update(enabled=False)
    return created


def schedule_switch(*, actor: Actor, name: str, enabled: bool) -> ScheduleState:
    """Switch a schedule on or off; slots that pass while it is off are not made up for. Event `maintenance.schedule.switched`."""
    authorise(actor, PERMISSION)
    with writing():
        state = state_held(name=name)
        if state.enabled != enabled:
            state.enabled = enabled
            if enabled:
                state.last_slot = clock.now()
            state_save(state=state, fields=["enabled", "last_slot"])
            record("maintenance.schedule.switched", target=state, changes={"enabled": (not enabled, enabled)})
    return state


def state_held(*, name: str) -> ScheduleState:
    """The row of a schedule, held until the transaction ends; `NotFound` when there is none."""
    state = ScheduleState.objects.select_for_update().filter(pk=name).first()
    if state is None:
        raise NotFound
    return state


def state_save(*, state: ScheduleState, fields: Iterable[str]) -> None:
    """Save what a person has changed, as the next version of the row; part of a service, which records it."""
    state.version += 1
    with writing():
        state.save(update_fields=[*fields, "version"])


def fault_of(*, state: ScheduleState) -> str:
    """Why the schedule cannot run as it stands; empty when it can."""
    if state.name not in registry.schedules:
        return _("No part of this installation declares this schedule any more.")
    job = registry.schedules.get(state.name).job
    if job not in registry.jobs:
        return _("Its job %(job)s no longer exists in this version.") % {"job": job}
    try:
        cron.zone_of(state.time_zone)
        cron.parse(state.cron)
    except CronInvalid as error:
        return str(error)
    return ""


def schedules_fire(*, actor: Actor) -> int:
    """Queue a run for each schedule whose slot has come; returns how many.

    Catch-up: of several missed slots only the latest is run, within the window of the schedule, or none where it skips
    them. The unique (schedule, slot) makes a second beat harmless. One that cannot run is set aside with its reason
    (event `maintenance.schedule.faulted`); the others go on.
    """
    fired = 0
    now = clock.now()
    for state in ScheduleState.objects.filter(enabled=True, paused_at=None, fault=""):
        try:
            fired += _look_at(actor, state, now)
        except DatabaseError:
            raise
        except Exception:
            # Whatever is wrong with one schedule, the others have their time, too.
            log.exception("The schedule %s could not be looked at.", state.name)
    return fired


def _look_at(actor: Actor, state: ScheduleState, now: datetime) -> int:
    fault = fault_of(state=state)
    if fault:
        _set_aside(state, fault)
        return 0
    if state.last_slot > now + AHEAD:
        log.warning(
            "The last slot of %s lies in the future: the clock was wrong. It starts again from now.", state.name
        )
        _move(state, now, only_forwards=False)
        return 0
    if next_slot(state.cron, state.time_zone, state.last_slot) > now:
        return 0
    slot = cron.latest(state.cron, state.time_zone, state.last_slot, now)
    if slot is None:
        return 0
    window = state.window if state.catch_up == ScheduleState.CatchUp.LATEST else GRACE
    if now - slot > max(window, GRACE):
        _miss(state, slot, ScheduleState.Missed.LATE)
        return 0
    return _fire(actor, state, slot)


def _fire(actor: Actor, state: ScheduleState, slot: datetime) -> int:
    spec = registry.schedules.get(state.name)
    live = JobRun.objects.filter(schedule=spec.name, state__in=JobRun.LIVE).values_list("key", "slot")
    taken = dict(live)
    key = f"schedule {spec.name}"
    if slot in taken.values():
        _move(state, slot)  # The other beat was first.
        return 0
    if taken:
        waits = len(taken) > 1 or state.overlap == ScheduleState.Overlap.SKIP
        key = key if key not in taken else f"{key} next"
        if waits:
            _miss(state, slot, ScheduleState.Missed.OVERLAP)
            return 0
    with writing():
        try:
            with transaction.atomic():
                run_enqueue(spec.job, actor=actor, args=spec.args, key=key, schedule=spec.name, slot=slot)
            fired = 1
        except IntegrityError:
            fired = 0  # The other beat was first.
        _move(state, slot)
    return fired


def _miss(state: ScheduleState, slot: datetime, why: ScheduleState.Missed) -> None:
    """Note that a slot has no run, and why; told on the schedule's page and in the morning report."""
    log.info("The slot %s of %s is not run: %s.", slot.isoformat(), state.name, why.value)
    with writing():
        moved = ScheduleState.objects.filter(pk=state.pk, last_slot__lt=slot)
        moved.update(last_slot=slot, missed_slot=slot, missed_why=why)


def _move(state: ScheduleState, slot: datetime, *, only_forwards: bool = True) -> None:
    rows = ScheduleState.objects.filter(pk=state.pk)
    with writing():
        (rows.filter(last_slot__lt=slot) if only_forwards else rows).update(last_slot=slot)


def _set_aside(state: ScheduleState, fault: str) -> None:
    with writing():
        if ScheduleState.objects.filter(pk=state.pk, fault="").update(fault=fault[:300]):
            log.error("The schedule %s stands still: %s", state.name, fault)
            record("maintenance.schedule.faulted", target=state, outcome="failed", changes={"fault": ("", fault[:300])})
