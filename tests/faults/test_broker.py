"""Redis fails in every way it can: runs are late, none is lost, none is done twice, and pages answer."""

import base64
import http.client
import signal
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import orjson
import pytest
import redis

from audit.models import Event
from maintenance.models import Heartbeat, JobRun
from maintenance.services import runs
from portal.embedded import ports
from portal.kit import context
from tests.factories import World, actor_of
from tests.faults.conftest import OwnRedis, Start, ended, enqueue, mark
from tests.maintenance.conftest import dispatch, fresh
from tests.waiting import wait_for

pytestmark = pytest.mark.kill
Effects = Callable[[UUID], list[int]]


def works(start: Start) -> None:
    """A worker that has taken up its work."""
    start("worker", STEWARD_JOB_UNAIDED_SECONDS="2")
    wait_for(lambda: Heartbeat.objects.filter(kind="worker").exists(), what="the worker")


def test_a_worker_whose_redis_restarts_empty_takes_messages_again_by_itself(
    world: World, effects: Effects, start: Start, own_redis: OwnRedis
) -> None:
    works(start)
    before = enqueue(world.admin)
    ended(before, tick=dispatch)
    own_redis.kill()
    meanwhile = [enqueue(world.admin) for _ in range(3)]
    own_redis.start()
    for run_id in meanwhile:
        assert ended(run_id, tick=dispatch).attempts == 1
        assert effects(mark(run_id)) == [0]
    # By message, and not only because the worker looks at the table: it can be told of a run again.
    wait_for(lambda: bool(_consumers(own_redis)), what="the worker at the queue")


def _consumers(own_redis: OwnRedis) -> list[dict[str, str]]:
    with own_redis.client() as client:
        return [one for one in client.client_list() if one["cmd"].lower() == "brpop"]


def test_flushall_under_a_running_worker_loses_none_of_the_queued_runs(
    world: World, effects: Effects, start: Start, own_redis: OwnRedis
) -> None:
    works(start)
    queued = []
    for _ in range(20):
        queued.append(enqueue(world.admin))
        with own_redis.client() as client:
            client.flushall()
    for run_id in queued:
        ended(run_id, tick=dispatch)
        assert effects(mark(run_id)) == [0], "each exactly once"
    assert Event.objects.filter(code="maintenance.run.succeeded").count() == 20


@pytest.mark.parametrize("seconds", [15, pytest.param(60, marks=pytest.mark.soak)])
def test_a_redis_that_hangs_longer_than_every_timeout_holds_up_no_page_and_loses_no_run(
    seconds: int, world: World, effects: Effects, start: Start, own_redis: OwnRedis
) -> None:
    port = ports.choose_free()
    start("web", PORT=str(port), HOST="127.0.0.1", STEWARD_WEB_WORKERS="1")
    works(start)
    wait_for(lambda: _status(port) == 200, what="the web server")
    own_redis.signal(signal.SIGSTOP)
    stopped = time.monotonic()
    queued: list[UUID] = []
    while time.monotonic() - stopped < seconds or len(queued) < 3:
        for path in ("/health/ready", "/sign-in"):
            assert _status(port, path) == 200, "a page waited for Redis"
        queued.append(enqueue(world.admin))
        assert time.monotonic() - stopped < seconds + 30, "the door to the queue waited for Redis"
        ended(queued[-1], tick=dispatch)
    assert not own_redis.answers(), "the worker did them all from the table"
    own_redis.signal(signal.SIGCONT)
    wait_for(lambda: bool(_consumers(own_redis)), what="the worker at the queue")
    queued.append(enqueue(world.admin))
    for run_id in queued:
        assert ended(run_id, tick=dispatch).attempts == 1
        assert effects(mark(run_id)) == [0]


def _status(port: int, path: str = "/health/ready") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def test_a_worker_that_meets_a_full_redis_lives_works_from_the_table_and_then_by_message_again(
    world: World, effects: Effects, start: Start, own_redis: OwnRedis
) -> None:
    """Full from the start, so that Redis refuses the consumer's own writes, too: Celery ends a worker for that."""
    with own_redis.client() as client:
        client.set("filler", b"x" * 2_000_000)
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1mb")
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.set("one", "more")
    worker = start("worker", STEWARD_JOB_UNAIDED_SECONDS="2")
    wait_for(lambda: "command not allowed" in worker.log, what="the consumer to be refused")
    begun = time.monotonic()
    run_id = enqueue(world.admin)
    assert time.monotonic() - begun < 3, "the door to the queue waited for Redis"
    assert ended(run_id, tick=dispatch).attempts == 1
    assert effects(mark(run_id)) == [0]
    assert worker.alive
    assert not _consumers(own_redis)
    with own_redis.client() as client:
        client.config_set("maxmemory", "0")
    wait_for(lambda: bool(_consumers(own_redis)), what="the worker at the queue")
    after = enqueue(world.admin)
    ended(after, tick=dispatch)
    assert effects(mark(after)) == [0]
    assert worker.alive


