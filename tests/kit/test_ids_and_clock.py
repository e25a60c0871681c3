"""Identifiers and time."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit import clock, ids


def test_ids_are_version_7_unique_and_increasing_also_across_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: [ids.uuid7() for _ in range(5_000)], range(8)))
    made = [identifier for batch in batches for identifier in batch]
    assert len(set(made)) == len(made)
    assert {(identifier.version, identifier.variant) for identifier in made} == {(7, "specified in RFC 4122")}
    assert all(batch == sorted(batch) for batch in batches)


def test_ids_go_on_increasing_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first, earlier = ids.uuid7(), clock.now() - timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: earlier)
    assert ids.uuid7() > first


def test_ids_follow_a_clock_that_was_set_and_leave_the_present_alone() -> None:
    tomorrow, yesterday = clock.now() + timedelta(days=1), clock.now() - timedelta(days=1)
    for moment in (tomorrow, yesterday):
        with clock.at(moment):
            made = [ids.uuid7() for _ in range(10_000)]
        assert made == sorted(set(made))
        assert abs(ids.time_of(made[0]) - moment) <= timedelta(milliseconds=1)
    assert ids.time_of(ids.uuid7()) < tomorrow


def test_a_full_millisecond_goes_over_into_the_next() -> None:
    sequence = ids._Sequence()
    made = [sequence.following(5, 0xFFE, back=False) for _ in range(4)]
    assert made == [(5, 0xFFE), (5, 0xFFF), (6, 0), (6, 1)]
    assert sequence.following(7, 3, back=False) == (7, 3)


def test_many_ids_at_once_are_of_their_moments_and_all_different() -> None:
    now = clock.now()
    moments = [now + timedelta(seconds=number // 2) for number in range(400)]
    made = [UUID(text) for text in ids.texts_at(moments)]
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert all(moment - ids.time_of(one) < timedelta(milliseconds=1) for one, moment in zip(made, moments, strict=True))
    assert len({one.int % (1 << 60) for one in made}) == len({one.int >> 4 & 0xFFFF_FFFF for one in made}) == len(made)
    assert len({one.int >> 64 & 0xFFF for one in made}) > 300
    assert ids.texts_at([]) == []


def test_a_forked_child_makes_other_ids() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, ids.uuid7().bytes)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 16) != ids.uuid7().bytes
    os.close(reader)
    os.close(writer)


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2500, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_first_id_of_a_moment_bounds_it_to_the_millisecond(moment: datetime) -> None:
    first = ids.first_of(moment)
    assert abs(ids.time_of(first) - moment) <= timedelta(milliseconds=1)
    assert ids.first_of(moment + timedelta(milliseconds=1)) > first


def test_the_clock_can_be_set_for_a_block_and_only_there() -> None:
    moment = datetime(2024, 2, 29, 12, tzinfo=timezone(timedelta(hours=2)))
    with clock.at(moment):
        assert clock.now() == moment
        assert clock.now().tzinfo is UTC
    assert clock.now() > moment


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"), clock.at(datetime(2024, 1, 1)):  # noqa: DTZ001
        pass
