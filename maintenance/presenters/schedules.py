"""Schedules in the words of the pages."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from maintenance.cron import CronInvalid
from maintenance.models import ScheduleState
from maintenance.presenters.cron_words import cron_words
from maintenance.presenters.runs import State, last_of
from maintenance.schedule_forms import hours_text
from maintenance.selectors import schedules as selectors
from maintenance.selectors.schedules import ScheduleRow
from maintenance.services.schedule_settings import least_hours
from portal.kit import charts, clock
from portal.kit.context import Actor

__all__ = ["cron_words", "durations", "facts", "moment_in", "preview", "schedule_row", "state_of"]


def state_of(state: ScheduleState) -> tuple[str, str]:
    """Tone and word of a schedule's state."""
    if state.fault:
        return "bad", _("Stands still")
    if not state.enabled:
        return "none", _("Off")
    if state.paused_at is not None:
        return "warn", _("Paused")
    return "ok", _("On")


def schedule_row(row: ScheduleRow) -> dict[str, Any]:
    """A schedule in the list."""
    state = row.state
    tone, word = state_of(state)
    return {
        "label": row.label,
        "code": state.name,
        "words": cron_words(state.cron),
        "cron": state.cron,
        "zone": state.time_zone,
        "next_at": row.next_at,
        "next_text": moment_in(row.next_at, state.time_zone) if row.next_at else "",
        "enabled": state.enabled,
        "tone": tone,
        "state_label": word,
        "why": state.fault or state.pause_reason,
        "own": bool(state.own),
        "last": last_of(row.last_run),
        "url": reverse("maintenance:schedule", args=[state.name]),
        "edit_url": reverse("maintenance:schedule_edit", args=[state.name]),
        "run_url": reverse("maintenance:schedule_run", args=[state.name]),
        "switch_url": reverse("maintenance:schedule_switch", args=[state.name]),
    }


def moment_in(moment: datetime, time_zone: str) -> str:
    """A moment as the clocks of its zone show it, with the offset: so a change to summer time is seen."""
    local = moment.astimezone(ZoneInfo(time_zone))
    # The year only where it is another one.
    here = clock.now().astimezone(local.tzinfo).year == local.year
    shape = pgettext("weekday, day and month", "D j M") if here else pgettext("weekday, day and month", "D j M Y")
    day = formats.date_format(local, shape)
    if time_zone == "UTC":
        return f"{day}, {local:%H:%M} UTC"
    offset = f"{local:%z}"
    return f"{day}, {local:%H:%M} (UTC{offset[:3]}:{offset[3:5]})"


def preview(line: str, time_zone: str) -> dict[str, Any]:
    """What a line would mean: its words and next runs, or the reason why it cannot be used."""
    try:
        found = selectors.next_runs(line, time_zone)
    except CronInvalid as error:
        return {"words": "", "zone": time_zone, "runs": [], "reason": str(error), "shifts": False}
    runs = [{"at": moment, "text": moment_in(moment, time_zone)} for moment in found]
    zone = ZoneInfo(time_zone)
    offsets = {moment.astimezone(zone).utcoffset() for moment in found}
    return {"words": cron_words(line), "zone": time_zone, "runs": runs, "reason": "", "shifts": len(offsets) > 1}


def facts(row: ScheduleRow, actor: Actor) -> list[dict[str, Any]]:
    """How a schedule is set."""
    state = row.state
    found: list[dict[str, Any]] = [
        {"label": _("Runs"), "value": cron_words(state.cron)},
        {"label": _("Cron line"), "value": state.cron, "mono": True, "note": _set_note(state, "cron")},
        {"label": _("Time zone"), "value": state.time_zone, "note": _set_note(state, "time_zone")},
    ]
    if row.cleanup is not None and row.cleanup.keep:
        hours = int(row.cleanup.keep.total_seconds() // 3600)
        own = state.keep_hours is not None
        note = _("set here; declared: %(keep)s") % {"keep": hours_text(hours)} if own else ""
        least = _("at least %(keep)s") % {"keep": hours_text(least_hours(cleanup=row.cleanup))}
        value = hours_text(state.keep_hours if state.keep_hours is not None else hours)
        found.append({"label": _("Keeps"), "value": value, "note": note or least})
    found += [
        {"label": _("If still going"), "value": str(ScheduleState.Overlap(state.overlap).label)},
        {"label": _("If missed"), "value": _catch_up(state)},
        {"label": _("Tells"), "value": _tells(state)},
    ]
    if state.missed_slot is not None:
        why = str(ScheduleState.Missed(state.missed_why).label)
        found.append({"label": _("Last missed"), "when": state.missed_slot, "note": why})
    return found


def _set_note(state: ScheduleState, name: str) -> str:
    return _("set here") if name in state.own else ""


def _catch_up(state: ScheduleState) -> str:
    label = str(ScheduleState.CatchUp(state.catch_up).label)
    if state.catch_up == ScheduleState.CatchUp.SKIP:
        return label
    minutes = state.catch_up_minutes
    unit = ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": f"{minutes:,}"}
    within = unit if minutes % 60 else hours_text(minutes // 60)
    return _("%(policy)s, within %(time)s") % {"policy": label, "time": within}


def _tells(state: ScheduleState) -> str:
    label = str(ScheduleState.Notify(state.notify).label)
    if state.notify == ScheduleState.Notify.NOBODY:
        return label
    return f"{label}: {', '.join(selectors.people_told(state))}"


def durations(actor: Actor, name: str) -> str:
    """The chart of how long the newest runs took; empty before the first two."""
    found = selectors.durations_of(actor, name)
    if len(found) < 2:
        return ""
    points = [
        charts.Point(
            formats.date_format(started, "j M"),
            round(seconds, 2),
            f"{formats.date_format(started, 'j M Y, H:i')}, {State(state).label}",
        )
        for started, seconds, state in found
    ]
    return str(charts.bars(points, title=_("Duration of the newest runs"), unit=_("seconds")))
