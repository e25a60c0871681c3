"""Proof that a backup can be read: every byte fetched, hashed, decrypted, decompressed and parsed.

Listing a dump proves nothing: `pg_restore --list` is content with an archive that was cut in half.
"""

import json
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from maintenance.backup import manifest as manifests
from maintenance.backup import read, tools
from maintenance.backup.errors import Damaged, ForeignFile, NoSuchFile, UnknownVersion
from maintenance.backup.manifest import File, Manifest, stored_name
from maintenance.backup.targets import Target


@dataclass(frozen=True)
class Fault:
    """A file that is not as it was made: which, where (offset in stored bytes, if known) and what is wrong."""

    file: str
    offset: int | None
    problem: str


@dataclass(frozen=True)
class Report:
    """What a verification found. It is `good` when every byte of every file was read and nothing was wrong."""

    backup_id: str
    target: str
    files: int
    stored_bytes: int
    plain_bytes: int
    seconds: float
    faults: list[Fault]

    @property
    def good(self) -> bool:
        """Whether a restore can rely on it."""
        return not self.faults


Tick = Callable[[str, int, int], None]


def verify(target: Target, backup_id: str, *, tick: Tick = lambda file, done, total: None) -> tuple[Manifest, Report]:
    """Read a whole backup from one target. Damage is reported file by file.

    Raises what says nothing about the backup: `NotABackup` (no manifest), `UnknownKey`, `TargetFailed`, `ToolsMissing`;
    and `Damaged` for the manifest itself.

    `tick(file, stored bytes done, stored bytes in all)` is called before each file; what it raises ends the reading.
    """
    started = time.monotonic()
    manifest = manifests.load(target, backup_id)
    faults: list[Fault] = []
    stored = plain = 0
    for file in manifest.files:
        tick(file.name, stored, manifest.stored_bytes)
        try:
            plain += read_file(target, manifest, file)
            stored += file.size
        except Damaged as error:
            faults.append(Fault(error.file, error.offset, str(error.detail)))
        except (NoSuchFile, ForeignFile, UnknownVersion) as error:
            faults.append(Fault(stored_name(backup_id, file.name), None, str(error.detail)))
    tick("", stored, manifest.stored_bytes)
    seconds = round(time.monotonic() - started, 3)
    return manifest, Report(backup_id, target.name, len(manifest.files), stored, plain, seconds, faults)


def read_file(target: Target, manifest: Manifest, file: File) -> int:
    """Read and parse one file to its end; the number of plain bytes. Raises what `read.plain` does."""
    pieces = read.plain(target, manifest, file)
    path = stored_name(manifest.id, file.name)
    if file.kind in {manifests.SCHEMA, manifests.DATA}:
        return _parse_dump(pieces, manifest, path)
    if file.kind == manifests.UPLOADS:
        return _parse_tar(pieces, path)
    raw = b"".join(pieces)
    try:
        json.loads(raw)
    except ValueError as error:
        raise Damaged(path, 0, _("its content is no longer JSON.")) from error
    return len(raw)


def _parse_dump(pieces: Iterator[bytes], manifest: Manifest, path: str) -> int:
    """Let pg_restore turn the archive into SQL that nobody keeps: it has to understand all of it."""
    chosen = tools.choose(manifest.server_version)
    process = subprocess.Popen(
        [chosen.pg_restore, "--file=/dev/null"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={"LC_ALL": "C"},
    )
    complaints: list[bytes] = []
    stdin: Any = process.stdin
    errors: Any = process.stderr
    reader = threading.Thread(target=lambda: complaints.append(errors.read(10_000)), daemon=True)
    reader.start()
    size, listening = 0, True
    try:
        for piece in pieces:
            size += len(piece)
            if listening:
                try:
                    stdin.write(piece)
                except BrokenPipeError:
                    listening = False  # It gave up; the rest is still read, so that the place of any damage is told.
        try:
            stdin.close()
        except BrokenPipeError:
            listening = False
        code = process.wait()
        reader.join()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        errors.close()
    if code or not listening:
        why = b"".join(complaints).decode("utf-8", "replace").strip()[:300]
        raise Damaged(path, 0, _("pg_restore cannot read what is inside (%(why)s).") % {"why": why})
    return size


class _Joined:
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest, self.size = pieces, b"", 0

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        if not self._rest:
            self._rest = next(self._pieces, b"")
            self.size += len(self._rest)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


def _parse_tar(pieces: Iterator[bytes], path: str) -> int:
    joined = _Joined(pieces)
    source: Any = joined
    try:
        with tarfile.open(mode="r|", fileobj=source) as archive:
            for _entry in archive:
                pass
    except tarfile.TarError as error:
        raise Damaged(path, 0, _("it is no tar archive (%(why)s).") % {"why": error}) from error
    while joined.read(1 << 20):
        pass
    return joined.size
