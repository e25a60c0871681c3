"""Files below a folder: removed by the time they were last written to. Never through a link, never outside."""

import fcntl
import fnmatch
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, cast

from django.utils.translation import gettext_lazy as _

from maintenance.cleaning.found import SAMPLE_ROWS, Found, Pace, Size, Step
from portal.kit.registry import Cleanup, Files

LARGEST = (_("File"), _("Last written to"), _("Bytes"))
Place = tuple[int, int]  # Device and inode: a file by itself, whatever its name.


class OldFiles:
    """`Files` of one clean-up. The walk goes by open folders, so that one exchanged for a link meanwhile leads nowhere."""

    outside: ClassVar[bool] = True
    passes: ClassVar[int] = 1
    unit: ClassVar[str] = "files"

    def __init__(self, spec: Cleanup, cutoff: datetime) -> None:
        how = cast("Files", spec.how)
        self._root, self._pattern = Path(how.folder()), how.pattern
        self._before = cutoff.timestamp()
        self._walk: Iterator[tuple[str, str, os.stat_result, int]] | None = None
        self._in_use: frozenset[Place] = frozenset()

    def look(self) -> Found:
        """Number and bytes, the largest files first."""
        total, found = 0, []
        for folder, name, told, _descriptor in self._files():
            total += 1
            if told.st_mtime < self._before:
                found.append((told.st_size, self._shown(folder, name), told.st_mtime))
        found.sort(reverse=True)
        sample = [[name, datetime.fromtimestamp(at, UTC), size] for size, name, at in found[:SAMPLE_ROWS]]
        return Found(len(found), sum(size for size, *_ in found), LARGEST, sample, total)

    def left(self) -> int:
        """How many are old enough."""
        return sum(told.st_mtime < self._before for *_, told, _descriptor in self._files())

    def size(self) -> Size:
        """Files and their bytes, old or not."""
        sizes = self.sizes()
        return Size(len(sizes), sum(sizes))

    def sizes(self) -> list[int]:
        """Bytes of every file, old or not."""
        return [told.st_size for *_, told, _descriptor in self._files()]

    def step(self, place: Any, pace: Pace) -> Step:
        """Remove the next files. What another process has open or locked stays; what is gone already counts for nobody."""
        if self._walk is None:
            self._walk, self._in_use = self._files(tidy=True), _open_files()
        names: list[str] = []
        size, over = 0, True
        for folder, name, told, descriptor in self._walk:
            if told.st_mtime < self._before and self._remove(name, told, descriptor):
                names.append(self._shown(folder, name))
                size += told.st_size
                if len(names) >= pace.rows:
                    over = False
                    break
        digest = sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest() if names else ""
        return Step(len(names), None, over, digest, size)

    def _shown(self, folder: str, name: str) -> str:
        relative = os.path.relpath(Path(folder) / name, self._root)
        return relative.encode("utf-8", "replace").decode()

    def _files(self, *, tidy: bool = False) -> Iterator[tuple[str, str, os.stat_result, int]]:
        """Every regular file: folder, name, what the disk says, descriptor of the folder. `tidy` takes empty old folders."""
        if not self._root.is_dir():
            return  # Nobody has written anything yet.
        # fwalk opens each folder and compares it with what it saw, so a link put there in between is not walked.
        for folder, folders, names, descriptor in os.fwalk(self._root, topdown=False, follow_symlinks=False):
            for name in names:
                with suppress(FileNotFoundError):
                    told = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                    if stat.S_ISREG(told.st_mode) and fnmatch.fnmatchcase(name, self._pattern):
                        yield folder, name, told, descriptor
            for name in folders if tidy else ():
                with suppress(OSError):  # Not empty, a link, or somebody writes there again.
                    told = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                    if stat.S_ISDIR(told.st_mode) and told.st_mtime < self._before:
                        os.rmdir(name, dir_fd=descriptor)

    def _remove(self, name: str, seen: os.stat_result, folder: int) -> bool:
        if (seen.st_dev, seen.st_ino) in self._in_use:
            return False
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        except OSError:
            return False
        try:
            now = os.fstat(descriptor)
            same = (now.st_dev, now.st_ino, now.st_mtime) == (seen.st_dev, seen.st_ino, seen.st_mtime)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if same:
                os.unlink(name, dir_fd=folder)
            return same
        except OSError:
            return False
        finally:
            os.close(descriptor)


def _open_files() -> frozenset[Place]:
    """Files that a process of this machine has open, as far as this account may see (Linux)."""
    found: set[Place] = set()
    own = str(os.getpid())
    with suppress(OSError):
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and process.name != own:
                with suppress(OSError):
                    for entry in (process / "fd").iterdir():
                        with suppress(OSError):
                            told = entry.stat()
                            if stat.S_ISREG(told.st_mode):
                                found.add((told.st_dev, told.st_ino))
    return frozenset(found)
