"""PostgreSQL fails in the middle of a batch: the batch is done once or not at all, and the run goes on at its cursor."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest

from audit.models import Event
from tests.factories import World
from tests.faults.conftest import Start, ended, enqueue, mark, named
from tests.faults.proxy import Proxy
from tests.maintenance.conftest import dispatch, fresh
from tests.waiting import wait_for

pytestmark = pytest.mark.kill
Effects = Callable[[UUID], list[int]]


@pytest.fixture
def owner(own_database: dict[str, str]) -> Iterator["psycopg.Connection"]:
    """The superuser in the test's own database."""
    name = urlsplit(own_database["DATABASE_URL"]).path
    with psycopg.connect(
        urlsplit(own_database["STEWARD_TEST_ADMIN_URL"])._replace(path=name).geturl(), autocommit=True
    ) as connection:
        yield connection


def test_backends_terminated_in_a_batch_roll_it_back_and_the_run_resumes(
    world: World, effects: Effects, start: Start, folder: Path, owner: "psycopg.Connection"
) -> None:
    hold = folder / "hold"
    hold.touch()
    worker = start("worker")
    run_id = enqueue(world.admin, steps=5, hold=str(hold), hold_at=2)
    wait_for(lambda: fresh(run_id).done == 2, what="two committed steps", tick=dispatch)
    killed = owner.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND state = 'idle in transaction' AND query LIKE '%fault_effect%'"
    ).fetchone()
    assert killed is not None
    assert killed[0] >= 1
    hold.unlink()
    run = ended(run_id, tick=dispatch)
    assert effects(mark(run_id)) == [0, 1, 2, 3, 4]
    assert run.attempts == 2
    assert worker.alive


def test_a_commit_whose_answer_is_lost_takes_effect_once(
    world: World, effects: Effects, start: Start, own_database: dict[str, str]
) -> None:
    proxy = Proxy(urlsplit(own_database["DATABASE_URL"]).port or 5432)
    try:
        start("worker", DATABASE_URL=named(own_database["DATABASE_URL"], port=proxy.port))
        first = enqueue(world.admin)
        ended(first, tick=dispatch)
        run_id = enqueue(world.admin, steps=400)
        wait_for(lambda: fresh(run_id).done >= 20, what="some steps", tick=dispatch)
        proxy.armed.set()
        wait_for(proxy.cut.is_set, what="the cut")
        run = ended(run_id, tick=dispatch)
        assert run.attempts >= 1
        assert effects(mark(run_id)) == list(range(400)), "each step once, the one with the unknown outcome as well"
        assert Event.objects.filter(code="maintenance.run.succeeded", target_id=run_id).count() == 1
    finally:
        proxy.close()


def test_no_connection_left_means_waiting_and_not_failing(
    world: World, effects: Effects, start: Start, own_database: dict[str, str], owner: "psycopg.Connection"
) -> None:
    name = urlsplit(own_database["DATABASE_URL"]).path[1:]
    owner.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
    owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid() "
        "AND application_name = 'gone'",
        [name],
    )
    worker = start("worker")
    run_id = enqueue(world.admin)
    wait_for(lambda: "too many connections" in worker.log or not worker.alive, what="the worker to meet the limit")
    assert fresh(run_id).state == "queued"
    owner.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
    if not worker.alive:  # It refuses to start without a database, in a sentence; its supervisor tries again.
        start("worker")
    assert ended(run_id, tick=dispatch).attempts == 1
    assert effects(mark(run_id)) == [0]
