"""`make soak`: a worker killed again and again, at moments that nobody chose."""

import random
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Session
from audit.models import Event
from maintenance import cleaning
from maintenance.models import JobRun
from maintenance.services import runs
from portal.kit import context
from portal.kit.services import writing
from tests.factories import World, actor_of
from tests.maintenance.conftest import dispatch, fresh
from tests.maintenance.test_kill import add_sessions
from tests.waiting import wait_for

ROWS, KILLS = 60_000, 12


@pytest.mark.soak
@pytest.mark.kill
def test_however_often_the_worker_is_killed_exactly_the_previewed_rows_go(
    own_database: dict[str, str], world: World, start_worker: Callable[..., Any]
) -> None:
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown on failure, to run the same moments again
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    add_sessions(world.clerk, ROWS, expires_in=-timedelta(days=2))
    add_sessions(world.clerk, 10, expires_in=timedelta(days=2))
    actor = actor_of(world.admin)
    with context.acting(actor):
        preview = cleaning.preview(actor=actor, name="accounts.expired_sessions")
        args = cleaning.confirmed(actor=actor, name="accounts.expired_sessions", token=preview.token)
        run_id = runs.run_enqueue(cleaning.JOB, actor=actor, args=args)
    with context.system("a test"), writing():
        JobRun.objects.filter(pk=run_id).update(max_attempts=KILLS + 2)
    for _ in range(KILLS):
        worker = start_worker(STEWARD_CLEANUP_BATCH="20", STEWARD_JOB_LEASE_SECONDS="3")
        target = fresh(run_id).done + chance.randint(20, ROWS // KILLS // 2)
        wait_for(lambda goal=target: fresh(run_id).done >= goal, what="more rows", tick=dispatch)  # type: ignore[misc]
        worker.kill()
        run = fresh(run_id)
        assert run.is_live
        assert Session.objects.filter(expires_at__lt=preview.cutoff).count() == ROWS - run.done
    start_worker(STEWARD_CLEANUP_BATCH="5000", STEWARD_JOB_LEASE_SECONDS="3")
    wait_for(lambda: not fresh(run_id).is_live, what="the last worker", tick=dispatch)
    run = fresh(run_id)
    assert (run.state, run.result and run.result["deleted"]) == ("succeeded", ROWS)
    assert Session.objects.count() == 10
    assert Event.objects.filter(code="maintenance.cleanup.finished").count() == 1
