"""What is billed for days to come is earned day by day: the days of a line, and how much of it is earned by each. Pure.

A day counts when it is over in the time zone of the customer. Of every day but the last, what is earned by its end is the
exact share, rounded once: the parts of days differ by at most one minor unit, and their sum is exactly the whole.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from portal.kit.money import half_up


@dataclass(frozen=True, slots=True)
class Spread:
    """`amount` minor units over the days [first, end)."""

    amount: int
    first: date
    end: date

    def earned_by(self, day: date) -> int:
        """What is earned of it when every day before `day` is over."""
        done = min(max((day - self.first).days, 0), (self.end - self.first).days)
        return half_up(Fraction(self.amount * done, (self.end - self.first).days))

    def clamped(self, day: date) -> date:
        """`day`, or the nearest one that this knows."""
        return min(max(day, self.first), self.end)


def spread_of(amount: int, start: datetime, end: datetime, zone: ZoneInfo) -> Spread:
    """The days of [start, end): those that begin in it, the first one whole; at least one."""
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    return Spread(amount, first, max(last, first + timedelta(days=1)))
