"""The project's own processes as children of the tests: web, worker and beat."""

import http.client
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent.parent
EVIDENCE = ROOT / "build" / "browser"
START_SECONDS = 60
STOP_SECONDS = 30


class Part:
    """`manage.py <name> run` in a process group of its own; what it says is kept under build/browser."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self.name = name
        EVIDENCE.mkdir(parents=True, exist_ok=True)
        self._log: IO[bytes] = (EVIDENCE / f"{name}.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), name, "run"],
            env={**environment},
            cwd=ROOT,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """SIGTERM, as the supervisor does; SIGKILL when that is not enough."""
        if not self.ended:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(STOP_SECONDS)
        self._log.close()


class Web(Part):
    """The web server on a free port, answering."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__("web", {**environment, "PORT": str(self.port), "STEWARD_PUBLIC_URL": self.url})
        try:
            wait_for(lambda: self.ended or self._answers(), what="the web server", seconds=START_SECONDS)
            assert not self.ended, f"the web server ended; see {EVIDENCE / 'web.log'}"
        except BaseException:
            self.stop()  # Nobody has it yet, so nobody else would.
            raise

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health/live")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], *, what: str, seconds: float = 30) -> None:
    """Poll until `condition` holds, giving the processor away in between."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        select.select([], [], [], 0.05)
