"""Real processes, really killed: nothing is lost, nothing is done twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from django.db import connection

from accounts.models import Session, User
from audit.models import Event
from maintenance import cleaning
from maintenance.models import Heartbeat
from maintenance.services import runs
from portal.kit import clock, context
from portal.kit.services import writing
from tests.factories import World, actor_of
from tests.maintenance.conftest import dispatch, fresh
from tests.waiting import wait_for

pytestmark = pytest.mark.kill
EXPIRED, LIVE = 40_000, 25


def add_sessions(user: User, count: int, *, expires_in: timedelta) -> None:
    """Sessions of `user`, written as one statement; `expires_in` may be negative."""
    moment = clock.now() + expires_in
    with context.system("a test"), writing(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_session (id, digest, user_id, created_at, seen_at, idle, expires_at, ends_at, agent) "
            "SELECT gen_random_uuid(), sha256(gen_random_uuid()::text::bytea), %s, %s, %s, interval '1 hour', %s, %s, '' "
            "FROM generate_series(1, %s)",
            [user.pk, moment, moment, moment, moment, count],
        )


def _confirm(actor: Any) -> tuple[Any, cleaning.Preview]:
    with context.acting(actor):
        preview = cleaning.preview(actor=actor, name="accounts.expired_sessions")
        args = cleaning.confirmed(actor=actor, name="accounts.expired_sessions", token=preview.token)
        return runs.run_enqueue(cleaning.JOB, actor=actor, args=args), preview


def test_a_worker_killed_in_mid_cleanup_is_followed_by_one_that_resumes_at_the_cursor(
    own_database: dict[str, str], world: World, start_worker: Callable[..., Any]
) -> None:
    add_sessions(world.clerk, EXPIRED, expires_in=-timedelta(days=2))
    add_sessions(world.clerk, LIVE, expires_in=timedelta(days=2))
    run_id, preview = _confirm(actor_of(world.admin))
    assert preview.count == EXPIRED

    first = start_worker(STEWARD_CLEANUP_BATCH="50", STEWARD_JOB_LEASE_SECONDS="3")
    wait_for(lambda: fresh(run_id).done >= 500, what="the first batches", tick=dispatch)
    first.kill()
    at_kill = fresh(run_id)
    assert at_kill.state == "running"
    assert at_kill.done < EXPIRED, "the worker finished before it could be killed"
    assert Session.objects.filter(expires_at__lt=preview.cutoff).count() == EXPIRED - at_kill.done
    assert at_kill.cursor is not None
    assert at_kill.cursor["deleted"] == at_kill.done

    # Grown old after the preview: not what was confirmed, so it must stay.
    add_sessions(world.clerk, 7, expires_in=-timedelta(milliseconds=1))
    start_worker(STEWARD_CLEANUP_BATCH="5000", STEWARD_JOB_LEASE_SECONDS="3")
    wait_for(lambda: not fresh(run_id).is_live, what="the second worker", tick=dispatch)

    run = fresh(run_id)
    assert run.state == "succeeded"
    assert run.attempts == 2
    assert run.result is not None
    assert (run.result["deleted"], run.result["left"]) == (EXPIRED, 0)
    assert Session.objects.count() == LIVE + 7
    event = Event.objects.get(code="maintenance.cleanup.finished")
    assert event.data["deleted"] == EXPIRED
    assert event.actor_id == world.admin.pk


# While a row lies in `gate`, whoever ends a run waits there, in the transaction that would end it.
GATE = """
CREATE TABLE gate AS SELECT 1 AS closed;
CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    WHILE EXISTS (SELECT FROM gate) LOOP PERFORM pg_sleep(0.1); END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER wait_at_the_gate BEFORE UPDATE ON maintenance_job_run FOR EACH ROW WHEN (NEW.state = 'succeeded')
    EXECUTE FUNCTION wait_at_the_gate();
"""
AT_THE_GATE = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


def test_a_worker_killed_between_the_end_of_its_clean_up_and_that_of_its_run_leaves_one_event(
    own_database: dict[str, str], world: World, start_worker: Callable[..., Any]
) -> None:
    add_sessions(world.clerk, LIVE, expires_in=-timedelta(days=2))
    run_id, _ = _confirm(actor_of(world.admin))
    here = urlsplit(own_database["STEWARD_TEST_ADMIN_URL"])._replace(path=urlsplit(own_database["DATABASE_URL"]).path)
    with psycopg.connect(here.geturl(), autocommit=True) as admin:
        admin.execute(GATE)
        first = start_worker(STEWARD_JOB_LEASE_SECONDS="3")
        wait_for(lambda: admin.execute(AT_THE_GATE).fetchone() is not None, what="the end of the run", tick=dispatch)
        first.kill()
        admin.execute("DELETE FROM gate")
    assert fresh(run_id).state == "running"
    assert Event.objects.filter(code="maintenance.cleanup.finished").count() == 1
    start_worker(STEWARD_JOB_LEASE_SECONDS="3")
    wait_for(lambda: not fresh(run_id).is_live, what="the second worker", tick=dispatch)
    run = fresh(run_id)
    assert (run.state, run.attempts) == ("succeeded", 2)
    assert run.result is not None
    assert run.result["deleted"] == LIVE
    assert Event.objects.get(code="maintenance.cleanup.finished").data["deleted"] == LIVE
    assert Event.objects.filter(code="maintenance.run.succeeded", target_id=run_id).count() == 1


def test_a_flushed_redis_loses_no_queued_work(
    own_database: dict[str, str], world: World, start_worker: Callable[..., Any], broker: str
) -> None:
    queued = []
    for name in ("accounts.expired_sessions", "accounts.sign_in_counters", "accounts.abandoned_imports"):
        actor = actor_of(world.admin)
        with context.acting(actor):
            queued.append(runs.run_enqueue(cleaning.JOB, actor=actor, args={"cleanup": name}))
    client = redis.Redis.from_url(broker)
    client.flushdb()
    client.close()
    start_worker()
    wait_for(lambda: all(not fresh(run_id).is_live for run_id in queued), what="all three runs", tick=dispatch)
    assert [fresh(run_id).state for run_id in queued] == ["succeeded"] * 3
    assert [fresh(run_id).attempts for run_id in queued] == [1] * 3


def test_a_worker_shows_signs_of_life_and_leaves_none_when_it_stops(
    own_database: dict[str, str], start_worker: Callable[..., Any]
) -> None:
    worker = start_worker()
    wait_for(lambda: Heartbeat.objects.filter(kind="worker").exists(), what="the first sign of life")
    worker.stop()
    assert not Heartbeat.objects.exists()
