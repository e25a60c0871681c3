"""Making a backup: several dumps of one snapshot at once, each from pg_dump through zstd, AES and SHA to the targets.

Nothing of the data is ever on a disk in clear, and the memory needed is a few MiB for each dump, whatever the size.
"""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from fcntl import F_SETPIPE_SZ, fcntl
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from maintenance.backup import manifest as manifests
from maintenance.backup import tools, uploads
from maintenance.backup.errors import BackupError
from maintenance.backup.keys import BackupKey
from maintenance.backup.manifest import File, Manifest
from maintenance.backup.outlets import Outlet, Outlets, Stopped
from maintenance.backup.snapshot import Snapshot, Table, held
from maintenance.backup.targets import Target
from portal.kit.safety import VARIABLES

PIPE = 1 << 20  # Bytes that pg_dump may be ahead: the largest pipe that Linux gives without a privilege.
TICK = 0.5  # Seconds between two looks at how far it is and whether it was cancelled.
COMMON = ("--format=custom", "--compress=0", "--no-password", "--lock-wait-timeout=60s")


@dataclass(frozen=True)
class Progress:
    """How far it is: the step in words, plain bytes read, and what is expected (the tables' size on disk)."""

    step: str
    done: int
    total: int


@dataclass(frozen=True)
class Made:
    """A finished backup; `failed` says of each target that was left out, why."""

    manifest: Manifest
    targets: list[str]
    failed: dict[str, str]


Tick = Callable[[Progress], None]


def create(
    *,
    backup_id: str,
    reason: str,
    targets: Sequence[Target],
    key: BackupKey,
    tick: Tick = lambda progress: None,
    begun: Callable[[], None] = lambda: None,
) -> Made:
    """Make a backup of database, uploads and configuration at every target.

    `begun` is called once, when this is known to be the only backup that is being made: whatever else looks unfinished
    is dead. `tick` is called about twice a second in this thread; what it raises cancels the backup. However it ends badly,
    nothing of it is left at a target that answers, older backups are untouched, and the error says what to do
    (`BackupError`). A kill -9 leaves files without a manifest, which no list shows and the next sweep removes.
    """
    started = time.monotonic()
    outlets = Outlets(backup_id, targets)
    try:
        with held() as snapshot:
            begun()
            work = _Work(snapshot, outlets, key, tick)
            files = work.run()
            counts = work.counts
            migrations = snapshot.migrations()
        written = Manifest(
            id=backup_id,
            created_at=snapshot.taken_at.astimezone(UTC).isoformat(),
            reason=reason,
            key_id=key.id,
            application_version=settings.VERSION,
            server_version=snapshot.server_version,
            server_version_text=snapshot.server_version_text,
            dump_version=work.tools.version,
            database=snapshot.database,
            migrations=migrations,
            tables=counts,
            files=files,
            seconds=round(time.monotonic() - started, 3),
        )
        outlets.store(manifests.NAME, manifests.write(written, key))
    except BaseException:
        outlets.clear()
        raise
    return Made(written, [target.name for target in outlets.alive], dict(outlets.failed))


def grouped(tables: Sequence[Table], processes: int) -> list[list[Table]]:
    """Share tables out to so many dumps of about equal size: the largest first, each to the dump with the least."""
    groups: list[list[Table]] = [[] for _ in range(max(1, min(processes, len(tables))))]
    sizes = [0] * len(groups)
    for table in sorted(tables, key=lambda table: (-table.size, table.label)):
        least = sizes.index(min(sizes))
        groups[least].append(table)
        sizes[least] += table.size
    return groups


