"""What a part of a period costs. Pure: no database, no clock. The policy is a term of the plan's version.

Conventions, as docs/plans.md tells them; the denominator is always the whole period of the plan:

- `day_ratio` (default): local days; the day of the start counts, the day of the end does not, whatever ends it. The ratio is
  kept to nine decimals, half up, before it meets the amount.
- `day_counts`: local days; the day of the start counts, and the day on which something is terminated counts, too. A
  change gives its day to what comes after. The ratio is exact.
- `seconds`: exact time.
- With 30 fixed days, the two that count days take every month as 30 days long: the 31st is the 30th, and so is the last
  day of February.

A line is rounded once, half up. `split` is for parts that must sum to the whole.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from billing.periods import UTC_ZONE, Period, day_start, local_day
from portal.kit.money import allocate, half_up

Policy = Literal["day_counts", "day_ratio", "seconds"]
RATIO_PLACES = 9
_SECOND = timedelta(microseconds=1)


def cut(moment: datetime, policy: Policy, zone: ZoneInfo = UTC_ZONE, *, ending: bool = False) -> datetime:
    """Where a period is cut in two when something changes at `moment`, or with `ending` is terminated: what is before is
    used, what is after is not (credit) or is the new plan's.

    Days are cut at local midnight: of the day itself, or under `day_counts` of the next one where it is terminated.
    """
    if policy == "seconds":
        return moment
    return day_start(moment, zone, plus=1 if ending and policy == "day_counts" else 0)


def units(part: Period, policy: Policy, zone: ZoneInfo = UTC_ZONE, fixed_days: int | None = None) -> int:
    """How long a part is in what the policy counts: days, or microseconds. Of parts without a gap they add up."""
    if policy == "seconds":
        return (part.end - part.start) // _SECOND
    if fixed_days is not None:
        return _fixed(local_day(part.end, zone)) - _fixed(local_day(part.start, zone))
    return part.days(zone)


def ratio(
    part: Period,
    whole: Period,
    policy: Policy = "day_ratio",
    zone: ZoneInfo = UTC_ZONE,
    *,
    fixed_days: int | None = None,
) -> Fraction:
    """The share that a part has of the whole period, 0 to 1. `ValueError` where it reaches out of it."""
    if part.start < whole.start or part.end > whole.end:
        raise ValueError("A part lies inside its whole period.")
    most = units(whole, policy, zone, fixed_days)
    if most <= 0:
        return Fraction(0)
    exact = Fraction(units(part, policy, zone, fixed_days), most)
    if policy != "day_ratio":
        return exact
    return Fraction(half_up(exact * 10**RATIO_PLACES), 10**RATIO_PLACES)


def prorated(
    amount: Fraction | Decimal | int,
    part: Period,
    whole: Period,
    policy: Policy = "day_ratio",
    zone: ZoneInfo = UTC_ZONE,
    *,
    fixed_days: int | None = None,
) -> Fraction:
    """What the part costs of what the whole period costs, in minor units, not rounded: round the line once, `half_up`."""
    return Fraction(amount) * ratio(part, whole, policy, zone, fixed_days=fixed_days)


def split(
    amount: int,
    parts: Sequence[Period],
    policy: Policy = "day_ratio",
    zone: ZoneInfo = UTC_ZONE,
    *,
    fixed_days: int | None = None,
) -> list[int]:
    """Integer parts of a whole period's amount that sum to exactly it, each less than a minor unit from what is exact:
    largest remainder, of equal ones the earlier. The parts follow each other without a gap and are the whole period.

    For amounts that are taken apart (revenue by day, one charge over several lines), where lines rounded each by
    itself could miss a minor unit. `ValueError` for parts with a gap, an overlap or no length.
    """
    if any(one.end != other.start for one, other in pairwise(parts)):
        raise ValueError("Parts follow each other without a gap.")
    return allocate(amount, [units(part, policy, zone, fixed_days) for part in parts])


def _fixed(day: date) -> int:
    """A date as a number of days in a calendar whose months all have 30."""
    last_of_february = day.month == 2 and (day + timedelta(days=1)).month == 3
    return day.year * 360 + day.month * 30 + (30 if last_of_february else min(day.day, 30))
