"""Billing periods: where they begin and end. Pure: no database, no clock.

Conventions, as docs/plans.md tells them: a period is half-open, [start, end), in UTC. Its ends are counted from the anchor
in the customer's time zone by the rules of that zone at that date, never from the period before: an anchor on the 31st falls on
the last day of a shorter month and on the 31st again in the next one. A local time that the clocks skip is taken as
much later as they skip; one that comes twice is the first. A period that holds 29 February has a day more.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Unit = Literal["day", "week", "month", "year"]
AnchorKind = Literal["calendar", "anniversary"]
UTC_ZONE = ZoneInfo("UTC")
MIDNIGHT = time()


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A half-open span of time, [start, end), aware, in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None or self.end < self.start:
            raise ValueError("A period is aware and does not end before it starts.")

    def __bool__(self) -> bool:
        return self.start < self.end

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def clipped(self, start: datetime | None = None, end: datetime | None = None) -> "Period":
        """The part of it from `start` until `end`; empty where nothing is left."""
        first = self.start if start is None else max(self.start, start)
        last = self.end if end is None else min(self.end, end)
        return Period(first, max(first, last))

    def days(self, zone: ZoneInfo = UTC_ZONE) -> int:
        """Local days from the day of its start until, without, the day of its end."""
        return (local_day(self.end, zone) - local_day(self.start, zone)).days


@dataclass(frozen=True, slots=True)
class Interval:
    """How long a period is: so many days, weeks, months or years."""

    unit: Unit
    count: int = 1

    def __post_init__(self) -> None:
        if self.unit not in ("day", "week", "month", "year") or self.count < 1:
            raise ValueError("An interval is at least one day, week, month or year.")

    @property
    def months(self) -> int:
        """Its length in months; 0 for days and weeks."""
        return self.count * {"month": 1, "year": 12}.get(self.unit, 0)

    @property
    def days(self) -> int:
        """Its length in days; 0 for months and years."""
        return self.count * {"day": 1, "week": 7}.get(self.unit, 0)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where periods are counted from: a local date and time of a zone, and the day of the month kept apart from it.

    `day` is the bill day (1 to 31) of intervals of months and years, so that one that began on 30 April with bill day
    31 ends on 31 May.
    """

    on: date
    interval: Interval
    zone: ZoneInfo = UTC_ZONE
    day: int = 0
    at: time = MIDNIGHT

    def __post_init__(self) -> None:
        if not 0 <= self.day <= 31:
            raise ValueError("A bill day is 1 to 31.")
        if self.day == 0:
            object.__setattr__(self, "day", self.on.day)

    def boundary(self, number: int) -> datetime:
        """The start of the period with this number, in UTC; number 0 holds the anchor's own date, or starts on it."""
        if self.interval.days:
            return moment_of(self.on + timedelta(days=number * self.interval.days), self.at, self.zone)
        index = self.on.year * 12 + self.on.month - 1 + number * self.interval.months
        year, month = index // 12, index % 12 + 1
        return moment_of(date(year, month, min(self.day, monthrange(year, month)[1])), self.at, self.zone)


def anchor_of(
    start: datetime,
    interval: Interval,
    zone: ZoneInfo = UTC_ZONE,
    *,
    kind: AnchorKind = "anniversary",
    day: int = 0,
    exact: bool = False,
) -> Anchor:
    """The anchor of something that starts at `start`.

    `calendar`: midnight of the first day of the local month, year, week (Monday) or day. `anniversary`: the local day of
    the start, or the bill `day`; at midnight, or with `exact` at its very time of day (for plans that count seconds).
    """
    local = start.astimezone(zone)
    on = local.date()
    if kind == "calendar":
        first = {"month": on.replace(day=1), "year": on.replace(month=1, day=1), "day": on}
        return Anchor(first.get(interval.unit, on - timedelta(days=on.weekday())), interval, zone)
    return Anchor(on, interval, zone, day=day if interval.months else 0, at=local.time() if exact else MIDNIGHT)


def period_at(anchor: Anchor, moment: datetime) -> Period:
    """The whole period that holds `moment`."""
    number = _guess(anchor, moment)
    while anchor.boundary(number) > moment:
        number -= 1
    while anchor.boundary(number + 1) <= moment:
        number += 1
    return Period(anchor.boundary(number), anchor.boundary(number + 1))


def periods(anchor: Anchor, start: datetime, until: datetime) -> list[Period]:
    """The periods of something that starts at `start` and that have begun at `until` (including one that begins right
    then), oldest first: no gap, no overlap. The first begins at `start` and may so be a part; `period_at` of its start
    is the whole one, by which it is prorated. Empty where `until` is before `start`.
    """
    if until < start:
        return []
    return list(_periods(anchor, start, until))


def _periods(anchor: Anchor, start: datetime, until: datetime) -> Iterator[Period]:
    found = period_at(anchor, start).clipped(start)
    while found.start <= until:
        yield found
        found = period_at(anchor, found.end)


def next_boundary(anchor: Anchor, moment: datetime) -> datetime:
    """The first start of a period after `moment`."""
    return period_at(anchor, moment).end


def plus_days(moment: datetime, days: int, zone: ZoneInfo = UTC_ZONE) -> datetime:
    """The same local time of day, so many days later (trials): a day may have 23 or 25 hours."""
    local = moment.astimezone(zone)
    return moment_of(local.date() + timedelta(days=days), local.time(), zone)


def local_day(moment: datetime, zone: ZoneInfo = UTC_ZONE) -> date:
    """The date of a moment, where the customer lives."""
    return moment.astimezone(zone).date()


def day_start(moment: datetime, zone: ZoneInfo = UTC_ZONE, *, plus: int = 0) -> datetime:
    """When the local day of a moment began, or the one so many days later, in UTC."""
    return moment_of(local_day(moment, zone) + timedelta(days=plus), MIDNIGHT, zone)


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A local date and time in UTC; skipped times are later by as much as is skipped, doubled ones the first."""
    return datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)


def _guess(anchor: Anchor, moment: datetime) -> int:
    """A number of a period near the moment; `period_at` walks the rest."""
    local = local_day(moment, anchor.zone)
    if anchor.interval.days:
        return (local - anchor.on).days // anchor.interval.days
    months = (local.year - anchor.on.year) * 12 + local.month - anchor.on.month
    return months // anchor.interval.months
