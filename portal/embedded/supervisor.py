"""`manage.py steward run`: servers, database preparation, web, worker and beat under one process.

Only the main thread starts processes: the kernel ends them when the thread that started them is gone.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TextIO

from portal.embedded import account, ports, servers
from portal.embedded.children import Child, drain, end_leftovers
from portal.embedded.errors import EmbeddedError
from portal.embedded.lock import Lock
from portal.embedded.output import Tail, Terminal
from portal.embedded.processes import POLL_SECONDS, identity, spawn, stop_group, wait_until
from portal.embedded.record import VAR, Record
from portal.embedded.server import PORT_SECONDS
from portal.embedded.servers import Servers

CHILDREN = ("web", "worker", "beat")
DRAIN_SECONDS = 25.0
READY_SECONDS = 60.0
TICK_SECONDS = 0.5
UNPRIVILEGED_PORT = 1024
# Addresses that mean "every interface"; the probe and the printed address need one that a browser can open.
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - recognised, not bound


class StopRequested(BaseException):
    """Ctrl-C or SIGTERM; not an Exception, so that nothing on the way catches it as a failure."""


@dataclass(frozen=True)
class Options:
    """What the environment says about a run."""

    host: str
    port: int
    var: Path
    postgres: bool
    redis: bool

    @property
    def reachable(self) -> str:
        """Host that this machine's own browser can use."""
        return EVERYWHERE.get(self.host, self.host)

    @property
    def url(self) -> str:
        """Address of the portal."""
        host = f"[{self.reachable}]" if ":" in self.reachable else self.reachable
        return f"http://{host}:{self.port}"


def options(root: Path, environ: Mapping[str, str]) -> Options:
    """Read PORT, HOST, STEWARD_VAR, DATABASE_URL and REDIS_URL; raises EmbeddedError naming what is wrong."""
    written = environ.get("PORT", "").strip() or "8000"
    if not written.isdecimal() or not 0 < int(written) < 65536:
        raise EmbeddedError(f"PORT is {written!r}: write a whole number from 1 to 65535.")
    return Options(
        host=environ.get("HOST", "").strip() or "127.0.0.1",
        port=int(written),
        var=Path(environ.get("STEWARD_VAR", "").strip() or root / VAR),
        postgres=not _given(environ, "DATABASE_URL"),
        redis=not _given(environ, "REDIS_URL"),
    )


def _given(environ: Mapping[str, str], name: str) -> bool:
    """Say whether an address is given, directly or by a file (which the variable itself overrides, as in settings)."""
    if name in environ:
        return bool(environ[name].strip())
    return bool(environ.get(f"{name}_FILE", "").strip())


