"""What came of a clean-up, for the page of its job."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maintenance.models import JobRun
from maintenance.selectors.cleanups import outcomes
from portal.kit import registry


def told(run: JobRun) -> tuple[str, str]:
    """A title and a sentence; also for what was stopped or failed after it had removed something. Empty before that."""
    results = [outcome.result for outcome in outcomes(run) if outcome.result is not None]
    if not results or run.is_live:
        return "", ""
    number = sum(int(result.get("deleted", 0)) for result in results)
    units = {str(result.get("unit", "rows")) for result in results}
    title = _title(number, units.pop() if len(units) == 1 else "")
    if run.state != JobRun.State.SUCCEEDED:
        return title, _("What was removed until then stays removed; nothing is half done.") if number else ""
    if all(result.get("skipped") for result in results):
        return _("Left to another run"), _("The same clean-up was at work already. Look at that run for its result.")
    if failed := [result for result in results if result.get("error")]:
        text = ngettext(
            "%(n)d clean-up failed; its log says why.", "%(n)d clean-ups failed; the log says why.", len(failed)
        )
        return title, text % {"n": len(failed)}
    left = sum(int(result.get("left", 0)) for result in results if result.get("unit", "rows") == "rows")
    if left:
        return title, _("%(n)s rows were held by others and wait for the next run.") % {"n": f"{left:,}"}
    return title, _("Nothing of the preview is left.")


def _title(number: int, unit: str) -> str:
    shown = {"n": f"{number:,}"}
    if unit == "rows":
        return ngettext("%(n)s row deleted", "%(n)s rows deleted", number) % shown
    if unit == "files":
        return ngettext("%(n)s file removed", "%(n)s files removed", number) % shown
    if unit == "tables":
        return ngettext("%(n)s table vacuumed", "%(n)s tables vacuumed", number) % shown
    return _("%(n)s rows and files removed") % shown


def facts(run: JobRun) -> list[dict[str, Any]]:
    """Numbers of one clean-up, or a line for each of several; then the report as files."""
    found = [outcome for outcome in outcomes(run) if outcome.result is not None]
    if not found or run.is_live:
        return []
    if len(found) == 1 and "items" not in run.args:
        lines = _one(found[0].result or {})
    else:
        lines = [
            {"label": _label(outcome.cleanup), "value": _short(outcome.result or {}), "note": ""} for outcome in found
        ]
    return [*lines, *_files(run)]


def _one(result: dict[str, Any]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    if "batches" in result:
        lines.append({"label": _("Batches"), "value": f"{int(result['batches']):,}"})
        lines.append({"label": _("Busy"), "value": _("%(n)s ms") % {"n": f"{round(result['busy_ms']):,}"}})
    if "cutoff" in result and result.get("unit") != "tables":
        lines.append({"label": _("Older than"), "when": datetime.fromisoformat(result["cutoff"])})
    if "bytes_after" in result:
        lines.append({"label": _("Size before"), "bytes": result["bytes_before"]})
        lines.append({"label": _("Size after"), "bytes": result["bytes_after"]})
        lines.append({"label": _("Back to the system"), "bytes": result["returned"]})
        lines.append({"label": _("Free for new rows"), "bytes": result["reusable"]})
    if result.get("keys_sha256"):
        lines.append({"label": _("Keys, SHA-256"), "value": str(result["keys_sha256"])[:16], "mono": True})
    return lines


def _short(result: dict[str, Any]) -> str:
    if result.get("skipped"):
        return _("left to another run")
    if result.get("error"):
        return _("failed: %(why)s") % {"why": result["error"]}
    return _title(int(result.get("deleted", 0)), str(result.get("unit", "rows")))


def _label(name: str) -> str:
    return str(registry.cleanups.get(name).label) if name in registry.cleanups else name


def _files(run: JobRun) -> list[dict[str, Any]]:
    return [
        {
            "label": _("Report"),
            "value": kind.upper(),
            "url": reverse(f"maintenance:cleanup_report_{kind}", args=[run.pk]),
        }
        for kind in ("pdf", "csv")
    ]
