"""A restore in order: a new database made and filled from what is verified on the way in, checked, brought to this
version, proved. No byte is loaded that was not authenticated, and no database is accepted before every file was read to
its end and found to be the one that the manifest describes; a pass of its own before that would read all twice.

For the job, the drill and the command alike. It knows no row of ours, so that it works on a bare machine too. However
it ends badly, the new database and its uploads are gone and the live ones are as they were.
"""

import shutil
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from maintenance.backup import manifest as manifests
from maintenance.backup import read, verify
from maintenance.backup.errors import Damaged
from maintenance.backup.manifest import stored_name
from maintenance.errors import ForeignDatabase, NoDatabaseRights, RestoreFailed
from maintenance.restore import checks, databases, exchange, inspection, logins
from maintenance.restore.databases import Mark
from maintenance.restore.inspection import Inspection
from maintenance.restore.load import Loader
from maintenance.restore.steps import Check, Steps

LOADED = frozenset({manifests.SCHEMA, manifests.DATA, manifests.UPLOADS})


@dataclass
class Outcome:
    """What came of a restore that succeeded."""

    checks: list[Check] = field(default_factory=list)
    tables: int = 0
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0


def restore(found: Inspection, database: str, mark: Mark, steps: Steps) -> Outcome:
    """Make `database` out of a backup and prove it; it stays, with its mark. Raises a sentence and leaves nothing."""
    inspection.require(found)
    with steps.step(_("Look at the files")):
        _look(found, steps)
    return _made(found, database, mark, steps)


def _made(found: Inspection, database: str, mark: Mark, steps: Steps) -> Outcome:
    try:
        with steps.step(_("Make the database")), logins.as_admin() as admin:
            databases.create(admin, database, mark)
            steps.detail(database)
        return _filled(found, database, steps)
    except ForeignDatabase:
        raise  # It is not ours to clear away.
    except BaseException:
        discard(database, live=mark.live)
        raise


def _filled(found: Inspection, database: str, steps: Steps) -> Outcome:
    manifest = found.manifest
    outcome = Outcome(tables=len(manifest.tables), rows=found.rows, bytes=manifest.plain_bytes)
    loader = Loader(found.target, manifest, database, steps)
    try:
        loader.run()
        with steps.step(_("Check the copy")), logins.as_owner(database) as owner:
            outcome.checks += checks.of_the_copy(owner, manifest, loader.objects)
            checks.require(outcome.checks)
        if found.pending:
            with steps.step(_("Bring it to this version")):
                exchange.migrate(database)
                steps.detail(_("%(n)d migrations") % {"n": len(found.pending)})
        with steps.step(_("Prove it")), logins.as_owner(database) as owner:
            outcome.checks += checks.of_the_version(owner)
            checks.require(outcome.checks)
    except psycopg.OperationalError as error:
        raise RestoreFailed(
            _("The server ended the connection (%(why)s). The live database was not touched; try again.")
            % {"why": str(error).strip().splitlines()[0]}
        ) from error
    with steps.step(_("Restore the uploads")):
        steps.detail(_("%(n)d files") % {"n": _uploads(found, exchange.uploads_beside(database))})
    outcome.seconds = steps.seconds
    return outcome


def discard(database: str, *, live: str) -> None:
    """Drop a database of ours and its uploads. What cannot be dropped now keeps its mark, and is listed by it."""
    with suppress(psycopg.Error, ForeignDatabase, NoDatabaseRights), logins.as_admin() as admin:
        databases.drop(admin, database, live=live)
    shutil.rmtree(exchange.uploads_beside(database), ignore_errors=True)


def _look(found: Inspection, steps: Steps) -> None:
    """Every file is there in its length, so that what is missing or cut off ends it now. What is not loaded is read."""
    for file in found.manifest.files:
        read.measured(found.target, found.manifest, file)
        if file.kind not in LOADED:
            verify.read_file(found.target, found.manifest, file)
    steps.detail(_("%(n)d files, each in its full length") % {"n": len(found.manifest.files)})


def _uploads(found: Inspection, folder: Path) -> int:
    """Unpack the uploads into a new folder; how many. Names that lead out of it are refused."""
    count = 0
    for file in found.manifest.of_kind(manifests.UPLOADS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o750)
        stream: Any = _Stream(read.plain(found.target, found.manifest, file))
        try:
            with tarfile.open(mode="r|", fileobj=stream) as archive:
                for entry in archive:
                    archive.extract(entry, folder, filter="data")
                    count += 1
            while stream.read(1 << 20):
                pass  # To the end, where size and hash are compared.
        except tarfile.TarError as error:
            path = stored_name(found.manifest.id, file.name)
            raise Damaged(path, 0, _("it cannot be unpacked (%(why)s).") % {"why": error}) from error
    return count


class _Stream:
    """Pieces as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""
        if not self._rest:
            self._rest = next(self._pieces, b"")
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece
