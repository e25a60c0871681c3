"""Nights: steps one after the other, on one worker, whatever fails or dies on the way; and the report of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError
from django.test import Client

from accounts.models import User
from audit.models import Event
from maintenance import publisher, runner
from maintenance.models import JobRun, NightReport, ScheduleState
from maintenance.services import nights, runs
from portal.kit import clock, context, errors, ids, registry
from portal.kit.jobs import Again
from portal.kit.models import Notice, OutboundMessage
from portal.kit.registry import Job, Run, Schedule
from portal.kit.services import writing
from tests.factories import World, actor_of
from tests.maintenance.conftest import Declare, fresh

pytestmark = pytest.mark.usefixtures("own_database")
MORNING = datetime(2026, 6, 2, 6, 30, tzinfo=UTC)


class Trace:
    """Three declared steps; what each did, and which of them shall fail."""

    names = ("maintenance.first", "maintenance.second", "maintenance.third")

    def __init__(self) -> None:
        self.done: list[str] = []
        self.failing: set[str] = set()

    def work(self, run: Run) -> Mapping[str, Any]:
        """The job of every step."""
        name = str(run.args["step"])
        if name in self.failing:
            raise errors.Conflict("The disk is full. Make room, then run it again.")
        with run.batch():
            self.done.append(name)
        return {"deleted": 10, "bytes": 500}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Trace:
    """Only three schedules are declared, in another order than they stand in a night."""
    trace = Trace()
    job = Job("maintenance.test_step", "A step", trace.work, permission="schedule:admin")
    monkeypatch.setitem(registry.jobs._items, job.name, job)
    declared = {
        name: Schedule(name, name.partition(".")[2].title(), job.name, "30 3 * * *", {"step": name}, "UTC", night)
        for name, night in zip(trace.names, (10, 30, 20), strict=True)
    }
    monkeypatch.setattr(registry.schedules, "_items", declared)
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)
    with context.system("a test"), writing():
        ScheduleState.objects.all().delete()
        for name in declared:
            ScheduleState.objects.create(name=name, cron="30 3 * * *", time_zone="UTC", last_slot=clock.now())
    return trace


def start(user: User) -> UUID:
    """A night at the press of a button."""
    actor = actor_of(user)
    with context.acting(actor):
        return nights.night_start(actor=actor)


def steps_of(run_id: UUID) -> list[dict[str, Any]]:
    """The steps as the night's cursor has them."""
    cursor: dict[str, Any] = fresh(run_id).cursor or {}
    found: list[dict[str, Any]] = cursor["steps"]
    return found


def work_through(*, most: int = 30) -> list[str]:
    """One worker, one run at a time, the oldest first; the names in the order in which it took them."""
    taken: list[str] = []
    for _ in range(most):
        waiting = JobRun.objects.filter(state="queued", run_at__lte=clock.now()).order_by("queued_at", "id").first()
        if waiting is None:
            return taken
        taken.append(waiting.name)
        runner.execute(waiting.pk)
    raise AssertionError("The night never ends.")


def test_a_night_runs_its_steps_in_their_order_and_leaves_the_worker_to_them(world: World, steps: Trace) -> None:
    run_id = start(world.admin)
    taken = work_through()
    night = fresh(run_id)
    assert steps.done == [steps.names[0], steps.names[2], steps.names[1]]
    # The night starts a step, goes back into the queue, and is woken by its end.
    assert taken == ["maintenance.run_night", "maintenance.test_step"] * 3 + ["maintenance.run_night"]
    assert (night.state, night.attempts, night.done, night.total) == ("succeeded", 1, 3, 3)
    assert [step["state"] for step in steps_of(run_id)] == ["done"] * 3
    children = JobRun.objects.filter(parent_id=run_id)
    assert {child.actor_id for child in children} == {world.admin.pk}
    assert {child.schedule for child in children} == set(steps.names)


