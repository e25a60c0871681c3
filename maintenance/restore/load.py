"""Filling an empty database from a backup: verified, decrypted, decompressed on the way into pg_restore, on no disk.

First the tables, then their rows by several processes at once, then indexes, constraints, triggers and policies.
"""

import os
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fcntl import F_SETPIPE_SZ, fcntl
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from maintenance.backup import manifest as manifests
from maintenance.backup import read, tools
from maintenance.backup.manifest import File, Manifest
from maintenance.backup.targets import Target
from maintenance.errors import RestoreFailed
from maintenance.restore import logins
from maintenance.restore.steps import Steps

PIPE = 1 << 20
TICK = 0.5  # Seconds between two looks at how far it is and whether it was cancelled.
COMMON = ("--exit-on-error", "--no-owner", "--no-password")
# A database that nobody uses yet: what is lost in a crash is loaded again, and indexes are built in memory.
SESSION = "-c synchronous_commit=off -c maintenance_work_mem=128MB -c statement_timeout=0 -c lock_timeout=0"
_ENTRY = re.compile(r"^\d+; \d+ \d+ ([A-Z][A-Z ]*[A-Z]) \S+ ", re.MULTILINE)


class Stopped(Exception):
    """Another part failed first."""


@dataclass
class Loader:
    """One load of one backup into one database; its processes are gone when its methods return."""

    target: Target
    manifest: Manifest
    database: str
    steps: Steps
    objects: Counter[str] = field(default_factory=Counter)  # Entries of the schema by kind, as the archive lists them.
    _running: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _plain: int = 0

    def run(self) -> None:
        """Load everything. Raises `RestoreFailed` with pg_restore's own words, or what reading the backup raises."""
        newest = max(self.manifest.server_version, self._dumped_by())
        self._tools = tools.choose(newest, sslmode=str(logins.owner("")["OPTIONS"].get("sslmode", "")))
        self._environment = {**tools.environment(logins.owner(self.database)), "PGOPTIONS": SESSION}
        with self._schema() as archive:
            with self.steps.step(_("Make the tables")):
                self.objects = Counter(_ENTRY.findall(self._listing(archive)))
                self._together([lambda: self._section("pre-data", archive)])
                self.steps.detail(_("%(n)d tables") % {"n": self.objects["TABLE"]})
            with self.steps.step(_("Load the rows")):
                files = self.manifest.of_kind(manifests.DATA)
                self._together([lambda file=file: self._data(file) for file in files])  # type: ignore[misc]
                self.steps.detail(_("%(n)d processes at once") % {"n": min(len(files), self._processes)})
            with self.steps.step(_("Build indexes and constraints")):
                self._together([lambda: self._section("post-data", archive, f"--jobs={self._processes}")])
                self.steps.detail(_("%(n)d foreign keys") % {"n": self.objects["FK CONSTRAINT"]})

    @property
    def _processes(self) -> int:
        return int(settings.STEWARD_BACKUP_PROCESSES)

    def _dumped_by(self) -> int:
        found = re.match(r"\d+", self.manifest.dump_version)
        return int(found[0]) * 10_000 if found else 0

    @contextmanager
    def _schema(self) -> Iterator[str]:
        """The archive of the schema as a file in memory: pg_restore needs to go back and forth in it."""
        descriptor = os.memfd_create("schema")
        try:
            for file in self.manifest.of_kind(manifests.SCHEMA):
                for piece in read.plain(self.target, self.manifest, file):
                    os.write(descriptor, piece)
            yield f"/proc/{os.getpid()}/fd/{descriptor}"
        finally:
            os.close(descriptor)

    def _listing(self, archive: str) -> str:
        done = subprocess.run(
            [self._tools.pg_restore, "--list", archive],
            capture_output=True,
            text=True,
            check=False,
            env={"LC_ALL": "C"},
        )
        if done.returncode:
            raise RestoreFailed(_("pg_restore cannot read the schema: %(why)s") % {"why": done.stderr.strip()[:300]})
        return done.stdout

    def _section(self, section: str, archive: str, *options: str) -> None:
        self._pg_restore(
            _("the schema (%(section)s)") % {"section": section}, [f"--section={section}", *options, archive]
        )

    def _data(self, file: File) -> None:
        self._pg_restore(file.name, ["--data-only"], feed=read.plain(self.target, self.manifest, file))

    def _pg_restore(self, what: str, arguments: Sequence[str], feed: Iterator[bytes] | None = None) -> None:
        command = [self._tools.pg_restore, f"--dbname={self.database}", *COMMON, *arguments]
        with self._started(command, fed=feed is not None) as process:
            complaints: list[bytes] = []
            reader = threading.Thread(target=_drain, args=(process.stderr, complaints), daemon=True)
            reader.start()
            if feed is not None:
                self._feed(process, feed)
            code = process.wait()
            reader.join()
        if feed is not None and not code:
            for _piece in feed:
                pass  # It had enough before the end of the file, where size and hash are compared.
        if self._stop.is_set():
            raise Stopped
        if code:
            why = b"".join(complaints).decode("utf-8", "replace").strip()[:500]
            ended = _("signal %(n)d ended it") % {"n": -code} if code < 0 else why or _("code %(n)d") % {"n": code}
            raise RestoreFailed(
                _("pg_restore failed at %(what)s: %(why)s. The live database was not touched; try again.")
                % {"what": what, "why": ended}
            )

    def _feed(self, process: "subprocess.Popen[bytes]", pieces: Iterator[bytes]) -> None:
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        with suppress(OSError):
            fcntl(process.stdin.fileno(), F_SETPIPE_SZ, PIPE)
        try:
            for piece in pieces:
                if self._stop.is_set():
                    raise Stopped
                process.stdin.write(piece)
                with self._lock:
                    self._plain += len(piece)
            process.stdin.close()
        except BrokenPipeError:
            pass  # It ended first: its code and its words tell why.
        except BaseException:
            # A damaged backup must not look like a finished one: without this, the end of the pipe would come next.
            process.kill()
            raise

    def _together(self, tasks: Sequence[Callable[[], None]]) -> None:
        total = sum(file.plain_size for file in self.manifest.of_kind(manifests.DATA))
        with ThreadPoolExecutor(max(1, min(self._processes, len(tasks))), thread_name_prefix="restore") as pool:
            pending: set[Future[None]] = {pool.submit(task) for task in tasks}
            try:
                while pending:
                    done, pending = wait(pending, timeout=TICK, return_when=FIRST_EXCEPTION)
                    errors = [error for future in done if (error := future.exception()) is not None]
                    # What stopped because of another one's error must not hide that error.
                    for error in sorted(errors, key=lambda error: isinstance(error, Stopped)):
                        raise error
                    self.steps.progress(min(self._plain, total), total)
            except BaseException:
                self._stop.set()
                with self._lock:
                    for process in self._running:
                        process.kill()
                for future in pending:
                    future.cancel()
                raise

    @contextmanager
    def _started(self, command: Sequence[str], *, fed: bool) -> Iterator["subprocess.Popen[bytes]"]:
        with self._lock:
            if self._stop.is_set():
                raise Stopped
            process = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                bufsize=0,
            )
            self._running.append(process)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stderr):
                if stream is not None:
                    with suppress(BrokenPipeError):
                        stream.close()


def _drain(stream: Any, into: list[bytes]) -> None:
    # When the load is stopped, the stream is closed while this still reads; nobody waits for the words then.
    with suppress(OSError, ValueError):
        while data := stream.read(65_536):
            if sum(map(len, into)) < 65_536:
                into.append(data)
