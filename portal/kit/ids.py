"""Identifiers: UUIDv7 (RFC 9562), made here and never by a database default.

Layout: 48 bits Unix milliseconds, 12 bits counter, 62 bits random. The counter makes ids of one process strictly
increasing within a millisecond; if 4,096 are used up, or the clock steps back, the millisecond is carried on.
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
_last_ms = 0
_counter = 0


def _after_fork() -> None:
    global _lock  # noqa: PLW0603 - a lock held by another thread at fork would stay locked in the child
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def uuid7() -> UUID:
    """A new id, greater than every earlier one of this process."""
    global _last_ms, _counter  # noqa: PLW0603 - the state of the sequence
    random = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    now_ms = int(clock.now().timestamp() * 1000)
    with _lock:
        if now_ms > _last_ms:
            # Start low, so that the counter has room, and random, so that two processes rarely share a prefix.
            _last_ms, _counter = now_ms, random >> 52 & 0x3FF
        else:
            _counter += 1
            if _counter > 0xFFF:
                _last_ms, _counter = _last_ms + 1, 0
        ms, counter = _last_ms, _counter
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
