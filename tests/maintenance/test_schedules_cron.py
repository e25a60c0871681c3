"""Cron lines: what is refused and why, and when they come while clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from maintenance import cron
from maintenance.cron import CronInvalid
from maintenance.presenters.cron_words import cron_words

PARIS, HOWE = "Europe/Paris", "Australia/Lord_Howe"


def shown(line: str, zone: str, after: datetime, number: int = 3) -> list[str]:
    """The next slots as the clocks of the zone show them."""
    return [f"{slot.astimezone(ZoneInfo(zone)):%d %H:%M %z}" for slot in cron.slots(line, zone, after, number)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("61 * * * *", "The minute “61” is not valid. Allowed are 0-59"),
        ("* 24 * * *", "The hour “24” is not valid. Allowed are 0-23"),
        ("* 5-2 * * *", "The hour “5-2”"),
        ("* * 0 * *", "The day of the month “0” is not valid. Allowed are 1-31, L"),
        ("* * * FOO *", "The month “FOO” is not valid. Allowed are 1-12, JAN-DEC"),
        ("* * * * 8", "The day of the week “8” is not valid. Allowed are 0-7, SUN-SAT"),
        ("* * * * 1#9", "The day of the week “1#9”"),
        ("*/0 * * * *", "The minute “*/0”"),
        ("1.5 * * * *", "The minute “1.5”"),
        ("\u0661 * * * *", "The minute"),
        ("* * * *", "Write five fields with spaces between"),
        ("0 * * * * *", "This has 6."),
        ("@daily", "This has 1."),
        ("", "This has 0."),
        ("* * 31 2 *", "This never comes"),
        ("0 0 30 2 */1", "This never comes"),
        ("0 0 31 4,6 *", "This never comes"),
        ("1," * 60 + "1 * * * *", "at most 100 characters"),
    ],
)
def test_a_line_that_cannot_be_used_says_which_field_is_wrong_and_what_it_takes(line: str, said: str) -> None:
    with pytest.raises(CronInvalid) as refused:
        cron.parse(line)
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "europe/paris", "../../etc/passwd", "UTC+1", "\0"])
def test_a_zone_that_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(CronInvalid, match="no time zone of this name"):
        cron.zone_of(name)


def test_a_local_time_that_the_clock_skips_runs_at_the_next_one_that_exists() -> None:
    saturday = datetime(2027, 3, 27, 12, tzinfo=UTC)
    assert shown("30 2 * * *", PARIS, saturday) == ["28 03:00 +0200", "29 02:30 +0200", "30 02:30 +0200"]
    # Four times of the skipped hour, and one that falls on its end: the next existing time is one run.
    assert shown("*/15 2 * * *", PARIS, saturday, 2) == ["28 03:00 +0200", "29 02:00 +0200"]
    assert shown("0 2,3 * * *", PARIS, saturday) == ["28 03:00 +0200", "29 02:00 +0200", "29 03:00 +0200"]
    assert shown("0 */2 * * *", PARIS, saturday + timedelta(hours=11)) == [
        "28 03:00 +0200",
        "28 04:00 +0200",
        "28 06:00 +0200",
    ]


def test_a_local_time_that_comes_twice_runs_once() -> None:
    saturday = datetime(2027, 10, 30, 12, tzinfo=UTC)
    assert shown("30 2 * * *", PARIS, saturday) == ["31 02:30 +0200", "01 02:30 +0100", "02 02:30 +0100"]
    assert shown("0 */2 * * *", PARIS, saturday + timedelta(hours=10)) == [
        "31 02:00 +0200",
        "31 04:00 +0100",
        "31 06:00 +0100",
    ]
    quarters = shown("*/15 2 * * *", PARIS, saturday, 5)
    assert quarters[-1] == "01 02:00 +0100"


def test_what_is_set_in_the_repeated_hour_does_not_run_at_a_time_that_is_over() -> None:
    second_time = datetime(2027, 10, 31, 1, 10, tzinfo=UTC)  # 02:10 for the second time.
    assert next(CronSim("30 2 * * *", second_time.astimezone(ZoneInfo(PARIS)))) < second_time, "why we do not ask it"
    assert shown("30 2 * * *", PARIS, second_time, 1) == ["01 02:30 +0100"]


def test_an_interval_keeps_its_pace_when_the_clock_is_changed() -> None:
    for start in (datetime(2027, 3, 27, 23, 30, tzinfo=UTC), datetime(2027, 10, 30, 22, 30, tzinfo=UTC)):
        for line, pace in (("*/15 * * * *", 15), ("30 * * * *", 60), ("* 0-23 * * *", 1)):
            slots = cron.slots(line, PARIS, start, 20)
            assert {after - before for before, after in pairwise(slots)} == {timedelta(minutes=pace)}


def test_half_an_hour_is_skipped_and_repeated_as_a_whole_one_is() -> None:
    assert shown("15 2 * * *", HOWE, datetime(2027, 10, 1, 12, tzinfo=UTC)) == [
        "02 02:15 +1030",
        "03 02:30 +1100",
        "04 02:15 +1100",
    ]
    assert shown("45 1 * * *", HOWE, datetime(2027, 4, 2, 12, tzinfo=UTC)) == [
        "03 01:45 +1100",
        "04 01:45 +1100",
        "05 01:45 +1030",
    ]


def test_a_whole_day_that_a_country_skipped_comes_at_the_next_midnight() -> None:
    assert shown("0 12 * * *", "Pacific/Apia", datetime(2011, 12, 29, 12, tzinfo=UTC), 3) == [
        "29 12:00 -1000",
        "31 00:00 +1400",
        "31 12:00 +1400",
    ]


@pytest.mark.parametrize("zone", [PARIS, HOWE, "America/New_York", "Africa/Cairo", "Asia/Kolkata", "UTC"])
@pytest.mark.parametrize("line", ["30 2 * * *", "*/20 1-3 * * *", "0 0 * * *", "15 * * * *", "0 3 1 * 1"])
def test_slots_rise_and_do_not_depend_on_where_one_begins_to_count(zone: str, line: str) -> None:
    start = datetime(2027, 1, 1, tzinfo=UTC)
    whole = list(islice(cron.parse(line).after(start, zone), 1500))
    assert whole == sorted(set(whole))
    for place in range(0, len(whole) - 1, 97):
        assert cron.next_slot(line, zone, whole[place]) == whole[place + 1]
        assert cron.next_slot(line, zone, whole[place + 1] - timedelta(seconds=1)) == whole[place + 1]


def test_the_latest_slot_of_a_long_absence_is_found_for_frequent_and_rare_lines() -> None:
    gone, back = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, 0, 0, 30, tzinfo=UTC)
    assert cron.latest("* * * * *", "UTC", gone, back) == datetime(2027, 1, 1, tzinfo=UTC)
    assert cron.latest("0 4 1 6 *", "UTC", gone, back) == datetime(2026, 6, 1, 4, tzinfo=UTC)
    assert cron.latest("0 4 2 1 *", "UTC", datetime(2026, 1, 3, tzinfo=UTC), back) is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("30 3 * * *", "Every night at 03:30"),
        ("0 14 * * *", "Every day at 14:00"),
        ("0 8,17 * * *", "Every day at 08:00 and 17:00"),
        ("* * * * *", "Every minute"),
        ("*/5 * * * *", "Every 5 minutes"),
        ("5 * * * *", "Every hour at :05"),
        ("5,35 * * * *", "Every hour at :05 and :35"),
        ("0 */2 * * *", "Every 2 hours at :00"),
        ("40 8-18 * * *", "Every hour from 08:40 to 18:40"),
        ("*/10 8-18 * * 1-5", "Every 10 minutes from 08:00 to 18:50, on weekdays"),
        ("* 9-17 * * *", "Every minute from 09:00 to 17:59"),
        ("0 9 * * MON-FRI", "At 09:00, on weekdays"),
        ("0 9 * * 6,0", "At 09:00, on Saturday and Sunday"),
        ("0 9 * * 1,4", "At 09:00, on Monday and Thursday"),
        ("0 9 * * 1#1", "At 09:00, on the first Monday of the month"),
        ("0 9 * * 5L", "At 09:00, on the last Friday of the month"),
        ("0 0 1 * *", "At 00:00, on day 1 of the month"),
        ("0 0 L * *", "At 00:00, on the last day of the month"),
        ("0 0 LW * *", "At 00:00, on the last workday of the month"),
        ("0 4 1 1,7 *", "At 04:00, on day 1 of the month, in January and July"),
        ("0 4 * 6-8 *", "At 04:00, from June to August"),
        # Not even: every 7 minutes would be untrue at the full hour. Nor are 5 hours a part of a day.
        ("*/7 * * * *", "Every hour, at minute 0, 7, 14, 21, 28, 35, 42, 49 and 56"),
        ("15 */5 * * *", "At minute 15 of the hours 0, 5, 10, 15 and 20"),
        ("1-10 5,7 * * *", "At minute 1–10 of the hours 5 and 7"),
        # Two days named: either will do, unless one of them begins with a star. A field that takes all takes all.
        ("0 0 1 * 1", "At 00:00, on day 1 of the month or on Monday"),
        ("0 0 1-31 * 1", "Every night at 00:00"),
        ("0 0 */16 * 1", "At 00:00, on days 1 and 17 of the month if that is on Monday"),
        ("61 * * * *", "61 * * * *"),
    ],
)
def test_a_line_is_told_in_words_that_are_true(line: str, words: str) -> None:
    assert cron_words(line) == words
