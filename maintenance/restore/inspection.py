"""What a backup is and how it differs from this installation, told by its manifest alone: no data are read."""

from dataclasses import dataclass, field

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maintenance.backup import read
from maintenance.backup.errors import NotABackup
from maintenance.backup.manifest import Manifest
from maintenance.backup.targets import Target, targets
from maintenance.errors import RestoreRefused
from maintenance.restore import logins
from portal.kit.postgres.base import ours

NEWEST = "newest"
OURS = "accounts"  # The room without which nothing here works: a database without its migrations is none of ours.
SHOWN = 5


@dataclass(frozen=True)
class Inspection:
    """A backup seen from here. `differences` are sentences to know, `refusals` reasons why it cannot be restored."""

    manifest: Manifest
    target: Target
    pending: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(self.manifest.tables.values())


def inspect(backup_id: str) -> Inspection:
    """Read and compare the manifest of a backup, or of the `newest` one, at the first target that has a good one.

    Raises what `read.load` raises: an unknown key, a foreign or altered manifest, a backup that is not there.
    """
    places = targets()
    manifest, target = read.load(places, newest_id() if backup_id == NEWEST else backup_id)
    here = server_version()
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    applied = set(manifest.migrations)
    return Inspection(
        manifest,
        target,
        pending=sorted(known - applied),
        differences=list(_differences(manifest, known, here)),
        refusals=list(_refusals(manifest, applied - known, here)),
    )


def newest_id() -> str:
    """The id of the newest finished backup of all targets; `NotABackup` when there is none."""
    found = [item.manifest for target in targets() for item in read.find(target)]
    if not found:
        raise NotABackup(_("There is no finished backup at any target. Make one first, or look at the targets."))
    return max(found, key=lambda manifest: manifest.made_at).id


def server_version() -> int:
    """The version of this installation's server, as `server_version_num`."""
    try:
        connection.ensure_connection()
        return int(ours().pg_version)
    except DatabaseError:
        with logins.as_admin() as admin:  # A bare machine: the live database is not there yet.
            return int(admin.info.server_version)


def require(found: Inspection) -> None:
    """Raise `RestoreRefused` with every reason why this backup cannot be restored here."""
    if found.refusals:
        raise RestoreRefused(" ".join(found.refusals))


def _refusals(manifest: Manifest, unknown: set[str], here: int) -> list[str]:
    reasons = []
    where = f"{manifest.id}/manifest.json"
    if not any(name.startswith(f"{OURS}.") for name in manifest.migrations):
        reasons.append(
            _("%(file)s tells of a database that is not Steward's: it knows no people. Nothing was changed.")
            % {"file": where}
        )
    elif unknown:
        shown = ", ".join(sorted(unknown)[:SHOWN])
        reasons.append(
            _(
                "%(file)s was made by a newer version (%(version)s): this one, %(ours)s, does not know its migrations "
                "%(names)s. Restore it with that version. Nothing was changed."
            )
            % {"file": where, "version": manifest.application_version, "ours": settings.VERSION, "names": shown}
        )
    if manifest.server_version // 10_000 > here // 10_000:
        reasons.append(
            _(
                "%(file)s comes from PostgreSQL %(theirs)d and this server is PostgreSQL %(ours)d, which cannot read "
                "it. Use a server of that version or a newer one. Nothing was changed."
            )
            % {"file": where, "theirs": manifest.server_version // 10_000, "ours": here // 10_000}
        )
    return reasons


def _differences(manifest: Manifest, known: set[str], here: int) -> list[str]:
    told = []
    if manifest.application_version != settings.VERSION:
        told.append(
            _("It was made by version %(theirs)s; this is %(ours)s.")
            % {"theirs": manifest.application_version, "ours": settings.VERSION}
        )
    if pending := known - set(manifest.migrations):
        told.append(
            ngettext(
                "%(n)d migration is newer than it and is applied to the restored database.",
                "%(n)d migrations are newer than it and are applied to the restored database.",
                len(pending),
            )
            % {"n": len(pending)}
        )
    if manifest.server_version // 10_000 != here // 10_000:
        told.append(
            _("It comes from PostgreSQL %(theirs)d; this server is PostgreSQL %(ours)d.")
            % {"theirs": manifest.server_version // 10_000, "ours": here // 10_000}
        )
    if manifest.database != logins.live_name():
        told.append(
            _("It is of the database %(theirs)s; the live one is %(ours)s.")
            % {"theirs": manifest.database, "ours": logins.live_name()}
        )
    return told