def test_without_redis_for_good_a_worker_starts_lives_and_empties_the_queue(
    world: World, effects: Effects, start: Start, own_redis: OwnRedis
) -> None:
    own_redis.kill()
    queued = [enqueue(world.admin, steps=2) for _ in range(5)]
    worker = start("worker", STEWARD_JOB_UNAIDED_SECONDS="2")
    wait_for(lambda: Heartbeat.objects.filter(kind="worker").exists(), what="a sign of life without Redis")
    for run_id in queued:
        ended(run_id)
        assert effects(mark(run_id)) == [0, 1]
    assert "goes on without the broker" in worker.log
    assert worker.stop() == 0, "it stops in order, without Redis as well"
    assert not Heartbeat.objects.exists()


def test_poison_on_the_queue_harms_neither_worker_nor_later_messages(
    world: World, effects: Effects, start: Start, own_redis: OwnRedis
) -> None:
    worker = start("worker")
    wait_for(lambda: bool(_consumers(own_redis)), what="the worker at the queue")
    unknown = "01900000-0000-7000-8000-000000000000"
    with own_redis.client() as client:
        client.lpush("steward", _message([unknown]))
        client.lpush("steward", _message(["not an id"]))
        client.lpush("steward", _message([], task="maintenance.of_another_version"))
        client.lpush("steward", _message([], kind="application/x-python-serialize"))
        client.lpush("steward", b"\x80 not JSON at all")
        client.lpush("steward", b'{"headers": {}}')
    wait_for(lambda: not _waiting(own_redis), what="the poison to be taken")
    run_id = enqueue(world.admin)
    ended(run_id, tick=dispatch)
    assert effects(mark(run_id)) == [0]
    assert worker.alive
    wait_for(lambda: bool(_consumers(own_redis)), what="the worker at the queue")
    assert JobRun.objects.count() == 1, "no message makes a run"


def _waiting(own_redis: OwnRedis) -> int:
    with own_redis.client() as client:
        return int(client.llen("steward"))


def _message(args: list[str], *, task: str = "maintenance.run", kind: str = "application/json") -> bytes:
    return orjson.dumps(
        {
            "body": base64.b64encode(orjson.dumps([args, {}, {}])).decode(),
            "content-encoding": "utf-8",
            "content-type": kind,
            "headers": {"lang": "py", "task": task, "id": "1", "root_id": "1", "parent_id": None, "group": None},
            "properties": {
                "correlation_id": "1",
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": "steward"},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": "1",
            },
        }
    )


def test_a_message_that_comes_twice_while_the_run_is_going_finds_nothing_to_claim(
    world: World, effects: Effects, start: Start, own_redis: OwnRedis, folder: Path
) -> None:
    """A visibility timeout shorter than the run delivers its message again; so does this test, by hand."""
    hold = folder / "hold"
    hold.touch()
    start("worker")
    start("worker")
    run_id = enqueue(world.admin, steps=3, hold=str(hold), outside=True)
    wait_for(lambda: fresh(run_id).done == 1, what="the first step", tick=dispatch)
    with own_redis.client() as client:
        for _ in range(5):
            client.lpush("steward", _message([str(run_id)]))
    wait_for(lambda: not _waiting(own_redis), what="the copies to be taken")
    hold.unlink()
    run = ended(run_id)
    assert (run.attempts, run.fence) == (1, 1)
    assert effects(mark(run_id)) == [0, 1, 2]


def test_a_hundred_runs_cancelled_in_the_queue_never_run_though_their_messages_come(
    world: World, effects: Effects, start: Start, own_redis: OwnRedis
) -> None:
    actor = actor_of(world.admin)
    queued = [enqueue(world.admin) for _ in range(100)]
    with context.acting(actor):
        for run_id in queued:
            runs.run_cancel(actor=actor, run=fresh(run_id))
    with own_redis.client() as client:
        for run_id in queued:
            client.lpush("steward", _message([str(run_id)]))
    works(start)
    wait_for(lambda: not _waiting(own_redis), what="all messages to be taken")
    last = enqueue(world.admin)
    ended(last, tick=dispatch)
    assert not any(effects(mark(run_id)) for run_id in queued)
    assert JobRun.objects.filter(state="cancelled", attempts=0).count() == 100
    assert Event.objects.filter(code="maintenance.run.cancelled").count() == 100
