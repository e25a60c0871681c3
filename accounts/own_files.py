"""Files of the copies that people ask for of their data: in a folder of our own, outside of what is backed up.

Each attempt writes a file of its own under a name that cannot be guessed; which one is whole stands in the row. A file
that no row names is litter, and goes with the next tidying.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from portal.kit import clock, crypto

LITTER_SECONDS = 7200  # No attempt writes for so long without its file growing.
_CHUNK = 1 << 20


def folder() -> Path:
    """Where they lie; made when it is missing, for the application's account alone."""
    found: Path = settings.STEWARD_VAR / "own-data"
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def begin() -> tuple[str, BinaryIO]:
    """A new, empty file: its name, and itself opened for writing."""
    name = f"{crypto.token()}.zip"
    descriptor = os.open(folder() / name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    return name, os.fdopen(descriptor, "w+b")


def digest(name: str) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes."""
    total, size = sha256(), 0
    with (folder() / name).open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            total.update(chunk)
            size += len(chunk)
    return total.hexdigest(), size


def opened(name: str, size: int) -> BinaryIO | None:
    """The file for reading; None when it is not there or not as long as was written down."""
    try:
        stream = (folder() / name).open("rb")
    except FileNotFoundError:
        return None
    if os.fstat(stream.fileno()).st_size != size:
        stream.close()
        return None
    return stream


def remove(name: str) -> None:
    """Remove a file; no matter whether it is there."""
    if name:
        (folder() / name).unlink(missing_ok=True)


def sweep(keep: frozenset[str]) -> int:
    """Remove every file that is not among `keep` and that nobody has written to for two hours; returns how many."""
    before, removed = clock.now().timestamp() - LITTER_SECONDS, 0
    for path in folder().iterdir():
        try:
            if path.name not in keep and path.stat().st_mtime < before:
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue  # Another sweep was quicker.
    return removed
