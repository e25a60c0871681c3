"""Cron lines: what they may hold, and when they come.

`cronsim` reads the line; time is ours, because its own rules of summer time differ from the policy's. A line that names
hours stands for local times: one that the clock skips comes at the next existing time, one that the clock repeats
comes once. A line for every hour is an interval: it keeps its pace through the repeated hour, and what the clock
skips is not made up for, since the next one comes as soon as ever.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LONGEST = 100  # Characters of a line.
EVERY_HOUR = set(range(24))
# The words of a field, and the numbers and names that it takes.
FIELDS = (
    (gettext_lazy("minute"), "0-59"),
    (gettext_lazy("hour"), "0-23"),
    (gettext_lazy("day of the month"), "1-31, L"),
    (gettext_lazy("month"), "1-12, JAN-DEC"),
    (gettext_lazy("day of the week"), "0-7, SUN-SAT, 1#2, 5L"),
)
_FORMS = "*, 5, 1,15, 1-5, */10"


class CronInvalid(ValueError):
    """A line or zone that cannot be used; its text is the sentence for the person."""


@dataclass(frozen=True)
class Cron:
    """A line that comes at least once in the next 50 years."""

    line: str
    minutes: frozenset[int]
    hours: frozenset[int]

    @property
    def is_interval(self) -> bool:
        """Whether it comes in every hour of the days it comes on."""
        return self.hours >= EVERY_HOUR

    def after(self, moment: datetime, time_zone: str) -> Iterator[datetime]:
        """Its slots after `moment` (aware), in UTC, without end unless the line does; each instant once."""
        zone = zone_of(time_zone)
        last = moment
        for slot in self._interval(moment, zone) if self.is_interval else self._local(moment, zone):
            # The repeated hour begins before `moment` once more, and a gap draws several local times together.
            if slot > last:
                last = slot
                yield slot

    def _interval(self, moment: datetime, zone: tzinfo) -> Iterator[datetime]:
        minute, _hour, *rest = self.line.split()
        # With a star for the hour cronsim walks along UTC.
        for found in CronSim(" ".join([minute, "*", *rest]), moment.astimezone(zone)):
            yield found.astimezone(UTC)

    def _local(self, moment: datetime, zone: tzinfo) -> Iterator[datetime]:
        for wall in CronSim(self.line, moment.astimezone(zone).replace(tzinfo=None)):
            yield _existing(wall, zone)


def _existing(wall: datetime, zone: tzinfo) -> datetime:
    """The instant of a local time: of a repeated one the first, of a skipped one where the clock goes on."""
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:
        return early
    # Skipped: read with the offset before the gap it lies behind it, with the one after it before it.
    while late < early:
        middle = late + (early - late) // 2
        middle -= timedelta(microseconds=middle.microsecond, seconds=middle.second)
        if middle <= late:
            break
        if middle.astimezone(zone).replace(tzinfo=None) > wall:
            early = middle
        else:
            late = middle
    return early.replace(second=0, microsecond=0)


def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name; `CronInvalid` for a name that the time zone database does not have."""
    if name not in _zones():
        raise CronInvalid(_("There is no time zone of this name. Write one such as Europe/Vienna or UTC."))
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone_names() -> list[str]:
    """Every zone that can be chosen, in order."""
    return sorted(name for name in _zones() if name[:1].isupper() and not name.startswith("SystemV"))


@lru_cache(maxsize=512)
def _parsed(line: str) -> Cron:
    simulated = CronSim(line, datetime(2024, 1, 1))  # noqa: DTZ001 - a wall clock without a zone
    next(simulated)
    return Cron(line, frozenset(simulated.minutes), frozenset(simulated.hours))


def parse(line: str) -> Cron:
    """The line; `CronInvalid` says which field is wrong and what it takes, or that the line never comes."""
    line = " ".join(line.split())
    parts = line.split()
    if len(line) > LONGEST:
        raise CronInvalid(_("Write at most %(limit)s characters.") % {"limit": LONGEST})
    if len(parts) != len(FIELDS):
        raise CronInvalid(
            _(
                "Write five fields with spaces between: minute, hour, day of the month, month, day of the week. This has %(n)s."
            )
            % {"n": len(parts)}
        )
    for place, part in enumerate(parts):
        _check_field(place, part)
    try:
        return _parsed(line)
    except (CronSimError, StopIteration):
        raise CronInvalid(
            _("This never comes: no month that it names has such a day. Choose another day or month.")
        ) from None


def _check_field(place: int, part: str) -> None:
    words, takes = FIELDS[place]
    try:
        # Alone among stars, so that a day that comes in no month is no fault of its field.
        fields = ["*"] * len(FIELDS)
        fields[place] = part
        CronSim(" ".join(fields), datetime(2024, 1, 1))  # noqa: DTZ001
    except (CronSimError, AssertionError, ValueError, IndexError):
        raise CronInvalid(
            _("The %(field)s “%(part)s” is not valid. Allowed are %(takes)s, in the forms %(forms)s.")
            % {"field": words, "part": part, "takes": takes, "forms": _FORMS}
        ) from None


@lru_cache(maxsize=1024)  # The beat asks it every second, for each schedule from its last slot on.
def next_slot(line: str, time_zone: str, after: datetime) -> datetime:
    """The first slot after `after` (aware), in UTC; `CronInvalid` for what cannot be read or comes no more."""
    found = next(parse(line).after(after, time_zone), None)
    if found is None:
        raise CronInvalid(_("This comes no more in the next 50 years. Choose another day or month."))
    return found


def slots(line: str, time_zone: str, after: datetime, number: int) -> list[datetime]:
    """The next `number` slots, in UTC; fewer where the line ends."""
    found = parse(line).after(after, time_zone)
    return [slot for slot, _place in zip(found, range(number), strict=False)]


def latest(line: str, time_zone: str, after: datetime, until: datetime) -> datetime | None:
    """The last slot after `after` and not after `until`; None where there is none."""
    first = next_slot(line, time_zone, after)
    if first > until:
        return None
    # A line for each minute has half a million slots in a year of absence: look at the last days first.
    near = max(first - timedelta(seconds=1), until - timedelta(days=8))
    return _last(line, time_zone, near, until) or _last(line, time_zone, first - timedelta(seconds=1), until)


def _last(line: str, time_zone: str, after: datetime, until: datetime) -> datetime | None:
    found = None
    for slot in parse(line).after(after, time_zone):
        if slot > until:
            break
        found = slot
    return found


def between(line: str, time_zone: str, after: datetime, until: datetime, most: int = 5000) -> int:
    """How many slots lie after `after` and not after `until`, counted up to `most`."""
    number = 0
    for slot in parse(line).after(after, time_zone):
        if slot > until or number >= most:
            break
        number += 1
    return number
