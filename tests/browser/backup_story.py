"""Backups of a furnished installation: a month of nights, and one of everything that looks different."""

from datetime import date, datetime, timedelta
from uuid import UUID

from maintenance.models import Backup
from maintenance.services.backup_keeping import backup_pin
from maintenance.services.backup_reasons import reasons_note
from portal.kit import context
from portal.kit.context import Actor
from tests.maintenance.backup.rows import catalogued, nights

State, Kind = Backup.State, Backup.Kind


def backups(now: datetime, admin: Actor) -> dict[str, UUID]:
    """Tell it; the ids by state."""
    made = nights(18, until=now - timedelta(hours=2))
    change = {"kind": Kind.BEFORE, "act": "Restoring over the live database", "started_by": admin.label}
    told = {
        "failed": catalogued(
            now - timedelta(days=4, hours=6),
            state=State.FAILED,
            error="No room is left at /srv/backups. Free some, or keep fewer backups; those that exist are untouched.",
        ),
        "partial": catalogued(
            now - timedelta(days=2, hours=9),
            state=State.PARTIAL,
            kind=Kind.MANUAL,
            started_by=admin.label,
            missed={"s3://steward-backups/production": "s3://steward-backups/production does not answer."},
        ),
        "damaged": catalogued(
            now - timedelta(days=6, hours=9),
            verified_at=None,
            damaged_at=now - timedelta(days=5),
            damage="data-01.dump is damaged at byte 1048608: block 1 was altered, or the key is another one.",
        ),
        "deleted": catalogued(now - timedelta(days=40), state=State.DELETED, deleted_at=now - timedelta(days=9)),
        "before": catalogued(now - timedelta(days=1, hours=8), verified_at=None, **change),
        "complete": made[0],
        "pinned": made[9],
    }
    with context.acting(admin):
        backup_pin(actor=admin, backup=made[9], why="The state before the move", until=date(now.year + 1, 3, 31))
    with context.system("a test"):
        reasons_note()
    return {name: backup.pk for name, backup in told.items()}
