"""The series of upkeep tell what is in the database, whatever was cleaned, killed or run again."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from maintenance import cleaning, runner
from maintenance.models import Heartbeat, JobRun, ScheduleState
from maintenance.services import heartbeats, runs
from portal.kit import clock, context, registry
from portal.kit.registry import Job, Run
from portal.kit.services import writing
from tests.monitoring.conftest import Scrape

NAME = "maintenance.test_job"
NOON = datetime(2027, 3, 10, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _job(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that fails when its arguments say so."""

    def work(run: Run) -> Mapping[str, Any]:
        if run.args.get("fail"):
            raise ValueError("as asked")
        return {}

    job = Job(NAME, "A test", work, permission="job:admin", max_attempts=1)
    monkeypatch.setitem(registry.jobs._items, NAME, job)


def _run(*, fail: bool = False) -> UUID:
    with context.system("a test"):
        run_id = runs.run_enqueue(NAME, actor=context.actor(), args={"fail": fail})
    runner.execute(run_id)
    return run_id


def _ended(scrape: Scrape, outcome: str, name: str = NAME) -> float | None:
    return scrape()("steward_maintenance_runs_total", name=name, outcome=outcome)


def test_runs_are_counted_by_job_and_outcome(scrape: Scrape) -> None:
    _run()
    _run()
    _run(fail=True)

    assert [_ended(scrape, outcome) for outcome in ("succeeded", "failed", "cancelled")] == [2, 1, 0]


def test_every_declared_job_has_its_counters_before_its_first_run(scrape: Scrape) -> None:
    seen = {labels["name"] for labels in scrape().labels("steward_maintenance_runs_total")}

    assert seen == {job.name for job in registry.jobs}


def test_a_failed_run_that_is_started_again_stays_counted_as_failed(scrape: Scrape) -> None:
    run = JobRun.objects.get(pk=_run(fail=True))
    assert scrape()("steward_maintenance_dead_letters_runs") == 1

    with context.system("a test"):
        runs.run_retry(actor=context.actor(), run=run)

    assert _ended(scrape, "failed") == 1
    assert scrape()("steward_maintenance_dead_letters_runs") == 0


def test_clean_ups_of_runs_do_not_lower_their_counters(scrape: Scrape) -> None:
    _run()
    with context.system("a test"), writing():
        JobRun.objects.all().delete()

    assert _ended(scrape, "succeeded") == 1


def test_counters_begin_at_zero_every_day(scrape: Scrape) -> None:
    with clock.at(NOON):
        _run()
        assert _ended(scrape, "succeeded") == 1

    with clock.at(NOON + timedelta(hours=13)):
        assert _ended(scrape, "succeeded") == 0


def test_durations_stand_in_their_buckets(scrape: Scrape) -> None:
    for seconds in (0.4, 20.0, 30_000.0):
        run_id = _run()
        run = JobRun.objects.get(pk=run_id)
        assert run.finished_at is not None
        with context.system("a test"), writing():
            JobRun.objects.filter(pk=run_id).update(started_at=run.finished_at - timedelta(seconds=seconds))

    found = scrape()

    buckets = {
        bound: found("steward_maintenance_run_duration_seconds_bucket", name=NAME, le=bound)
        for bound in ("0.1", "0.5", "15.0", "60.0", "14400.0", "+Inf")
    }
    assert buckets == {"0.1": 0, "0.5": 1, "15.0": 1, "60.0": 2, "14400.0": 2, "+Inf": 3}
    assert found("steward_maintenance_run_duration_seconds_count", name=NAME) == 3
    assert found("steward_maintenance_run_duration_seconds_sum", name=NAME) == pytest.approx(30_020.4)


def test_the_newest_success_of_a_job_is_told_and_failures_do_not_count(scrape: Scrape) -> None:
    with clock.at(NOON):
        _run()
    with clock.at(NOON + timedelta(minutes=5)):
        _run(fail=True)

    found = scrape()
    last = "steward_maintenance_job_last_success_timestamp_seconds"
    assert found(last, name=NAME) == NOON.timestamp()
    assert found(last, name="maintenance.run_cleanup") is None


def test_the_queue_tells_its_depth_and_how_long_the_oldest_waits(scrape: Scrape) -> None:
    with context.system("a test"), clock.at(NOON):
        runs.run_enqueue(NAME, actor=context.actor())
        runs.run_enqueue(NAME, actor=context.actor(), run_at=NOON + timedelta(hours=1))
    with context.system("a test"), clock.at(NOON + timedelta(seconds=30)):
        runs.run_enqueue(NAME, actor=context.actor())

    with clock.at(NOON + timedelta(seconds=90)):
        found = scrape()

    states = {state: found("steward_maintenance_runs_live", state=state) for state in ("queued", "later", "running")}
    assert states == {"queued": 2, "later": 1, "running": 0}
    assert found("steward_maintenance_queue_oldest_seconds") == 90


def test_an_empty_queue_is_no_age_at_all(scrape: Scrape) -> None:
    assert scrape()("steward_maintenance_queue_oldest_seconds") == 0


def test_a_claimed_run_is_running(scrape: Scrape) -> None:
    with context.system("a test"):
        run_id = runs.run_enqueue(NAME, actor=context.actor())
        runs.run_claim(run_id=run_id, worker="w:1")

    assert scrape()("steward_maintenance_runs_live", state="running") == 1


