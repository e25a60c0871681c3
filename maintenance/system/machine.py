"""The machine that answers: processors, memory, disks, and what lies in our folders."""

import os
import platform
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from django.conf import settings

from portal.kit import health

FILES_LIMIT = 50_000  # Files counted in one folder; beyond it the numbers are "at least".
WALK_SECONDS = 1.5
# Settings that name folders we write to; those that this installation has not set are left out.
FOLDERS = (
    ("uploads", "MEDIA_ROOT"),
    ("temporary", "STEWARD_TEMP_PATH"),
    ("logs", "STEWARD_LOG_PATH"),
    ("spool", ""),
)


@dataclass(frozen=True)
class Machine:
    """Processors and memory. Bytes; `memory_*` respect the limit of a container; `load` is that of the last minute."""

    host: str
    system: str
    processors: int
    load: float
    memory_free: int
    memory_total: int
    swap_used: int
    swap_total: int
    booted_at: datetime
    process_id: int
    process_bytes: int
    process_started_at: datetime


@dataclass(frozen=True)
class Disk:
    """The file system of a folder. Bytes."""

    path: str
    free: int
    total: int

    @property
    def used_percent(self) -> int:
        """How full it is."""
        return round(100 * (self.total - self.free) / self.total) if self.total else 0


@dataclass(frozen=True)
class Folder:
    """What lies in a folder. `partial`: there is more than was counted. `oldest_at` is the last change of the oldest file."""

    name: str
    path: str
    files: int
    bytes: int
    partial: bool
    oldest_at: datetime | None


def machine() -> Machine:
    """How the machine stands now."""
    free, total = health.memory_left()
    swap = psutil.swap_memory()
    process = psutil.Process()
    return Machine(
        host=socket.gethostname(),
        system=f"{platform.system()} {platform.release()}",
        processors=os.cpu_count() or 1,
        load=os.getloadavg()[0],
        memory_free=free,
        memory_total=total,
        swap_used=swap.used,
        swap_total=swap.total,
        booted_at=datetime.fromtimestamp(psutil.boot_time(), UTC),
        process_id=process.pid,
        process_bytes=process.memory_info().rss,
        process_started_at=datetime.fromtimestamp(process.create_time(), UTC),
    )


def disks() -> list[Disk]:
    """The file systems that our folders lie on, each once."""
    found: dict[int, Disk] = {}
    for _name, path in [("var", Path(settings.STEWARD_VAR)), *_folders()]:
        there = _existing(path)
        device = there.stat().st_dev
        if device not in found:
            usage = psutil.disk_usage(str(there))
            found[device] = Disk(str(path), usage.free, usage.total)
    return list(found.values())


def folders() -> list[Folder]:
    """Number and bytes of the files in each of our folders."""
    return [_counted(name, path) for name, path in _folders()]


def _folders() -> Iterator[tuple[str, Path]]:
    for name, setting in FOLDERS:
        written = getattr(settings, setting, "") if setting else Path(settings.STEWARD_VAR) / name
        if written:
            yield name, Path(settings.BASE_DIR, written)
    for target in settings.STEWARD_BACKUP_TARGETS:
        if not target.startswith("s3:"):
            yield "backups", Path(target)


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _counted(name: str, folder: Path) -> Folder:
    files, size, oldest, partial = 0, 0, 0.0, False
    end = time.monotonic() + WALK_SECONDS
    waiting = [folder]
    while waiting and not partial:
        for entry in _entries(waiting.pop()):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # Gone between the listing and the look.
            files, size = files + 1, size + found.st_size
            oldest = min(oldest or found.st_mtime, found.st_mtime)
            if files >= FILES_LIMIT or time.monotonic() > end:
                partial = True
                break
    return Folder(name, str(folder), files, size, partial, datetime.fromtimestamp(oldest, UTC) if oldest else None)


def _entries(folder: Path) -> "Iterator[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
