"""A job from its enqueuing to its visible effect, and many jobs after each other, beside bare Celery tasks.

Both sides have real workers with the same settings on the same Redis and PostgreSQL. The effect is a row and a
notification, which the database sends when the row's transaction has committed: nobody polls for it.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
import redis
from django.conf import settings
from django.db import connection

from bench.table import Bound, Row
from bench.workers import JOBS, PLAIN_QUEUE, configure_plain, declare_jobs, plain, without_guard
from bench.world import ROOT, World
from maintenance import publisher
from maintenance.services import runs
from portal.kit import context

TRIPS = 60  # Of each side in a round, in turn.
MANY = 400  # Jobs that do nothing, of each side in a round.
WARM = 30
PATIENCE = 120.0
CONCURRENCY = "2"
_TABLE = (
    "CREATE TABLE bench_effect (number bigint); GRANT INSERT, SELECT ON bench_effect TO steward_app, steward_platform"
)


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """Round trip and throughput, each with its reference before it."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(_TABLE)
    configure_plain()
    declare_jobs()
    without_guard()
    trips: tuple[list[float], list[float]] = ([], [])
    rates: tuple[list[float], list[float]] = ([], [])
    with _worker("plain", world), _worker("steward", world), context.system("measuring"), _listener() as heard:
        client = redis.Redis.from_url(str(settings.REDIS_URL))
        for _ in range(WARM):
            _trip(heard, _plain_effect)
            _trip(heard, _job_effect)
        for number in range(rounds):
            times = [(_trip(heard, _plain_effect), _trip(heard, _job_effect)) for _ in range(TRIPS)]
            for side in (0, 1):
                trips[side].append(median(pair[side] for pair in times) * 1e3)
            rates[0].append(_plain_rate(client))
            rates[1].append(_job_rate())
            say(
                f"jobs round {number + 1} of {rounds}: {trips[0][-1]:.1f} and {trips[1][-1]:.1f} ms, "
                f"{rates[0][-1]:,.0f} and {rates[1][-1]:,.0f} a second"
            )
        client.close()
    return [
        Row("Celery task, until its effect is seen", "ms", trips[0], trips[0]),
        Row("job, until its effect is seen", "ms", trips[1], trips[0], Bound("<=", 2.5)),
        Row("Celery tasks that do nothing", "/s", rates[0], rates[0]),
        Row("jobs that do nothing", "/s", rates[1], rates[0], Bound(">=", 0.4)),
    ]


@contextlib.contextmanager
def _worker(kind: str, world: World) -> Iterator[None]:
    with (world.folder / f"worker-{kind}.log").open("w") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "bench.workers", kind],
            cwd=ROOT,
            env={**os.environ, "STEWARD_WORKER_CONCURRENCY": CONCURRENCY},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    finally:
        child.terminate()
        child.wait(30)


_number = 0


@contextlib.contextmanager
def _listener() -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as heard:
        heard.execute("LISTEN bench")
        yield heard


def _trip(heard: psycopg.Connection, ask: Callable[[int], object]) -> float:
    """Seconds from asking for a numbered effect to hearing of it."""
    global _number  # noqa: PLW0603 - numbers the effects of both sides
    _number += 1
    started = time.perf_counter()
    ask(_number)
    for notice in heard.notifies(timeout=PATIENCE):
        if notice.payload == str(_number):
            return time.perf_counter() - started
    raise RuntimeError(f"Nothing was heard of effect {_number} for {PATIENCE:.0f} s.")


def _plain_effect(number: int) -> None:
    plain.send_task("effect", args=[number], ignore_result=True)


def _job_effect(number: int) -> None:
    runs.run_enqueue(JOBS["effect"], actor=context.actor(), args={"number": number})


def _plain_rate(client: "redis.Redis") -> float:
    """Tasks a second, from the first message to the last acknowledgement."""
    started = time.perf_counter()
    for _ in range(MANY):
        plain.send_task("nothing", ignore_result=True)
    _poll(lambda: not client.llen(PLAIN_QUEUE) and not client.hlen("unacked"))
    return MANY / (time.perf_counter() - started)


def _job_rate() -> float:
    """Jobs a second, from the first announcement to the last finished row; their rows are there before."""
    ids: list[UUID] = []
    module: Any = publisher
    announce = module.announce
    module.announce = ids.append
    try:
        for _ in range(MANY):
            runs.run_enqueue(JOBS["nothing"], actor=context.actor())
    finally:
        module.announce = announce
    started = time.perf_counter()
    for run_id in ids:
        publisher.announce(run_id)
    _poll(lambda: not _live())
    return MANY / (time.perf_counter() - started)


def _live() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            # By the small indexes of what is alive: looking must not cost more with every job that has ended.
            "SELECT EXISTS (SELECT FROM maintenance_job_run WHERE state = 'queued' AND name = %(name)s) "
            "OR EXISTS (SELECT FROM maintenance_job_run WHERE state IN ('running', 'cancelling') AND name = %(name)s)",
            {"name": JOBS["nothing"]},
        )
        return bool(cursor.fetchone()[0])


def _poll(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise RuntimeError(f"The queue was not empty after {PATIENCE:.0f} s.")
        time.sleep(0.005)
