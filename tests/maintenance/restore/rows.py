"""Rows of restores and drills without databases behind them: for lists, numbers and pages."""

from datetime import datetime, timedelta
from typing import Any

from maintenance.backup.manifest import Manifest
from maintenance.backup.targets import targets
from maintenance.models import Drill, Restore
from maintenance.restore.inspection import Inspection
from portal.kit import clock, context, ids
from portal.kit.services import writing

BACKUP = "01890000-0000-7000-8000-0000000000b1"
STEPS = [
    {"name": "Look at the files", "seconds": 0.1, "detail": "5 files, each in its full length"},
    {"name": "Make the database", "seconds": 0.2, "detail": ""},
    {"name": "Make the tables", "seconds": 0.6, "detail": "56 tables"},
    {"name": "Load the rows", "seconds": 61.4, "detail": "4 processes at once"},
    {"name": "Build indexes and constraints", "seconds": 38.0, "detail": "28 foreign keys"},
    {"name": "Check the copy", "seconds": 3.3, "detail": ""},
    {"name": "Prove it", "seconds": 0.2, "detail": ""},
    {"name": "Restore the uploads", "seconds": 1.4, "detail": "812 files"},
]
CHECKS = [
    {"name": "Rows are as the manifest counted them", "ok": True, "detail": "1,204,331 rows in 55 tables"},
    {
        "name": "Every constraint is validated, every trigger on, every index valid",
        "ok": True,
        "detail": "321 constraints",
    },
    {"name": "The root administrator can sign in", "ok": True, "detail": "argon2"},
]


def drilled(moment: datetime, **values: Any) -> Drill:
    """A drill of that moment that passed; `values` say what is different about it."""
    given: dict[str, Any] = {
        "backup_id": BACKUP,
        "taken_at": moment - timedelta(minutes=30),
        "state": Drill.State.PASSED,
        "database": "steward_drill_0000000000d1",
        "started_at": moment,
        "finished_at": moment + timedelta(seconds=109),
        "steps": STEPS,
        "checks": CHECKS,
        "tables": 55,
        "rows": 1_204_331,
        "bytes": 402_113_024,
        "seconds": 109.2,
        **values,
    }
    with clock.at(moment), context.system("a test"), writing():
        return Drill.objects.create(id=ids.uuid7(), **given)


def restored(moment: datetime, **values: Any) -> Restore:
    """A restore of that moment that stands ready; `values` say what is different about it."""
    given: dict[str, Any] = {
        "backup_id": BACKUP,
        "taken_at": moment - timedelta(hours=9),
        "mode": Restore.Mode.SCRATCH,
        "state": Restore.State.READY,
        "database": "steward_restore_0000000000e1",
        "actor_label": "Bruno Novak",
        "started_at": moment,
        "finished_at": moment + timedelta(seconds=111),
        "steps": STEPS,
        "checks": CHECKS,
        "tables": 55,
        "rows": 1_204_331,
        "bytes": 402_113_024,
        "seconds": 111.0,
        **values,
    }
    with clock.at(moment), context.system("a test"), writing():
        return Restore.objects.create(id=ids.uuid7(), **given)


def as_inspected(backup_id: str, **values: Any) -> Inspection:
    """A backup that can be restored, as far as its manifest says."""
    manifest = Manifest(
        id=backup_id,
        created_at=clock.now().isoformat(),
        reason="nightly",
        key_id="2026",
        application_version="0.1.0",
        server_version=180004,
        server_version_text="18.4",
        dump_version="18.4",
        database="steward",
        migrations=["accounts.0001_people_and_organisations"],
        tables={"public.accounts_user": 1204},
        files=[],
    )
    return Inspection(manifest, targets()[0], **values)
