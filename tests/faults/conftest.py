"""Servers of a test's own that it may break, and real parts of Steward on them."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import psutil
import psycopg
import pytest
import redis
from celery import current_app
from kombu import pools

from accounts.models import User
from maintenance import publisher
from maintenance.models import JobRun
from maintenance.services import runs
from portal.embedded import account, ports, programs
from portal.kit import context, registry
from tests.factories import actor_of
from tests.faults import part
from tests.maintenance.conftest import fresh
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parent.parent.parent


class OwnRedis:
    """A Redis of this test's own: it can be killed, stopped, started again and filled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = ports.choose_free()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        program = programs.locate(self.folder, account.current(), postgres=False, redis=True).redis
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen([str(program), *options], stdout=subprocess.DEVNULL, start_new_session=True)
        wait_for(self.answers, what="Redis", seconds=20)

    def answers(self) -> bool:
        """Whether it does within a second."""
        with contextlib.suppress(redis.RedisError), self.client() as client:
            return bool(client.ping())
        return False

    def client(self) -> "redis.Redis":
        """A client that waits a second at most."""
        return redis.Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal: STOP hangs it, CONT lets it go on."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and everything in it is gone."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(10)
            self.process = None


class Part:
    """A worker, beat or web server in a process group of its own; what it says is in `log`."""

    def __init__(self, kind: str, environment: dict[str, str], folder: Path, prefix: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self._path = folder / f"{kind}-{uuid4().hex[:6]}.log"
        with self._path.open("wb") as output:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "tests.faults.part", kind],
                env=environment,
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        """Everything it has said."""
        return self._path.read_text("utf-8", "replace")

    @property
    def alive(self) -> bool:
        """Whether its main process runs."""
        return self.process.poll() is None

    def children(self) -> list[psutil.Process]:
        """The processes of its pool."""
        return psutil.Process(self.process.pid).children()

    def kill(self) -> None:
        """kill -9 the whole group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGCONT)
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self, seconds: float = 25) -> int:
        """SIGTERM as a supervisor sends it; its exit code."""
        self.process.terminate()
        return self.process.wait(seconds)


Start = Callable[..., Part]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path that every account can reach."""
    with tempfile.TemporaryDirectory(prefix="steward-fault-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture
def own_redis(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnRedis]:
    """A running Redis that the test may break; this process publishes to it as well."""
    server = OwnRedis(folder)
    server.start()
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", server.url)
    _forget_connections()
    yield server
    server.kill()
    _forget_connections()


def _forget_connections() -> None:
    publisher.drain(10)
    pools.reset()
    app: Any = current_app
    app._pool = app.amqp._producer_pool = None


@pytest.fixture
def jobs_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The jobs of `tests.faults.part`, for the length of a test."""
    monkeypatch.setattr(registry.jobs, "_items", dict(registry.jobs._items))
    part.declare()


@pytest.fixture
def effects(own_database: dict[str, str], jobs_known: None) -> Callable[[UUID], list[int]]:
    """Makes the table of effects; gives the steps that a run has written so far, in order, doubled ones twice."""
    with psycopg.connect(own_database["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(part.TABLE)

    def steps(mark: UUID) -> list[int]:
        with psycopg.connect(own_database["DATABASE_OWNER_URL"]) as owner:
            return [row[0] for row in owner.execute("SELECT step FROM fault_effect WHERE run = %s ORDER BY 1", [mark])]

    return steps


@pytest.fixture
def start(own_database: dict[str, str], own_redis: OwnRedis, folder: Path) -> Iterator[Start]:
    """Starts parts on the test's own database and Redis; none outlives the test."""
    started: list[Part] = []

    def begin(kind: str, *, prefix: tuple[str, ...] = (), **extra: str) -> Part:
        environment = {
            **own_database,
            "REDIS_URL": own_redis.url,
            "STEWARD_WORKER_CONCURRENCY": "1",
            "STEWARD_JOB_LEASE_SECONDS": "3",
            "STEWARD_JOB_UNAIDED_SECONDS": "3600",
            **extra,
        }
        started.append(Part(kind, environment, folder, prefix))
        return started[-1]

    yield begin
    for one in started:
        one.kill()
        print(f"--- {one.kind} ---", one.log[-4000:], sep="\n")  # noqa: T201 - shown with a test that failed.


def enqueue(person: User, job: str = part.EFFECT, *, key: str | None = None, **args: Any) -> UUID:
    """Queue a job in the name of a person; the mark of its effects is in its arguments."""
    actor = actor_of(person)
    with context.acting(actor):
        return runs.run_enqueue(job, actor=actor, args={"mark": str(uuid4()), **args}, key=key)


def mark(run_id: UUID) -> UUID:
    """What the effects of a run are found by."""
    return UUID(fresh(run_id).args["mark"])


def ended(run_id: UUID, state: str = "succeeded", **waiting: Any) -> JobRun:
    """Wait until the run has ended, in just this state; its row."""
    wait_for(lambda: not fresh(run_id).is_live, what=f"the end of {run_id}", **{"seconds": 40, **waiting})
    run = fresh(run_id)
    assert run.state == state, (run.state, run.error, run.log)
    return run


def named(url: str, *, port: int) -> str:
    """The same address at another port."""
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))
