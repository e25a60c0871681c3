"""Why each backup is kept, noted in the catalogue."""

from uuid import UUID
from zoneinfo import ZoneInfo

from maintenance.backup import retention
from maintenance.backup.retention import Kept
from maintenance.models import Backup
from maintenance.settings import KEPT
from portal.kit import clock
from portal.kit.services import writing
from portal.kit.settings import TIME_ZONE


def reasons_note() -> tuple[list[Kept], dict[UUID, Backup]]:
    """Judge every usable backup and keep the reasons in the catalogue; the judged ones and their rows."""
    rows = {row.pk: row for row in Backup.objects.filter(state__in=Backup.USABLE).defer("manifest")}
    judged = [
        Kept(row.pk, row.moment, row.usable, pinned_until=row.pinned_until, pinned=row.pinned_at is not None)
        for row in rows.values()
    ]
    zone = ZoneInfo(TIME_ZONE.value())
    retention.judge(judged, keep={rule: one.value() for rule, one in KEPT.items()}, zone=zone, now=clock.now())
    changed = [kept for kept in judged if rows[kept.key].kept_as != kept.reasons]
    if changed:
        with writing():
            for kept in changed:
                rows[kept.key].kept_as = kept.reasons
                Backup.objects.filter(pk=kept.key).update(kept_as=kept.reasons)
    return judged, rows
