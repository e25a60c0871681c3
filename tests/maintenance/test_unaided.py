"""A worker that looks after itself: when it takes work from the table, and when it ends."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import redis
from celery.worker import state

from maintenance import draining, publisher, runner, unaided
from maintenance.models import JobRun
from maintenance.services import runs
from portal.kit import context
from portal.kit.registry import Run
from tests.factories import World, actor_of
from tests.maintenance.conftest import Declare, fresh

LONG_AGO = "2020-01-01T00:00:00+00:00"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)
    monkeypatch.setattr(state, "reserved_requests", set())


@pytest.fixture
def queued(own_database: dict[str, str], world: World, declare: Declare) -> UUID:
    """A run that has waited since long ago."""
    name = declare(lambda run: {"done": True})
    actor = actor_of(world.admin)
    from portal.kit.services import writing

    with context.acting(actor), writing():
        run_id = runs.run_enqueue(name, actor=actor)
        JobRun.objects.filter(pk=run_id).update(run_at=LONG_AGO)
    return run_id


@pytest.fixture
def keeper(broker: str, monkeypatch: pytest.MonkeyPatch) -> unaided.Unaided:
    """The keeper of a worker that has been idle for an hour; `ends` counts how often it ended its worker."""
    ends: list[int] = []
    made = unaided.Unaided(threading.Event(), end=lambda: ends.append(1))
    made._idle_since -= 3600
    made.ends = ends  # type: ignore[attr-defined]
    return made


def look(keeper: unaided.Unaided) -> None:
    with context.system("a test"):
        keeper.look()


def test_an_idle_worker_takes_an_overdue_run_from_the_table(keeper: unaided.Unaided, queued: UUID) -> None:
    look(keeper)
    assert fresh(queued).state == "succeeded"
    assert keeper.alone


def test_a_busy_worker_leaves_it_to_the_messages(
    keeper: unaided.Unaided, queued: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "reserved_requests", {object()})
    look(keeper)
    assert fresh(queued).state == "queued"


def test_a_worker_that_has_just_started_waits_for_its_messages(queued: UUID, broker: str) -> None:
    look(unaided.Unaided(threading.Event(), end=lambda: None))
    assert fresh(queued).state == "queued"


def test_a_worker_that_hears_again_goes_back_to_its_messages(
    keeper: unaided.Unaided, queued: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(keeper)
    monkeypatch.setitem(state.total_count, "maintenance.run", 1)
    look(keeper)
    assert not keeper.alone


def test_an_idle_worker_that_leaves_messages_lying_ends(
    own_database: dict[str, str], keeper: unaided.Unaided, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "REDIS_URL", broker)
    with redis.Redis.from_url(broker) as client:
        client.lpush(unaided.QUEUE, "a message")
    for _ in range(unaided.DEAF_TURNS - 1):
        look(keeper)
    assert keeper.ends == []  # type: ignore[attr-defined]
    look(keeper)
    assert keeper.ends == [1]  # type: ignore[attr-defined]


def test_redis_being_away_is_no_reason_to_end(
    own_database: dict[str, str], keeper: unaided.Unaided, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    for _ in range(unaided.DEAF_TURNS * 2):
        look(keeper)
    assert keeper.ends == []  # type: ignore[attr-defined]


@pytest.fixture
def stopping() -> Iterator[None]:
    """The worker has been told to stop."""
    draining.ask()
    yield
    draining._asked[0] = 0


def _stepping(seen: list[int]) -> Callable[[Run], dict[str, Any]]:
    def work(run: Run) -> dict[str, Any]:
        for step in range(run.cursor or 0, 3):
            with run.batch():
                seen.append(step)
                run.cursor = step + 1
        return {}

    return work


def test_a_stopping_worker_gives_the_run_back_after_the_batch_without_counting_the_attempt(
    own_database: dict[str, str], world: World, declare: Declare, stopping: None
) -> None:
    seen: list[int] = []
    name = declare(_stepping(seen))
    actor = actor_of(world.admin)
    with context.acting(actor):
        run_id = runs.run_enqueue(name, actor=actor)
    runner.execute(run_id)
    run = fresh(run_id)
    assert (run.state, run.attempts, run.cursor, seen) == ("queued", 0, 1, [0])
    draining._asked[0] = 0
    runner.execute(run_id)
    assert (fresh(run_id).state, seen) == ("succeeded", [0, 1, 2])


def test_a_run_that_was_taken_over_is_not_given_back(own_database: dict[str, str], queued: UUID) -> None:
    with context.system("a test"):
        claim = runs.run_claim(run_id=queued, worker="one")
        assert claim is not None
        assert not runs.run_wait(claim=runs.Claim(claim.run, claim.fence - 1), wait=timedelta(0))
    assert fresh(queued).state == "running"
