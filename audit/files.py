"""Files of exports: in a folder of our own, readable by the application's account alone.

Each attempt at an export writes a file of its own and only ever appends. Whoever goes on for a dead one copies what
that had committed, so a worker that was only thought dead cannot write into the file of its successor. Which file is
whole stands in the row of the export; a file that no row names is litter and goes with the next sweep.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from audit.errors import ExportNotWritten
from portal.kit import clock, ids

LITTER_SECONDS = 7200  # A file that nobody has written to for so long belongs to no run that still lives.
_CHUNK = 1 << 20
# What a full or read-only disk answers; anything else is a mistake of ours and must not be told as one of the disk.
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM})


class Part:
    """A file that is being written."""

    def __init__(self, name: str) -> None:
        self.name = name
        with _told():
            descriptor = os.open(path_of(name), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        self._stream: BinaryIO = os.fdopen(descriptor, "wb")

    def append(self, lines: bytes) -> int:
        """Write `lines` through to the disk; the size of the file then, in bytes. `ExportNotWritten` when it is full."""
        with _told():
            self._stream.write(lines)
            self._stream.flush()
            os.fsync(self._stream.fileno())
            return self._stream.tell()

    def copy(self, name: str, size: int) -> bool:
        """Begin with the first `size` bytes of another part; False, and nothing copied, when it does not hold so many."""
        try:
            with path_of(name).open("rb") as source, _told():
                if os.fstat(source.fileno()).st_size < size:
                    return False
                left = size
                while left > 0 and (chunk := source.read(min(_CHUNK, left))):
                    self._stream.write(chunk)
                    left -= len(chunk)
                self._stream.flush()
        except FileNotFoundError:
            return False
        return True

    def close(self) -> None:
        """No more is written; the file stays."""
        # `append` has told what could not be written; closing tries the same bytes again, fails again, and does close.
        with suppress(OSError):
            self._stream.close()

    def discard(self) -> None:
        """Close and remove it."""
        self.close()
        remove(self.name)


def begin(suffix: str) -> Part:
    """A new, empty part; its name cannot be guessed and is never used again."""
    return Part(f"{ids.uuid7().hex}.{suffix}")


def path_of(name: str) -> Path:
    """Where a file of the folder lies; the folder is made when it is missing. `name` is one of ours."""
    folder = settings.STEWARD_VAR / "exports"
    with _told():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = (folder / name).resolve()
    if path.parent != folder.resolve():
        raise ValueError(f"{name!r} is no name of an export's file.")
    return path


def digest(name: str) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes of a file."""
    total, size = sha256(), 0
    with path_of(name).open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            total.update(chunk)
            size += len(chunk)
    return total.hexdigest(), size


def opened(name: str, size: int) -> BinaryIO | None:
    """The file for reading; None when it is not there or has another size than was written down."""
    try:
        stream = path_of(name).open("rb")
    except FileNotFoundError:
        return None
    if os.fstat(stream.fileno()).st_size != size:
        stream.close()
        return None
    return stream


def remove(name: str) -> None:
    """Remove a file; no matter whether it is there."""
    path_of(name).unlink(missing_ok=True)


def sweep(keep: frozenset[str]) -> int:
    """Remove every file that is not among `keep` and that nobody has written to for two hours; returns how many."""
    before = clock.now().timestamp() - LITTER_SECONDS
    removed = 0
    for path in path_of("x").parent.iterdir():
        try:
            if path.name not in keep and path.stat().st_mtime < before:
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue  # Another sweep was quicker.
    return removed


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _DISK:
            raise ExportNotWritten from error
        raise
