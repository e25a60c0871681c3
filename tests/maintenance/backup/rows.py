"""Rows of the catalogue without files behind them: for lists, rules and pages."""

from datetime import datetime, timedelta
from typing import Any

from maintenance.models import Backup
from maintenance.services.backup_reasons import reasons_note
from portal.kit import clock, context
from portal.kit.services import writing

State = Backup.State


def manifest(size: int = 61_203_344, rows: int = 1_204_331) -> dict[str, Any]:
    """A manifest as the catalogue keeps it."""
    files = [
        ("schema.dump", "schema", 30_687, 323_567),
        ("data-01.dump", "data", size * 6 // 10, size * 4),
        ("data-02.dump", "data", size * 3 // 10, size * 2),
        ("uploads.tar", "uploads", size // 10, size // 8),
        ("configuration.json", "configuration", 943, 4_126),
    ]
    tables = {"audit_event_2026_11": rows * 6 // 10, "accounts_session": rows * 3 // 10, "accounts_user": rows // 10}
    return {
        "files": [
            {"name": name, "kind": kind, "size": stored, "plain_size": plain, "sha256": "9f3a" * 16, "tables": []}
            for name, kind, stored, plain in files
        ],
        "tables": {f"public.{name}": count for name, count in tables.items()},
        "migrations": ["accounts.0001_initial"] * 50,
        "application_version": "0.4.0",
        "server_version_text": "18.4",
        "dump_version": "18.4",
    }


def catalogued(moment: datetime, **values: Any) -> Backup:
    """A finished, verified backup of that moment; `values` say what is different about it."""
    size = int(values.pop("size", 61_203_344))
    given = {
        "state": State.COMPLETE,
        "kind": Backup.Kind.NIGHTLY,
        "started_by": "the schedule",
        "started_at": moment,
        "taken_at": moment,
        "finished_at": moment + timedelta(seconds=72),
        "seconds": 71.4,
        "stored_bytes": size,
        "plain_bytes": size * 6,
        "rows": 1_204_331,
        "key_id": "2026",
        "targets": ["/srv/backups"],
        "manifest": manifest(size),
        "verified_at": moment + timedelta(minutes=20),
        "verified_bytes": size,
        "verify_seconds": 23.8,
        **values,
    }
    if given["state"] in {State.FAILED, State.RUNNING}:
        gone = ("taken_at", "manifest", "verified_at", *(["finished_at"] if given["state"] == State.RUNNING else []))
        given |= dict.fromkeys(gone) | {"stored_bytes": 0, "targets": [], "key_id": ""}
    with context.system("a test of backups"), clock.at(moment), writing():
        return Backup.objects.create(**given)


def nights(number: int, *, until: datetime | None = None) -> list[Backup]:
    """One backup for each of so many nights, the newest first, with their reasons."""
    newest = until or clock.now()
    made = [
        catalogued(newest - timedelta(days=back, hours=3), size=61_203_344 - back * 420_000, seconds=71.4 - back / 2)
        for back in range(number)
    ]
    with context.system("a test of backups"):
        reasons_note()
    return made
