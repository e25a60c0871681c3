"""Health: what is away, whether that is down or degraded, and never a credential."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from pytest_django import Settings

from portal.kit import health, registry
from portal.kit.registry import HealthCheck

SECRET = "hunter2-planted"


class Usage(NamedTuple):
    """What `shutil.disk_usage` gives."""

    total: int
    used: int
    free: int


def _say(text: str) -> str:
    return text


def _away(text: str) -> str:
    raise ConnectionError(text)


@contextmanager
def _declared(monkeypatch: pytest.MonkeyPatch, *checks: HealthCheck) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(registry.health, "_items", {check.name: check for check in checks})
        yield


FINE = HealthCheck("fine", "Fine", lambda: _say("well"), vital=True)
LIMPING = HealthCheck("limping", "Limping", lambda: _away("no route"))
BROKEN = HealthCheck("broken", "Broken", lambda: _away(f"postgresql://a:{SECRET}@host/db\nDETAIL: more"), vital=True)


@pytest.mark.parametrize(
    ("checks", "status"),
    [((FINE,), "ok"), ((FINE, LIMPING), "degraded"), ((FINE, LIMPING, BROKEN), "down"), ((), "ok")],
)
def test_the_worst_check_decides_and_degraded_is_not_down(
    monkeypatch: pytest.MonkeyPatch, checks: tuple[HealthCheck, ...], status: str
) -> None:
    with _declared(monkeypatch, *checks):
        report = health.report()

    assert report.status == status
    assert [check.name for check in report.checks] == [check.name for check in checks]


def test_a_failed_check_tells_its_first_line_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    with _declared(monkeypatch, BROKEN):
        (check,) = health.report().checks

    assert check.state == "down"
    assert check.detail == "ConnectionError: postgresql://***@host/db"
    assert check.duration_ms >= 0


def test_the_report_is_plain_json(monkeypatch: pytest.MonkeyPatch) -> None:
    with _declared(monkeypatch, FINE):
        body = orjson.loads(orjson.dumps(health.report().as_json()))

    assert body["checks"][0] | {"duration_ms": 0} == {
        "name": "fine",
        "label": "Fine",
        "state": "ok",
        "detail": "well",
        "duration_ms": 0,
    }


def test_the_installations_own_checks_are_declared_and_well(db: None) -> None:
    results = {check.name: health.run(check) for check in registry.health}

    assert {name: results[name].state for name in ("database", "redis", "migrations")} == {
        "database": "ok",
        "redis": "ok",
        "migrations": "ok",
    }
    assert {"disk", "memory"} <= results.keys()
    assert results["database"].detail.startswith("PostgreSQL ")
    assert registry.health.get("database").vital
    assert not registry.health.get("redis").vital


def test_live_answers_without_asking_the_database(client: Client) -> None:
    reply = client.get("/health/live")  # without the `db` fixture, any query raises

    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})
    assert reply["Cache-Control"] == "no-store"


def test_ready_answers_200_when_the_database_is_there_and_migrated(client: Client, db: None) -> None:
    reply = client.get("/health/ready")

    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


def test_ready_answers_503_and_names_the_database_but_no_more(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise OperationalError(f"password {SECRET} refused")

    monkeypatch.setattr(health, "database", fail)

    reply = health.ready(RequestFactory().get("/health/ready"))

    assert reply.status_code == 503
    assert orjson.loads(reply.content) == {"status": "down", "away": ["database"]}


def test_ready_answers_503_while_a_migration_is_not_applied(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: [1, 2])

    reply = health.ready(RequestFactory().get("/health/ready"))

    assert (reply.status_code, orjson.loads(reply.content)["away"]) == (503, ["migrations"])
    with pytest.raises(health.AwayError, match=r"2 migrations are not applied\. Run manage\.py database init"):
        health.migrations()


def test_migrations_are_read_once_after_they_are_all_applied(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    health.migrations()

    def fail(*args: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(health, "MigrationExecutor", fail)

    assert health.migrations() == "all applied"


def test_a_failing_probe_leaves_the_requests_transaction_usable(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(connection: object) -> None:
        with connection.cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute("SELECT 1/0")

    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(health, "MigrationExecutor", broken)
    with pytest.raises(health.AwayError, match="cannot be read"):
        health.migrations()

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_a_hung_redis_is_told_instead_of_waited_for(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hung:  # accepts, and never says a word
        settings.REDIS_URL = f"redis://:{SECRET}@127.0.0.1:{hung.getsockname()[1]}/0"
        found: list[str] = []

        def ask() -> None:
            found.append(health.run(HealthCheck("redis", "Redis", health.redis_server)).detail)

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(timeout=30)

    assert found == ["Redis did not answer within 0.5 s. Jobs start late until it does."]


def test_a_redis_that_is_away_is_told_without_its_password(settings: Settings) -> None:
    settings.REDIS_URL = f"redis://:{SECRET}@127.0.0.1:1/0"

    result = health.run(HealthCheck("redis", "Redis", health.redis_server))

    assert result.state == "degraded"
    assert "cannot be reached" in result.detail
    assert SECRET not in result.detail


def test_a_refused_redis_password_is_told_by_the_name_of_the_setting(settings: Settings) -> None:
    before, _at, after = settings.REDIS_URL.rpartition("@")
    assert before
    settings.REDIS_URL = f"redis://:{SECRET}@{after}"

    with pytest.raises(health.AwayError, match="password in REDIS_URL"):
        health.redis_server()


def test_no_redis_at_all_says_what_to_set(settings: Settings) -> None:
    settings.REDIS_URL = ""

    with pytest.raises(health.AwayError, match="set REDIS_URL"):
        health.redis_server()


@pytest.mark.parametrize(
    ("usage", "well"),
    [
        (Usage(100 << 30, 50 << 30, 50 << 30), True),
        (Usage(100 << 30, 95 << 30, 5 << 30), False),
        (Usage(4 << 30, (4 << 30) - (900 << 20), 900 << 20), False),
    ],
)
def test_a_disk_under_a_tenth_or_a_gibibyte_is_told(monkeypatch: pytest.MonkeyPatch, usage: Usage, well: bool) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)

    result = health.run(HealthCheck("disk", "Disk", health.disk))

    assert result.state == ("ok" if well else "degraded")
    assert well or "Make room" in result.detail


def test_the_disk_of_a_folder_that_is_not_made_yet_is_that_of_its_parent(settings: Settings, tmp_path: Path) -> None:
    settings.STEWARD_VAR = tmp_path / "not" / "yet"

    assert health.run(HealthCheck("disk", "Disk", health.disk)).detail.endswith(("free", "larger disk."))


def _memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meminfo: str, **group: str) -> None:
    (tmp_path / "meminfo").write_text(meminfo)
    for name, text in group.items():
        (tmp_path / f"memory.{name}").write_text(text)
    monkeypatch.setattr(health, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(health, "CGROUP", tmp_path)


MEMINFO = "MemTotal:       8388608 kB\nMemFree:  100 kB\nMemAvailable:    4194304 kB\n"


def test_memory_is_that_of_the_machine_where_nothing_limits_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _memory(tmp_path, monkeypatch, MEMINFO, max="max", current="1", stat="")

    assert health.memory() == "4.3 GB of 8.6 GB free"


def test_memory_is_that_of_the_container_and_its_page_cache_counts_as_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _memory(
        tmp_path,
        monkeypatch,
        MEMINFO,
        max=str(1 << 30),
        current=str(1 << 30),
        stat=f"anon 1\ninactive_file {1 << 29}\n",
    )

    assert health.memory() == "0.5 GB of 1.1 GB free"


def test_little_memory_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _memory(tmp_path, monkeypatch, MEMINFO.replace("4194304", "100000"))

    with pytest.raises(health.AwayError, match="STEWARD_WEB_WORKERS"):
        health.memory()


def test_a_machine_that_does_not_tell_its_memory_is_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _memory(tmp_path, monkeypatch, "nothing")

    assert "does not tell" in health.run(HealthCheck("memory", "Memory", health.memory)).detail
