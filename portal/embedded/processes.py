"""Start, recognise and stop processes without ever touching one that is not ours."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from portal.embedded.account import Account

POLL_SECONDS = 0.02
PROC = Path("/proc")


@dataclass(frozen=True)
class Identity:
    """A process that cannot be confused with a later one of the same number: pid and start time in clock ticks."""

    pid: int
    started: int

    def alive(self) -> bool:
        """Say whether exactly this process still runs (a zombie does not)."""
        return self.started != 0 and started_at(self.pid) == self.started


def started_at(pid: int) -> int:
    """Return the start time of a process in clock ticks since boot, 0 when there is none (or it is a zombie)."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return 0
    fields = stat.rpartition(")")[2].split()
    return 0 if fields[0] in "ZX" else int(fields[19])


def identity(pid: int) -> Identity:
    """Return the identity of a process that runs now."""
    return Identity(pid, started_at(pid))


def command_line(pid: int) -> str:
    """Return a process's command line, shortened to 120 characters; empty when /proc does not tell."""
    try:
        raw = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace").strip()[:120]


def working_in(folder: Path, program: str) -> list[int]:
    """Return the processes of a program whose working directory is `folder`.

    That is how PostgreSQL's own are known, backends included; an editor opened there is not one of them.
    """
    wanted = os.path.realpath(folder)
    found = []
    for entry in PROC.glob("[0-9]*"):
        try:
            ours = str((entry / "cwd").readlink()) == wanted and _program(entry) == program
        except OSError:  # another account's process, or it ended meanwhile
            continue
        if ours and started_at(int(entry.name)):
            found.append(int(entry.name))
    return found


def _program(entry: Path) -> str:
    # An upgrade of the wheel replaces the file under a running server: the kernel then appends this word.
    return str((entry / "exe").readlink()).removesuffix(" (deleted)").rpartition("/")[2]


def spawn(
    command: Sequence[str],
    *,
    account: Account,
    death_signal: signal.Signals,
    env: Mapping[str, str],
    cwd: Path = Path("/"),
    stdin: IO[Any] | int = subprocess.DEVNULL,
    output: IO[Any] | int,
    errors: IO[Any] | int = subprocess.STDOUT,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, as `account`; it gets `death_signal` when the calling thread ends.

    A session of its own keeps the terminal's Ctrl-C from reaching it before the supervisor decides the order.
    The death signal is set by setpriv after the change of account (the kernel clears it on that change); where
    setpriv is missing, what is left over after a kill -9 is found and stopped at the next start instead.
    """
    setpriv = shutil.which("setpriv")
    prefix = [setpriv, "--pdeathsig", death_signal.name.removeprefix("SIG"), "--"] if setpriv else []
    return subprocess.Popen(
        [*prefix, *command],
        cwd=cwd,
        env=dict(env),
        stdin=stdin,
        stdout=output,
        stderr=errors,
        start_new_session=True,
        **account.popen(),
    )


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll `condition` until it holds; False when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def signal_quietly(pid: int, number: signal.Signals, *, group: bool = False) -> None:
    """Send a signal; a process that has gone, or is not ours to signal, is no error."""
    try:
        if group:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def stop_group(leader: Identity, *, grace: float) -> bool:
    """End the session led by `leader`: TERM to it, `grace` seconds, then KILL for all. False when something survives.

    TERM goes to the leader alone: a Celery pool process that got it too would drop its job in the middle.
    """
    if leader.alive():
        signal_quietly(leader.pid, signal.SIGTERM)
        wait_until(lambda: not leader.alive(), grace)
    elif started_at(leader.pid):
        return True  # the number belongs to another process by now, hence its group has died out
    if not group_alive(leader.pid):
        return True
    # The kernel does not reuse a number while a group of that number has members.
    signal_quietly(leader.pid, signal.SIGKILL, group=True)
    return wait_until(lambda: not group_alive(leader.pid), 5)


def how_ended(code: int) -> str:
    """Return "signal SIGKILL" or "code 1" for a return code of subprocess."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"


def group_alive(leader: int) -> bool:
    """Say whether a process group still has a member that is not a zombie."""
    for entry in PROC.glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader and fields[0] not in "ZX":
            return True
    return False
