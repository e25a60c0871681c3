"""Backups and drills of long ago and of just now."""

from datetime import datetime, timedelta
from typing import Any

from maintenance.models import Backup, Drill
from portal.kit import context
from portal.kit.services import writing


def make_backup(taken_at: datetime, *, verified: bool = False, **values: Any) -> Backup:
    """A usable backup of that moment, made in ten minutes; other fields as given."""
    ended = taken_at + timedelta(minutes=10)
    with context.system("a test"), writing():
        return Backup.objects.create(
            **{
                "state": Backup.State.COMPLETE,
                "kind": Backup.Kind.NIGHTLY,
                "started_by": "a test",
                "started_at": taken_at,
                "taken_at": taken_at,
                "finished_at": ended,
                "seconds": 600,
                "stored_bytes": 5_000,
                "key_id": "k1",
                "targets": ["local"],
                "verified_at": ended if verified else None,
                **values,
            }
        )


def make_drill(ended: datetime, state: str = "passed", *, seconds: float = 90) -> Drill:
    """A drill that ended then."""
    with context.system("a test"), writing():
        return Drill.objects.create(
            state=state,
            database="steward_drill_test",
            taken_at=ended - timedelta(hours=1),
            started_at=ended - timedelta(seconds=seconds),
            finished_at=ended,
            seconds=seconds,
            error="" if state == "passed" else "A table has too few rows.",
        )
