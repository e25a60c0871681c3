"""Waiting for other processes and threads: polled with a deadline, never slept for."""

import select
import time
from collections.abc import Callable


def wait_for(
    condition: Callable[[], bool], *, what: str, seconds: float = 60, tick: Callable[[], object] = lambda: None
) -> None:
    """Poll until `condition` holds; `tick` is called each time (a beat's turn)."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        tick()
        select.select([], [], [], 0.02)  # Leave the processor to the others.
