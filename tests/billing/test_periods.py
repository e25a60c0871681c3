"""Billing periods: they never drift, follow the rules of the zone, and leave no gap. Names tell the scenario's id."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.periods import (
    Anchor,
    Interval,
    Period,
    Unit,
    anchor_of,
    day_start,
    local_day,
    moment_of,
    next_boundary,
    period_at,
    periods,
    plus_days,
)

ZONES = ["UTC", "Europe/Berlin", "America/Juneau", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Beirut"]
MONTH, YEAR = Interval("month"), Interval("year")


def at(text: str) -> datetime:
    """A moment, in UTC unless it says otherwise."""
    return datetime.fromisoformat(text).replace(tzinfo=datetime.fromisoformat(text).tzinfo or UTC)


def days_of(found: list[Period], zone: ZoneInfo) -> list[tuple[str, str]]:
    """First and last day of each, both included, as P-LAGO writes periods."""
    return [
        (str(local_day(one.start, zone)), str(local_day(one.end - timedelta(microseconds=1), zone))) for one in found
    ]


UTC_ZONE = ZoneInfo("UTC")


def test_a01_monthly_anchor_on_the_31st() -> None:
    start = at("2024-01-31T01:00")
    anchor = anchor_of(start, MONTH)
    assert days_of(periods(anchor, start, at("2024-04-29T23:59")), UTC_ZONE) == [
        ("2024-01-31", "2024-02-28"),
        ("2024-02-29", "2024-03-30"),
        ("2024-03-31", "2024-04-29"),
    ]
    for run, due in (("2024-02-29T02:00", 1), ("2024-03-31T02:00", 2), ("2024-04-30T02:00", 3)):
        assert sum(one.end <= at(run) for one in periods(anchor, start, at(run))) == due


def test_a03_yearly_anchor_bills_once() -> None:
    start = at("2024-01-31")
    anchor = anchor_of(start, YEAR)
    ended = [
        sum(one.end <= at(run) for one in periods(anchor, start, at(run)))
        for run in ("2024-02-29", "2024-03-31", "2024-04-30", "2025-01-31")
    ]
    assert ended == [0, 0, 0, 1]


def test_a05_bill_day_31_when_starting_in_a_30_day_month() -> None:
    start = at("2012-04-30")
    first = periods(anchor_of(start, MONTH, day=31), start, start)[0]
    assert first == Period(start, at("2012-05-31"))
    assert period_at(anchor_of(start, MONTH, day=31), start) == first


def test_a07_anchor_31_january() -> None:
    anchor = anchor_of(at("2023-01-31T10:30"), MONTH, exact=True)
    assert [str(anchor.boundary(number))[:16] for number in (1, 2, 3, 13)] == [
        "2023-02-28 10:30",
        "2023-03-31 10:30",
        "2023-04-30 10:30",
        "2024-02-29 10:30",
    ]


def test_a09_renewals_across_autumn_dst_change() -> None:
    zone = ZoneInfo("America/Juneau")
    paid_from = plus_days(at("2015-09-01T08:01:01"), 30, zone)
    assert str(paid_from.astimezone(zone))[:19] == "2015-10-01 00:01:01"
    found = periods(anchor_of(paid_from, MONTH, zone), paid_from, at("2016-03-20"))
    shown = [(str(local_day(one.start, zone)), str(local_day(one.end, zone))) for one in found]
    assert shown[:3] == [("2015-10-01", "2015-11-01"), ("2015-11-01", "2015-12-01"), ("2015-12-01", "2016-01-01")]
    assert len(shown) == 6
    assert all(one.end == moment_of(local_day(one.end, zone), time(), zone) for one in found)


def test_a11_two_billing_runs_the_same_local_day() -> None:
    zone = ZoneInfo("Europe/Paris")
    start = at("2023-05-23T09:30")
    anchor = anchor_of(start, Interval("week"), zone)
    # What is due by the evening is due once; the run an hour before midnight UTC, a day later there, finds nothing new.
    evening, night = (periods(anchor, start, at(f"2023-05-30T{hour}:00")) for hour in (20, 23))
    assert [len(evening), len(night)] == [2, 2]
    assert local_day(evening[1].start, zone) == date(2023, 5, 30)


@pytest.mark.parametrize(
    ("start", "interval", "kind", "first", "last"),
    [
        ("2024-03-05", MONTH, "calendar", "2024-03-01", "2024-04-01"),
        ("2024-03-05", Interval("month", 3), "calendar", "2024-03-01", "2024-06-01"),
        ("2024-03-05", YEAR, "calendar", "2024-01-01", "2025-01-01"),
        ("2024-03-07", Interval("week"), "calendar", "2024-03-04", "2024-03-11"),
        ("2024-03-07T15:00", Interval("day"), "calendar", "2024-03-07", "2024-03-08"),
        ("2024-02-29", YEAR, "anniversary", "2024-02-29", "2025-02-28"),
        ("2024-04-15", Interval("month", 3), "anniversary", "2024-04-15", "2024-07-15"),
        ("2024-03-07", Interval("week", 2), "anniversary", "2024-03-07", "2024-03-21"),
        ("2024-03-07", Interval("day", 30), "anniversary", "2024-03-07", "2024-04-06"),
    ],
)
def test_periods_begin_where_the_plan_says(start: str, interval: Interval, kind: str, first: str, last: str) -> None:
    anchor = anchor_of(at(start), interval, kind="calendar" if kind == "calendar" else "anniversary")
    assert period_at(anchor, at(start)) == Period(at(first), at(last))


def test_an_anchor_on_29_february_is_back_on_it_in_the_next_leap_year() -> None:
    anchor = anchor_of(at("2024-02-29"), YEAR)
    assert [str(anchor.boundary(number))[:10] for number in range(5)] == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


def test_a_skipped_midnight_is_later_by_what_is_skipped_and_a_doubled_one_is_the_first() -> None:
    beirut, havana = ZoneInfo("Asia/Beirut"), ZoneInfo("America/Havana")
    assert str(moment_of(date(2022, 3, 27), time(), beirut).astimezone(beirut))[:16] == "2022-03-27 01:00"
    assert moment_of(date(2022, 11, 6), time(0, 30), havana) == at("2022-11-06T04:30")
    # Samoa had no 30 December 2011: that day's period is empty, and no moment lies in it.
    apia = ZoneInfo("Pacific/Apia")
    anchor = anchor_of(at("2011-12-28T12:00"), Interval("day"), apia)
    there = moment_of(date(2011, 12, 31), time(12), apia)
    assert local_day(period_at(anchor, there).start, apia) == date(2011, 12, 31)
    assert there in period_at(anchor, there)


@pytest.mark.parametrize("hour", range(0, 24, 5))
def test_e09_monthly_usage_across_dst(hour: int) -> None:
    zone = ZoneInfo("America/New_York")
    used = [
        "2023-03-01T04:00", "2023-03-15T00:00", "2023-03-31T23:59", "2023-04-01T00:00", "2023-04-01T00:01",
        "2023-04-15T00:00", "2023-04-30T23:59", "2023-05-01T00:00", "2023-05-01T00:01",
    ]  # fmt: skip
    moments = [datetime.fromisoformat(one).replace(tzinfo=zone).astimezone(UTC) for one in used]
    start = datetime(2023, 3, 1, hour, tzinfo=zone).astimezone(UTC)
    anchor = anchor_of(start, MONTH, zone)
    months = [period_at(anchor, one.start) for one in periods(anchor, start, at("2023-05-20"))]
    assert [sum(moment in month for moment in moments) for month in months] == [3, 4, 2]


def test_a_trial_ends_at_the_same_time_of_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert plus_days(at("2024-03-30T12:00"), 1, berlin) == at("2024-03-31T11:00")
    assert plus_days(at("2024-03-05T12:12"), 10) == at("2024-03-15T12:12")


@pytest.mark.parametrize(
    ("wrong", "args"),
    [
        (Interval, ("month", 0)),
        (Interval, ("decade", 1)),
        (Anchor, (date(2024, 1, 1), MONTH, UTC_ZONE, 32)),
        (Period, (datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC))),
        (Period, (datetime(2024, 1, 1), datetime(2024, 1, 2))),  # noqa: DTZ001 - what is refused
    ],
)
def test_what_is_no_period_is_refused(wrong: type, args: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=r"."):
        wrong(*args)


_MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_UNITS: st.SearchStrategy[Unit] = st.sampled_from(["day", "week", "month", "year"])


@given(
    _MOMENTS,
    _MOMENTS,
    _UNITS,
    st.integers(1, 18),
    st.sampled_from(ZONES),
    st.integers(0, 31),
    st.booleans(),
    st.booleans(),
)
def test_periods_have_no_gap_no_overlap_and_never_drift(  # noqa: PLR0917 - one value of each kind
    start: datetime, moment: datetime, unit: Unit, count: int, name: str, day: int, exact: bool, calendar: bool
) -> None:
    zone = ZoneInfo(name)
    anchor = anchor_of(
        start, Interval(unit, count), zone, kind="calendar" if calendar else "anniversary", day=day, exact=exact
    )
    found = period_at(anchor, moment)
    assert moment in found
    assert period_at(anchor, found.start) == found
    assert period_at(anchor, found.end).start == found.end == next_boundary(anchor, moment)
    assert not calendar or found.start == day_start(found.start, zone)
    if unit in {"month", "year"}:
        local = found.start.astimezone(zone)
        tomorrow_is_first = (local + timedelta(days=1)).day == 1
        assert local.day == anchor.day or (tomorrow_is_first and anchor.day > local.day)


@given(_MOMENTS, st.integers(0, 900), _UNITS, st.sampled_from(ZONES))
def test_periods_cover_every_moment_from_the_start_on(start: datetime, days: int, unit: Unit, name: str) -> None:
    anchor = anchor_of(start, Interval(unit, 7 if unit == "day" else 1), ZoneInfo(name))
    until = start + timedelta(days=days)
    found = periods(anchor, start, until)
    assert found[0].start == start
    assert all(one.end == other.start for one, other in itertools.pairwise(found))
    assert until in found[-1]
    assert all(found)
    assert periods(anchor, until, start) == ([] if days else found)
