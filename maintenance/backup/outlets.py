"""One stored file on its way to every target at once, hashed as it goes."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256

from django.utils.translation import gettext as _

from maintenance.backup.errors import TargetFailed
from maintenance.backup.keys import BackupKey
from maintenance.backup.manifest import File, stored_name
from maintenance.backup.sealing import Sealer
from maintenance.backup.targets import Target, Writer


class Stopped(Exception):
    """Another part of the backup failed or somebody cancelled it; this part has nothing of its own to say."""


class Outlets:
    """The targets of one backup. One that fails is left out from then on; when none is left, the backup has failed.

    `ended` is the error that took the last one: what the backup failed of, whichever of its parts notices the stop first.
    """

    def __init__(self, backup_id: str, targets: Sequence[Target]) -> None:
        self.backup_id = backup_id
        self.stop = threading.Event()
        self.ended: TargetFailed | None = None
        self.failed: dict[str, str] = {}
        self.stored_bytes = 0
        self._targets = list(targets)
        self._lock = threading.Lock()

    @property
    def alive(self) -> list[Target]:
        """The targets that have taken everything so far."""
        with self._lock:
            return [target for target in self._targets if target.name not in self.failed]

    def drop(self, target: Target, error: TargetFailed) -> None:
        """Leave a target out; raises `TargetFailed` when it was the last."""
        with self._lock:
            self.failed.setdefault(target.name, str(error.detail))
            if len(self.failed) == len(self._targets):
                self.ended = self.ended or error
                self.stop.set()
                raise error

    def count(self, size: int) -> None:
        """Note stored bytes, for the progress."""
        with self._lock:
            self.stored_bytes += size

    def clear(self) -> None:
        """Leave nothing of the backup at any target that can still be reached."""
        for target in self._targets:
            with suppress(TargetFailed):
                target.delete(self.backup_id)

    def store(self, name: str, raw: bytes) -> None:
        """Store bytes as they are (the manifest), at every target that is left."""
        outlet = _Fan(self, name)
        try:
            outlet(raw)
            outlet.commit()
        except BaseException:
            outlet.abort()
            raise


class _Fan:
    """The writers of one file at all targets."""

    def __init__(self, outlets: Outlets, name: str) -> None:
        self._outlets = outlets
        self.size = 0
        self.hash = sha256()
        self._writers: list[tuple[Target, Writer]] = []
        for target in outlets.alive:
            try:
                self._writers.append((target, target.writer(stored_name(outlets.backup_id, name))))
            except TargetFailed as error:
                outlets.drop(target, error)

    def __call__(self, data: bytes) -> None:
        if self._outlets.stop.is_set():
            raise Stopped
        self.hash.update(data)
        self.size += len(data)
        for target, writer in list(self._writers):
            try:
                writer.write(data)
            except TargetFailed as error:
                self._without(target, writer, error)
        self._outlets.count(len(data))

    def commit(self) -> None:
        """Make it durable everywhere."""
        for target, writer in list(self._writers):
            try:
                writer.commit()
            except TargetFailed as error:
                self._without(target, writer, error)

    def abort(self) -> None:
        """Leave nothing."""
        for _target, writer in self._writers:
            writer.abort()

    def _without(self, target: Target, writer: Writer, error: TargetFailed) -> None:
        writer.abort()
        self._writers.remove((target, writer))
        self._outlets.drop(target, error)


class Outlet:
    """`with Outlet(...) as outlet: outlet.write(...)`: a sealed file; `outlet.file` describes it afterwards."""

    def __init__(
        self,
        outlets: Outlets,
        *,
        key: BackupKey,
        name: str,
        kind: str,
        tables: Sequence[str] = (),
        threads: int = 0,
    ) -> None:
        self._fan = _Fan(outlets, name)
        self._sealer = Sealer(self._fan, key=key, name=stored_name(outlets.backup_id, name), threads=threads)
        self._about = (name, kind, list(tables))
        self.file: File | None = None

    def write(self, data: bytes) -> int:
        """Append plain bytes."""
        return self._sealer.write(data)

    def __enter__(self) -> "Outlet":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                self._sealer.close()
                self._fan.commit()
                name, sort, tables = self._about
                self.file = File(
                    name, sort, self._fan.size, self._fan.hash.hexdigest(), self._sealer.plain_bytes, tables
                )
        finally:
            if self.file is None:
                self._fan.abort()

    def finished(self) -> File:
        """What was stored; only after the block."""
        if self.file is None:
            raise RuntimeError(_("The file is not finished."))
        return self.file
