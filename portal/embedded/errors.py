"""The one error of the embedded servers."""

import errno
import shutil
from pathlib import Path


class EmbeddedError(Exception):
    """A start that cannot go on; the message is one sentence that tells the person what to do."""


class AlreadyRunningError(EmbeddedError):
    """Another process of this project holds the folder."""


def existing_parent(path: Path) -> Path:
    """Return the nearest ancestor of `path` (or itself) that exists."""
    return next(step for step in (path, *path.parents) if step.exists())


def from_os_error(error: OSError, path: Path) -> EmbeddedError:
    """Turn a failed file operation below `path` into a sentence that says what to do."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return disk_full(path)
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return EmbeddedError(
            f"The folder {path} cannot be written ({error.strerror}): "
            "give it to the account that starts Steward, or start Steward as its owner."
        )
    return EmbeddedError(f"The folder {path} cannot be used ({error.strerror}): repair it and start again.")


def disk_full(path: Path) -> EmbeddedError:
    """Return the sentence for a disk without space; sizes in MB of 10^6 bytes."""
    free = shutil.disk_usage(existing_parent(path)).free // 1_000_000
    return EmbeddedError(
        f"The disk that holds {path} is full or nearly so ({free} MB free): free some space and start again."
    )
