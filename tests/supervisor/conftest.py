"""A stand-in project: the same commands as ours, in a script that starts in a moment, under the real supervisor."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.embedded import ports
from portal.embedded.processes import Identity, group_alive, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
STAND_IN = Path(__file__).with_name("stand_in.py")
START = (
    "import os, pathlib, sys; from portal.embedded import supervisor; "
    "supervisor.READY_SECONDS = float(os.environ.get('READY_SECONDS', '60')); "
    "sys.exit(supervisor.main(pathlib.Path(sys.argv[1])))"
)


class Run:
    """A supervisor in a process of its own and what it has printed so far."""

    def __init__(self, root: Path, **environ: str) -> None:
        self.root = root
        self.port = int(environ.get("PORT", "0")) or ports.choose_free()
        inherited = {
            key: value
            for key, value in os.environ.items()
            if key not in {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "STEWARD_VAR", "HOST"}
        }
        # Nothing of the embedded servers is asked for unless a test says otherwise: they have tests of their own.
        nowhere = {"DATABASE_URL": "postgresql://a:b@127.0.0.1:1/steward", "REDIS_URL": "redis://127.0.0.1:1/0"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, str(root)],
            env={**inherited, **nowhere, "PYTHONPATH": str(REPOSITORY), **environ, "PORT": str(self.port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        if self.process.stdout is not None:
            with self.process.stdout:
                for line in self.process.stdout:
                    self.lines.append(line.rstrip("\n"))

    @property
    def text(self) -> str:
        """Everything printed."""
        return "\n".join(self.lines)

    def until(self, pattern: str, seconds: float = 40) -> str:
        """Wait until something printed matches; return the first match."""
        assert wait_until(lambda: re.search(pattern, self.text) is not None, seconds), self.text
        found = re.search(pattern, self.text)
        assert found is not None
        return found[0]

    def ready(self) -> "Run":
        """Wait for the ready box and for all three parts."""
        self.until("Ctrl-C stops everything")
        self.until("worker +. worker works")
        self.until("beat +. beat beats")
        return self

    def child(self, name: str) -> Identity:
        """Who runs as web, worker, beat, postgres or redis now."""
        told = json.loads((self.root / "var/embedded.json").read_text())["processes"][name]
        return Identity(told["pid"], told["started"])

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal the supervisor and return its exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; return the exit code."""
        code = self.process.wait(60)
        self._reader.join(10)
        return code


@pytest.fixture
def root() -> Iterator[Path]:
    """A stand-in project that every account can reach."""
    parent = Path(tempfile.mkdtemp(prefix="steward-"))
    parent.chmod(0o755)
    folder = parent / "a project"
    folder.mkdir(mode=0o755)
    shutil.copy(STAND_IN, folder / "manage.py")
    yield folder
    shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    """Supervisors of this test; whatever still runs afterwards is ended, session by session."""
    started: list[Run] = []
    yield started
    for run in started:
        if run.process.poll() is None:
            run.process.send_signal(signal.SIGTERM)
            run.wait()


def all_gone(members: list[Identity]) -> bool:
    """None of these processes nor of their groups is left."""
    return wait_until(lambda: not any(who.alive() or group_alive(who.pid) for who in members), 20)
