"""Reads for Prometheus about backups and restore drills: how old, how large, how long, and whether they were proved."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class BackupsTold:
    """What the catalogue of backups says; a moment is None when there is no such backup."""

    newest: datetime | None  # The moment that the newest usable backup brings back.
    verified: datetime | None  # The same of the newest whose every byte was read and found good.
    size: int
    seconds: float
    usable: int
    failed: bool  # Whether the last one that ended could not be made.


_BACKUPS = """
WITH usable AS (
    SELECT * FROM maintenance_backup WHERE state IN ('complete', 'partial') AND damaged_at IS NULL
), newest AS (
    SELECT * FROM usable ORDER BY taken_at DESC LIMIT 1
)
SELECT (SELECT taken_at FROM newest),
    (SELECT max(taken_at) FROM usable WHERE verified_at IS NOT NULL),
    coalesce((SELECT stored_bytes FROM newest), 0),
    coalesce((SELECT seconds FROM newest), 0),
    (SELECT count(*) FROM usable),
    coalesce((SELECT state = 'failed' FROM maintenance_backup
        WHERE state IN ('complete', 'partial', 'failed') ORDER BY id DESC LIMIT 1), FALSE)
"""


def backups_told(cursor: Any) -> BackupsTold:
    """The newest backup, the newest proved one, and how many could be restored; one query over the catalogue."""
    cursor.execute(_BACKUPS)
    newest, verified, size, seconds, usable, failed = cursor.fetchone()
    return BackupsTold(newest, verified, int(size), float(seconds), int(usable), bool(failed))


@dataclass(frozen=True)
class DrillsTold:
    """What the drills say; `passed` is None and `seconds` 0 when none has passed yet."""

    passed: datetime | None
    seconds: float
    failed: bool  # Whether the last one that ended did not pass.


_DRILLS = """
WITH passed AS (
    SELECT finished_at, seconds FROM maintenance_drill WHERE state = 'passed' ORDER BY id DESC LIMIT 1
)
SELECT (SELECT finished_at FROM passed), coalesce((SELECT seconds FROM passed), 0),
    coalesce((SELECT state = 'failed' FROM maintenance_drill
        WHERE state IN ('passed', 'failed') ORDER BY id DESC LIMIT 1), FALSE)
"""


def drills_told(cursor: Any) -> DrillsTold:
    """The newest drill that passed, what it took, and whether one has failed since."""
    cursor.execute(_DRILLS)
    passed, seconds, failed = cursor.fetchone()
    return DrillsTold(passed, float(seconds), bool(failed))
