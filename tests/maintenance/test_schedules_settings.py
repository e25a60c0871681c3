"""Setting schedules: what people may set, what they are refused, and what stays."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.models import Event
from maintenance import publisher
from maintenance.errors import ScheduleFaulty
from maintenance.models import JobRun, ScheduleState
from maintenance.selectors.schedules import keep_of, next_runs
from maintenance.services import schedule_settings as settings_of
from maintenance.services import schedules
from portal.kit import clock, context, errors, registry
from portal.kit.context import Actor
from portal.kit.services import writing
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db
NAME = "accounts.abandoned_imports"  # Kept for two days, as it is declared.
DAY = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _quiet_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)


def state() -> ScheduleState:
    return ScheduleState.objects.get(pk=NAME)


def update(actor: Actor, *, version: int | None = None, **values: Any) -> ScheduleState:
    with context.acting(actor):
        return settings_of.schedule_update(actor=actor, name=NAME, values=values, version=version)


def codes() -> list[str]:
    found = Event.objects.filter(code__startswith="maintenance.schedule.").exclude(code="maintenance.schedule.created")
    return list(found.order_by("id").values_list("code", flat=True))


def test_everything_can_be_set_and_the_event_tells_each_value_before_and_after(world: World) -> None:
    values: dict[str, Any] = {
        "cron": "15  2 * *   1-5",
        "time_zone": "Europe/Paris",
        "keep_hours": 72,
        "overlap": "queue",
        "catch_up": "skip",
        "catch_up_minutes": 90,
        "notify": "failure",
    }
    with clock.at(DAY):
        update(actor_of(world.admin), **values)
    found = state()
    assert {name: getattr(found, name) for name in values} == values | {"cron": "15 2 * * 1-5"}
    assert found.people == [world.admin.pk]
    assert (found.own, found.version, found.last_slot) == (["cron", "time_zone"], 2, DAY)
    event = Event.objects.get(code="maintenance.schedule.changed")
    assert event.target_id == found.audit_id
    assert event.changes["cron"] == ["30 3 * * *", "15 2 * * 1-5"]
    assert event.changes["keep_hours"] == [None, 72]
    assert set(event.changes) == {*values, "notify_people"}


def test_the_same_values_again_change_nothing_and_leave_no_event(world: World) -> None:
    update(actor_of(world.admin), cron="30 3 * * *", overlap="skip")
    assert (state().version, codes()) == (1, [])


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"cron": "61 * * * *"}, "cron", "The minute “61” is not valid"),
        ({"cron": "* * 31 2 *"}, "cron", "This never comes"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "no time zone of this name"),
        ({"keep_hours": -1}, "keep_hours", "Keep at least 24 hours"),
        ({"keep_hours": 23}, "keep_hours", "Keep at least 24 hours"),
        ({"keep_hours": 10**9}, "keep_hours", "Keep at most"),
        ({"overlap": "cancel"}, "overlap", "Choose one of: skip, queue"),
        ({"catch_up": "all"}, "catch_up", "Choose one of: skip, latest"),
        ({"catch_up_minutes": 0}, "catch_up_minutes", "Write 1 to 10080"),
        ({"catch_up_minutes": 10_081}, "catch_up_minutes", "Write 1 to 10080"),
        ({"notify": "sometimes"}, "notify", "Choose one of: nobody, failure, always"),
        ({"version": 9}, "version", "This cannot be set here"),
        ({"fault": ""}, "fault", "This cannot be set here"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_the_reason_and_nothing_changes(
    world: World, values: dict[str, Any], field: str, said: str
) -> None:
    before = ScheduleState.objects.values().get(pk=NAME)
    actor = actor_of(world.admin)
    with pytest.raises(errors.Invalid) as refused, context.acting(actor):
        settings_of.schedule_update(actor=actor, name=NAME, values={"overlap": "queue", **values})
    assert said in refused.value.fields[field][0]
    assert ScheduleState.objects.values().get(pk=NAME) == before
    assert codes() == []


def test_a_schedule_that_cleans_nothing_up_keeps_nothing(world: World) -> None:
    actor = actor_of(world.admin)
    with pytest.raises(errors.Invalid, match="Correct"), context.acting(actor):
        settings_of.schedule_update(actor=actor, name="maintenance.report_night", values={"keep_hours": 48})


def test_who_was_slower_is_told_and_overwrites_nothing(world: World) -> None:
    seen = state().version
    update(actor_of(world.admin), version=seen, cron="0 4 * * *")
    with pytest.raises(errors.Conflict):
        update(actor_of(world.root), version=seen, cron="0 5 * * *")
    assert state().cron == "0 4 * * *"
    assert codes() == ["maintenance.schedule.changed"]


def test_who_lacks_the_right_sets_pauses_resets_and_runs_nothing(world: World) -> None:
    actor, before = actor_of(world.manager), ScheduleState.objects.values().get(pk=NAME)
    with context.acting(actor):
        for act, more in (
            (settings_of.schedule_update, {"values": {"cron": "0 4 * * *"}}),
            (settings_of.schedule_pause, {"reason": "because"}),
            (settings_of.schedule_resume, {}),
            (settings_of.schedule_reset, {}),
            (settings_of.schedule_run, {}),
        ):
            with pytest.raises(errors.Forbidden):
                act(actor=actor, name=NAME, **more)
    assert ScheduleState.objects.values().get(pk=NAME) == before
    assert (JobRun.objects.count(), codes()) == (0, [])


def test_a_sync_leaves_what_people_have_set_and_follows_the_rest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    update(actor_of(world.admin), cron="0 4 * * *")
    spec = registry.schedules.get(NAME)
    monkeypatch.setitem(registry.schedules._items, NAME, replace(spec, cron="0 1 * * *", time_zone="Asia/Tokyo"))
    with context.system("a test") as current:
        schedules.schedules_sync(actor=current.actor)
    assert (state().cron, state().time_zone) == ("0 4 * * *", "Asia/Tokyo")
    with context.acting(actor_of(world.admin)) as acting:
        settings_of.schedule_reset(actor=acting.actor, name=NAME)
    assert (state().cron, state().own) == ("0 1 * * *", [])


def test_a_reset_takes_back_times_and_policies_but_not_the_switch_nor_whom_it_tells(world: World) -> None:
    actor = actor_of(world.admin)
    update(actor, cron="0 4 * * *", keep_hours=72, overlap="queue", catch_up="skip", notify="always", enabled=False)
    with context.acting(actor):
        settings_of.schedule_reset(actor=actor, name=NAME)
    found = state()
    assert (found.cron, found.keep_hours, found.overlap, found.catch_up) == ("30 3 * * *", None, "skip", "latest")
    assert (found.enabled, found.notify, found.people) == (False, "always", [world.admin.pk])


def test_a_clean_up_keeps_as_long_as_its_schedule_says_or_as_it_is_declared(world: World) -> None:
    assert keep_of(NAME) == registry.cleanups.get(NAME).keep == timedelta(days=2)
    update(actor_of(world.admin), keep_hours=100)
    assert keep_of(NAME) == timedelta(hours=100)
    update(actor_of(world.admin), keep_hours=48)
    assert state().keep_hours is None, "what is declared is not set"
    assert keep_of("accounts.sign_in_counters") == registry.cleanups.get("accounts.sign_in_counters").keep


def test_a_paused_schedule_rests_with_name_and_reason_and_makes_up_for_nothing(world: World) -> None:
    actor = actor_of(world.admin)
    with clock.at(DAY), context.acting(actor):
        settings_of.schedule_pause(actor=actor, name=NAME, reason="  The table is\nbeing moved ")
        with pytest.raises(errors.Conflict):
            settings_of.schedule_pause(actor=actor, name=NAME, reason="again")
    found = state()
    assert (found.paused_by, found.pause_reason) == (actor.label, "The table is being moved")
    with clock.at(DAY + timedelta(days=3)), context.acting(actor) as current:
        schedules.schedules_fire(actor=current.actor)
        assert not JobRun.objects.filter(schedule=NAME).exists()
        settings_of.schedule_resume(actor=actor, name=NAME)
        with pytest.raises(errors.Conflict):
            settings_of.schedule_resume(actor=actor, name=NAME)
        schedules.schedules_fire(actor=current.actor)
    assert not JobRun.objects.filter(schedule=NAME).exists()
    assert state().paused_by == ""
    assert codes() == ["maintenance.schedule.paused", "maintenance.schedule.resumed"]
    assert Event.objects.get(code="maintenance.schedule.paused").reason == "The table is being moved"


@pytest.mark.parametrize("reason", ["", "  \n", "\0", "a" * 301])
def test_a_pause_needs_a_reason_of_some_length(world: World, reason: str) -> None:
    actor = actor_of(world.admin)
    with pytest.raises(errors.Invalid), context.acting(actor):
        settings_of.schedule_pause(actor=actor, name=NAME, reason=reason)
    assert state().paused_at is None


def test_run_now_twice_is_one_run_and_one_event_and_acts_as_who_pressed_it(world: World) -> None:
    actor = actor_of(world.admin)
    with context.acting(actor):
        first = settings_of.schedule_run(actor=actor, name=NAME)
        assert settings_of.schedule_run(actor=actor, name=NAME) == first
    run = JobRun.objects.get()
    assert (run.schedule, run.slot, run.actor_id, run.args) == (NAME, None, world.admin.pk, {"cleanup": NAME})
    assert codes() == ["maintenance.schedule.started"]
    assert Event.objects.get(code="maintenance.schedule.started").data == {"run": str(first)}
    # Its own time is not used up, and while the run lives the slot counts as covered by it.
    with clock.at(state().last_slot + timedelta(days=1)), context.system("a test") as current:
        schedules.schedules_fire(actor=current.actor)
    assert JobRun.objects.filter(schedule=NAME).count() == 1


def test_a_schedule_that_is_off_paused_or_gone_wrong_can_still_be_run_by_hand(world: World) -> None:
    actor = actor_of(world.admin)
    update(actor, enabled=False)
    with context.acting(actor):
        assert settings_of.schedule_run(actor=actor, name=NAME)


def test_what_does_not_exist_cannot_be_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    actor = actor_of(world.admin)
    monkeypatch.setitem(registry.schedules._items, NAME, replace(registry.schedules.get(NAME), job="no.such"))
    with context.acting(actor):
        with pytest.raises(ScheduleFaulty):
            settings_of.schedule_run(actor=actor, name=NAME)
        with pytest.raises(errors.NotFound):
            settings_of.schedule_run(actor=actor, name="no.such")
        with pytest.raises(errors.NotFound):
            settings_of.schedule_reset(actor=actor, name="no.such")
    assert not JobRun.objects.exists()


def test_setting_a_readable_time_mends_a_schedule_that_stood_still(world: World) -> None:
    with context.system("a test"), writing():
        ScheduleState.objects.filter(pk=NAME).update(cron="61 * * * *", fault="The minute is not valid.")
    update(actor_of(world.admin), cron="0 4 * * *")
    assert (state().fault, state().is_running) == ("", True)


def test_nobody_forgets_all_who_were_told_and_a_program_is_nobody_to_tell(world: World) -> None:
    update(actor_of(world.admin), notify="always")
    update(actor_of(world.root), notify="nobody")
    assert state().people == []
    with pytest.raises(errors.Invalid), context.system("a test") as current:
        settings_of.schedule_update(actor=current.actor, name=NAME, values={"notify": "always"})


def test_the_next_runs_are_shown_for_any_line_and_zone() -> None:
    with clock.at(datetime(2027, 3, 27, 12, tzinfo=UTC)):
        found = next_runs("30 2 * * *", "Europe/Paris")
    assert [f"{moment:%d %H:%M}" for moment in found] == ["28 01:00", "29 00:30", "30 00:30", "31 00:30", "01 00:30"]