def test_twice_pressed_is_one_night(world: World, steps: Trace) -> None:
    assert start(world.admin) == start(world.root)
    assert JobRun.objects.count() == 1


def test_a_step_that_fails_does_not_stop_the_next_and_is_told(world: World, steps: Trace) -> None:
    steps.failing = {steps.names[2]}
    run_id = start(world.admin)
    work_through()
    night = fresh(run_id)
    assert steps.done == [steps.names[0], steps.names[1]]
    assert night.state == "failed"
    assert night.error == "These steps failed: Third."
    report = NightReport.objects.get(run_id=run_id)
    assert (report.origin, report.succeeded, report.failed, report.rows, report.bytes) == ("night", 2, 1, 20, 1000)
    bad = next(item for item in report.items if item["state"] == "failed")
    assert (bad["label"], bad["reason"]) == ("Third", "The disk is full. Make room, then run it again.")
    people = {world.admin.pk, world.root.pk}
    mails = OutboundMessage.objects.filter(category="job")
    assert set(mails.values_list("person_id", flat=True)) == people
    assert mails[0].subject == "Last night: 1 failed"
    assert "- Third: The disk is full." in mails[0].text
    assert f"/platform/nights/{report.pk}" in mails[0].text
    assert people <= set(Notice.objects.filter(title="Last night: 1 failed").values_list("person_id", flat=True))
    assert Event.objects.get(code="maintenance.night.reported").data["failed"] == 1


def test_run_again_repeats_just_the_steps_that_failed(world: World, steps: Trace) -> None:
    steps.failing = {steps.names[2]}
    run_id = start(world.admin)
    work_through()
    steps.failing, steps.done = set(), []
    actor = actor_of(world.admin)
    with context.acting(actor):
        runs.run_retry(actor=actor, run=fresh(run_id))
    work_through()
    assert (fresh(run_id).state, steps.done) == ("succeeded", [steps.names[2]])


