"""The project's own processes under the supervisor: started, restarted with back-off, drained."""

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from portal.embedded import account
from portal.embedded.output import Terminal
from portal.embedded.processes import Identity, how_ended, identity, signal_quietly, spawn, stop_group, wait_until

FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 30.0
STEADY_SECONDS = 30.0


class Child:
    """One long-running command of the project."""

    def __init__(
        self, name: str, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], terminal: Terminal
    ) -> None:
        self.name = name
        self.command = command
        self.cwd = cwd
        self.env = env
        self.terminal = terminal
        self.process: subprocess.Popen[bytes] | None = None
        self._delay = FIRST_DELAY_SECONDS
        self._not_before = 0.0
        self._started = 0.0

    def start(self) -> None:
        """Start the command; it gets TERM when the supervisor dies, however that happens."""
        self.process = spawn(
            self.command,
            account=account.current(),
            death_signal=signal.SIGTERM,
            env=self.env,
            cwd=self.cwd,
            output=subprocess.PIPE,
        )
        self._started = time.monotonic()
        if self.process.stdout is not None:
            self.terminal.relay(self.name, self.process.stdout)

    def who(self) -> Identity | None:
        """Return the identity of the running process."""
        return identity(self.process.pid) if self.process is not None and self.process.poll() is None else None

    def check(self) -> bool:
        """Restart the command when it has ended and its back-off is over; true when a process was started."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return False
            self._after_end(code)
        if time.monotonic() < self._not_before:
            return False
        self.start()
        return True

    def _after_end(self, code: int) -> None:
        if self.process is not None:
            # Pool processes of a killed leader would go on working beside the new ones.
            signal_quietly(self.process.pid, signal.SIGKILL, group=True)
        self.process = None
        if time.monotonic() - self._started > STEADY_SECONDS:
            self._delay = FIRST_DELAY_SECONDS
        self._not_before = time.monotonic() + self._delay
        how = how_ended(code)
        self.terminal.line("steward", f"{self.name} ended with {how} and starts again in {self._delay:.0f} s.")
        self._delay = min(self._delay * 2, LONGEST_DELAY_SECONDS)


def drain(children: Sequence[Child], *, seconds: float) -> list[str]:
    """Ask all to finish at once, wait up to `seconds`, kill what is left; return the names of the killed."""
    running = [(child, child.process) for child in children if child.process is not None]
    for _, process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    wait_until(lambda: all(process.poll() is not None for _, process in running), seconds)
    killed = []
    for child, process in running:
        if process.poll() is None:
            killed.append(child.name)
        signal_quietly(process.pid, signal.SIGKILL, group=True)
        process.wait()
        child.process = None
    return killed


def end_leftovers(names: Sequence[str], recorded: Mapping[str, Identity | None]) -> list[str]:
    """End what a killed supervisor left of these children; return a sentence for each."""
    sentences = []
    for name in names:
        who = recorded.get(name)
        if who is not None and who.alive():
            done = stop_group(who, grace=5)
            ending = "is stopped" if done else "could not be stopped"
            sentences.append(f"A {name} process that was left behind (process {who.pid}) {ending}.")
    return sentences
