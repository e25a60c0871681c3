"""Health: probes for machines (`live`, `ready`) and a report for people.

Rooms declare what they depend on as `registry.HealthCheck`; the ones of the installation itself are declared here. A
check that is not vital makes the installation degraded, not down. No failure tells a credential.
"""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
import redis
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.kit import registry, scrub
from portal.kit.registry import HealthCheck

REDIS_SECONDS = 0.5
STATEMENT_SECONDS = 2
_ENDED = frozenset({"57014", "55P03"})  # query_canceled, lock_not_available: see `_limited`.
_TIMEOUTS = "SELECT set_config('statement_timeout', %s::text, true), set_config('lock_timeout', %s::text, true)"
DISK_SHARE = 0.10
DISK_BYTES = 1 << 30
MEMORY_SHARE = 0.05
MEMORY_BYTES = 128 << 20
CGROUP = Path("/sys/fs/cgroup")
MEMINFO = Path("/proc/meminfo")

State = Literal["ok", "degraded", "down"]


class AwayError(Exception):
    """A probe's finding, as a sentence for the administrator."""


@dataclass(frozen=True)
class CheckResult:
    """What one check found."""

    name: str
    label: str
    state: State
    detail: str
    duration_ms: float


@dataclass(frozen=True)
class HealthReport:
    """All checks; `status` is the worst of them."""

    status: State
    checks: list[CheckResult]

    def as_json(self) -> dict[str, Any]:
        """The report for a JSON reply."""
        return asdict(self)


def declare() -> None:
    """Declare the checks of the installation itself; called once at start."""
    for check in (
        HealthCheck("database", _("Database"), database, vital=True),
        HealthCheck("migrations", _("Migrations"), migrations, vital=True),
        HealthCheck("redis", _("Redis"), redis_server),
        HealthCheck("disk", _("Disk"), disk),
        HealthCheck("memory", _("Memory"), memory),
    ):
        registry.health.add(check)


def report() -> HealthReport:
    """Run every declared check, one after the other. In a request, each statement of theirs has two seconds."""
    with _limited():
        results = [run(check) for check in registry.health]
    states = {result.state for result in results}
    status: State = "down" if "down" in states else "degraded" if "degraded" in states else "ok"
    return HealthReport(status, results)


def run(check: HealthCheck) -> CheckResult:
    """Run one check; whatever it raises is a finding."""
    started = time.perf_counter()
    state: State = "ok"
    try:
        # A statement that fails or is ended must not take the rest of the request's transaction with it.
        with _sheltered():
            detail = str(check.probe())
    except Exception as error:  # noqa: BLE001 - a probe of a room may raise anything, and any of it means "away"
        state = "down" if check.vital else "degraded"
        detail = said(error)
    return CheckResult(check.name, str(check.label), state, detail, round((time.perf_counter() - started) * 1000, 1))


def said(error: Exception) -> str:
    """The first line of an error, without credentials."""
    if getattr(error.__cause__, "sqlstate", None) in _ENDED:
        return f"no answer within {STATEMENT_SECONDS} s"
    lines = str(error).strip().splitlines()
    first = scrub.text(lines[0], known=scrub.secrets_of(settings)) if lines else ""
    return (
        first if isinstance(error, AwayError) else f"{type(error).__name__}: {first}" if first else type(error).__name__
    )


def live(request: HttpRequest) -> HttpResponse:
    """`/health/live`: 200 while this process serves. Asks nothing of anybody."""
    return _reply({"status": "ok"}, 200)


def ready(request: HttpRequest) -> HttpResponse:
    """`/health/ready`: 200 when the database answers and is at this version, else 503 naming what is away."""
    checks: tuple[tuple[str, Callable[[], str]], ...] = (("database", database), ("migrations", migrations))
    for name, probe in checks:
        try:
            probe()
        except Exception:  # noqa: BLE001 - as in `run`; strangers are told the name alone
            if not connection.in_atomic_block:
                connection.close()
            return _reply({"status": "down", "away": [name]}, 503)
    return _reply({"status": "ok"}, 200)


def _reply(body: dict[str, Any], status: int) -> HttpResponse:
    reply = HttpResponse(orjson.dumps(body), status=status, content_type="application/json")
    reply["Cache-Control"] = "no-store"
    return reply


