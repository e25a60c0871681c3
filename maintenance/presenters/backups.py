"""Backups in the words of the pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from maintenance.models import Backup
from portal.kit import charts

State, Kind = Backup.State, Backup.Kind
TONES = {
    State.RUNNING: "info",
    State.COMPLETE: "ok",
    State.PARTIAL: "warn",
    State.FAILED: "bad",
    State.MISSING: "bad",
    State.DELETED: "none",
}
RULES = {
    "newest": gettext_lazy("the newest"),
    "young": gettext_lazy("less than a day old"),
    "daily": gettext_lazy("daily %(place)s of %(of)s"),
    "weekly": gettext_lazy("weekly %(place)s of %(of)s"),
    "monthly": gettext_lazy("monthly %(place)s of %(of)s"),
    "yearly": gettext_lazy("yearly %(place)s of %(of)s"),
}
KINDS = {
    "schema": gettext_lazy("Tables without rows"),
    "data": gettext_lazy("Rows"),
    "uploads": gettext_lazy("Uploads"),
    "configuration": gettext_lazy("Configuration"),
}


@dataclass(frozen=True)
class BackupRow:
    """A backup in the list."""

    url: str
    moment: datetime
    kind: str
    state: tuple[str, str]
    bytes: int | None
    seconds: float | None
    checked: tuple[str, str]
    checked_at: datetime | None
    kept: str
    going: bool


def title_of(backup: Backup) -> str:
    """From when it is, in the person's time."""
    moment = timezone.localtime(backup.moment)
    return _("Backup of %(day)s, %(time)s") % {"day": formats.date_format(moment, "j M Y"), "time": f"{moment:%H:%M}"}


def state_of(backup: Backup) -> tuple[str, str]:
    """Tone and word of its state; damage outweighs it."""
    if backup.damaged_at is not None and backup.state in Backup.USABLE:
        return "bad", _("Damaged")
    state = State(backup.state)
    return TONES[state], str(state.label)


def kind_of(backup: Backup) -> str:
    """What it was made for."""
    if backup.kind == Kind.BEFORE and backup.act:
        return _("Before: %(act)s") % {"act": backup.act}
    label = str(Kind(backup.kind).label)
    return f"{label}: {backup.act}" if backup.act else label


def kept_words(backup: Backup) -> str:
    """Why it is still kept: "daily 3 of 7, weekly 1 of 4"; empty where no rule has been asked yet."""
    words = [str(RULES[reason["rule"]]) % reason for reason in backup.kept_as if reason["rule"] in RULES]
    if backup.pinned_at is not None:
        words.insert(0, _pin_words(backup))
    return ", ".join(words)


def _pin_words(backup: Backup) -> str:
    if backup.pinned_until is None:
        return _("kept by hand")
    return _("kept by hand until %(day)s") % {"day": formats.date_format(backup.pinned_until, "j M Y")}


def checked_of(backup: Backup) -> tuple[str, str]:
    """Tone and word: whether it was read again after it was made."""
    if backup.damaged_at is not None:
        return "bad", _("Failed")
    if backup.verified_at is not None:
        return "ok", _("Every byte read")
    return ("none", _("Not yet")) if backup.state in Backup.USABLE else ("none", "")


def backup_row(backup: Backup) -> BackupRow:
    """A backup for the list."""
    made = backup.taken_at is not None
    return BackupRow(
        url=reverse("maintenance:backup", args=[backup.pk]),
        moment=backup.moment,
        kind=kind_of(backup),
        state=state_of(backup),
        bytes=backup.stored_bytes if made else None,
        seconds=backup.seconds if made else None,
        checked=checked_of(backup),
        checked_at=backup.verified_at,
        kept=kept_words(backup),
        going=backup.state in Backup.USABLE and not backup.kept_as,
    )


def facts_of(backup: Backup) -> list[dict[str, Any]]:
    """What is known of one backup."""
    tone, word = state_of(backup)
    facts: list[dict[str, Any]] = [
        {"label": _("State"), "status": {"tone": tone, "label": word}},
        {"label": _("Made for"), "value": kind_of(backup)},
        {"label": _("Started by"), "value": backup.started_by},
        {"label": _("Begun"), "when": backup.started_at, "style": "exact"},
    ]
    if backup.taken_at is not None:
        facts += [
            {"label": _("Brings back"), "when": backup.taken_at, "style": "exact"},
            {"label": _("Took"), "seconds": backup.seconds},
            {"label": _("Stored"), "bytes": backup.stored_bytes},
            {"label": _("Before compression"), "bytes": backup.plain_bytes},
            {"label": _("Rows"), "value": backup.rows},
            {"label": _("Key"), "value": backup.key_id, "mono": True},
        ]
    if backup.verified_at is not None:
        facts += [
            {"label": _("Every byte read"), "when": backup.verified_at},
            {"label": _("Reading took"), "seconds": backup.verify_seconds},
        ]
    if kept := kept_words(backup):
        facts.append({"label": _("Kept as"), "value": kept, "note": backup.pinned_why})
    if backup.run_id is not None:
        facts.append(
            {"label": _("Job"), "value": _("Its log"), "url": reverse("maintenance:job", args=[backup.run_id])}
        )
    return facts


def manifest_facts(manifest: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What a restore asks first."""
    if not manifest:
        return []
    return [
        {"label": _("Steward"), "value": manifest["application_version"]},
        {"label": _("PostgreSQL"), "value": manifest["server_version_text"]},
        {"label": _("pg_dump"), "value": manifest["dump_version"]},
        {"label": _("Migrations"), "value": len(manifest["migrations"])},
        {"label": _("Tables"), "value": len(manifest["tables"])},
    ]


def file_rows(manifest: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The stored files."""
    return [
        {
            "name": file["name"],
            "kind": KINDS.get(file["kind"], file["kind"]),
            "bytes": file["size"],
            "plain_bytes": file["plain_size"],
            "digest": file["sha256"],
        }
        for file in (manifest or {}).get("files", ())
    ]


def table_rows(manifest: Mapping[str, Any] | None) -> list[tuple[str, int]]:
    """Tables and their exact rows, the largest first."""
    tables = (manifest or {}).get("tables", {})
    return sorted(
        ((name.removeprefix("public."), rows) for name, rows in tables.items()), key=lambda row: (-row[1], row[0])
    )


def copies_of(backup: Backup) -> list[dict[str, Any]]:
    """Where it lies, and where it does not."""
    there = [{"name": name, "tone": "ok", "word": _("There"), "text": ""} for name in backup.targets]
    return there + [
        {"name": name, "tone": "bad", "word": _("No copy"), "text": why} for name, why in backup.missed.items()
    ]


def drawn(backups: Sequence[Backup]) -> dict[str, SafeString]:
    """Sizes and durations of the newest backups, oldest first; nothing for fewer than two."""
    if len(backups) < 2:
        return {}
    sizes = [_point(backup, round(backup.stored_bytes / 1e6, 1)) for backup in backups]
    times = [_point(backup, round(backup.seconds, 1)) for backup in backups]
    return {
        "sizes": charts.bars(sizes, title=_("Size of each backup"), unit=_("MB")),
        "times": charts.bars(times, title=_("Duration of each backup"), unit=_("s")),
    }


def _point(backup: Backup, value: float) -> charts.Point:
    moment = timezone.localtime(backup.moment)
    return charts.Point(
        formats.date_format(moment, "j M"), value, f"{formats.date_format(moment, 'j F Y')}, {moment:%H:%M}"
    )
