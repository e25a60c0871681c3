"""Nights in the words of the pages."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from maintenance import night_report
from maintenance.models import JobRun, NightReport
from maintenance.presenters.cron_words import cron_words
from maintenance.presenters.runs import counts
from maintenance.presenters.schedules import state_of
from maintenance.selectors import schedules as selectors
from maintenance.services import nights
from portal.kit.charts import number
from portal.kit.context import Actor
from portal.kit.templatetags.kit import duration, size

STATES = {
    "failed": ("bad", gettext_lazy("Failed")),
    "fault": ("bad", gettext_lazy("Stands still")),
    "missed": ("bad", gettext_lazy("Did not run")),
    "waiting": ("bad", gettext_lazy("Waits for a worker")),
    "running": ("info", gettext_lazy("Running")),
    "cancelled": ("none", gettext_lazy("Cancelled")),
    "ok": ("ok", gettext_lazy("Done")),
    "paused": ("warn", gettext_lazy("Paused")),
    "off": ("none", gettext_lazy("Off")),
}
IDLE = ("paused", "off")
NARROWEST = 0.6  # Percent of the lane; a second in a night is still seen.


def night_row(report: NightReport) -> dict[str, Any]:
    """A report in the list."""
    tone, word = verdict(report)
    return {
        "url": reverse("maintenance:night", args=[report.pk]),
        "title": title_of(report),
        "window": window_text(report),
        "tone": tone,
        "state_label": word,
        "ran": report.succeeded + report.failed,
        "bad": report.failed + report.missed,
        "rows": report.rows,
        "bytes": report.bytes,
        "seconds": report.busy_ms / 1000,
        "when": report.ends_at,
    }


def night_line(report: NightReport) -> dict[str, Any]:
    """A report in a sentence, without its items."""
    return night_row(report) | {"headline": _headline(report)}


def title_of(report: NightReport) -> str:
    """The day of a report in words."""
    day = formats.date_format(timezone.localtime(report.ends_at), pgettext("weekday, day and month", "l, j F Y"))
    return day if report.origin == NightReport.Origin.MORNING else _("%(day)s, on demand") % {"day": day}


def window_text(report: NightReport) -> str:
    """From when to when, in the installation's zone."""
    start, end = timezone.localtime(report.starts_at), timezone.localtime(report.ends_at)
    shape = pgettext("day, month and time", "j M, H:i")
    return _("%(from)s to %(to)s %(zone)s") % {
        "from": formats.date_format(start, shape),
        "to": formats.date_format(end, shape),
        "zone": end.tzname(),
    }


def verdict(report: NightReport) -> tuple[str, str]:
    """Tone and words of how it went as a whole."""
    if not report.is_good:
        return "bad", night_report.verdict(report).capitalize()
    return ("ok", _("All well")) if report.succeeded else ("none", _("Nothing ran"))


def night_page(report: NightReport) -> dict[str, Any]:
    """One report with all its items."""
    span = _span(report)
    items = [_item(item, span) for item in report.items]
    return night_row(report) | {
        "headline": _headline(report),
        "good": report.is_good,
        "csv_url": reverse("maintenance:night_csv", args=[report.pk]),
        "job_url": reverse("maintenance:job", args=[report.run_id]),
        "bad_items": [item for item in items if item["code"] in night_report.BAD],
        # As they ran: what a person reads after it knows what to mend.
        "items": sorted((item for item in items if item["code"] not in IDLE), key=lambda item: item["order"]),
        "idle": [item for item in items if item["code"] in IDLE],
        "cards": _cards(report),
        "axis": _axis(span),
        "told_text": _told(report),
    }


def _headline(report: NightReport) -> str:
    if report.is_good:
        ran = report.succeeded
        return ngettext("The one task of the night ran well.", "All %(n)s tasks of the night ran well.", ran) % {
            "n": number(ran)
        }
    bad = report.failed + report.missed
    text = ngettext("%(n)s task needs you.", "%(n)s tasks need you.", bad)
    return text % {"n": number(bad)}


def _told(report: NightReport) -> str:
    if report.is_good:
        return ""
    text = ngettext(
        "%(n)s person was told, behind the bell and by mail.",
        "%(n)s people were told, behind the bell and by mail.",
        report.told,
    )
    return text % {"n": number(report.told)}


def _cards(report: NightReport) -> list[dict[str, Any]]:
    handled = _("deleted or checked")
    if report.bytes:
        handled = _("and %(size)s of data") % {"size": size(report.bytes)}
    return [
        {"label": _("Went well"), "value": number(report.succeeded), "note": _("tasks done")},
        {"label": _("Failed"), "value": number(report.failed), "note": _("each says why"), "bad": report.failed},
        {
            "label": _("Did not run"),
            "value": number(report.missed),
            "note": _("though it was due"),
            "bad": report.missed,
        },
        {"label": _("Rows handled"), "value": number(report.rows), "note": handled},
        {"label": _("Work"), "seconds": report.busy_ms / 1000, "note": _("of all tasks together")},
    ]


