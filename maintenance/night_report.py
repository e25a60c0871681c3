"""What a night's report holds: runs and schedules of a window of time, put together by schedule. Reads no database."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maintenance import cron
from maintenance.cron import CronInvalid
from maintenance.models import JobRun, NightReport, ScheduleState
from maintenance.presenters.runs import title_of
from maintenance.services.schedules import GRACE
from portal.kit import registry

FIRST = timedelta(days=1)  # The first report looks back so far.
SHORTEST = timedelta(minutes=1)
LONGEST_RUN = timedelta(days=2)  # A run that ended in the window was queued at most so long before it.
NO_WORKER = timedelta(minutes=15)  # A run that is still queued after that waits in vain.
BAD = ("failed", "missed", "waiting", "fault")
ORDER = ("failed", "fault", "missed", "waiting", "running", "cancelled", "ok", "paused", "off")
ROWS = ("deleted", "rows", "rows_deleted", "rows_checked")
BYTES = ("bytes", "size", "bytes_read", "freed")
State = JobRun.State


@dataclass(frozen=True)
class Window:
    """From just after `start` to `end`."""

    start: datetime
    end: datetime


def items(runs: Iterable[JobRun], states: Iterable[ScheduleState], window: Window) -> list[dict[str, Any]]:
    """One item for each schedule, and for each job that somebody started by hand: what is wrong first, then by time."""
    by_name: dict[str, list[JobRun]] = defaultdict(list)
    for run in runs:
        by_name[run.schedule or f"{run.name} {run.args.get('cleanup', '')}".strip()].append(run)
    known = {state.pk: state for state in states if state.pk in registry.schedules or state.enabled}
    known.pop("maintenance.report_night", None)
    found = [
        _item(name, by_name.get(name, []), known.get(name), window) for name in sorted(known.keys() | by_name.keys())
    ]
    return sorted(
        (item for item in found if item is not None),
        key=lambda item: (ORDER.index(item["state"]), item["started_at"] or "", item["label"]),
    )


def sums(found: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The numbers of all items together."""
    counted = {"succeeded": 0, "failed": 0, "missed": 0, "running": 0, "idle": 0, "busy_ms": 0, "rows": 0, "bytes": 0}
    for item in found:
        counted[_counts_as(str(item["state"]))] += 1
        for name in ("busy_ms", "rows", "bytes"):
            counted[name] += item[name]
    return counted


def reason_of(item: Mapping[str, Any]) -> str:
    """What is wrong with an item, in a sentence; empty when nothing is."""
    code, why = item["state"], str(item["reason"])
    if code == "missed":
        label = str(ScheduleState.Missed(why).label) if why in ScheduleState.Missed.values else why
        return _("It was due and did not run: %(why)s.") % {"why": label}
    if code == "waiting":
        return _("It is queued and no worker has taken it. Start a worker; it is not lost.")
    if code == "failed" and not why:
        return _("It failed without a word. Its log has more.")
    return why


def _counts_as(state: str) -> str:
    if state in {"missed", "waiting", "fault"}:
        return "missed"
    return {"failed": "failed", "ok": "succeeded", "running": "running"}.get(state, "idle")


def _item(name: str, runs: list[JobRun], state: ScheduleState | None, window: Window) -> dict[str, Any] | None:
    last = runs[-1] if runs else None
    due = _due(state, window) if state is not None else None
    kind, reason = _state(runs, state, due, window)
    if last is None and kind == "ok":
        return None  # Nothing was due, nothing ran: a weekly one on another day.
    spec = registry.schedules.get(name) if name in registry.schedules else None
    ended = [run for run in runs if run.started_at and run.finished_at]
    return {
        "schedule": name if state is not None else "",
        "label": str(spec.label) if spec else (title_of(last) if last else name),
        "state": kind,
        "reason": reason,
        "runs": len(runs),
        "failed": sum(run.state == State.FAILED for run in runs),
        "run": str(last.pk) if last else None,
        "due_at": due.isoformat() if due else None,
        "started_at": _first(run.started_at for run in runs),
        "ended_at": ended[-1].finished_at.isoformat() if ended and ended[-1].finished_at else None,
        "busy_ms": sum(int(run.elapsed.total_seconds() * 1000) for run in ended if run.elapsed),
        "rows": sum(_figure(run, ROWS) for run in runs),
        "bytes": sum(_figure(run, BYTES) for run in runs),
        "by": last.actor_label if last and last.actor_kind == "person" else "",
    }


def _due(state: ScheduleState, window: Window) -> datetime | None:
    """The last slot of the window that somebody ought to have dealt with by now; None where there is none."""
    if not state.is_running:
        return None
    try:
        return cron.latest(state.cron, state.time_zone, window.start, window.end - GRACE)
    except CronInvalid:
        return None


def _state(runs: list[JobRun], state: ScheduleState | None, due: datetime | None, window: Window) -> tuple[str, str]:
    failed = [run for run in runs if run.state == State.FAILED]
    if failed and failed[-1] is runs[-1]:
        return "failed", failed[-1].error
    if state is not None and state.fault:
        return "fault", state.fault
    waiting = [run for run in runs if run.state == State.QUEUED and run.queued_at < window.end - NO_WORKER]
    if waiting:
        return "waiting", ""
    if runs and runs[-1].is_live:
        return "running", ""
    if state is not None and (why := _missed(runs, state, due, window)) is not None:
        return "missed", why
    if failed:
        return "failed", failed[-1].error  # It went well afterwards, but somebody should know.
    if runs:
        return ("cancelled" if runs[-1].state == State.CANCELLED else "ok"), ""
    if state is not None and not state.enabled:
        return "off", ""
    if state is not None and state.paused_at is not None:
        return "paused", state.pause_reason
    return "ok", ""


def _missed(runs: list[JobRun], state: ScheduleState, due: datetime | None, window: Window) -> str | None:
    """Why a slot of the window has no run; None when none was missed."""
    if due is None:
        return None
    if state.missed_slot is not None and window.start < state.missed_slot <= window.end and state.missed_slot >= due:
        return state.missed_why
    if state.last_slot < due and not any(run.slot and run.slot >= due for run in runs):
        return ScheduleState.Missed.LATE.value
    return None


def _first(moments: Iterable[datetime | None]) -> str | None:
    known = [moment for moment in moments if moment is not None]
    return min(known).isoformat() if known else None


def _figure(run: JobRun, names: tuple[str, ...]) -> int:
    """The first of the numbers that the result holds under these names."""
    result = run.result or {}
    return next((max(0, result[name]) for name in names if isinstance(result.get(name), int)), 0)


def verdict(report: NightReport) -> str:
    """What went wrong, in numbers; empty when nothing did."""
    parts = []
    if report.failed:
        parts.append(ngettext("%(n)s failed", "%(n)s failed", report.failed) % {"n": report.failed})
    if report.missed:
        parts.append(ngettext("%(n)s did not run", "%(n)s did not run", report.missed) % {"n": report.missed})
    return ", ".join(parts)
