"""What the two embedded servers have in common: start, watch, restart with back-off, stop."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

from portal.embedded import ports
from portal.embedded.account import Account, own_like
from portal.embedded.errors import EmbeddedError, disk_full, from_os_error
from portal.embedded.processes import Identity, how_ended, identity, wait_until

FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 30.0
LOG_ROTATE_BYTES = 10_000_000
PORT_TRIES = 5
PORT_SECONDS = 1.0


class PortLostError(EmbeddedError):
    """Somebody took the port between our choice and the server's bind."""


class Server:
    """One embedded server process, always a child of ours."""

    title = "server"
    death_signal = signal.SIGTERM
    stop_seconds = 20.0
    start_seconds = 15.0

    def __init__(self, *, place: Path, account: Account, port: int, log: Path) -> None:
        self.place = place
        self.account = account
        self.port = port
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._delay = FIRST_DELAY_SECONDS
        self._not_before = 0.0
        self._started = 0.0

    def launch(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start the program on `self.port`; subclasses."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Say whether the server accepts our password now; subclasses."""
        raise NotImplementedError

    def clear_orphans(self) -> str:
        """Stop what a killed supervisor left of this server; return a sentence or ''; subclasses."""
        raise NotImplementedError

    def start(self) -> None:
        """Start on the port we have and wait until it answers.

        Raises PortLostError when the port is taken, EmbeddedError with the server's own reason otherwise.
        """
        # The threads of a killed server let go of its port a moment after it counts as gone.
        if not wait_until(lambda: ports.is_free(self.port), PORT_SECONDS):
            raise PortLostError(f"{self.title} cannot start: {ports.taken(self.port)}.")
        output = self._open_log()
        with output:
            self.process = self.launch(output)
        self._started = time.monotonic()

    def wait(self) -> None:
        """Wait until the started server answers; stops it and raises EmbeddedError when it does not."""
        process = self.process
        if process is None:
            raise EmbeddedError(f"{self.title} was not started.")
        done = wait_until(lambda: process.poll() is not None or self.answers(), self.start_seconds)
        if process.poll() is not None:
            self.process = None
            raise self._explain()
        if not done:
            self.stop()
            raise EmbeddedError(
                f"{self.title} did not answer in {self.start_seconds:.0f} s: read {self.log}, then start again."
            )

    def start_somewhere(self) -> str:
        """Start and wait, on a new free port when ours is taken; return a sentence about that or ''."""
        told = ""
        for attempt in range(PORT_TRIES):
            try:
                self.start()
                self.wait()
            except PortLostError:
                if attempt == PORT_TRIES - 1:
                    raise
                reason = ports.taken(self.port)
                self.port = ports.choose_free()
                told = f"{self.title} moves to port {self.port}: {reason}."
                continue
            return told
        return told

    def who(self) -> Identity | None:
        """Return the identity of the running process."""
        return identity(self.process.pid) if self.process is not None and self.process.poll() is None else None

    def check(self) -> str:
        """Restart the server when it has died; return a sentence when something happened, else ''."""
        if self.process is not None and self.process.poll() is None:
            if time.monotonic() - self._started > LONGEST_DELAY_SECONDS:
                self._delay = FIRST_DELAY_SECONDS
            return ""
        if time.monotonic() < self._not_before:
            return ""
        ended = ""
        if self.process is not None:
            ended = f" (it ended with {how_ended(self.process.returncode)})"
            self.process = None
        delay, self._delay = self._delay, min(self._delay * 2, LONGEST_DELAY_SECONDS)
        try:
            self.clear_orphans()
            self.start()
            self.wait()
        except EmbeddedError as error:
            return f"{error} Next try in {delay:.0f} s."
        finally:
            self._not_before = time.monotonic() + delay
        return f"{self.title} had stopped{ended} and runs again."

    def stop(self) -> None:
        """Stop the server cleanly, harder when it does not obey."""
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        for number, seconds in ((self.death_signal, self.stop_seconds), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            process.send_signal(number)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            return

    def _open_log(self) -> IO[bytes]:
        try:
            if self.log.exists() and self.log.stat().st_size > LOG_ROTATE_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))
            descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            own_like(self.log, self.log.parent)
            self._log_start = os.fstat(descriptor).st_size
        except OSError as error:
            raise from_os_error(error, self.log) from error
        return os.fdopen(descriptor, "ab")

    def said(self) -> list[str]:
        """Return the log lines of this start."""
        try:
            with self.log.open("rb") as stream:
                stream.seek(self._log_start)
                return stream.read(200_000).decode(errors="replace").splitlines()
        except OSError:
            return []

    def _explain(self) -> EmbeddedError:
        lines = self.said()
        everything = "\n".join(lines)
        if "Address already in use" in everything:
            return PortLostError(f"{self.title} cannot start: {ports.taken(self.port)}.")
        if "No space left on device" in everything:
            return disk_full(self.place)
        last = next(
            (line for line in reversed(lines) if "FATAL" in line or "PANIC" in line), lines[-1] if lines else ""
        )
        reason = last.partition("FATAL:")[2].strip() or last.strip() or "it gave no reason"
        return EmbeddedError(f"{self.title} does not start ({reason}): read {self.log} and start again.")