def _item(item: Mapping[str, Any], span: tuple[datetime, datetime]) -> dict[str, Any]:
    code = str(item["state"])
    tone, label = STATES[code]
    started, ended = _moment(item["started_at"]), _moment(item["ended_at"])
    due = _moment(item["due_at"])
    return {
        "code": code,
        "label": item["label"],
        "name": item["schedule"],
        "tone": tone,
        "state_label": str(label),
        "reason": night_report.reason_of(item),
        "note": _note(item, due, started),
        "started_at": started,
        "seconds": item["busy_ms"] / 1000 if item["busy_ms"] or ended else None,
        "rows": item["rows"],
        "bytes": item["bytes"],
        "url": reverse("maintenance:job", args=[item["run"]]) if item["run"] else "",
        "schedule_url": reverse("maintenance:schedule", args=[item["schedule"]]) if item["schedule"] else "",
        "lane": _lane(started, ended, due, span),
        "order": (item["started_at"] or item["due_at"] or "", item["label"]),
    }


def _note(item: Mapping[str, Any], due: datetime | None, started: datetime | None) -> str:
    parts = []
    if item["by"]:
        parts.append(_("by %(who)s") % {"who": item["by"]})
    if item["runs"] > 1:
        parts.append(ngettext("%(n)s run", "%(n)s runs", item["runs"]) % {"n": number(item["runs"])})
    if not item["by"] and due and started and started - due > timedelta(minutes=15):
        parts.append(_("%(time)s late") % {"time": duration((started - due).total_seconds())})
    return ", ".join(parts)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _span(report: NightReport) -> tuple[datetime, datetime]:
    """The part of the window in which something ran or was due, in whole hours."""
    moments = [
        moment
        for item in report.items
        for name in ("started_at", "ended_at", "due_at")
        if (moment := _moment(item[name])) is not None
    ]
    low = max(min(moments, default=report.starts_at), report.starts_at)
    high = min(max(moments, default=report.ends_at), report.ends_at)
    start = low.replace(minute=0, second=0, microsecond=0)
    end = high.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return start, max(end, start + timedelta(hours=1))


def _lane(
    started: datetime | None, ended: datetime | None, due: datetime | None, span: tuple[datetime, datetime]
) -> dict[str, str] | None:
    """Where a task lies in the night, in percent of its width."""
    first = started or due
    if first is None:
        return None
    whole = (span[1] - span[0]).total_seconds()
    left = min(max((first - span[0]).total_seconds() / whole * 100, 0), 100 - NARROWEST)
    width = max(((ended or first) - first).total_seconds() / whole * 100, NARROWEST)
    return {"x": f"{left:.2f}%", "width": f"{min(width, 100 - left):.2f}%"}


def _axis(span: tuple[datetime, datetime]) -> list[str]:
    """The times at both ends and in the middle."""
    middle = span[0] + (span[1] - span[0]) / 2
    return [timezone.localtime(moment).strftime("%H:%M") for moment in (span[0], middle, span[1])]


def night_lines(report: NightReport) -> list[list[str]]:
    """The report as lines of a file, the head first."""
    head = ["schedule", "label", "state", "reason", "runs", "failed", "due_at", "started_at", "ended_at"]
    lines = [[*head, "busy_ms", "rows", "bytes", "run"]]
    for item in report.items:
        texts = [str(item[name] if item[name] is not None else "") for name in lines[0]]
        # With an apostrophe before what a spreadsheet would take for a formula.
        lines.append([f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text for text in texts])
    return lines


def live_night(run: JobRun) -> dict[str, Any]:
    """The night that is going on now."""
    return {
        "url": reverse("maintenance:job", args=[run.pk]),
        "phase": run.phase or _("Waits for a worker"),
        "counts": counts(run),
        "steps": steps_of(run),
    }


def steps_of(run: JobRun) -> list[dict[str, Any]]:
    """The steps of a night as a job's page draws them; none for any other job."""
    if run.name != nights.NIGHT or not run.cursor:
        return []
    return [
        {
            "label": selectors.label_of(step["name"]),
            "state": "todo" if step["state"] == "skipped" else step["state"],
            "note": step["note"],
        }
        for step in run.cursor["steps"]
    ]


def tonight(actor: Actor) -> list[dict[str, Any]]:
    """What a night does, in its order."""
    states = selectors.states_of(actor, [spec.name for spec in nights.nightly()])
    found = []
    for spec in nights.nightly():
        state = states.get(spec.name)
        tone, word = state_of(state) if state else ("none", _("Off"))
        found.append(
            {
                "label": str(spec.label),
                "tone": tone,
                "state_label": word,
                "words": cron_words(state.cron if state else spec.cron),
                "url": reverse("maintenance:schedule", args=[spec.name]),
            }
        )
    return found
