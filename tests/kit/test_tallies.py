"""Counts by the day: counted in the process, added up over processes, each minute once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from portal.kit import clock, context, tallies
from portal.kit.models import Tally

NOON = datetime(2026, 3, 10, 12, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> tallies.Counter:
    """The only counter of the process."""
    monkeypatch.setattr(tallies, "_counters", [])
    return tallies.Counter("kit.tests")


def test_to_ask_a_counter_is_not_to_count(counter: tallies.Counter) -> None:
    for _ in range(5):
        counter.bump()
    assert [counter.waiting(), counter.waiting()] == [5, 5]
    counter.written(3)
    counter.bump()
    assert counter.waiting() == 3


@pytest.mark.django_db
def test_what_processes_count_is_added_to_the_row_of_the_day(counter: tallies.Counter) -> None:
    with clock.at(NOON):
        assert tallies.flush()
        assert not Tally.objects.exists(), "nothing counted, nothing written"
        counter.bump()
        counter.bump()
        assert tallies.flush()
        assert tallies.flush()
        tallies.tallies_add(counts={"kit.tests": 40})
    with clock.at(NOON + DAY):
        counter.bump()
        assert tallies.flush()
    assert list(Tally.objects.order_by("day").values_list("name", "number")) == [("kit.tests", 42), ("kit.tests", 1)]


def test_what_cannot_be_written_waits(counter: tallies.Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**values: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(tallies, "tallies_add", away)
    counter.bump()
    assert tallies.flush() is False
    assert counter.waiting() == 1


def test_it_is_written_once_a_minute(counter: tallies.Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(tallies, "flush", lambda: flushed.append(1))
    for since in (0.0, 59.0, 61.0):
        monkeypatch.setattr(tallies, "_last", clock.steady() - since)
        tallies.flush_due()
    assert flushed == [1]


@pytest.mark.django_db
def test_a_minute_counts_once_whoever_tells_of_it_and_minutes_are_told_from_the_first_on() -> None:
    assert tallies.counted(["kit.up"], NOON.date(), NOON.date(), NOON) is None
    for seconds in (0, 5, 20, 31, 95, 200):
        with clock.at(NOON + timedelta(seconds=seconds)), context.system("a test"):
            tallies.minute_note(name="kit.up")
    assert Tally.objects.get().number == 4, "12:00, 12:01, 12:02 and 12:03"
    with clock.at(NOON + timedelta(seconds=210)):
        found = tallies.counted(["kit.up"], NOON.date() - 3 * DAY, NOON.date(), clock.now())
    assert found is not None
    assert (found.numbers, found.minutes) == ({"kit.up": 4}, 4)
