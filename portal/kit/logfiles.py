"""Log files: the lines of a kind of process (web, worker, beat, command) in one file, whoever of them writes.

Every process appends whole lines to `<kind>.jsonl` by single writes in append mode, so lines of several do not mix. At
the first line of a day (UTC), or when the file is full, one of them renames it to `<kind>.<date>-<number>.jsonl` and
removes what is too old. The others see by the inode that the name belongs to a new file; what they wrote meanwhile is
in the renamed one. A lock is taken for the renaming only, and nobody waits for it: a file may become larger than the limit
by what the others write in that moment.
"""

import contextlib
import fcntl
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

PARTS = ("web", "worker", "beat")
COMMAND = "command"  # Any other process of the project.
MODE = 0o640
FOLDER_MODE = 0o750
LOCK = ".rotation.lock"
DAY_SECONDS = 86_400
MEGABYTE = 1 << 20
_NAME = re.compile(r"(?P<kind>[a-z]+)(?:\.(?P<day>\d{4}-\d{2}-\d{2})-(?P<number>\d{3,}))?\.jsonl")


def kind_of_process() -> str:
    """What this process is by its command line: web, worker, beat, or command for everything else."""
    words = sys.argv[1:3]
    return words[0] if len(words) > 1 and words[0] in PARTS and words[1] == "run" else COMMAND


def files_of(folder: Path, kind: str = "") -> list[Path]:
    """The log files in `folder`, of one kind or of all, the oldest first within a kind; empty when there are none."""
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match and kind in {"", match["kind"]}:
                # The file without a date is the one being written, hence the newest.
                found.append(((match["kind"], match["day"] or "~", int(match["number"] or 0)), path))
    return [path for _place, path in sorted(found)]


def _day_of(moment: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(moment))


class LogFile:
    """The file of one kind of process, as an output stream; written by one thread at a time (the handler's lock)."""

    def __init__(self, folder: Path, kind: str, *, days: int, largest: int, tell: Callable[[str, str], None]) -> None:
        """Lines go to `folder`/`kind`.jsonl, up to `largest` bytes and a day a file, kept for `days`.

        `tell(level, sentence)` is called when the file can no longer be written, and when it can be again.
        """
        self.path = folder / f"{kind}.jsonl"
        self._kind = kind
        self._days = days
        self._largest = largest
        self._tell = tell
        self._descriptor = -1
        self._inode = 0
        self._day = ""
        self._torn = False
        self._silent = False

    def write(self, text: str, /) -> int:
        """Append whole lines, with their ends. Never raises: a full disk or a missing right is told once, and tried again
        with each line."""
        try:
            self._append(text.encode())
        except OSError as error:
            self._close()
            if not self._silent:
                self._silent = True
                self._tell(
                    "error",
                    f"{self.path} cannot be written ({error.strerror}): lines go to standard output alone until it can. "
                    "Make room or give this account the right to write there.",
                )
        else:
            if self._silent:
                self._silent = False
                self._tell("info", f"{self.path} is written again.")
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""

    def fileno(self) -> int:
        """The descriptor of the file that is written now; -1 before the first line."""
        return self._descriptor

    def _append(self, line: bytes) -> None:
        size = self._follow()
        if self._day != _day_of(time.time()) or (size and size + len(line) > self._largest):
            self._rotate()
        if self._torn:
            line = b"\n" + line
        written = os.write(self._descriptor, line)
        self._torn = False
        while written < len(line):  # The disk filled up within the line: the rest, or an error that says so.
            self._torn = True
            written += os.write(self._descriptor, line[written:])
        self._torn = False

    def _follow(self) -> int:
        """Hold the file that has the name now, and return its size in bytes; another process may have renamed ours."""
        if self._descriptor >= 0:
            with contextlib.suppress(FileNotFoundError):
                status = os.stat(self.path)  # noqa: PTH116 - a third of what Path.stat costs, once for each line
                if status.st_ino == self._inode:
                    return status.st_size
            self._close()
        self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, MODE)
        status = os.fstat(self._descriptor)
        self._inode = status.st_ino
        # Whoever writes looks at the day first, so that a file's last change was on the day of its lines.
        self._day = _day_of(status.st_mtime if status.st_size else time.time())
        return status.st_size

    def _rotate(self) -> None:
        """Rename the file and begin a new one, unless another process is just doing it: then the old one takes the line."""
        lock = os.open(self.path.with_name(LOCK), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Somebody may have done it between our look and the lock.
            if os.stat(self.path).st_ino == self._inode:  # noqa: PTH116 - as above
                self.path.rename(self._next_name())
                self._remove_old()
        except (BlockingIOError, FileNotFoundError):
            return
        finally:
            os.close(lock)
        self._close()
        self._follow()

    def _next_name(self) -> Path:
        taken = [match for path in files_of(self.path.parent, self._kind) if (match := _NAME.fullmatch(path.name))]
        number = 1 + max((int(match["number"]) for match in taken if match["day"] == self._day), default=0)
        return self.path.with_name(f"{self._kind}.{self._day}-{number:03}.jsonl")

    def _remove_old(self) -> None:
        """Forget files whose lines are older than the days to keep, of every kind: one that never runs again too."""
        oldest = _day_of(time.time() - self._days * DAY_SECONDS)
        for path in files_of(self.path.parent):
            match = _NAME.fullmatch(path.name)
            with contextlib.suppress(OSError):
                day = (match and match["day"]) or _day_of(path.stat().st_mtime)
                if day < oldest:
                    path.unlink()

    def _close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            with contextlib.suppress(OSError):
                os.close(descriptor)