class _Work:
    """One backup in the making: its processes, threads, and what they have found."""

    def __init__(self, snapshot: Snapshot, outlets: Outlets, key: BackupKey, tick: Tick) -> None:
        self._snapshot, self._outlets, self._key, self._tick = snapshot, outlets, key, tick
        login = tools.database()
        self._environment = tools.environment(login)
        self.tools = tools.choose(snapshot.server_version, sslmode=str(login["OPTIONS"].get("sslmode", "")))
        self.counts: dict[str, int] = {}
        self._plain = 0
        self._running: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()

    def run(self) -> list[File]:
        """Do everything but the manifest; the files in the order in which a restore wants them."""
        groups = grouped(self._snapshot.tables, settings.STEWARD_BACKUP_PROCESSES)
        tasks: list[Callable[[], File | None]] = [
            lambda number=number, group=group: self._data(number, group)  # type: ignore[misc]
            for number, group in enumerate(groups, start=1)
            if group
        ]
        tasks += [self._count, self._schema, self._uploads, self._configuration]
        with ThreadPoolExecutor(len(tasks), thread_name_prefix="backup") as pool:
            futures = [pool.submit(task) for task in tasks]
            try:
                self._watch(futures)
            except BaseException:
                self._abandon()
                raise
        files = [file for future in futures if (file := future.result()) is not None]
        order = (manifests.SCHEMA, manifests.DATA, manifests.UPLOADS, manifests.CONFIGURATION)
        return sorted(files, key=lambda file: (order.index(file.kind), file.name))

    def _watch(self, futures: Sequence[Future[Any]]) -> None:
        total = sum(table.size for table in self._snapshot.tables)
        pending: set[Future[Any]] = set(futures)
        while pending:
            done, pending = wait(pending, timeout=TICK, return_when=FIRST_EXCEPTION)
            errors = [error for future in done if (error := future.exception()) is not None]
            if errors:
                # The part whose target failed may still be clearing up when another has stopped because of it.
                raise self._outlets.ended or errors[0]
            self._tick(Progress(_("Dumping the database"), self._plain, max(total, self._plain)))

    def _abandon(self) -> None:
        self._outlets.stop.set()
        with suppress(Exception):
            self._snapshot.cancel()
        with self._lock:
            for process in self._running:
                process.kill()

    # --- The parts ---

    def _schema(self) -> File:
        return self._dump("schema.dump", manifests.SCHEMA, ["--schema-only"], ())

    def _data(self, number: int, group: Sequence[Table]) -> File:
        chosen = [*group, *(self._snapshot.sequences if number == 1 else ())]
        arguments = ["--data-only", *(f"--table={table.pattern}" for table in chosen)]
        if number == 1 and self._snapshot.has_large_objects:
            arguments.append("--blobs")
        return self._dump(
            f"data-{number:02}.dump", manifests.DATA, arguments, [table.label for table in group], threads=1
        )

    def _count(self) -> None:
        # Beside the dumps, on the keeper's connection: the same snapshot, so the numbers are exact.
        for table in self._snapshot.tables:
            if self._outlets.stop.is_set():
                raise Stopped
            self.counts[table.label] = self._snapshot.count(table)

    def _uploads(self) -> File:
        with Outlet(self._outlets, key=self._key, name="uploads.tar", kind=manifests.UPLOADS) as outlet:
            uploads.pack(settings.MEDIA_ROOT, outlet)
        return outlet.finished()

    def _configuration(self) -> File:
        with Outlet(self._outlets, key=self._key, name="configuration.json", kind=manifests.CONFIGURATION) as outlet:
            outlet.write(json.dumps(configuration(), indent=1).encode())
        return outlet.finished()

    def _dump(self, name: str, kind: str, arguments: Sequence[str], tables: Sequence[str], *, threads: int = 0) -> File:
        command = [self.tools.pg_dump, *COMMON, f"--snapshot={self._snapshot.name}", *arguments]
        with (
            Outlet(self._outlets, key=self._key, name=name, kind=kind, tables=tables, threads=threads) as outlet,
            self._started(command) as process,
        ):
            complaints: list[bytes] = []
            stdout: Any = process.stdout
            reader = threading.Thread(target=_drain, args=(process.stderr, complaints), daemon=True)
            reader.start()
            with suppress(OSError):
                fcntl(stdout.fileno(), F_SETPIPE_SZ, PIPE)
            while data := stdout.read(PIPE):
                outlet.write(data)
                with self._lock:
                    self._plain += len(data)
            code = process.wait()
            reader.join()
            if self._outlets.stop.is_set():
                raise Stopped
            if code:
                raise BackupError(
                    _("pg_dump ended with code %(code)d: %(why)s")
                    % {"code": code, "why": b"".join(complaints).decode("utf-8", "replace").strip()[:500]}
                )
        return outlet.finished()

    def _started(self, command: Sequence[str]) -> "_Process":
        with self._lock:
            if self._outlets.stop.is_set():
                raise Stopped
            process = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
            )
            self._running.append(process)
        return _Process(process)


class _Process:
    """A child that is gone after the block, however that ends. If we are killed, it dies of its broken pipe."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def __enter__(self) -> "subprocess.Popen[bytes]":
        return self._process

    def __exit__(self, *details: object) -> None:
        process = self._process
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _drain(stream: Any, into: list[bytes]) -> None:
    # pg_dump must not wait for a reader of its warnings; the first are the ones that tell why.
    while data := stream.read(65_536):
        if sum(map(len, into)) < 65_536:
            into.append(data)


def configuration() -> dict[str, Mapping[str, Any]]:
    """Every setting with its source. Of secrets only whether they are set: keys never are in a backup."""
    import os

    found: dict[str, Mapping[str, Any]] = {}
    for variable in import_string(VARIABLES).values():
        shown: dict[str, Any] = {"source": variable.source, "secret": variable.secret}
        if not variable.secret:
            shown["value"] = os.environ.get(variable.name, variable.default)
        found[variable.name] = shown
    return found
