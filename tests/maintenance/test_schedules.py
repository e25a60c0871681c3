"""Schedules: each slot once, whatever happens to the clock or the beat."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection

from audit.models import Event
from maintenance.models import JobRun, ScheduleState
from maintenance.services import schedules
from portal.kit import clock, context, errors
from portal.kit.services import writing
from tests.factories import World, actor_of

NAME = "accounts.expired_sessions"
EVENING = datetime(2026, 6, 1, 20, 0, tzinfo=UTC)


def _wind_to(moment: datetime) -> None:
    with context.system("a test"), writing():
        ScheduleState.objects.exclude(pk=NAME).update(enabled=False)
        ScheduleState.objects.filter(pk=NAME).update(last_slot=moment, cron="30 3 * * *", time_zone="UTC")


def _fire(moment: datetime) -> int:
    with clock.at(moment), context.system("a test") as current:
        return schedules.schedules_fire(actor=current.actor)


@pytest.mark.django_db
def test_a_declared_schedule_that_is_new_is_set_up_once_with_its_event() -> None:
    told = Event.objects.filter(code="maintenance.schedule.created", target_label__startswith=NAME)
    before = told.count()
    with context.system("a test") as current:
        with writing():
            ScheduleState.objects.filter(pk=NAME).delete()
        created = [schedules.schedules_sync(actor=current.actor) for _ in range(2)]

    assert created == [1, 0]
    assert ScheduleState.objects.get(pk=NAME).enabled
    assert told.count() == before + 1


@pytest.mark.django_db
def test_a_schedule_fires_at_its_time_and_only_once() -> None:
    _wind_to(EVENING)
    assert _fire(EVENING + timedelta(hours=7)) == 0
    assert _fire(EVENING + timedelta(hours=7, minutes=30)) == 1
    assert _fire(EVENING + timedelta(hours=7, minutes=31)) == 0
    run = JobRun.objects.get()
    assert (run.schedule, run.slot, run.args) == (NAME, datetime(2026, 6, 2, 3, 30, tzinfo=UTC), {"cleanup": NAME})
    assert run.actor_kind == "system"


@pytest.mark.django_db
def test_of_several_missed_nights_only_the_last_is_made_up_for() -> None:
    _wind_to(EVENING)
    assert _fire(EVENING + timedelta(days=5)) == 1
    assert JobRun.objects.get().slot == datetime(2026, 6, 6, 3, 30, tzinfo=UTC)


@pytest.mark.django_db
def test_a_run_that_is_still_going_is_not_overlapped() -> None:
    _wind_to(EVENING)
    assert _fire(EVENING + timedelta(days=1)) == 1
    _fire(EVENING + timedelta(days=2))
    assert JobRun.objects.count() == 1


@pytest.mark.django_db
def test_a_clock_that_steps_back_fires_nothing_twice() -> None:
    _wind_to(EVENING)
    assert _fire(EVENING + timedelta(days=1)) == 1
    with context.system("a test"), writing():
        JobRun.objects.update(state="succeeded", finished_at=clock.now())
    assert _fire(EVENING + timedelta(hours=1)) == 0
    assert _fire(EVENING + timedelta(days=1)) == 0
    assert JobRun.objects.count() == 1


@pytest.mark.django_db
def test_a_switched_off_schedule_stays_silent_and_forgets_what_it_missed(world: World) -> None:
    _wind_to(EVENING)
    with context.acting(actor_of(world.admin)) as current:
        schedules.schedule_switch(actor=current.actor, name=NAME, enabled=False)
    assert _fire(EVENING + timedelta(days=3)) == 0
    with clock.at(EVENING + timedelta(days=3)), context.acting(actor_of(world.admin)) as current:
        schedules.schedule_switch(actor=current.actor, name=NAME, enabled=True)
        schedules.schedule_switch(actor=current.actor, name=NAME, enabled=True)
    assert _fire(EVENING + timedelta(days=3, minutes=5)) == 0
    switched = (
        Event.objects.filter(code="maintenance.schedule.switched").order_by("id").values_list("changes", flat=True)
    )
    assert list(switched) == [{"enabled": [True, False]}, {"enabled": [False, True]}]


@pytest.mark.django_db
def test_who_lacks_the_right_switches_nothing(world: World) -> None:
    with pytest.raises(errors.Forbidden), context.acting(actor_of(world.manager)) as current:
        schedules.schedule_switch(actor=current.actor, name=NAME, enabled=False)
    assert ScheduleState.objects.get(pk=NAME).enabled


def test_a_local_time_that_summer_time_skips_runs_at_the_next_and_a_doubled_one_once() -> None:
    zone = "Europe/Berlin"
    before_spring = datetime(2026, 3, 28, 12, tzinfo=UTC)
    first = schedules.next_slot("30 2 * * *", zone, before_spring)
    assert first.astimezone(UTC) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 02:30 does not exist; 03:00 is next.
    before_autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)
    slots = [schedules.next_slot("30 2 * * *", zone, before_autumn)]
    slots.append(schedules.next_slot("30 2 * * *", zone, slots[0]))
    assert slots[1].astimezone(UTC) - slots[0].astimezone(UTC) > timedelta(hours=20)


@pytest.mark.django_db
def test_syncing_again_creates_nothing_and_switches_off_what_is_no_longer_declared() -> None:
    with context.system("a test") as current:
        with writing():
            ScheduleState.objects.create(name="gone.job", cron="0 0 * * *", time_zone="UTC", last_slot=clock.now())
        assert schedules.schedules_sync(actor=current.actor) == 0
    assert not ScheduleState.objects.get(pk="gone.job").enabled


def test_two_beats_at_once_make_one_run_of_a_slot(own_database: dict[str, str]) -> None:
    _wind_to(EVENING)
    start = Barrier(4)

    def beat(_: int) -> int:
        try:
            start.wait(timeout=10)
            return _fire(EVENING + timedelta(days=1))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        fired = list(pool.map(beat, range(4)))
    assert sum(fired) >= 1
    assert JobRun.objects.count() == 1
