"""Processes are killed or told to stop at the worst moment: an attempt more at most, never an effect more or less."""

import signal
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from django.test import Client

from audit.models import Event
from maintenance.models import Heartbeat, JobRun
from tests.factories import World, signed_in
from tests.faults import part
from tests.faults.conftest import Start, ended, enqueue, mark
from tests.maintenance.conftest import dispatch, fresh
from tests.waiting import wait_for

pytestmark = pytest.mark.kill
Effects = Callable[[UUID], list[int]]


@pytest.fixture
def hold(folder: Path) -> Path:
    """As long as this file is there, jobs that name it wait."""
    made = folder / "hold"
    made.touch()
    return made


def told(client: Client, run: JobRun) -> None:
    """Page and API say how the run ended, as its row does."""
    page = client.get(f"/platform/jobs/{run.pk}")
    assert page.status_code == 200
    assert str(JobRun.State(run.state).label) in page.content.decode()
    assert client.get(f"/api/v1/jobs/{run.pk}").json()["state"] == run.state


def test_a_killed_pool_child_costs_an_attempt_and_nothing_else(
    world: World, effects: Effects, start: Start, hold: Path
) -> None:
    worker = start("worker")
    run_id = enqueue(world.admin, steps=4, hold=str(hold), hold_at=2)
    wait_for(lambda: fresh(run_id).done == 2, what="two committed steps", tick=dispatch)
    (child,) = worker.children()
    child.kill()
    hold.unlink()
    run = ended(run_id, tick=dispatch)
    assert (run.attempts, run.fence) == (2, 2)
    assert effects(mark(run_id)) == [0, 1, 2, 3]
    assert worker.alive
    assert Event.objects.filter(code="maintenance.run.succeeded", target_id=run_id).count() == 1
    told(signed_in(world.admin), run)


def test_a_run_that_kills_its_worker_every_time_is_given_up_with_a_sentence(
    world: World, effects: Effects, start: Start, hold: Path
) -> None:
    worker = start("worker")
    run_id = enqueue(world.admin, part.SILENT, hold=str(hold))
    for attempt in (1, 2, 3):
        wait_for(lambda n=attempt: fresh(run_id).attempts == n, what="the next attempt", tick=dispatch)  # type: ignore[misc]
        for child in worker.children():
            child.kill()
    run = ended(run_id, "failed", tick=dispatch)
    assert run.max_attempts == 3
    assert "Its worker died on every attempt" in run.error
    assert Event.objects.get(code="maintenance.run.failed", target_id=run_id).outcome == "failed"
    told(signed_in(world.admin), run)


def test_sigterm_lets_the_batch_end_and_gives_the_run_back_at_its_cursor(
    world: World, effects: Effects, start: Start, hold: Path
) -> None:
    worker = start("worker")
    run_id = enqueue(world.admin, steps=50, hold=str(hold), hold_at=3)
    wait_for(lambda: fresh(run_id).done == 3, what="three committed steps", tick=dispatch)
    worker.process.terminate()
    wait_for(lambda: not Heartbeat.objects.exists(), what="the worker to have heard it")
    late = enqueue(world.admin)
    hold.unlink()
    assert worker.process.wait(25) == 0
    run = fresh(run_id)
    assert (run.state, run.done, run.attempts) == ("queued", 4, 0), "a stop is no failed attempt"
    assert fresh(late).state == "queued", "a worker that stops takes nothing new"
    assert effects(mark(run_id)) == [0, 1, 2, 3]
    start("worker")
    assert ended(run_id, tick=dispatch).attempts == 1
    ended(late, tick=dispatch)
    assert effects(mark(run_id)) == list(range(50))


def test_a_drain_that_takes_too_long_is_killed_and_the_run_goes_on_at_its_cursor(
    world: World, effects: Effects, start: Start, hold: Path
) -> None:
    worker = start("worker")
    run_id = enqueue(world.admin, steps=6, hold=str(hold), hold_at=3)
    wait_for(lambda: fresh(run_id).done == 3, what="three committed steps", tick=dispatch)
    worker.process.terminate()
    wait_for(lambda: not Heartbeat.objects.exists(), what="the worker to have heard it")
    assert worker.alive, "it waits for the batch"
    worker.kill()
    hold.unlink()
    assert fresh(run_id).state == "running", "nobody knows yet"
    start("worker")
    assert ended(run_id, tick=dispatch).attempts == 2
    assert effects(mark(run_id)) == [0, 1, 2, 3, 4, 5]


def test_a_supervised_worker_killed_with_its_group_leaves_no_process_behind(effects: Effects, start: Start) -> None:
    """Its pool ends with the main process, however that ends: nobody would stop it otherwise."""
    worker = start("worker")
    wait_for(lambda: Heartbeat.objects.filter(kind="worker").exists(), what="the worker")
    children = worker.children()
    assert children
    psutil.Process(worker.process.pid).send_signal(signal.SIGKILL)
    worker.process.wait(10)
    wait_for(lambda: not any(_runs(child) for child in children), what="its pool to end", seconds=20)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