def test_what_is_off_paused_or_gone_is_left_out_and_said(
    world: World, steps: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with context.system("a test"), writing():
        ScheduleState.objects.filter(pk=steps.names[0]).update(enabled=False)
        ScheduleState.objects.filter(pk=steps.names[1]).update(
            paused_at=clock.now(), paused_by="Mira Kovac", pause_reason="moving"
        )
    gone = replace(registry.schedules.get(steps.names[2]), job="no.such")
    monkeypatch.setitem(registry.schedules._items, gone.name, gone)
    run_id = start(world.admin)
    work_through()
    notes = {step["name"]: step["note"] for step in steps_of(run_id)}
    assert notes == {
        steps.names[0]: "Switched off.",
        steps.names[1]: "Paused by Mira Kovac: moving",
        steps.names[2]: "Its job no longer exists in this version.",
    }
    assert steps.done == []


def test_a_step_that_its_starter_may_not_do_fails_and_the_others_go_on(
    world: World, steps: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(
        registry.jobs.get("maintenance.test_step"), name="maintenance.other", permission="installation:admin"
    )
    monkeypatch.setitem(registry.jobs._items, other.name, other)
    first = replace(registry.schedules.get(steps.names[0]), job=other.name)
    monkeypatch.setitem(registry.schedules._items, first.name, first)
    run_id = start(world.admin)
    work_through()
    assert steps_of(run_id)[0]["state"] == "failed"
    assert steps.done == [steps.names[2], steps.names[1]]


def test_who_lacks_the_right_starts_no_night(world: World, steps: Trace) -> None:
    with pytest.raises(errors.Forbidden):
        start(world.manager)
    assert not JobRun.objects.exists()


def test_a_night_whose_worker_dies_after_any_turn_starts_no_step_twice(world: World, steps: Trace) -> None:
    run_id = start(world.admin)
    for _ in range(20):
        night = fresh(run_id)
        if not night.is_live:
            break
        if night.state == "queued":
            with context.system("a test"):
                # A worker that takes the night and dies before it did anything.
                assert runs.run_claim(run_id=run_id, worker="dies") or night.run_at > clock.now()
        with context.system("a test"), writing():
            JobRun.objects.filter(pk=run_id, state="running").update(lease_until=clock.now() - timedelta(seconds=1))
        runner.execute(run_id)
        for child in JobRun.objects.filter(parent_id=run_id, state="queued"):
            runner.execute(child.pk)
    assert fresh(run_id).state == "succeeded"
    assert JobRun.objects.filter(parent_id=run_id).count() == 3
    assert len(steps.done) == 3


def test_the_same_step_of_a_night_is_one_run_for_ever(world: World, steps: Trace) -> None:
    run_id = start(world.admin)
    actor = actor_of(world.admin)
    with context.acting(actor):
        ask: dict[str, Any] = {"actor": actor, "night_id": run_id, "name": steps.names[0], "turn": 1}
        first = nights.night_step_start(**ask)
        assert isinstance(first, UUID)
        runner.execute(first)
        assert nights.night_step_start(**ask) == first
    with pytest.raises(IntegrityError), context.system("a test"), writing():
        JobRun.objects.create(name="x", parent_id=run_id, key=f"night 1 {steps.names[0]}", actor_kind="system")


def test_a_cancelled_night_takes_its_step_along_and_starts_no_other(world: World, steps: Trace) -> None:
    run_id = start(world.admin)
    runner.execute(run_id)
    actor = actor_of(world.admin)
    with context.acting(actor):
        runs.run_cancel(actor=actor, run=fresh(run_id))
    assert fresh(run_id).state == "cancelled"
    assert list(JobRun.objects.filter(parent_id=run_id).values_list("state", flat=True)) == ["cancelled"]
    assert work_through() == []
    assert steps.done == []


# --- a job that waits ---


def test_a_job_that_waits_frees_its_worker_and_costs_no_attempt(world: World, declare: Declare) -> None:
    turns: list[int] = []

    def patient(run: Run) -> Mapping[str, Any]:
        with run.batch():
            turns.append(run.cursor or 0)
            run.cursor = (run.cursor or 0) + 1
        if run.cursor < 9:
            raise Again(timedelta(seconds=30))
        return {"turns": run.cursor}

    actor = actor_of(world.admin)
    with context.acting(actor):
        run_id = runs.run_enqueue(declare(patient), actor=actor)
    now = clock.now()
    for turn in range(9):
        with clock.at(now + timedelta(seconds=31 * turn)):
            runner.execute(run_id)
            if turn < 8:
                waiting = fresh(run_id)
                assert (waiting.state, waiting.attempts, waiting.error) == ("queued", 0, "")
                assert waiting.run_at == clock.now() + timedelta(seconds=30)
                assert waiting.lease_until is None
                runner.execute(run_id)
    assert turns == list(range(9))
    assert fresh(run_id).state == "succeeded"
    assert list(Event.objects.filter(target_id=run_id).order_by("id").values_list("code", flat=True)) == [
        "maintenance.run.queued",
        "maintenance.run.succeeded",
    ]


def test_a_job_that_is_cancelled_before_it_waits_ends_there(world: World, declare: Declare) -> None:
    actor = actor_of(world.admin)

    def cancelled_meanwhile(run: Run) -> Mapping[str, Any]:
        with context.acting(actor):
            runs.run_cancel(actor=actor, run=fresh(run.id))
        raise Again(timedelta(seconds=30))

    with context.acting(actor):
        run_id = runs.run_enqueue(declare(cancelled_meanwhile), actor=actor)
    runner.execute(run_id)
    assert fresh(run_id).state == "cancelled"


def test_of_two_runs_of_a_schedule_the_younger_waits_for_the_older(world: World, steps: Trace) -> None:
    name = steps.names[0]
    spec = registry.schedules.get(name)
    with context.system("beat") as current:
        older, younger = (
            runs.run_enqueue(spec.job, actor=current.actor, args=spec.args, key=key, schedule=name)
            for key in ("one", "two")
        )
    runner.execute(younger)
    assert (fresh(younger).state, fresh(younger).attempts, steps.done) == ("queued", 0, [])
    assert fresh(younger).run_at > clock.now()
    runner.execute(older)
    assert fresh(younger).run_at <= clock.now(), "the end of the older one wakes it up"
    runner.execute(younger)
    assert fresh(younger).state == "succeeded"


# --- the report ---


def ran(name: str, at: datetime, state: str = "succeeded", **values: Any) -> None:
    """A run of a schedule that began at its slot and took a minute."""
    with clock.at(at), context.system("beat") as current, writing():
        spec = registry.schedules.get(name)
        run_id = runs.run_enqueue(spec.job, actor=current.actor, args=spec.args, schedule=name, slot=at)
        row = {"state": state, "started_at": at, "finished_at": at + timedelta(minutes=1)} | values
        JobRun.objects.filter(pk=run_id).update(**row)
        ScheduleState.objects.filter(pk=name).update(last_slot=at)


def report(at: datetime) -> NightReport:
    """The morning report of that moment."""
    with clock.at(at), context.system("beat"):
        return nights.night_report_write(run_id=ids.uuid7(), origin=NightReport.Origin.MORNING)


def by_name(found: NightReport) -> dict[str, tuple[str, str]]:
    """State and reason of each item."""
    return {item["schedule"]: (item["state"], item["reason"]) for item in found.items}


def test_a_good_night_is_reported_in_numbers_and_nobody_is_woken(world: World, steps: Trace) -> None:
    slot = MORNING - timedelta(hours=3)
    for name in steps.names:
        ran(name, slot, result={"deleted": 7, "bytes": 100})
    found = report(MORNING)
    assert (found.succeeded, found.failed, found.missed, found.told) == (3, 0, 0, 0)
    assert (found.rows, found.bytes, found.busy_ms) == (21, 300, 180_000)
    assert found.is_good
    assert not Notice.objects.exists()
    assert not OutboundMessage.objects.exists()


def test_what_was_due_and_did_not_run_is_noticed(world: World, steps: Trace) -> None:
    first, second, third = steps.names
    slot = MORNING - timedelta(hours=3)
    ran(first, slot)
    with context.system("a test"), writing():
        # No beat came by for the second; the slot of the third was skipped.
        ScheduleState.objects.filter(pk=second).update(last_slot=slot - timedelta(days=1))
        ScheduleState.objects.filter(pk=third).update(last_slot=slot, missed_slot=slot, missed_why="overlap")
    found = report(MORNING)
    assert by_name(found) == {first: ("ok", ""), second: ("missed", "late"), third: ("missed", "overlap")}
    assert (found.missed, found.told) == (2, 2)
    assert set(Notice.objects.values_list("title", flat=True)) == {"Last night: 2 did not run"}
    assert "It was due and did not run: no scheduler was running in time." in OutboundMessage.objects.all()[0].text


def test_a_schedule_that_stands_still_or_waits_for_a_worker_is_noticed_and_one_that_is_off_is_not(
    world: World, steps: Trace
) -> None:
    first, second, third = steps.names
    ran(first, MORNING - timedelta(hours=3), state="queued", started_at=None, finished_at=None)
    with context.system("a test"), writing():
        ScheduleState.objects.filter(pk=second).update(fault="Its job is gone.")
        ScheduleState.objects.filter(pk=third).update(enabled=False)
    found = report(MORNING)
    assert by_name(found) == {first: ("waiting", ""), second: ("fault", "Its job is gone."), third: ("off", "")}
    assert (found.missed, found.idle) == (2, 1)


def test_reports_follow_each_other_without_gap_or_overlap(world: World, steps: Trace) -> None:
    slot = MORNING - timedelta(hours=3)
    ran(steps.names[0], slot, state="failed", error="The disk is full.")
    first = report(MORNING)
    ran(steps.names[0], slot + timedelta(days=1))
    second = report(MORNING + timedelta(days=1))
    assert (first.failed, second.failed) == (1, 0)
    assert second.starts_at == first.ends_at
    assert by_name(second)[steps.names[0]] == ("ok", "")


def test_a_report_is_written_once_however_often_its_job_runs(world: World, steps: Trace) -> None:
    with context.system("beat") as current:
        run_id = runs.run_enqueue(nights.REPORT, actor=current.actor)
    runner.execute(run_id)
    found = fresh(run_id)
    assert (found.state, found.result and found.result["failed"]) == ("succeeded", 0)
    with context.system("beat"):
        nights.night_report_write(run_id=run_id, origin=NightReport.Origin.MORNING)
    assert NightReport.objects.count() == 1
    assert Event.objects.filter(code="maintenance.night.reported").count() == 1


def test_a_report_is_never_changed_and_the_database_keeps_its_sums(world: World, steps: Trace) -> None:
    found = report(MORNING)
    with pytest.raises(DatabaseError, match="permission denied"), context.system("a test"), writing():
        NightReport.objects.filter(pk=found.pk).update(failed=0)
    for wrong in ({"rows": -1}, {"origin": "noon"}, {"ends_at": found.starts_at}):
        values = {"run_id": ids.uuid7(), "origin": "night", "starts_at": MORNING, "ends_at": MORNING + timedelta(1)}
        with pytest.raises(IntegrityError), context.system("a test"), writing():
            NightReport.objects.create(**(values | wrong))


# --- the pages ---


def text_of(client: Client, url: str) -> str:
    reply = client.get(url)
    assert reply.status_code == 200, url
    return reply.content.decode()


def test_the_pages_show_the_night_and_run_one(world: World, steps: Trace, browser_of: Callable[[User], Client]) -> None:
    client = browser_of(world.admin)
    assert "No night has been reported yet" in text_of(client, "/platform/nights")
    slot = MORNING - timedelta(hours=3)
    ran(steps.names[0], slot, state="failed", error="=The disk is full.")
    ran(steps.names[1], slot, result={"deleted": 1234})
    with context.system("a test"), writing():
        ScheduleState.objects.filter(pk=steps.names[2]).update(last_slot=slot - timedelta(days=1))
    found = report(MORNING)
    for url in ("/platform/nights", f"/platform/nights/{found.pk}"):
        page = text_of(client, url)
        for words in ("2 tasks need you.", "The disk is full.", "1,234", "It was due and did not run"):
            assert words in page, (url, words)
    file = client.get(f"/platform/nights/{found.pk}/csv")
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    lines = file.content.decode().splitlines()
    assert len(lines) == 4
    assert "'=The disk is full." in file.content.decode(), "no cell is taken for a formula"
    for path in (f"/platform/nights/{ids.uuid7()}", f"/platform/nights/{ids.uuid7()}/csv"):
        assert client.get(path).status_code == 404
    assert client.get("/platform/nights/run").status_code == 405
    assert browser_of(world.manager).post("/platform/nights/run").status_code == 403
    assert not JobRun.objects.filter(name=nights.NIGHT).exists()
    told = client.get(f"/api/v1/admin/nights/{found.pk}").json()
    assert [item["started_at"] for item in told["items"] if item["run"]] == ["2026-06-02T03:30:00Z"] * 2
    pressed = [client.post("/platform/nights/run")["Location"] for _ in range(2)]
    run = JobRun.objects.get(name=nights.NIGHT)
    assert pressed == [f"/platform/jobs/{run.pk}"] * 2
    assert "Tonight’s maintenance is running" in text_of(client, "/platform/nights")
    runner.execute(run.pk)
    assert "First" in text_of(client, f"/platform/jobs/{run.pk}"), "its steps"
