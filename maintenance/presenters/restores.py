"""Restores and drills in the words of the pages."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from maintenance.models import Drill, Restore
from maintenance.restore import logins
from maintenance.restore.databases import Found
from maintenance.restore.inspection import Inspection
from portal.kit import charts

TONES = {
    "running": "info",
    "ready": "ok",
    "passed": "ok",
    "swapped": "ok",
    "swapped_back": "warn",
    "failed": "bad",
    "cancelled": "none",
    "dropped": "none",
}
State = Restore.State


def drill_row(drill: Drill) -> dict[str, Any]:
    """A drill for the list."""
    return {
        "url": reverse("maintenance:drill", args=[drill.pk]),
        "moment": drill.started_at,
        "state": state_of(drill),
        "taken_at": drill.taken_at,
        "rows": drill.rows if drill.state == Drill.State.PASSED else None,
        "bytes": drill.bytes or None,
        "checks": len(drill.checks),
        "seconds": drill.seconds,
        "error": drill.error,
    }


def restore_row(restore: Restore) -> dict[str, Any]:
    """A restore for the list."""
    return {
        "url": reverse("maintenance:restore", args=[restore.pk]),
        "moment": restore.started_at,
        "state": state_of(restore),
        "mode": str(Restore.Mode(restore.mode).label),
        "database": restore.database,
        "taken_at": restore.taken_at,
        "actor": restore.actor_label,
        "seconds": restore.seconds,
    }


def state_of(row: Restore | Drill) -> tuple[str, str]:
    """Tone and word of the state."""
    return TONES[row.state], str(type(row).State(row.state).label)


def facts_of(row: Restore | Drill) -> list[dict[str, Any]]:
    """What is known, for the side of the page."""
    facts: list[dict[str, Any]] = [
        {"label": _("Backup"), "value": row.backup_id or "–", "mono": True},
        {"label": _("Moment that it brings back"), "when": row.taken_at, "style": "exact"}
        if row.taken_at
        else {"label": _("Moment that it brings back"), "value": "–"},
        {"label": _("Database"), "value": row.database, "mono": True},
        {"label": _("Started"), "when": row.started_at},
    ]
    if isinstance(row, Restore):
        facts.insert(0, {"label": _("Way"), "value": str(Restore.Mode(row.mode).label)})
        facts.append({"label": _("Started by"), "value": row.actor_label})
        if row.safety_backup_id:
            facts.append({"label": _("Safety backup"), "value": row.safety_backup_id, "mono": True})
        if row.old_database and row.keep_until:
            facts += [
                {"label": _("Replaced database"), "value": row.old_database, "mono": True},
                {"label": _("Kept until"), "when": row.keep_until, "style": "exact"},
            ]
    if row.seconds is not None:
        facts += [
            {"label": _("Took"), "seconds": row.seconds},
            {"label": _("Tables"), "value": row.tables},
            {"label": _("Rows"), "value": row.rows},
            {"label": _("Size of the dump"), "bytes": row.bytes},
        ]
    if row.run_id:
        facts.append(
            {"label": _("Job"), "value": row.run_id.hex[-8:], "url": reverse("maintenance:job", args=[row.run_id])}
        )
    return facts


def database_rows(found: Sequence[Found], restores: dict[Any, Restore]) -> list[dict[str, Any]]:
    """The databases beside the live one, with what may be done about each."""
    kinds = {
        "restore": _("Restored, beside the live one"),
        "old": _("Replaced by a restore"),
        "drill": _("Of a drill"),
    }
    rows = []
    for item in found:
        row = restores.get(item.mark.id)
        busy = row is not None and row.state == State.RUNNING and row.database == item.name
        rows.append(
            {
                "name": item.name,
                "kind": kinds[item.mark.kind],
                "size": item.size,
                "made_at": item.mark.made_at,
                "keep_until": row.keep_until if row is not None and item.mark.kind == "old" else None,
                "url": reverse("maintenance:restore", args=[row.pk]) if row is not None else "",
                "dialog": "" if busy or item.mark.kind == "drill" else f"drop-{item.name}",
                "hidden": [("name", item.name)],
            }
        )
    return rows


def inspected(found: Inspection) -> dict[str, Any]:
    """The manifest's facts, for the page that asks how to restore."""
    manifest = found.manifest
    return {
        "facts": [
            {"label": _("Moment that it brings back"), "when": manifest.made_at, "style": "exact"},
            {"label": _("Made by version"), "value": manifest.application_version},
            {"label": _("PostgreSQL"), "value": manifest.server_version_text},
            {"label": _("Key"), "value": manifest.key_id, "mono": True},
            {"label": _("Tables"), "value": len(manifest.tables)},
            {"label": _("Rows"), "value": found.rows},
            {"label": _("Stored"), "bytes": manifest.stored_bytes},
            {"label": _("Read from"), "value": found.target.name, "mono": True},
        ],
        "differences": found.differences,
        "refusals": found.refusals,
        "live": logins.live_name(),
    }


def bounds() -> dict[str, int]:
    """The policy: hours that may be lost, minutes for each 10 GB."""
    return {
        "lost": int(settings.STEWARD_RPO.total_seconds() // 3600),
        "takes": int(settings.STEWARD_RTO_PER_10_GB.total_seconds() // 60),
    }


def drawn(drills: Sequence[Drill]) -> SafeString | None:
    """The recovery time of the last drills, oldest first; nothing for fewer than two."""
    if len(drills) < 2:
        return None
    points = []
    for drill in drills:
        moment = timezone.localtime(drill.started_at)
        name = f"{formats.date_format(moment, 'j F Y')}, {moment:%H:%M}"
        points.append(charts.Point(formats.date_format(moment, "j M"), round(drill.seconds or 0.0, 1), name))
    return charts.bars(points, title=_("Seconds from the first byte to the last check"), unit=_("s"))
