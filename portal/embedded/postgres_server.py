"""The embedded PostgreSQL: initialised once, SCRAM over the loop-back address only, no Unix socket."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import IO

import psycopg

from portal.embedded.account import Account
from portal.embedded.errors import EmbeddedError, disk_full, from_os_error
from portal.embedded.ports import LOOPBACK
from portal.embedded.processes import identity, signal_quietly, spawn, wait_until, working_in
from portal.embedded.record import ADMIN
from portal.embedded.server import Server

BUILTIN_LOCALE = 17  # First version that brings a locale of its own.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
# shared_buffers is sized for a laptop or a test machine: the embedded server is a default, not a production one.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # paths of sockets are limited to 107 bytes, folders of clones are not
    "max_connections": "100",
    "shared_buffers": "128MB",
    "wal_level": "replica",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "lc_messages": "C",
    "cluster_name": "steward",
}
# Commits still reach the operating system, so a killed server loses nothing; a power cut may.
NO_FSYNC = {"fsync": "off", "full_page_writes": "off"}


class Postgres(Server):
    """One postmaster on one data folder."""

    title = "PostgreSQL"
    death_signal = signal.SIGINT  # fast shutdown: sessions end, nothing is lost
    # Recovery after a kill -9 of a busy server takes as long as its log since the last checkpoint.
    start_seconds = 300.0

    def __init__(
        self,
        *,
        initdb: Path,
        program: Path,
        place: Path,
        account: Account,
        port: int,
        log: Path,
        password: str,
        fsync: bool,
    ) -> None:
        super().__init__(place=place, account=account, port=port, log=log)
        self.initdb = initdb
        self.program = program
        self.password = password
        self.fsync = fsync
        self.data = place / "postgres"

    @property
    def admin_url(self) -> str:
        """The superuser's address of the maintenance database."""
        return f"postgresql://{ADMIN}:{self.password}@{LOOPBACK}:{self.port}/postgres"

    def initialise(self) -> bool:
        """Create the data folder unless it is there; true when it was created. A half-made one never gets the name."""
        if (self.data / "PG_VERSION").exists():
            return False
        if self.data.exists() and any(self.data.iterdir()):
            raise EmbeddedError(
                f"{self.data} holds files that are not a PostgreSQL data folder: move it away and start again."
            )
        fresh = self.place / "postgres.new"
        secret = self.place / ".password"
        try:
            shutil.rmtree(fresh, ignore_errors=True)
            secret.unlink(missing_ok=True)
            self._write_secret(secret)
            self._run_initdb(fresh, secret)
            fresh.replace(self.data)
        except OSError as error:
            raise from_os_error(error, self.place) from error
        finally:
            with contextlib.suppress(OSError):
                secret.unlink(missing_ok=True)
            shutil.rmtree(fresh, ignore_errors=True)
        return True

    def _write_secret(self, path: Path) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(self.password + "\n")
            if self.account.drop:
                os.fchown(stream.fileno(), self.account.uid, self.account.gid)

    def _run_initdb(self, fresh: Path, secret: Path) -> None:
        command = [
            str(self.initdb),
            f"--pgdata={fresh}",
            f"--username={ADMIN}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            *self._locale(),
            "--no-instructions",
            *([] if self.fsync else ["--no-sync"]),
        ]
        done = subprocess.run(
            command,
            cwd="/",
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self.account.popen(),
        )
        if done.returncode == 0:
            return
        if "No space left on device" in done.stderr:
            raise disk_full(self.place)
        reasons = [line for line in done.stderr.splitlines() if "error" in line or "FATAL" in line]
        reason = reasons[0] if reasons else done.stderr.strip() or f"exit code {done.returncode}"
        raise EmbeddedError(f"PostgreSQL could not make {self.data} ({reason}): repair that and start again.")

    def _locale(self) -> list[str]:
        """The same order of texts on every machine; before 17 it comes from the C library, which has it under that name."""
        done = subprocess.run([self.initdb, "--version"], capture_output=True, text=True, check=False)
        found = re.search(r"(\d+)", done.stdout)
        if found and int(found[1]) < BUILTIN_LOCALE:
            return ["--locale=C.UTF-8"]
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale"]

    def launch(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start the postmaster."""
        settings = {**SETTINGS, **({} if self.fsync else NO_FSYNC), "port": str(self.port)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return spawn(
            [str(self.program), "-D", str(self.data), *options],
            account=self.account,
            death_signal=self.death_signal,
            env=ENVIRONMENT,
            output=output,
        )

    def answers(self) -> bool:
        """Say whether the superuser can connect; resets a lost password when the server refuses it."""
        try:
            psycopg.connect(self.admin_url, connect_timeout=3).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error) and self._is_ours():
                raise EmbeddedPasswordError from error
            return False
        return True

    def _is_ours(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return self.process is not None and lines[0] == str(self.process.pid) and lines[3] == str(self.port)

    def wait(self) -> None:
        """Wait as every server does; a password that the data do not know (the record was deleted) is set anew."""
        try:
            super().wait()
        except EmbeddedPasswordError:
            self.stop()
            self._reset_password()
            self.start()
            super().wait()

    def _reset_password(self) -> None:
        done = subprocess.run(
            [str(self.program), "--single", "-D", str(self.data), "postgres"],
            input=f"ALTER ROLE {ADMIN} PASSWORD '{self.password}'\n",
            cwd="/",
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
            **self.account.popen(),
        )
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL's password could not be set anew: read {self.log} and start again.")

    def _everybody(self) -> list[int]:
        return working_in(self.data, "postgres")

    def clear_orphans(self) -> str:
        """Stop whatever still works in our data folder: a postmaster without supervisor, backends without postmaster.

        PostgreSQL processes are known by their working directory, so a reused process number can harm nobody.
        Only when none is left is a stale postmaster.pid removed; its own guard could mistake a reused number.
        """
        everybody = self._everybody()
        if not everybody:
            with contextlib.suppress(OSError):
                (self.data / "postmaster.pid").unlink(missing_ok=True)
            return ""
        told = ""
        try:
            postmaster = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            postmaster = 0
        if postmaster in everybody:
            who = identity(postmaster)
            signal_quietly(postmaster, signal.SIGINT)
            wait_until(lambda: not who.alive(), self.stop_seconds)
            told = f"A PostgreSQL that was left behind (process {postmaster}) is stopped."
        # Backends notice a dead postmaster by themselves within moments; those in a long statement do not.
        if not wait_until(lambda: not self._everybody(), 5):
            for pid in self._everybody():
                signal_quietly(pid, signal.SIGQUIT)
            if not wait_until(lambda: not self._everybody(), 5):
                for pid in self._everybody():
                    signal_quietly(pid, signal.SIGKILL)
                if not wait_until(lambda: not self._everybody(), 5):
                    stuck = ", ".join(map(str, self._everybody()))
                    raise EmbeddedError(f"Processes {stuck} still use {self.data}: end them and start again.")
        return told


class EmbeddedPasswordError(Exception):
    """The running server is ours but does not know our password."""