def test_silent_processes_are_not_alive(scrape: Scrape) -> None:
    with context.system("a test"):
        heartbeats.heartbeat_write(name="worker one", kind="worker")
        heartbeats.heartbeat_write(name="worker two", kind="worker")
        heartbeats.heartbeat_write(name="beat one", kind="beat")
        with writing():
            Heartbeat.objects.filter(kind="beat").update(seen_at=clock.now() - timedelta(seconds=21))

    found = scrape()

    assert found("steward_maintenance_heartbeats_live", kind="worker") == 2
    assert found("steward_maintenance_heartbeats_live", kind="beat") == 0


# --- Schedules ---


def _schedule(**values: Any) -> str:
    spec = next(iter(registry.schedules))
    with context.system("a test"), writing():
        ScheduleState.objects.filter(pk=spec.name).update(
            **{"cron": "0 * * * *", "time_zone": "UTC", "last_slot": NOON, "enabled": True, **values}
        )
    return spec.name


def _lag(scrape: Scrape, name: str, minutes: float) -> float | None:
    with clock.at(NOON + timedelta(minutes=minutes)):
        return scrape()("steward_maintenance_schedule_lag_seconds", schedule=name)


def test_a_slot_that_nobody_fired_lags(scrape: Scrape) -> None:
    name = _schedule()

    assert [_lag(scrape, name, minutes) for minutes in (59, 61, 200)] == [0, 60, 140 * 60]


def test_a_schedule_that_is_off_lags_nothing(scrape: Scrape) -> None:
    name = _schedule(enabled=False)

    assert _lag(scrape, name, 200) == 0
    assert scrape()("steward_maintenance_schedule_enabled", schedule=name) == 0


def test_a_slot_whose_run_nobody_takes_lags_until_it_starts(scrape: Scrape) -> None:
    name = _schedule(last_slot=NOON)
    with context.system("a test"), clock.at(NOON):
        run_id = runs.run_enqueue(NAME, actor=context.actor(), schedule=name, slot=NOON)
    assert _lag(scrape, name, 10) == 600

    with clock.at(NOON + timedelta(minutes=11)):
        runner.execute(run_id)

    assert _lag(scrape, name, 12) == 0
    last = scrape()("steward_maintenance_schedule_last_success_timestamp_seconds", schedule=name)
    assert last == (NOON + timedelta(minutes=11)).timestamp()


def test_a_line_that_cannot_be_read_hides_no_other_schedule(scrape: Scrape) -> None:
    name = _schedule(cron="61 * * * *")

    found = scrape()

    assert found("steward_maintenance_schedule_lag_seconds", schedule=name) == 0
    assert len(found.labels("steward_maintenance_schedule_lag_seconds")) == len(registry.schedules)


# --- Clean-ups ---


def test_deleted_rows_are_those_of_the_runs_that_ended_today(scrape: Scrape) -> None:
    name = next(iter(registry.cleanups)).name
    with context.system("a test"), writing():
        for ended, deleted in ((NOON, 40), (NOON + timedelta(hours=1), 2), (NOON - timedelta(days=1), 1_000)):
            with clock.at(ended):
                JobRun.objects.create(
                    name=cleaning.JOB,
                    args={"cleanup": name},
                    state=JobRun.State.SUCCEEDED,
                    actor_kind="system",
                    actor_label="a test",
                    started_at=ended,
                    finished_at=ended,
                    result={"cleanup": name, "deleted": deleted},
                )

    with clock.at(NOON + timedelta(hours=2)):
        found = scrape()

    assert found("steward_maintenance_cleanup_rows_total", cleanup=name) == 42
    last = found("steward_maintenance_cleanup_last_success_timestamp_seconds", cleanup=name)
    assert last == (NOON + timedelta(hours=1)).timestamp()


def test_a_run_of_several_clean_ups_counts_for_each(scrape: Scrape) -> None:
    one, two = (cleanup.name for cleanup in list(registry.cleanups)[:2])
    with context.system("a test"), writing(), clock.at(NOON):
        JobRun.objects.create(
            name=cleaning.JOB,
            args={"items": [{"cleanup": one}, {"cleanup": two}]},
            state=JobRun.State.SUCCEEDED,
            actor_kind="system",
            actor_label="a test",
            finished_at=NOON,
            result={"deleted": 12, "items": [{"cleanup": one, "deleted": 5}, {"cleanup": two, "deleted": 7}]},
        )

    with clock.at(NOON + timedelta(hours=2)):
        found = scrape()

    assert found("steward_maintenance_cleanup_rows_total", cleanup=one) == 5
    assert found("steward_maintenance_cleanup_rows_total", cleanup=two) == 7


def test_every_declared_clean_up_has_its_counter_before_its_first_run(scrape: Scrape) -> None:
    seen = {labels["cleanup"] for labels in scrape().labels("steward_maintenance_cleanup_rows_total")}

    assert seen >= {cleanup.name for cleanup in registry.cleanups}


@pytest.mark.parametrize(
    "values",
    [
        {"paused_at": NOON, "paused_by": "Ada", "pause_reason": "A move of the data centre."},
        {"fault": "Its job no longer exists in this version."},
    ],
    ids=["paused", "faulted"],
)
def test_a_schedule_that_stands_still_lags_nothing_and_does_not_fire(scrape: Scrape, values: dict[str, Any]) -> None:
    name = _schedule(**values)

    assert _lag(scrape, name, 200) == 0
    assert scrape()("steward_maintenance_schedule_enabled", schedule=name) == 0
