"""Access lines leave the web server in batches; everything else that is logged leaves at once, after them.

A line of its own for each request is a system call, at which the interpreter goes to another thread and has to be
waited for: an eighth of a signed-in request. At most `INTERVAL_SECONDS` of access lines are lost to a kill -9.
"""

import atexit
import io
import os
import sys
import threading
import time
from collections import deque
from typing import Protocol

INTERVAL_SECONDS = 0.1


class Stream(Protocol):
    """What lines can be written to: standard output, a log file."""

    def write(self, text: str, /) -> int:
        """Write whole lines."""

    def flush(self) -> None:
        """Keep nothing back."""

    def fileno(self) -> int:
        """The descriptor below."""


class Batched(io.TextIOBase):
    """An output that keeps what is written within `later` and hands it on soon, in one piece."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._kept: deque[str] = deque()
        self._start()
        os.register_at_fork(after_in_child=self._start)
        atexit.register(self.drain)

    def _start(self) -> None:
        # Also after a fork: threads and held locks stay behind in the parent, which writes what it has kept.
        self._kept.clear()
        self._writing = threading.RLock()
        self._arrived = threading.Event()
        self._thread: threading.Thread | None = None

    def write(self, text: str) -> int:
        """Keep `text` within `later`; else write it, after what is kept."""
        if not later.on:
            with self._writing:
                self.drain()
                return self._stream.write(text)
        self._kept.append(text)
        if not self._arrived.is_set():
            self._wake()
        return len(text)

    def flush(self) -> None:
        """Flush what was written; what is kept stays so within `later`."""
        if not later.on:
            self.drain()
            self._stream.flush()

    def fileno(self) -> int:
        """The descriptor below."""
        return self._stream.fileno()

    def drain(self) -> None:
        """Write what is kept."""
        if self._kept:
            with self._writing:
                text = "".join([self._kept.popleft() for _ in range(len(self._kept))])
                self._stream.write(text)
                self._stream.flush()

    def _wake(self) -> None:
        self._arrived.set()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, args=(self._arrived,), name="lines", daemon=True)
            self._thread.start()

    def _run(self, arrived: threading.Event) -> None:
        while True:
            arrived.wait()
            time.sleep(INTERVAL_SECONDS)
            arrived.clear()
            try:
                self.drain()
            except (OSError, ValueError):
                continue  # A full disk or closed pipe: these lines are gone, the next may pass.


class _Later(threading.local):
    """`with lines.later:` what this thread writes within the block may wait, where standard output is `Batched`."""

    on = False

    def __enter__(self) -> None:
        self.on = True

    def __exit__(self, *_: object) -> None:
        self.on = False


later = _Later()


def batch() -> None:
    """Make standard output of this process `Batched`; once."""
    if not isinstance(sys.stdout, Batched):
        sys.stdout = Batched(sys.stdout)
