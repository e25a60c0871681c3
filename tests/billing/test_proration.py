"""What parts of periods cost, under each policy. Names tell the scenario's id."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from billing.periods import Interval, Period, anchor_of, period_at, periods, plus_days
from billing.proration import Policy, cut, prorated, ratio, split, units
from portal.kit.money import half_up
from tests.billing.test_periods import MONTH, UTC_ZONE, YEAR, at

POLICIES: tuple[Policy, ...] = ("day_counts", "day_ratio", "seconds")


def part(start: str, end: str) -> Period:
    """A period from text."""
    return Period(at(start), at(end))


def line(amount: int | Decimal, piece: Period, whole: Period, policy: Policy, fixed_days: int | None = None) -> int:
    """A line of a document: rounded once."""
    return half_up(prorated(amount, piece, whole, policy, fixed_days=fixed_days))


def test_b01_upgrade_exactly_half_way() -> None:
    whole = part("2024-04-01", "2024-05-01")
    rest = Period(cut(at("2024-04-16"), "seconds"), whole.end)
    credit, charge = (-line(1000, rest, whole, "seconds"), line(2000, rest, whole, "seconds"))
    assert (credit, charge, credit + charge) == (-500, 1000, 500)


def test_b03_signup_mid_calendar_month() -> None:
    start = at("2024-03-05")
    anchor = anchor_of(start, MONTH, kind="calendar")
    first = periods(anchor, start, start)[0]
    assert line(1000, first, period_at(anchor, start), "day_counts") == 871


def test_b05_second_upgrade_the_same_day() -> None:
    whole = part("2024-03-01", "2024-04-01")
    rest = Period(cut(at("2024-03-12T09:00"), "day_counts"), whole.end)
    assert rest == Period(cut(at("2024-03-12T10:00"), "day_counts"), whole.end)
    assert line(1900, rest, whole, "day_counts") == 1226
    assert half_up(prorated(1500, rest, whole, "day_counts") * Fraction(5, 4)) == 1210


def test_b07_monthly_to_yearly_upgrade_over_a_leap_year() -> None:
    start, change = at("2023-06-29"), at("2023-09-28")
    month, year = (period_at(anchor_of(start, interval), change) for interval in (MONTH, YEAR))
    assert (month.days(), year.days()) == (31, 366)
    assert line(1000, month.clipped(cut(change, "day_counts")), month, "day_counts") == 32
    assert line(12000, year.clipped(cut(change, "day_counts")), year, "day_counts") == 9016


def test_b09_denominator_is_the_whole_period_after_an_upgrade() -> None:
    anchor = anchor_of(at("2024-04-15"), Interval("month", 3))
    whole = period_at(anchor, at("2024-05-20"))
    used = Period(at("2024-05-20"), cut(at("2024-06-20T17:00"), "day_counts", ending=True))
    assert (whole.days(), used.days()) == (91, 32)
    assert line(91000, used, whole, "day_counts") == 32000


@pytest.mark.parametrize(("until", "cycles"), [("2011-02-01", 0), ("2011-02-13", 1), ("2011-04-13", 3)])
def test_b11_leading_part_period(until: str, cycles: int) -> None:
    start = at("2011-02-01")
    anchor = anchor_of(start, MONTH, day=13)
    found = periods(anchor, start, at(until))
    exact = [Fraction(one.days(), period_at(anchor, one.start).days()) for one in found]
    assert sum(exact) == Fraction(12, 31) + cycles


def test_b13_february_part_period_in_a_leap_year() -> None:
    whole = period_at(anchor_of(at("2012-02-01"), MONTH, day=1), at("2012-02-01"))
    piece = part("2012-02-01", "2012-02-15")
    assert Fraction(units(piece, "day_ratio"), units(whole, "day_ratio")) == Fraction(14, 29)
    assert ratio(piece, whole) == Fraction("0.482758621")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2023-05-23", "2023-06-15", "0.733333333"),
        ("2023-06-23", "2023-07-15", "0.733333333"),
        ("2023-02-23", "2023-03-15", "0.733333333"),
        ("2024-02-23", "2024-03-15", "0.733333333"),
        ("2023-05-15", "2023-05-23", "0.266666667"),
    ],
)
def test_b15_fixed_30_day_months(start: str, end: str, expected: str) -> None:
    whole = period_at(anchor_of(at(start), MONTH, day=15), at(start))
    assert ratio(part(start, end), whole, fixed_days=30) == Fraction(expected)


@pytest.mark.parametrize(
    ("first", "last"), [("2023-01-31", "2023-02-28"), ("2024-02-29", "2024-03-31"), ("2024-05-31", "2024-06-30")]
)
def test_a_fixed_month_has_30_days_whichever_it_is(first: str, last: str) -> None:
    assert units(part(first, last), "day_ratio", UTC_ZONE, 30) == 30
    assert ratio(part(first, last), part(first, last), fixed_days=30) == 1


@pytest.mark.parametrize(
    ("amount", "piece", "whole", "expected"),
    [
        # B17: add-ons join; the numbers of its lines.
        (2500, ("2012-04-28", "2012-05-25"), ("2012-04-25", "2012-05-25"), 2250),
        # B19: cancelled at once; what is credited.
        (1200, ("2011-04-29", "2011-05-05"), ("2011-04-05", "2011-05-05"), 240),
        # B21: the ratio alone, before the cap, and the new line.
        (24995, ("2012-05-02", "2012-06-01"), ("2012-05-01", "2012-06-01"), 24189),
        (995, ("2012-05-02", "2012-06-01"), ("2012-05-01", "2012-06-01"), 963),
        # C03: a trial, then bill day 31, at two prices.
        (24995, ("2012-03-02", "2012-03-31"), ("2012-02-29", "2012-03-31"), 23382),
        (59995, ("2012-03-02", "2012-03-31"), ("2012-02-29", "2012-03-31"), 56124),
        # C05: a discount phase joins bill day 15.
        (995, ("2012-04-05", "2012-04-15"), ("2012-03-15", "2012-04-15"), 321),
        # G01: service stood still for ten days.
        (24995, ("2012-07-10", "2012-07-20"), ("2012-06-30", "2012-07-31"), 8063),
    ],
)
def test_b17_b19_b21_c03_c05_g01_lines_of_parts(
    amount: int, piece: tuple[str, str], whole: tuple[str, str], expected: int
) -> None:
    assert line(amount, part(*piece), part(*whole), "day_ratio") == expected


def test_c01_trial_end_inside_a_calendar_month() -> None:
    ends = plus_days(at("2024-03-05T12:12"), 10)
    anchor = anchor_of(ends, MONTH, kind="calendar")
    assert ends == at("2024-03-15T12:12")
    first = periods(anchor, ends, ends)[0]
    assert line(5_000_000, first, period_at(anchor, ends), "day_counts") == 2_741_935


def test_c03_and_c05_join_the_bill_day_by_themselves() -> None:
    for start, day, first, last in (
        ("2012-03-02", 31, "2012-02-29", "2012-03-31"),
        ("2012-04-05", 15, "2012-03-15", "2012-04-15"),
    ):
        assert period_at(anchor_of(at(start), MONTH, day=day), at(start)) == part(first, last)


@pytest.mark.parametrize(
    ("amount", "whole", "end", "expected"),
    [
        (20000, ("2024-04-01", "2024-05-01"), "2024-04-01T11:00", 19333),  # D01
        (2999, ("2025-10-06", "2025-10-13"), "2025-10-06T11:00", 2571),  # D03
        (5000, ("2023-02-08", "2023-03-08"), "2023-02-08T11:00", 4821),  # D07
    ],
)
def test_d01_d03_d07_what_is_left_after_the_day_of_termination(
    amount: int, whole: tuple[str, str], end: str, expected: int
) -> None:
    period = part(*whole)
    unused = period.clipped(cut(at(end), "day_counts", ending=True))
    assert line(amount, unused, period, "day_counts") == expected


def test_the_policies_differ_in_where_they_cut() -> None:
    noon = at("2024-04-10T12:00")
    assert [cut(noon, policy, ending=True) for policy in POLICIES] == [at("2024-04-11"), at("2024-04-10"), noon]
    assert [cut(noon, policy) for policy in POLICIES] == [at("2024-04-10"), at("2024-04-10"), noon]
    juneau = ZoneInfo("America/Juneau")
    assert cut(at("2015-11-01T06:30"), "day_ratio", juneau) == at("2015-10-31T08:00")


def test_a_part_outside_its_whole_or_parts_with_a_gap_are_refused() -> None:
    whole = part("2024-04-01", "2024-05-01")
    with pytest.raises(ValueError, match="inside"):
        prorated(100, part("2024-03-31", "2024-04-10"), whole)
    with pytest.raises(ValueError, match="gap"):
        split(100, [part("2024-04-01", "2024-04-10"), part("2024-04-11", "2024-05-01")])
    assert ratio(Period(whole.start, whole.start), Period(whole.start, whole.start)) == 0


_STARTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_SPLITS = st.lists(st.integers(0, 366 * 24 * 60), max_size=6)


@given(
    _STARTS, _SPLITS, st.integers(-(10**9), 10**9), st.sampled_from(POLICIES), st.sampled_from([None, 30]),
    st.sampled_from(["month", "year"]), st.sampled_from(["UTC", "Asia/Beirut", "America/New_York"]),
)  # fmt: skip
def test_parts_sum_to_the_whole(  # noqa: PLR0917 - one value of each kind
    start: datetime, minutes: list[int], amount: int, policy: Policy, fixed: int | None, unit: str, name: str
) -> None:
    zone = ZoneInfo(name)
    interval = Interval("month" if unit == "month" else "year")
    whole = period_at(anchor_of(start, interval, zone, exact=policy == "seconds"), start)
    cuts = sorted(cut(whole.clipped(whole.start + timedelta(minutes=one)).start, policy, zone) for one in minutes)
    ends = [whole.start, *(min(max(one, whole.start), whole.end) for one in cuts), whole.end]
    parts = [Period(one, other) for one, other in itertools.pairwise(ends)]
    shares = split(amount, parts, policy, zone, fixed_days=fixed)
    assert sum(shares) == amount
    most = units(whole, policy, zone, fixed)
    assert sum(units(one, policy, zone, fixed) for one in parts) == most
    exact = [Fraction(amount * units(one, policy, zone, fixed), most) for one in parts]
    assert all(abs(share - one) < 1 for share, one in zip(shares, exact, strict=True))
    if policy != "day_ratio":
        assert sum(prorated(amount, one, whole, policy, zone, fixed_days=fixed) for one in parts) == amount


@given(_STARTS, st.integers(1, 365), st.integers(1, 10**8))
def test_used_and_unused_lines_make_up_the_whole(start: datetime, days: int, amount: int) -> None:
    whole = period_at(anchor_of(start, YEAR), start)
    middle = cut(whole.start + timedelta(days=days), "day_ratio")
    assume(middle in whole)
    used, unused = Period(whole.start, middle), Period(middle, whole.end)
    lines = [half_up(prorated(amount, one, whole)) for one in (used, unused)]
    # Each line is rounded by itself: only where both halves end in exactly .5 is a minor unit too much.
    assert 0 <= sum(lines) - amount <= 1
