"""Identifiers: UUIDv7 (RFC 9562), made here and never by a database default.

Layout: 48 bits Unix milliseconds, 12 bits counter, 62 bits random. The counter makes ids of one process strictly
increasing within a millisecond; if 4,096 are used up, or the clock steps back, the millisecond is carried on. Under a
clock that was set (`clock.at`) ids follow that clock, also back, and leave the sequence of the present alone.
"""

import os
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from portal.kit import clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_lock = threading.Lock()


class _Sequence:
    """The place that the ids of one clock have come to: their millisecond and counter."""

    def __init__(self) -> None:
        self.asked = self.ms = self.counter = 0

    def following(self, now: int, start: int, *, back: bool) -> tuple[int, int]:
        """Millisecond and counter of the next id; `start` begins a new millisecond, `back` lets the time go back."""
        if now > self.ms or (back and now != self.asked):
            self.ms, self.counter = now, start
        else:
            self.counter += 1
            if self.counter > 0xFFF:
                self.ms, self.counter = self.ms + 1, 0
        self.asked = now
        return self.ms, self.counter


_present, _moved = _Sequence(), _Sequence()


def _after_fork() -> None:
    global _lock  # noqa: PLW0603 - a lock held by another thread at fork would stay locked in the child
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def uuid7() -> UUID:
    """A new id, greater than every earlier one of this process."""
    random = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    now_ms = int(clock.now().timestamp() * 1000)
    moved = clock.moved()
    with _lock:
        # Start low, so that the counter has room, and random, so that two processes rarely share a prefix.
        ms, counter = (_moved if moved else _present).following(now_ms, random >> 52 & 0x3FF, back=moved)
    return UUID(int=ms << 80 | _VERSION | counter << 64 | _VARIANT | random)


def texts_at(moments: Sequence[datetime]) -> list[str]:
    """A new id of each moment (aware), in hexadecimal digits: for many rows that are written later than they happened.

    Random within their millisecond. One call for all, since a UUID object costs more than the row that it is for.
    """
    random = os.urandom(9 * len(moments)).hex()
    return [
        f"{int(moment.timestamp() * 1000):012x}7{random[at : at + 3]}8{random[at + 3 : at + 18]}"
        for moment, at in zip(moments, range(0, 18 * len(moments), 18), strict=True)
    ]


def first_of(moment: datetime) -> UUID:
    """The lowest UUIDv7 of `moment`'s millisecond: a bound for ranges by time. `moment` is aware."""
    # In whole numbers: a float loses milliseconds of far-away years.
    return UUID(int=(moment - _EPOCH) // timedelta(milliseconds=1) << 80 | _VERSION | _VARIANT)


def time_of(identifier: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond, in UTC."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)
