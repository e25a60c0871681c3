"""Clean-ups in the words of pages and reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maintenance import cleaning
from maintenance.cleaning.keeping import keep_of, least_hours
from maintenance.models import JobRun
from maintenance.presenters import runs as run_words
from maintenance.selectors.cleanups import Outcome, outcomes
from portal.kit import clock, registry
from portal.kit.registry import Cleanup, Partitions, Vacuum
from portal.kit.templatetags.kit import duration, size

DAYS_OF_YEAR = 365.25
ICONS = {
    "activity-logs": "activity",
    "orphaned-data": "search",
    "temp-files": "document",
    "execution-logs": "jobs",
    "database-vacuum": "database",
    "expired-sessions": "key",
}


def counted(number: int, unit: str) -> str:
    """`8,112 rows`."""
    shown = {"n": f"{number:,}"}
    if unit == "files":
        return ngettext("%(n)s file", "%(n)s files", number) % shown
    if unit == "tables":
        return ngettext("%(n)s table", "%(n)s tables", number) % shown
    return ngettext("%(n)s row", "%(n)s rows", number) % shown


def keep_text(spec: Cleanup) -> str:
    """How long it keeps things."""
    if isinstance(spec.how, Vacuum):
        return _("Keeps everything")
    kept: timedelta = keep_of(spec.name)
    hours = int(kept.total_seconds() // 3600)
    if hours == 0:
        return _("Goes as soon as it has expired")
    if hours % 24 or hours <= 48:
        return _("Kept for %(n)d hours") % {"n": hours}
    days = hours // 24
    years = round(days / DAYS_OF_YEAR)
    if years and abs(days - years * DAYS_OF_YEAR) <= 2:
        return ngettext("Kept for %(n)d year", "Kept for %(n)d years", years) % {"n": years}
    return _("Kept for %(n)d days") % {"n": days}


def kinds(last: dict[str, Outcome]) -> list[dict[str, Any]]:
    """The kinds of clean-ups with what each holds and how it went last."""
    found = []
    for name, (label, text) in cleaning.CATEGORIES.items():
        specs = cleaning.members(name)
        found.append(
            {
                "name": name,
                "label": label,
                "text": text,
                "icon": ICONS[name],
                "url": reverse("maintenance:cleanup", args=[name]),
                "members": [_member(spec, last.get(spec.name)) for spec in specs],
                "last": _last(_newest(last.get(spec.name) for spec in specs)),
            }
        )
    return found


def _newest(found: Any) -> Outcome | None:
    known = [outcome for outcome in found if outcome is not None]
    return max(known, key=lambda outcome: outcome.run.pk.int, default=None)


def _member(spec: Cleanup, last: Outcome | None) -> dict[str, Any]:
    return {
        "label": spec.label,
        "text": spec.description,
        "keep_text": keep_text(spec),
        "url": reverse("maintenance:cleanup", args=[spec.name]),
        "history_url": f"{reverse('maintenance:cleanup_history')}?cleanup={spec.name}",
        "last": _last(last),
    }


def _last(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    run = outcome.run
    return {
        "when": run.finished_at or run.queued_at,
        "tone": run_words.TONES[run.state],
        "label": str(JobRun.State(run.state).label),
        "count_text": gone_text(outcome.result),
        "url": reverse("maintenance:job", args=[run.pk]),
    }


def gone_text(result: dict[str, Any] | None) -> str:
    """What a clean-up removed, in words."""
    if result is None:
        return ""
    if result.get("skipped"):
        return _("left to another run")
    if result.get("error"):
        return _("failed")
    return counted(int(result.get("deleted", 0)), str(result.get("unit", "rows")))


def preview_of(found: cleaning.Preview) -> dict[str, Any]:
    """One preview for the page."""
    spec, what = found.cleanup, counted(found.count, found.unit)
    vacuum = isinstance(spec.how, Vacuum)
    return {
        "name": spec.name,
        "label": spec.label,
        "text": spec.description,
        "count": found.count,
        "count_text": what,
        "unit_text": _unit_text(found),
        "bytes": found.size or None,
        "cutoff": None if vacuum else found.cutoff,
        "cutoff_text": keep_text(spec),
        "columns": found.found.columns,
        "rows": found.sample,
        "more": max(0, found.count - len(found.sample)),
        "share": found.found.share,
        "guarded": found.guarded,
        "note": found.found.note,
        "token": found.token,
        "least_hours": least_hours(spec),
        "asked_hours": -(-int((clock.now() - found.cutoff).total_seconds()) // 3600),
        "takes_age": not vacuum,
        "is_vacuum": vacuum,
        "whole_days": isinstance(spec.how, Partitions),
        "url": reverse("maintenance:cleanup", args=[spec.name]),
    }


def _unit_text(found: cleaning.Preview) -> str:
    if isinstance(found.cleanup.how, Vacuum):
        return _("Tables worth it")
    if isinstance(found.cleanup.how, Partitions):
        return _("Rows that would go, about")
    return _("Files that would go") if found.unit == "files" else _("Rows that would go")


@dataclass(frozen=True)
class HistoryRow:
    """A run of clean-ups in the history."""

    url: str
    title: str
    state_tone: str
    state_label: str
    gone: str
    bytes: int | None
    seconds: float | None
    started_by: str
    when: datetime


def history_row(run: JobRun) -> HistoryRow:
    """A run for the list."""
    found = outcomes(run)
    results = [outcome.result for outcome in found if outcome.result is not None]
    units = {str(result.get("unit", "rows")) for result in results}
    number = sum(int(result.get("deleted", 0)) for result in results)
    gone = counted(number, units.pop()) if len(units) == 1 else _("%(n)s things") % {"n": f"{number:,}"}
    return HistoryRow(
        url=reverse("maintenance:job", args=[run.pk]),
        title=run_words.title_of(run),
        state_tone=run_words.TONES[run.state],
        state_label=str(JobRun.State(run.state).label),
        gone=gone if results else "",
        bytes=sum(int(result.get("bytes", 0)) for result in results) if results else None,
        seconds=run.elapsed.total_seconds() if run.elapsed is not None else None,
        started_by=run_words.started_by(run),
        when=run.finished_at or run.queued_at,
    )


COLUMNS = (
    *("run", "cleanup", "label", "state", "started_by", "started_at", "finished_at", "older_than", "unit", "removed"),
    *("batches", "busy_ms", "rows_before", "rows_after", "bytes_before", "bytes_after", "bytes_returned"),
    *("bytes_reusable", "left", "keys_sha256", "error"),
)


def report_rows(runs: Sequence[JobRun]) -> list[list[Any]]:
    """Every clean-up of every run, as `COLUMNS` name them, for files."""
    return [_report_row(outcome) for run in runs for outcome in outcomes(run)]


def _report_row(outcome: Outcome) -> list[Any]:
    run, result = outcome.run, outcome.result or {}
    declared = outcome.cleanup in registry.cleanups
    state = "skipped" if result.get("skipped") else "failed" if result.get("error") else run.state
    return [
        str(run.pk),
        outcome.cleanup,
        str(registry.cleanups.get(outcome.cleanup).label) if declared else outcome.cleanup,
        state,
        run_words.started_by(run),
        run.started_at,
        run.finished_at,
        result.get("cutoff"),
        result.get("unit", "rows"),
        result.get("deleted", 0),
        result.get("batches"),
        round(result["busy_ms"]) if "busy_ms" in result else None,
        *(result.get(name) for name in ("rows_before", "rows_after", "bytes_before", "bytes_after", "returned")),
        *(result.get(name) for name in ("reusable", "left", "keys_sha256")),
        result.get("error") or run.error,
    ]


def facts_of(outcome: Outcome) -> dict[str, Any]:
    """What a report tells of one clean-up, in words."""
    result = outcome.result or {}
    declared = outcome.cleanup in registry.cleanups
    before, after = result.get("bytes_before"), result.get("bytes_after")
    return {
        "label": str(registry.cleanups.get(outcome.cleanup).label) if declared else outcome.cleanup,
        "gone": gone_text(outcome.result) or "–",
        "older_than": _local(result.get("cutoff")),
        "busy": str(duration(result["busy_ms"] / 1000)) if "busy_ms" in result else "–",
        "before": str(size(before)),
        "after": str(size(after)),
        "returned": str(size(result.get("returned"))),
        "reusable": str(size(result.get("reusable"))),
        "left": f"{int(result['left']):,}" if "left" in result else "–",
        "error": str(result.get("error", "")),
    }


def _local(text: str | None) -> str:
    if not text:
        return "–"
    return timezone.localtime(datetime.fromisoformat(text)).strftime("%Y-%m-%d %H:%M")
