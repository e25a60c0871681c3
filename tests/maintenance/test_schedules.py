"""Schedules: each slot once, whatever happens to the clock or the beat."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import DatabaseError, IntegrityError, connection

from audit.models import Event
from maintenance.models import JobRun, ScheduleState
from maintenance.services import schedules
from portal.kit import clock, context, errors, registry
from portal.kit.services import writing
from tests.factories import World, actor_of

NAME = "accounts.expired_sessions"
EVENING = datetime(2026, 6, 1, 20, 0, tzinfo=UTC)


def _wind_to(moment: datetime) -> None:
    with context.system("a test"), writing():
        ScheduleState.objects.exclude(pk=NAME).update(enabled=False)
        ScheduleState.objects.filter(pk=NAME).update(last_slot=moment, cron="30 3 * * *", time_zone="UTC")


def _set(**values: object) -> None:
    with context.system("a test"), writing():
        ScheduleState.objects.filter(pk=NAME).update(**values)


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
def test_a_run_that_is_still_going_is_not_overlapped_and_the_page_knows_why() -> None:
    _wind_to(EVENING)
    assert _fire(EVENING + timedelta(days=1)) == 1
    assert _fire(EVENING + timedelta(days=2)) == 0
    assert JobRun.objects.count() == 1
    state = ScheduleState.objects.get(pk=NAME)
    assert (state.missed_slot, state.missed_why) == (datetime(2026, 6, 3, 3, 30, tzinfo=UTC), "overlap")
    assert state.last_slot == state.missed_slot


@pytest.mark.django_db
def test_a_schedule_that_queues_one_has_at_most_one_waiting() -> None:
    _wind_to(EVENING)
    _set(overlap="queue")
    assert [_fire(EVENING + timedelta(days=day)) for day in (1, 2, 3)] == [1, 1, 0]
    assert list(JobRun.objects.order_by("id").values_list("key", flat=True)) == [
        f"schedule {NAME}",
        f"schedule {NAME} next",
    ]
    with context.system("a test"), writing():
        JobRun.objects.filter(key=f"schedule {NAME}").update(state="succeeded", finished_at=clock.now())
    assert _fire(EVENING + timedelta(days=4)) == 1
    assert JobRun.objects.filter(state="queued").count() == 2


@pytest.mark.django_db
def test_missed_runs_are_skipped_or_made_up_for_within_the_window_only() -> None:
    late = datetime(2026, 6, 2, 9, 30, tzinfo=UTC)  # Six hours after the slot.
    for policy, minutes, fired in (("skip", 1440, 0), ("latest", 300, 0), ("latest", 361, 1)):
        _wind_to(EVENING)
        _set(catch_up=policy, catch_up_minutes=minutes, missed_slot=None, missed_why="")
        assert _fire(late) == fired, (policy, minutes)
        state = ScheduleState.objects.get(pk=NAME)
        assert state.missed_why == ("" if fired else "late")
        assert JobRun.objects.count() == fired


@pytest.mark.django_db
def test_a_beat_that_was_away_for_a_moment_misses_nothing_even_where_missed_runs_are_skipped() -> None:
    _wind_to(EVENING)
    _set(catch_up="skip")
    assert _fire(datetime(2026, 6, 2, 3, 34, 59, tzinfo=UTC)) == 1


@pytest.mark.django_db
def test_a_clock_that_jumps_ahead_and_back_makes_no_burst_and_no_double() -> None:
    _wind_to(EVENING)
    _set(cron="*/5 * * * *", overlap="queue")
    moment = EVENING + timedelta(seconds=30)
    fired = [_fire(moment), _fire(moment + timedelta(hours=2)), _fire(moment), _fire(moment + timedelta(hours=2))]
    assert fired == [0, 1, 0, 0]
    assert JobRun.objects.get().slot == EVENING + timedelta(hours=2)
    # A year ahead and back: it does not stand still for a year.
    with context.system("a test"), writing():
        JobRun.objects.update(state="succeeded", finished_at=clock.now())
    assert _fire(moment + timedelta(days=365)) == 1
    assert _fire(moment + timedelta(hours=3)) == 0
    assert _fire(moment + timedelta(hours=3, minutes=5)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"cron": "61 * * * *"}, "The minute “61” is not valid"),
        ({"cron": "0 0 31 2 *"}, "This never comes"),
        ({"time_zone": "Mars/Olympus"}, "no time zone of this name"),
    ],
)
def test_a_row_that_was_corrupted_disables_only_itself(broken: dict[str, str], said: str) -> None:
    _wind_to(EVENING)
    other = "accounts.abandoned_imports"
    with context.system("a test"), writing():
        ScheduleState.objects.filter(pk=other).update(enabled=True, last_slot=EVENING, **broken)
    assert _fire(EVENING + timedelta(days=1)) == 1
    state = ScheduleState.objects.get(pk=other)
    assert said in state.fault
    assert state.enabled, "what a person has set stays as it was"
    assert JobRun.objects.get().schedule == NAME
    told = Event.objects.get(code="maintenance.schedule.faulted")
    assert (told.target_id, told.outcome) == (state.audit_id, "failed")
    _fire(EVENING + timedelta(days=2))
    assert Event.objects.filter(code="maintenance.schedule.faulted").count() == 1


@pytest.mark.django_db
def test_a_schedule_whose_job_is_gone_stands_still_until_the_job_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    _wind_to(EVENING)
    spec = registry.schedules.get(NAME)
    monkeypatch.setitem(registry.schedules._items, NAME, replace(spec, job="accounts.forgotten"))
    assert _fire(EVENING + timedelta(days=1)) == 0
    assert "accounts.forgotten no longer exists" in ScheduleState.objects.get(pk=NAME).fault
    assert not JobRun.objects.exists()
    monkeypatch.setitem(registry.schedules._items, NAME, spec)
    with clock.at(EVENING + timedelta(days=2)), context.system("a test") as current:
        schedules.schedules_sync(actor=current.actor)
    state = ScheduleState.objects.get(pk=NAME)
    assert (state.fault, state.last_slot) == ("", EVENING + timedelta(days=2))
    assert _fire(EVENING + timedelta(days=3)) == 1


@pytest.mark.django_db
def test_one_schedule_that_cannot_be_looked_at_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    _wind_to(EVENING)
    with context.system("a test"), writing():
        ScheduleState.objects.filter(pk="accounts.abandoned_imports").update(enabled=True, last_slot=EVENING)
    real = schedules.fault_of

    def trouble(*, state: ScheduleState) -> str:
        if state.pk != NAME:
            raise RuntimeError("nobody thought of that")
        return real(state=state)

    monkeypatch.setattr(schedules, "fault_of", trouble)
    assert _fire(EVENING + timedelta(days=1)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "values",
    [
        {"cron": "30 3 * *"},
        {"time_zone": ""},
        {"keep_hours": 0},
        {"keep_hours": 10**7},
        {"overlap": "cancel"},
        {"catch_up": "all"},
        {"catch_up_minutes": 0},
        {"catch_up_minutes": 10_081},
        {"notify": "sometimes"},
        {"notify": "always"},
        {"notify_people": ["somebody"]},
        {"paused_at": EVENING},
        {"pause_reason": "no reason"},
        {"missed_why": "late"},
        {"missed_slot": EVENING},
    ],
    ids=str,
)
def test_the_database_says_no_too(values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), context.system("a test"), writing():
        ScheduleState.objects.filter(pk=NAME).update(**values)


@pytest.mark.django_db
def test_a_negative_time_to_keep_is_refused_by_the_database() -> None:
    with pytest.raises(DatabaseError), context.system("a test"), writing(), connection.cursor() as cursor:
        cursor.execute("UPDATE maintenance_schedule SET keep_hours = -1 WHERE name = %s", [NAME])


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
    with clock.at(EVENING), context.acting(actor_of(world.admin)) as current:
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


def test_two_beats_make_one_run_of_each_of_a_thousand_slots(own_database: dict[str, str]) -> None:
    """Each with its own connection, both at the same moment of a clock that moves by a minute a turn."""
    _wind_to(EVENING)
    _set(cron="* * * * *", overlap="queue")
    turns = 1000
    together = Barrier(2)

    def beat(_: int) -> None:
        try:
            for turn in range(1, turns + 1):
                together.wait(timeout=60)
                _fire(EVENING + timedelta(minutes=turn))
                if together.wait(timeout=60) == 0:
                    with context.system("a test"), writing():
                        JobRun.objects.filter(state="queued").update(state="succeeded", finished_at=clock.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(beat, range(2)))
    slots = list(JobRun.objects.order_by("slot").values_list("slot", flat=True))
    assert slots == [EVENING + timedelta(minutes=turn) for turn in range(1, turns + 1)]
    assert not ScheduleState.objects.get(pk=NAME).missed_why
