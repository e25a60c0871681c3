"""Jobs that only tests declare, and real worker processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis

from maintenance.models import JobRun
from maintenance.services import runs
from portal.kit import context, registry
from portal.kit.registry import Job, Run

ROOT = Path(__file__).resolve().parent.parent.parent
Declare = Callable[[Callable[[Run], Mapping[str, Any]]], str]


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Declares a job for one test; returns its name."""

    def add(function: Callable[[Run], Mapping[str, Any]]) -> str:
        job = Job("maintenance.test_job", "A test", function, permission="job:admin")
        monkeypatch.setitem(registry.jobs._items, job.name, job)
        return job.name

    return add


@pytest.fixture
def broker() -> Iterator[str]:
    """The Redis database of this test process, emptied; its URL."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.flushdb()
    yield os.environ["REDIS_URL"]
    client.flushdb()
    client.close()


class Worker:
    """A real `manage.py worker run` in a process group of its own."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "worker", "run"],
            env={**environment},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        """kill -9 the worker and every child of its pool."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=10)

    def stop(self) -> None:
        """SIGTERM, as a supervisor does."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()


@pytest.fixture
def start_worker(own_database: dict[str, str], broker: str) -> Iterator[Callable[..., Worker]]:
    """Starts workers on the test's own database and broker; none outlives the test."""
    started: list[Worker] = []

    def start(**extra: str) -> Worker:
        worker = Worker({**own_database, "REDIS_URL": broker, "STEWARD_WORKER_CONCURRENCY": "1", **extra})
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()


def dispatch() -> None:
    """One turn of the beat's dispatcher."""
    with context.system("a test"):
        runs.runs_dispatch()


def fresh(run_id: UUID) -> JobRun:
    """The row as it is now."""
    return JobRun.objects.get(pk=run_id)