def _sheltered() -> contextlib.AbstractContextManager[Any]:
    # Inside a request's transaction a failing statement would break everything after it; outside none is opened.
    return transaction.atomic() if connection.in_atomic_block else contextlib.nullcontext()


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    if not connection.in_atomic_block:
        yield
        return
    with contextlib.suppress(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TIMEOUTS, [STATEMENT_SECONDS * 1000, STATEMENT_SECONDS * 1000])
    try:
        yield
    finally:
        with contextlib.suppress(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_TIMEOUTS, [0, 0])


def database() -> str:
    """The database answers a statement."""
    with _sheltered(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        row = cursor.fetchone()
    return f"PostgreSQL {row[0]}"


_migrated = False


def migrations() -> str:
    """Every migration of this version is applied; remembered once true, as a running process only meets newer ones."""
    global _migrated  # noqa: PLW0603 - asked by every probe, and reading all migration files costs 100 ms
    if not _migrated:
        try:
            with _sheltered():
                executor = MigrationExecutor(connection)
                waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        except DatabaseError as error:
            raise AwayError(f"The list of applied migrations cannot be read ({said(error)}).") from error
        if waiting:
            raise AwayError(f"{waiting} migrations are not applied. Run manage.py database init.")
        _migrated = True
    return "all applied"


def redis_server() -> str:
    """Redis answers within half a second; a hung one counts as away."""
    if not settings.REDIS_URL:
        raise AwayError("There is no Redis. Start make run, or set REDIS_URL.")
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        client.ping()
    except redis.TimeoutError:
        raise AwayError(f"Redis did not answer within {REDIS_SECONDS:g} s. Jobs start late until it does.") from None
    except redis.AuthenticationError:
        raise AwayError("Redis refuses the password in REDIS_URL. Correct it.") from None
    except redis.ConnectionError:
        raise AwayError(
            "Redis cannot be reached at the address in REDIS_URL. Jobs start late until it is back."
        ) from None
    finally:
        with contextlib.suppress(redis.RedisError):
            client.close()
    return "answers"


def disk() -> str:
    """There is room where this installation writes: at least 10 % and 1 GiB."""
    path = Path(settings.STEWARD_VAR)
    while not path.exists() and path != path.parent:
        path = path.parent
    usage = shutil.disk_usage(path)
    told = f"{_gb(usage.free)} of {_gb(usage.total)} free"
    if usage.free < DISK_BYTES or usage.free < usage.total * DISK_SHARE:
        raise AwayError(f"Only {told} in {settings.STEWARD_VAR}. Make room, or move STEWARD_VAR to a larger disk.")
    return told


def memory() -> str:
    """There is memory left: of the container where it has a limit, else of the machine."""
    free, total = memory_left()
    told = f"{_gb(free)} of {_gb(total)} free"
    if free < MEMORY_BYTES or free < total * MEMORY_SHARE:
        raise AwayError(
            f"Only {told}. Give it more memory, or lower STEWARD_WEB_WORKERS and STEWARD_WORKER_CONCURRENCY."
        )
    return told


def memory_left() -> tuple[int, int]:
    """Bytes (free, total): the smaller of what the machine and a version 2 control group leave."""
    try:
        lines = dict(line.split(":", 1) for line in MEMINFO.read_text("ascii").splitlines() if ":" in line)
        free, total = (int(lines[name].split()[0]) * 1024 for name in ("MemAvailable", "MemTotal"))
    except (OSError, KeyError, ValueError, IndexError):
        raise AwayError(f"{MEMINFO} does not tell how much memory is left.") from None
    try:
        limit = int((CGROUP / "memory.max").read_text("ascii"))
        used = int((CGROUP / "memory.current").read_text("ascii"))
        stat = dict(line.split() for line in (CGROUP / "memory.stat").read_text("ascii").splitlines())
        # The page cache counts as used, but goes as soon as anybody needs the room.
        used -= int(stat.get("inactive_file", 0))
    except (OSError, ValueError):  # no control group, or "max": the machine is the limit
        return free, total
    return (max(0, limit - used), limit) if limit - used < free else (free, total)


def _gb(size: int) -> str:
    """Decimal, as every size of the console is."""
    return f"{size / 1e9:.1f} GB"
