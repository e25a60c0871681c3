"""The one clock. Nothing in Steward asks the operating system for the time but this module."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_fixed: ContextVar[datetime | None] = ContextVar("steward_clock", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _fixed.get() or datetime.now(UTC)


def moved() -> bool:
    """Whether the present was set by `at`."""
    return _fixed.get() is not None


def steady() -> float:
    """Seconds by a clock that nobody sets, and that goes on while the machine sleeps: for durations, in one process."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Make `moment` (aware) the present for the block: tests, test clocks and the demo's past."""
    if moment.tzinfo is None:
        raise ValueError("The clock needs an aware datetime; write one with a time zone.")
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)
