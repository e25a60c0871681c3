"""Setting schedules: by people, with the right for it, one change at a time."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maintenance import cron
from maintenance.cron import CronInvalid
from maintenance.errors import ScheduleFaulty
from maintenance.models import JobRun, ScheduleState
from maintenance.models.schedules import LONGEST_KEEP, LONGEST_WINDOW
from maintenance.services.runs import run_enqueue
from maintenance.services.schedules import PERMISSION, declared_of, fault_of, state_held, state_save
from portal.kit import clock, registry
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Conflict, Invalid, NotFound
from portal.kit.record import diff, record
from portal.kit.registry import Cleanup
from portal.kit.services import writing

SETTABLE = ("enabled", "cron", "time_zone", "keep_hours", "overlap", "catch_up", "catch_up_minutes", "notify")
REASON_LIMIT = 300
DEFAULTS: Mapping[str, Any] = {
    "keep_hours": None,
    "overlap": ScheduleState.Overlap.SKIP,
    "catch_up": ScheduleState.CatchUp.LATEST,
    "catch_up_minutes": 24 * 60,
}
_CHOICES = {
    "overlap": ScheduleState.Overlap,
    "catch_up": ScheduleState.CatchUp,
    "notify": ScheduleState.Notify,
}


def schedule_update(*, actor: Actor, name: str, values: Mapping[str, Any], version: int | None = None) -> ScheduleState:
    """Set what `values` names of `SETTABLE`. Event `maintenance.schedule.changed` with each value before and after.

    Who chooses to be told is added to those who are; choosing nobody forgets them all. A new time counts from now on.
    Errors: `Invalid` by field, `Conflict` when `version` is not the present one, `NotFound`.
    """
    authorise(actor, PERMISSION)
    with writing():
        state = state_held(name=name)
        if version is not None and version != state.version:
            raise Conflict
        wanted = _checked(state, values)
        if wanted.get("notify", state.notify) != ScheduleState.Notify.NOBODY:
            wanted["notify_people"] = _people(actor, state, asked="notify" in wanted)
        elif "notify" in wanted:
            wanted["notify_people"] = []
        changes = diff(state, wanted)
        if not changes:
            return state
        _set(state, wanted, changes)
        record("maintenance.schedule.changed", target=state, changes=changes)
    return state


def _set(state: ScheduleState, wanted: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    for field, value in wanted.items():
        setattr(state, field, value)
    declared = declared_of(spec=registry.schedules.get(state.name)) if state.name in registry.schedules else {}
    state.own = sorted(field for field, value in declared.items() if getattr(state, field) != value)
    if {"cron", "time_zone", "enabled"} & set(changes):
        state.last_slot = clock.now()
    state.fault = fault_of(state=state)
    state_save(state=state, fields=[*wanted, "own", "last_slot", "fault"])


def schedule_pause(*, actor: Actor, name: str, reason: str) -> ScheduleState:
    """Let a schedule rest until somebody resumes it; who and why stand beside it. Event `maintenance.schedule.paused`.

    `Invalid` (field `reason`) without one; `Conflict` when it rests already.
    """
    authorise(actor, PERMISSION)
    reason = " ".join(reason.replace("\0", "").split())
    if not reason or len(reason) > REASON_LIMIT:
        raise Invalid(fields={"reason": [_("Say why, in 1 to %(limit)d characters.") % {"limit": REASON_LIMIT}]})
    with writing():
        state = state_held(name=name)
        if state.paused_at is not None:
            raise Conflict(_("It is paused already. Load the page again to see by whom and why."))
        state.paused_at, state.paused_by, state.pause_reason = clock.now(), actor.label[:200] or actor.kind, reason
        state_save(state=state, fields=["paused_at", "paused_by", "pause_reason"])
        record("maintenance.schedule.paused", target=state, reason=reason)
    return state


def schedule_resume(*, actor: Actor, name: str) -> ScheduleState:
    """Let a paused schedule go on from now; what passed meanwhile is not made up for. Event `maintenance.schedule.resumed`.

    `Conflict` when it is not paused.
    """
    authorise(actor, PERMISSION)
    with writing():
        state = state_held(name=name)
        if state.paused_at is None:
            raise Conflict(_("It is not paused. Load the page again to see its present state."))
        state.paused_at, state.paused_by, state.pause_reason = None, "", ""
        state.last_slot = clock.now()
        state_save(state=state, fields=["paused_at", "paused_by", "pause_reason", "last_slot"])
        record("maintenance.schedule.resumed", target=state)
    return state


def schedule_reset(*, actor: Actor, name: str) -> ScheduleState:
    """Put time, retention and policies back to what is declared; on or off, pause and whom it tells stay.

    Event `maintenance.schedule.changed`.
    """
    authorise(actor, PERMISSION)
    if name not in registry.schedules:
        raise NotFound
    values = {**DEFAULTS, **declared_of(spec=registry.schedules.get(name))}
    return schedule_update(actor=actor, name=name, values=values)


def schedule_run(*, actor: Actor, name: str) -> UUID:
    """Run a schedule's job now, whatever its time or state; twice is once while the run lives. Returns the run's id.

    It acts with the rights of `actor`, who needs that of the job, too. Event `maintenance.schedule.started` for a new run.
    """
    authorise(actor, PERMISSION)
    if name not in registry.schedules:
        raise NotFound
    spec = registry.schedules.get(name)
    if spec.job not in registry.jobs:
        raise ScheduleFaulty
    authorise(actor, registry.jobs.get(spec.job).permission)
    with writing():
        state = state_held(name=name)
        live = JobRun.objects.filter(schedule=name, state__in=JobRun.LIVE).order_by("pk").values_list("pk", flat=True)
        existing = live.first()
        if existing is not None:
            return existing
        run_id = run_enqueue(spec.job, actor=actor, args=spec.args, key=f"schedule {name}", schedule=name)
        record("maintenance.schedule.started", target=state, data={"run": str(run_id)})
    return run_id


def cleanup_of(*, name: str) -> Cleanup | None:
    """The clean-up that a schedule runs; None where it runs something else."""
    spec = registry.schedules.get(name) if name in registry.schedules else None
    cleanup = spec.args.get("cleanup") if spec else None
    return registry.cleanups.get(str(cleanup)) if cleanup in registry.cleanups else None


def least_hours(*, cleanup: Cleanup) -> int:
    """The shortest time in hours for which the clean-up must keep things."""
    # At least as long as it says of itself; one that says nothing keeps a day, or what it declares when that is less.
    least: timedelta = getattr(cleanup, "least", min(cleanup.keep, timedelta(days=1)))
    return max(1, -int(-least // timedelta(hours=1)))


def _people(actor: Actor, state: ScheduleState, *, asked: bool) -> list[str]:
    """Those who are told, with who has just asked for it. A key or the system is nobody to tell."""
    people = list(state.notify_people)
    if asked and actor.kind == "person" and actor.id is not None and str(actor.id) not in people:
        people.append(str(actor.id))
    if not people:
        raise Invalid(fields={"notify": [_("Only a person can be told. Set this signed in as one.")]})
    return people


def _checked(state: ScheduleState, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are kept; `Invalid` names each that is wrong, with the reason."""
    wrong = {name: [_("This cannot be set here.")] for name in sorted(set(values) - set(SETTABLE))}
    wanted = {name: value for name, value in values.items() if name in SETTABLE}
    for name, check in (("cron", cron.parse), ("time_zone", cron.zone_of)):
        if name in wanted:
            wanted[name] = " ".join(str(wanted[name]).split())
            try:
                check(wanted[name])
            except CronInvalid as error:
                wrong[name] = [str(error)]
    for name, choices in _CHOICES.items():
        if name in wanted and wanted[name] not in choices.values:
            wrong[name] = [_("Choose one of: %(choices)s.") % {"choices": ", ".join(choices.values)}]
    minutes = wanted.get("catch_up_minutes", 1)
    if not 1 <= minutes <= LONGEST_WINDOW:
        wrong["catch_up_minutes"] = [_("Write 1 to %(most)s minutes.") % {"most": LONGEST_WINDOW}]
    if wanted.get("keep_hours") is not None and (reason := _wrong_keep(state.name, wanted["keep_hours"])):
        wrong["keep_hours"] = [reason]
    if wrong:
        raise Invalid(fields=wrong)
    cleanup = cleanup_of(name=state.name)
    if cleanup is not None and wanted.get("keep_hours") == cleanup.keep // timedelta(hours=1):
        wanted["keep_hours"] = None  # What is declared is not set, and follows the declaration.
    return wanted


def _wrong_keep(name: str, hours: int) -> str:
    cleanup = cleanup_of(name=name)
    if cleanup is None:
        return _("This schedule cleans nothing up, so it keeps nothing for a time.")
    floor = least_hours(cleanup=cleanup)
    if hours < floor:
        text = ngettext("Keep at least %(n)s hour.", "Keep at least %(n)s hours.", floor)
        return text % {"n": floor}
    if hours > LONGEST_KEEP:
        return _("Keep at most %(n)s hours; to keep for ever, switch the schedule off.") % {"n": LONGEST_KEEP}
    return ""
