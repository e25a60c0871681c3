"""The pytest side of `gates.mutation`: first everything as it is, then a fork for each mutant (`-p gates.mutants`)."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from gates.mutation import Mutant, swap

SECONDS = 60  # A mutant that goes round for ever is noticed too.


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Run the tests in forks: unchanged, where they must pass, and changed."""
    asked = [Mutant(**values) for values in json.loads(os.environ["STEWARD_MUTANTS"])]
    ends = Path(os.environ["STEWARD_MUTANT_ENDS"])
    began = time.monotonic()
    if _forked(session, None, SECONDS * 10) != "survived":
        session.testsfailed = 1
        return True
    patience = max(SECONDS, 4 * (time.monotonic() - began))
    with ends.open("a", encoding="utf-8") as stream:
        for mutant in asked:
            end = _forked(session, mutant, patience)
            stream.write(json.dumps({**vars(mutant), "end": end}) + "\n")
            stream.flush()
    return True


def _forked(session: pytest.Session, mutant: Mutant | None, seconds: float) -> str:
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os._exit(_child(session, mutant))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "survived" if status == 0 else "noticed"
        time.sleep(0.05)  # The child runs for seconds; nothing is waited for that could be told.
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "went on for ever"


def _child(session: pytest.Session, mutant: Mutant | None) -> int:
    try:
        if mutant is not None:
            swap(mutant)
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                return 1
    except BaseException:  # noqa: BLE001 - whatever ends the child is a mutant that was noticed
        return 1
    return 0  # Every test passed.