class Supervisor:
    """One run from the first line to the last."""

    def __init__(self, root: Path, environ: Mapping[str, str], stream: TextIO) -> None:
        self.root = root
        self.options = options(root, environ)
        self.terminal = Terminal(stream, environ)
        self.env = {**environ, "PYTHONUNBUFFERED": "1"}
        if self.terminal.colour:
            self.env.setdefault("STEWARD_LOG_FORMAT", "plain")
        self.servers: Servers | None = None
        self.lock: Lock | None = None
        self.children: list[Child] = []
        self.tails: list[Tail] = []
        self._untold: dict[str, str | None] | None = None  # What `database init` printed, until it is announced.
        self._wake = threading.Event()
        self._running = False

    def say(self, text: str) -> None:
        """Print a line of our own."""
        self.terminal.line("steward", text)

    def run(self) -> int:
        """Run until Ctrl-C or SIGTERM (0) or until something makes a start impossible (1)."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        code = 0
        try:
            self._start()
            self._running = True
            while not self._wake.wait(TICK_SECONDS):
                self._tick()
        except StopRequested:
            pass
        except EmbeddedError as error:
            self.say(str(error))
            code = 1
        finally:
            self._stop()
        return code

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # While starting we may be deep in a wait of minutes; while running the loop must finish its tick, so that
        # no process is started and forgotten.
        if not self._running:
            self._running = True
            raise StopRequested
        self._wake.set()

    def _start(self) -> None:
        servers.make_var(self.options.var)
        self.lock = Lock.take(self.options.var)
        self.lock.tell(self.options.url)
        self._end_leftovers()
        self._require_port()
        self.say("Starting; the first start takes a little longer.")
        self.servers = servers.start(
            self.root,
            say=self.say,
            postgres=self.options.postgres,
            redis=self.options.redis,
            var=self.options.var,
            lock=self.lock,
        )
        self.tails = [Tail(name, path) for name, path in self.servers.logs.items()]
        self._untold = self._initialise()
        self.children = [
            Child(name, self._command(name, "run"), cwd=self.root, env=self.env, terminal=self.terminal)
            for name in CHILDREN
        ]
        # The web server first: three interpreters starting at once would all be late for the first page.
        self.children[0].start()
        self._remember()
        if not self._wait_ready():
            self.say(f"The web server does not answer at {self.options.url} yet: its lines above say why.")
        for child in self.children[1:]:
            child.start()
        self._remember()
        self._announce()

    def _end_leftovers(self) -> None:
        told = Record.load(self.options.var.resolve())
        if told is None:
            return
        names = [*CHILDREN, "init"]
        for sentence in end_leftovers(names, {name: told.process(name) for name in names}):
            self.say(sentence)

    def _require_port(self) -> None:
        host, port = self.options.host, self.options.port
        # A web server that was just stopped lets go of its port a moment after it counts as gone.
        if not wait_until(lambda: ports.why_not(port, host) == "", PORT_SECONDS):
            reason = ports.why_not(port, host)
            other = port + 1 if port >= UNPRIVILEGED_PORT else 8000
            raise EmbeddedError(
                f"The web server cannot start: {reason}. Change that, or choose another port: PORT={other} make run"
            )

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, str(self.root / "manage.py"), *words]

    def _initialise(self) -> dict[str, str | None]:
        """Run `database init --json`; return the user name and one-time password that it printed."""
        process = spawn(
            self._command("database", "init", "--json"),
            account=account.current(),
            death_signal=signal.SIGTERM,
            env=self.env,
            cwd=self.root,
            output=subprocess.PIPE,
            errors=subprocess.PIPE,
        )
        try:
            if process.stderr is not None:
                relay = self.terminal.relay("init", process.stderr)
            printed = process.stdout.read().decode(errors="replace") if process.stdout is not None else ""
            code = process.wait()
            relay.join(timeout=5)
        except BaseException:
            stop_group(identity(process.pid), grace=10)
            process.wait()
            raise
        if code != 0:
            raise EmbeddedError("The database could not be prepared: the lines above say why.")
        return _last_object(printed)

    def _wait_ready(self) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if answers(self.options.reachable, self.options.port):
                return True
            if self.children[0].check():
                self._remember()
            self._show_logs()
            time.sleep(POLL_SECONDS * 2)
        return False

    def _announce(self, *, late: bool = False) -> None:
        """Say that Steward is ready, once, as soon as the web server answers. The one-time password is kept nowhere, so
        it is said at the end (`late`) even if that never came."""
        if self._untold is None or not (late or answers(self.options.reachable, self.options.port)):
            return
        first, self._untold = self._untold, None
        if late and not first.get("password"):
            return
        lines = [f"Steward was not ready: {self.options.url}" if late else f"Steward is ready: {self.options.url}"]
        if first.get("username"):
            lines.append(f"User name:  {first['username']}")
        if first.get("password"):
            lines.append(f"Password:   {first['password']}  (one time; shown only now)")
        place = self.servers.place if self.servers is not None else self.options.var
        lines.append(f"Data:       {place}")
        if not late:
            lines.append("Ctrl-C stops everything")
        self.terminal.box(lines)

    def _tick(self) -> None:
        started = [child.check() for child in self.children]
        if any(started):
            self._remember()
        self._show_logs()
        self._announce()
        for sentence in self.servers.check() if self.servers is not None else []:
            self.say(sentence)
            for tail in self.tails:
                tail.skip()

    def _show_logs(self) -> None:
        for tail in self.tails:
            tail.show(self.terminal)

    def _remember(self) -> None:
        if self.servers is None:
            return
        try:
            self.servers.remember({child.name: child.who() for child in self.children})
        except EmbeddedError as error:  # a full disk: what runs must go on running, and be stopped in order
            self.say(str(error))

    def _stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self._announce(late=True)
        if any(child.process is not None for child in self.children):
            self.say(f"Stopping: web, worker and beat may finish what they do ({DRAIN_SECONDS:.0f} s at most).")
            killed = drain(self.children, seconds=DRAIN_SECONDS)
            if killed:
                self.say(
                    f"Killed after {DRAIN_SECONDS:.0f} s: {', '.join(killed)}. Their jobs run again at the next start."
                )
        if self.servers is not None:
            self._remember()
            try:
                self.servers.stop()
            except EmbeddedError as error:
                self.say(str(error))
            self.say("Everything is stopped.")
        elif self.lock is not None:
            self.lock.release()


def answers(host: str, port: int) -> bool:
    """Say whether the web server answers /health/live without a server error; at most 2 s."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/health/live", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _last_object(printed: str) -> dict[str, str | None]:
    for line in reversed(printed.splitlines()):
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict):
            return told
    return {}


def main(root: Path) -> int:
    """Run the supervisor for the project at `root` with this process's environment; return its exit code."""
    sys.stdout.reconfigure(errors="replace") if hasattr(sys.stdout, "reconfigure") else None
    try:
        return Supervisor(root, os.environ, sys.stdout).run()
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
