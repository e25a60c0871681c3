"""Where backups are kept: folders and S3 buckets. Every file goes to each target that `STEWARD_BACKUP_TARGETS` names.

A target knows files by `<backup id>/<name>`. A file is there whole or not at all: what is being written stands under
another name, or in no list, until `commit`.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from maintenance.backup.errors import NoSuchFile, TargetFailed, TargetFull
from maintenance.backup.sealing import Source

PART = ".part"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True)
class Stored:
    """A file at a target: `path` is `<backup id>/<name>`, `size` in bytes; `finished` is false for a leftover."""

    path: str
    size: int
    finished: bool = True


class Writer(Protocol):
    """One file on its way to a target. Exactly one of `commit` and `abort` ends it; `abort` never raises."""

    def write(self, data: bytes) -> None:
        """Append; raises `TargetFailed` or `TargetFull`."""

    def commit(self) -> None:
        """Make it durable and visible under its name."""

    def abort(self) -> None:
        """Leave nothing of it."""


class Target(Protocol):
    """A place that keeps files. `name` is how people and the catalogue call it; it holds no secret."""

    name: str

    def writer(self, path: str) -> Writer:
        """Begin a file; it is not there until its `commit`."""

    @contextmanager
    def reader(self, path: str) -> Iterator[Source]:
        """Open a file; raises `NoSuchFile`."""

    def size(self, path: str) -> int:
        """Bytes of a file; raises `NoSuchFile`."""

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """Every file whose path begins with `prefix`, leftovers of unfinished writes included."""

    def delete(self, backup_id: str) -> None:
        """Remove all files of a backup, the manifest first, so that a half deleted one is not listed."""

    def free(self) -> int | None:
        """Free bytes; None where that has no meaning."""


@contextmanager
def _told(target: str) -> Iterator[None]:
    """Turn what the system says into an error that names the target."""
    try:
        yield
    except FileNotFoundError as error:
        raise NoSuchFile(
            _("%(file)s is not at the target %(target)s. Use another copy or an older backup.")
            % {"file": "/".join(Path(str(error.filename)).parts[-2:]), "target": target}
        ) from error
    except OSError as error:
        if error.errno in FULL:
            raise TargetFull(
                _("No room is left at %(target)s. Free some, or keep fewer backups; those that exist are untouched.")
                % {"target": target}
            ) from error
        raise TargetFailed(
            _("%(target)s cannot be used (%(why)s). Make the folder readable and writable for the account of Steward.")
            % {"target": target, "why": error.strerror or error}
        ) from error


class FolderWriter:
    """A file under a temporary name, moved to its own when every byte is on the disk."""

    def __init__(self, path: Path, target: str) -> None:
        self._path, self._target = path, target
        self._draft = path.with_name(f".{path.name}{PART}")
        with _told(target):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._stream: BinaryIO = os.fdopen(descriptor, "wb", buffering=0)

    def write(self, data: bytes) -> None:
        """Append; a full disk is `TargetFull`."""
        with _told(self._target):
            view = memoryview(data)
            while view:
                view = view[self._stream.write(view) :]

    def commit(self) -> None:
        """Bytes, then name, then the folder's own entry reach the disk, in this order."""
        with _told(self._target):
            os.fsync(self._stream.fileno())
            self._stream.close()
            self._draft.rename(self._path)
            descriptor = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def abort(self) -> None:
        """Leave nothing of it. The folder stays: another file of the backup may be about to be opened in it."""
        with suppress(OSError):
            self._stream.close()
        with suppress(OSError):
            self._draft.unlink(missing_ok=True)


class Folder:
    """A folder of this machine: 0700, its files 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)

    def writer(self, path: str) -> FolderWriter:
        """Begin a file."""
        with _told(self.name):
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FolderWriter(self.path / path, self.name)

    @contextmanager
    def reader(self, path: str) -> Iterator[Source]:
        """Open a file."""
        with _told(self.name):
            stream = (self.path / path).open("rb")
        with stream:
            yield _FolderSource(stream, self.name)

    def size(self, path: str) -> int:
        """Bytes of a file."""
        with _told(self.name):
            return (self.path / path).stat().st_size

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """Every file two levels deep; deeper ones and those beside the folders are not ours."""
        with _told(self.name):
            folders = sorted(self.path.iterdir()) if self.path.is_dir() else []
            for folder in folders:
                # A folder stays in the list when it is empty, as a leftover: its create was killed early.
                if folder.is_dir() and not any(folder.iterdir()) and f"{folder.name}/".startswith(prefix):
                    yield Stored(f"{folder.name}/", 0, finished=False)
                for file in sorted(folder.iterdir()) if folder.is_dir() else []:
                    path = f"{folder.name}/{file.name}"
                    if path.startswith(prefix) and file.is_file():
                        yield Stored(path, file.stat().st_size, not file.name.endswith(PART))

    def delete(self, backup_id: str) -> None:
        """Remove a backup, manifest first."""
        folder = self.path / backup_id
        with _told(self.name):
            if not folder.is_dir():
                return
            (folder / "manifest.json").unlink(missing_ok=True)
            shutil.rmtree(folder)

    def free(self) -> int | None:
        """Free bytes of the file system."""
        place = self.path
        while not place.exists():
            place = place.parent
        with _told(self.name):
            return shutil.disk_usage(place).free


class _FolderSource:
    def __init__(self, stream: BinaryIO, target: str) -> None:
        self._stream, self._target = stream, target

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        with _told(self._target):
            return self._stream.read(size)


def targets() -> list[Target]:
    """The configured targets in their order; the first is what a restore reads by default."""
    return [_target(written) for written in settings.STEWARD_BACKUP_TARGETS]


def places() -> list[tuple[str, int | None]]:
    """Name and free bytes of each configured target, without asking anybody over the network: for pages."""
    return [
        (written.rstrip("/"), None) if written.startswith("s3://") else _room(_target(written))
        for written in settings.STEWARD_BACKUP_TARGETS
    ]


def _room(target: Target) -> tuple[str, int | None]:
    try:
        return target.name, target.free()
    except TargetFailed:
        return target.name, None


def _target(written: str) -> Target:
    if written.startswith("s3://"):
        from maintenance.backup.s3 import Bucket  # boto3 takes half a second to import; most installations need none

        return Bucket.named(written)
    path = Path(written.removeprefix("file://"))
    if not path.is_absolute():
        raise ImproperlyConfigured(
            f"STEWARD_BACKUP_TARGETS names {written!r}. Write absolute folders or s3://bucket/prefix, comma-separated."
        )
    return Folder(path)
