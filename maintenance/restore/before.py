"""A backup before a migration: made without the catalogue, whose table may be of another version or not exist yet."""

from django.conf import settings

from maintenance.backup import create, keys, targets
from maintenance.services import backup_keeping
from portal.kit import context, ids


def backup_before(act: str) -> str:
    """Fill of the port `safeguards.backup_before`. Raises `BackupError`."""
    if not (settings.STEWARD_BACKUP_TARGETS and settings.STEWARD_BACKUP_KEYS):
        return ""
    made = create.create(backup_id=str(ids.uuid7()), reason=act, targets=targets.targets(), key=keys.active())
    return made.manifest.id


def backup_after(backup_id: str) -> None:
    """Fill of the port `safeguards.backup_after`: the catalogue finds it at the targets."""
    backup_keeping.catalogue_rebuild(actor=context.actor())
