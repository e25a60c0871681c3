"""What happens too often to be written down one by one: counted in the process, added to the day's row every minute.

To count costs some 30 ns. The thread that hands on the activity writes the counts, so those of processes that answer no
requests (workers) are not among them. A killed process takes its last minute with it; a stop hands it on.
"""

import logging
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count

from django.db import InterfaceError, OperationalError, connection

from portal.kit import clock, context, ids
from portal.kit.models.tallies import Tally
from portal.kit.services import writing

EVERY_SECONDS = 60.0
log = logging.getLogger("steward.tallies")
_ADD = """
INSERT INTO kit_tally AS known (id, day, name, number, created_at, changed_at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (name, day) DO UPDATE SET number = known.number + excluded.number, changed_at = excluded.changed_at
"""
# Any number of processes tell of the same minute; the first counts it.
_MINUTE = f"{_ADD} WHERE known.changed_at < date_trunc('minute', excluded.changed_at)"


class Counter:
    """A count of this process. `bump()` adds one, from any thread."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._steps = count()
        self._asked = self._written = 0
        self.bump = self._steps.__next__
        _counters.append(self)

    def waiting(self) -> int:
        """What was counted and not written yet."""
        self._asked += 1  # To ask is a step, too.
        return self.bump() - self._asked + 1 - self._written

    def written(self, number: int) -> None:
        """So many of them are in the database."""
        self._written += number


_counters: list[Counter] = []
_flushing = threading.Lock()
_last = clock.steady()


def _after_fork() -> None:
    global _flushing  # noqa: PLW0603 - a lock held by another thread at fork would stay locked in the child
    _flushing = threading.Lock()
    for counter in _counters:
        counter.written(counter.waiting())  # The parent hands on what it has seen.


os.register_at_fork(after_in_child=_after_fork)


def flush_due() -> None:
    """Write the counts if they were not written for a minute; called by a thread, outside of requests."""
    if clock.steady() - _last >= EVERY_SECONDS:
        flush()


def flush() -> bool:
    """Write the counts; False when the database is away, and they wait on."""
    global _last  # noqa: PLW0603 - one per process
    with _flushing:
        _last = clock.steady()
        waiting = [(counter, number) for counter in _counters if (number := counter.waiting())]
        try:
            tallies_add(counts={counter.name: number for counter, number in waiting})
        except (OperationalError, InterfaceError) as error:
            log.warning("%s counts wait for the database (%s).", len(waiting), type(error).__name__)
            return False
        for counter, number in waiting:
            counter.written(number)
        return True


def tallies_add(*, counts: Mapping[str, int]) -> None:
    """Add to the counts of today; nothing for nothing. Raises what the database raises."""
    if not counts:
        return
    now = clock.now()
    with context.system("Counting"), writing(), connection.cursor() as cursor:
        for name, number in sorted(counts.items()):  # In one order: no two processes wait for each other.
            cursor.execute(_ADD, [ids.uuid7(), now.date(), name, number, now, now])


def minute_note(*, name: str) -> None:
    """Count the running minute of today once, whoever else tells of it too."""
    now = clock.now()
    with writing(), connection.cursor() as cursor:
        cursor.execute(_MINUTE, [ids.uuid7(), now.date(), name, 1, now, now])


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted over days, and the minutes of them since the first count ever and up to now."""

    numbers: Mapping[str, int]
    minutes: int


def counted(names: Iterable[str], first: date, last: date, end: datetime) -> Counted | None:
    """The counts of some names from `first` to `last`, up to `end`; None when none was counted before that."""
    rows = list(Tally.objects.filter(name__in=list(names), day__gte=first, day__lte=last).values_list("name", "number"))
    began = (
        Tally.objects.filter(name__in=list(names), day__lte=last)
        .order_by("day", "created_at")
        .values_list("created_at", flat=True)
        .first()
    )
    if began is None:
        return None
    numbers: dict[str, int] = {}
    for name, number in rows:
        numbers[name] = numbers.get(name, 0) + number
    since = max(began.replace(second=0, microsecond=0), datetime(first.year, first.month, first.day, tzinfo=end.tzinfo))
    return Counted(numbers, max(0, -int(-(min(end, clock.now()) - since).total_seconds() // 60)))
