"""One Steward per folder: a lock that the kernel drops when its process dies, however it dies."""

import fcntl
import json
import os
from pathlib import Path
from typing import Self

from portal.embedded.account import own_like
from portal.embedded.errors import AlreadyRunningError, from_os_error

NAME = "steward.lock"


class Lock:
    """The held lock of one folder; the file tells a second start who holds it and at which address."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self.path = path

    @classmethod
    def take(cls, folder: Path) -> Self:
        """Take the lock of `folder` or raise AlreadyRunningError with the process number and address."""
        path = folder / NAME
        try:
            # Close-on-exec is Python's default, so no child can keep the lock of a dead supervisor.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            own_like(path, folder)
        except OSError as error:
            raise from_os_error(error, folder) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            words = _holder_words(os.pread(descriptor, 4096, 0))
            os.close(descriptor)
            raise AlreadyRunningError(
                f"Steward is already running here ({words}): use it, or stop it with Ctrl-C in its terminal."
            ) from error
        lock = cls(descriptor, path)
        lock.tell("")
        return lock

    def tell(self, url: str) -> None:
        """Write who holds the lock and where it answers; a disk without space only makes the sentence shorter."""
        text = json.dumps({"pid": os.getpid(), "url": url}).encode()
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text, 0)
        except OSError:
            return

    def release(self) -> None:
        """Give the folder back; harmless when done twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _holder_words(raw: bytes) -> str:
    try:
        told = json.loads(raw)
        return ", ".join(part for part in (f"process {int(told['pid'])}", str(told["url"])) if part)
    except (ValueError, KeyError, TypeError):
        return "its process number is not known"
