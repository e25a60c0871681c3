"""Runs in the words of the pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maintenance import cleaning
from maintenance.models import JobRun
from maintenance.presenters import cleanup_results
from maintenance.presenters.backup_results import backup_result
from portal.kit import clock, registry

TONES = {
    "queued": "info",
    "running": "info",
    "cancelling": "warn",
    "succeeded": "ok",
    "failed": "bad",
    "cancelled": "none",
}
LOG_TAIL = 60
State = JobRun.State


@dataclass(frozen=True)
class JobRow:
    """A run in a list."""

    url: str
    title: str
    code: str
    state_tone: str
    state_label: str
    progress_value: int
    progress_max: int | None
    running: bool
    counts_text: str
    started_by: str
    created_at: datetime
    seconds: float | None


def title_of(run: JobRun) -> str:
    """The label of the job; for a clean-up with the label of what it cleans."""
    cleanup = run.args.get("cleanup")
    if cleanup in registry.cleanups:
        return _("Clean-up: %(what)s") % {"what": registry.cleanups.get(cleanup).label}
    if "group" in run.args:
        kind = cleaning.CATEGORIES.get(str(run.args["group"]))
        return _("Clean-up: %(what)s") % {"what": kind[0] if kind else _("everything")}
    return str(registry.jobs.get(run.name).label) if run.name in registry.jobs else run.name


def job_row(run: JobRun) -> JobRow:
    """A run for the list of jobs."""
    return JobRow(
        url=reverse("maintenance:job", args=[run.pk]),
        title=title_of(run),
        code=run.name,
        state_tone=TONES[run.state],
        state_label=str(State(run.state).label),
        progress_value=run.done,
        progress_max=run.total or None,
        running=run.state == State.RUNNING,
        counts_text=counts(run),
        started_by=started_by(run),
        created_at=run.queued_at,
        seconds=run.elapsed.total_seconds() if run.elapsed is not None else None,
    )


def started_by(run: JobRun) -> str:
    """Who started it: a person, or the schedule."""
    return _("the schedule") if run.schedule and run.actor_kind == "system" else run.actor_label


def counts(run: JobRun) -> str:
    """How far it is, in numbers."""
    if run.total:
        return _("%(done)s of %(total)s") % {"done": f"{run.done:,}", "total": f"{run.total:,}"}
    return f"{run.done:,}" if run.done else ""


def job_page(
    run: JobRun, *, may_admin: bool, worker_missing: bool, steps: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Everything the job page and its live part show; `steps` are what a night is made of."""
    seconds = run.elapsed.total_seconds() if run.elapsed is not None else None
    percent = min(100, run.done * 100 // run.total) if run.total else None
    result_title, result_text = _result(run)
    return {
        "version": f"{run.state}-{run.fence}-{run.done}-{len(run.log)}",
        "title": title_of(run),
        "short_id": run.pk.hex[-8:],
        "started_by": started_by(run),
        "state": run.state,
        "state_tone": TONES[run.state],
        "state_label": str(State(run.state).label),
        "phase": run.phase,
        "progress_value": run.done,
        "progress_max": run.total or None,
        "progress_percent": percent,
        "counts_text": counts(run),
        "left_text": _left(run, seconds),
        "facts": _facts(run, seconds),
        "log": [{"time": _time(moment), "level": "", "text": text} for moment, text in run.log[-LOG_TAIL:]],
        "log_url": "",
        "steps": steps,
        "result_title": result_title,
        "result_text": result_text,
        "result": _result_facts(run),
        "error_text": run.error,
        "error_id": run.error_id,
        "next_try_at": run.run_at if run.state == State.QUEUED and run.error else None,
        "can_cancel": may_admin and run.state in {State.QUEUED, State.RUNNING},
        "cancel_url": reverse("maintenance:job_cancel", args=[run.pk]),
        "retry_url": reverse("maintenance:job_retry", args=[run.pk])
        if may_admin and run.state in {State.FAILED, State.CANCELLED}
        else "",
        "worker_missing": worker_missing,
        "events_url": f"{reverse('audit:timeline')}?target={run.pk}",
        "live_url": reverse("maintenance:job_live", args=[run.pk]),
        "done": not run.is_live,
    }


def _time(moment: str) -> str:
    return timezone.localtime(datetime.fromisoformat(moment)).strftime("%H:%M:%S")


def _left(run: JobRun, seconds: float | None) -> str:
    if run.state != State.RUNNING or not run.total or not run.done or not seconds:
        return ""
    left = int(seconds / run.done * (run.total - run.done))
    if left < 60:
        return _("Less than a minute left")
    return ngettext("About %(n)d minute left", "About %(n)d minutes left", left // 60) % {"n": left // 60}


def _facts(run: JobRun, seconds: float | None) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = [
        {"label": _("Started by"), "value": started_by(run)},
        {"label": _("Queued"), "when": run.queued_at},
    ]
    if run.started_at:
        facts.append({"label": _("Started"), "when": run.started_at})
    if seconds is not None:
        facts.append({"label": _("Took") if run.finished_at else _("Elapsed"), "seconds": seconds})
    if run.attempts:
        facts.append(
            {"label": _("Attempt"), "value": _("%(n)d of %(max)d") % {"n": run.attempts, "max": run.max_attempts}}
        )
    if run.worker:
        facts.append({"label": _("Worker"), "value": run.worker, "mono": True})
    return [
        *facts,
        {"label": _("Job"), "value": run.name, "mono": True},
        {"label": _("Run id"), "value": str(run.pk), "mono": True},
    ]


def _result(run: JobRun) -> tuple[str, str]:
    result = run.result or {}
    if run.name == cleaning.JOB:
        return cleanup_results.told(run)
    if "created" in result:
        n = int(result["created"])
        return ngettext("%(n)s person created", "%(n)s people created", n) % {"n": f"{n:,}"}, _(
            "They are in the list of people now."
        )
    if "backup" in result or "pruned" in result:
        return backup_result(result)
    return "", ""


def _result_facts(run: JobRun) -> list[dict[str, Any]]:
    return cleanup_results.facts(run) if run.name == cleaning.JOB else []


def last_of(run: JobRun | None) -> dict[str, Any] | None:
    """The last run of a schedule or clean-up, for a chip with a link."""
    if run is None:
        return None
    return {
        "when": run.finished_at or run.queued_at or clock.now(),
        "tone": TONES[run.state],
        "label": str(State(run.state).label),
        "count_text": _result(run)[0],
        "url": reverse("maintenance:job", args=[run.pk]),
    }
