"""Reading backups: which there are, and the plain bytes of their files, checked against the manifest on the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from django.utils.translation import gettext as _

from maintenance.backup import manifest as manifests
from maintenance.backup.errors import BackupError, Damaged
from maintenance.backup.manifest import File, Manifest, stored_name
from maintenance.backup.sealing import Opener, Source
from maintenance.backup.targets import Stored, Target


@dataclass(frozen=True)
class Found:
    """A finished backup at a target. Without its key the manifest is believed as far as a list needs it, no further."""

    manifest: Manifest
    target: Target
    proved: bool


def is_backup_id(name: str) -> bool:
    """Whether a folder's name is an id of ours; nothing else at a target is ever touched."""
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def find(target: Target) -> Iterator[Found]:
    """Every finished backup at a target, oldest first. Manifests that cannot be read are passed over."""
    for backup_id, files in folders(target).items():
        if not any(file.path.endswith(f"/{manifests.NAME}") for file in files):
            continue
        name = stored_name(backup_id, manifests.NAME)
        try:
            raw = manifests.fetch(target, backup_id)
            try:
                yield Found(manifests.read(raw, file=name), target, True)
            except Damaged:
                continue
            except BackupError:
                yield Found(manifests.peek(raw, file=name), target, False)
        except BackupError:
            continue


def folders(target: Target) -> dict[str, list[Stored]]:
    """What lies at a target by backup id, leftovers included."""
    found: dict[str, list[Stored]] = {}
    for stored in target.list():
        backup_id, _separator, _name = stored.path.partition("/")
        if is_backup_id(backup_id):
            found.setdefault(backup_id, []).append(stored)
    return dict(sorted(found.items()))


def unfinished(target: Target) -> list[str]:
    """Ids of what was begun and has no manifest: being made now, or left over from one that was killed."""
    return [
        backup_id
        for backup_id, files in folders(target).items()
        if not any(file.finished and file.path.endswith(f"/{manifests.NAME}") for file in files)
    ]


def load(targets: Sequence[Target], backup_id: str) -> tuple[Manifest, Target]:
    """The checked manifest from the first target that has a good one; raises the first target's error when none has."""
    problem: BackupError | None = None
    for target in targets:
        try:
            return manifests.load(target, backup_id), target
        except BackupError as error:
            problem = problem or error
    raise problem or BackupError(_("No target is configured. Set STEWARD_BACKUP_TARGETS."))


class _Checked:
    """Hashes and counts the stored bytes while they are read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.hash, self.size = sha256(), 0

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        data = self._source.read(size)
        self.hash.update(data)
        self.size += len(data)
        return data


def measured(target: Target, manifest: Manifest, file: File) -> str:
    """The path of a file that is there in its full length; `NoSuchFile`, `Damaged` with the place."""
    path = stored_name(manifest.id, file.name)
    stored = target.size(path)
    if stored != file.size:
        raise Damaged(path, min(stored, file.size), _length(stored, file.size))
    return path


def plain(target: Target, manifest: Manifest, file: File) -> Iterator[bytes]:
    """The plain bytes of a file in pieces of at most 1 MiB.

    Each piece was authenticated before it is handed out; after the last one size and hash have been compared with the
    manifest too. Raises `Damaged` with the place, `UnknownKey`, `ForeignFile`, `UnknownVersion` or `TargetFailed`.
    """
    path = measured(target, manifest, file)
    with target.reader(path) as source:
        checked = _Checked(source)
        opener = Opener(checked, name=path)
        size = 0
        for piece in opener.plain():
            size += len(piece)
            yield piece
        if checked.size != file.size:
            raise Damaged(path, min(checked.size, file.size), _length(checked.size, file.size))
        if checked.hash.hexdigest() != file.sha256 or size != file.plain_size:
            # Authentic, and yet not this file: another backup's, put in its place.
            raise Damaged(path, 0, _("it is not the file that the manifest describes."))


def _length(found: int, wanted: int) -> str:
    if found < wanted:
        return _("it is cut off; %(missing)d of %(wanted)d bytes are missing.") % {
            "missing": wanted - found,
            "wanted": wanted,
        }
    return _("it has %(more)d bytes more than the %(wanted)d of the manifest.") % {
        "more": found - wanted,
        "wanted": wanted,
    }
