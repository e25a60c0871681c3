"""Removing what a killed backup left behind: files without a manifest, parts of uploads that never ended."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from maintenance.backup import read
from maintenance.backup.targets import Target
from portal.kit import clock, ids

# Longer than any backup takes: what is younger and not known to be dead may be in the making, from another machine.
PATIENCE = timedelta(hours=24)


def sweep(target: Target, *, dead: Collection[UUID], now: datetime | None = None) -> list[str]:
    """Delete every unfinished backup that is known to be `dead` or older than a day; their ids.

    Only folders that bear an id of ours are looked at. Raises `TargetFailed`.
    """
    limit = (now or clock.now()) - PATIENCE
    swept = []
    for backup_id in read.unfinished(target):
        identifier = UUID(backup_id)
        if identifier in dead or ids.time_of(identifier) < limit:
            target.delete(backup_id)
            swept.append(backup_id)
    return swept
