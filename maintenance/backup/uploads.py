"""The uploads as one tar stream: written without a temporary file, read without trusting it."""

import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol


class Sink(Protocol):
    """What the stream is written to."""

    def write(self, data: bytes, /) -> int:
        """Append."""


class _Exactly:
    """A file as long as its entry says: people may write to it while it is read, and a tar entry cannot change its mind."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._left = stream, size

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; zeros for what was cut off meanwhile."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._stream.read(wanted)
        data += b"\0" * (wanted - len(data))
        self._left -= len(data)
        return data


def pack(folder: Path, sink: Sink) -> int:
    """Write every file and folder below `folder`, in order; the number of files. A missing folder is an empty one.

    Links are not followed and not kept: an upload is a file. One that goes away meanwhile is left out.
    """
    count = 0
    writer: Any = sink
    with tarfile.open(mode="w|", fileobj=writer, format=tarfile.PAX_FORMAT, bufsize=1 << 20) as archive:
        for path in _files(Path(folder)):
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            except OSError:
                if path.exists() and not path.is_symlink():
                    raise
                continue
            with os.fdopen(descriptor, "rb") as stream:
                about = os.fstat(stream.fileno())
                if not stat.S_ISREG(about.st_mode):
                    continue
                entry = tarfile.TarInfo(str(path.relative_to(folder)))
                entry.size, entry.mtime, entry.mode = about.st_size, int(about.st_mtime), about.st_mode & 0o777
                content: Any = _Exactly(stream, about.st_size)
                archive.addfile(entry, content)
                count += 1
    return count


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(place) / name
