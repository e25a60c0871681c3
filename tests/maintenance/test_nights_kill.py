"""A real night on one real worker that is killed again and again: it takes longer, and that is all."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from accounts.models import Session
from maintenance.models import JobRun, NightReport
from maintenance.services import nights
from portal.kit import context
from tests.factories import World, actor_of
from tests.maintenance.conftest import dispatch, fresh
from tests.maintenance.test_kill import add_sessions
from tests.waiting import wait_for

pytestmark = pytest.mark.kill
EXPIRED, LIVE = 3_000, 12
SESSIONS = "accounts.expired_sessions"


def test_a_night_is_finished_by_one_worker_at_a_time_however_often_it_is_killed(
    own_database: dict[str, str], world: World, start_worker: Callable[..., Any]
) -> None:
    add_sessions(world.clerk, EXPIRED, expires_in=-timedelta(days=2))
    add_sessions(world.clerk, LIVE, expires_in=timedelta(days=2))
    actor = actor_of(world.admin)
    with context.acting(actor):
        run_id = nights.night_start(actor=actor)
    expected = [spec.name for spec in nights.nightly()]

    def deleting(at_least: int) -> Callable[[], bool]:
        return lambda: JobRun.objects.filter(schedule=SESSIONS, done__gte=at_least).exists()

    # At the first sign of the night, then twice in the middle of its longest step.
    for what, reached in (
        ("the first step", lambda: JobRun.objects.filter(parent_id=run_id).exists()),
        ("the first rows", deleting(50)),
        ("more rows", deleting(600)),
    ):
        worker = start_worker(STEWARD_CLEANUP_BATCH="20", STEWARD_JOB_LEASE_SECONDS="3")
        wait_for(reached, what=what, tick=dispatch)
        worker.kill()
        assert fresh(run_id).is_live
    start_worker(STEWARD_CLEANUP_BATCH="5000", STEWARD_JOB_LEASE_SECONDS="3")
    wait_for(lambda: not fresh(run_id).is_live, what="the last worker", tick=dispatch)

    night = fresh(run_id)
    assert night.state == "succeeded", night.error
    cursor: Any = night.cursor
    assert [(step["name"], step["state"]) for step in cursor["steps"]] == [(name, "done") for name in expected]
    children = JobRun.objects.filter(parent_id=run_id)
    assert sorted(children.values_list("schedule", flat=True)) == sorted(expected)
    assert Session.objects.count() == LIVE
    assert NightReport.objects.get(run_id=run_id).failed == 0
    # One after the other, although a worker died in the middle.
    times: list[Any] = sorted(children.values_list("started_at", "finished_at"))
    assert all(before[1] <= after[0] for before, after in pairwise(times))
