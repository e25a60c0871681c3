"""Restores and drills of a furnished installation: three weeks of nights, and one of everything that looks different."""

from datetime import datetime, timedelta
from uuid import UUID

from maintenance.models import Drill, Restore
from portal.kit import clock
from tests.maintenance.restore.rows import drilled, restored

State = Restore.State


def restores(now: datetime) -> dict[str, UUID]:
    """Tell it; the ids by state."""
    for night in range(20, 0, -1):
        seconds = 101.0 + (night * 37) % 23
        drilled(now - timedelta(days=night, hours=1), seconds=seconds, bytes=402_113_024 - night * 1_000_000)
    failed = drilled(
        now - timedelta(days=3, hours=5),
        state=Drill.State.FAILED,
        seconds=None,
        steps=[],
        checks=[],
        error="data-01.dump is damaged at byte 1048608: block 1 was altered, or the key is another one. "
        "Use another copy or an older backup.",
    )
    return {
        "passed": drilled(now - timedelta(hours=1)).pk,
        "failed": failed.pk,
        "ready": restored(now - timedelta(hours=5)).pk,
        "swapped": restored(
            now - timedelta(days=9),
            mode=Restore.Mode.IN_PLACE,
            state=State.SWAPPED,
            old_database="steward_old_20260131020241",
            keep_until=clock.now() - timedelta(days=6),
            safety_backup_id="01890000-0000-7000-8000-0000000000b2",
        ).pk,
        "broken": restored(
            now - timedelta(days=11),
            state=State.FAILED,
            steps=[],
            checks=[],
            seconds=None,
            error="pg_restore failed at data-02.dump: signal 9 ended it. The live database was not touched; try again.",
        ).pk,
    }
