"""A clean-up that is interrupted when all is deleted, and its run has not ended: told once, whatever comes between."""

from typing import Any

import pytest
from django.db import connection

from accounts.models import Session
from audit.models import Event
from maintenance import draining, runner
from maintenance.cleaning import running
from maintenance.models import JobRun
from maintenance.services import runs
from portal.kit import context
from portal.kit.services import writing
from tests.factories import World, actor_of
from tests.maintenance.cleaning_support import DAY, result_of, started
from tests.maintenance.conftest import fresh
from tests.maintenance.test_kill import add_sessions

pytestmark = pytest.mark.usefixtures("own_database")
SESSIONS, COUNT = "accounts.expired_sessions", 30
_result = running._result


def _finished() -> list[Event]:
    return list(Event.objects.filter(code="maintenance.cleanup.finished"))


def _is_told_once(run: JobRun) -> None:
    assert not Session.objects.exists()
    result = result_of(run)
    assert result["deleted"] == COUNT
    (event,) = _finished()
    assert (event.data["deleted"], event.data["keys_sha256"]) == (COUNT, result["keys_sha256"])
    assert not Event.objects.filter(code="maintenance.cleanup.stopped").exists()


def test_a_worker_lost_before_the_run_ends_leaves_its_result_to_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_sessions(world.clerk, COUNT, expires_in=-2 * DAY)
    run_id = started(actor_of(world.admin), SESSIONS)

    def lost(**values: Any) -> bool:
        raise runner.DatabaseGone

    with monkeypatch.context() as patched:
        patched.setattr(runs, "run_finish", lost)
        with pytest.raises(runner.DatabaseGone):
            runner.execute(run_id)
    assert fresh(run_id).state == "running"
    assert len(_finished()) == 1
    with context.system("a test"), writing(), connection.cursor() as cursor:
        cursor.execute("UPDATE maintenance_job_run SET lease_until = now() - interval '1 hour' WHERE id = %s", [run_id])
    runner.execute(run_id)
    assert fresh(run_id).attempts == 2
    _is_told_once(fresh(run_id))


def test_a_worker_that_stops_at_the_last_batch_leaves_its_result_to_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_sessions(world.clerk, COUNT, expires_in=-2 * DAY)
    run_id = started(actor_of(world.admin), SESSIONS)

    def told_to_stop(*args: Any) -> dict[str, Any]:
        draining.ask()
        return _result(*args)

    with monkeypatch.context() as patched:
        patched.setattr(running, "_result", told_to_stop)
        try:
            runner.execute(run_id)
        finally:
            draining._asked[0] = 0
    assert (fresh(run_id).state, len(_finished())) == ("queued", 1)
    runner.execute(run_id)
    _is_told_once(fresh(run_id))


def test_a_clean_up_cancelled_when_all_is_gone_and_started_again_tells_no_second_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_sessions(world.clerk, COUNT, expires_in=-2 * DAY)
    actor = actor_of(world.admin)
    run_id = started(actor, SESSIONS)

    def cancelled(*args: Any) -> dict[str, Any]:
        with context.acting(actor):
            runs.run_cancel(actor=actor, run=fresh(run_id))
        return _result(*args)

    with monkeypatch.context() as patched:
        patched.setattr(running, "_result", cancelled)
        runner.execute(run_id)
    assert (fresh(run_id).state, len(_finished())) == ("cancelled", 1)
    with context.acting(actor):
        runs.run_retry(actor=actor, run=fresh(run_id))
    runner.execute(run_id)
    _is_told_once(fresh(run_id))
