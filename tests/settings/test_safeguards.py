"""Nothing that prepares or migrates a database destroys what is in it: real databases, the real commands."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from pytest_django import Settings

from audit.models import Event
from maintenance.models import Backup
from portal.kit import context, safeguards
from tests.conftest import _admin, _named
from tests.factories import World

ROOT = Path(__file__).resolve().parent.parent.parent
BEFORE = "0003_backups"  # A step back from here drops two tables of upkeep.


def manage(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def environment(own_database: dict[str, str], tmp_path: Path, settings: Settings) -> dict[str, str]:
    """The environment of an installation of its own database and its own backups."""
    settings.STEWARD_BACKUP_TARGETS = [str(tmp_path / "backups")]
    return {**own_database, "STEWARD_BACKUP_TARGETS": str(tmp_path / "backups"), "AUTO_INIT_DB": "0"}


@pytest.fixture
def behind(environment: dict[str, str], world: World) -> dict[str, str]:
    """A database with people in it, one migration behind this version."""
    done = manage(environment, "migrate", "maintenance", BEFORE, "--yes", "--without-backup", "A test begins.")
    assert done.returncode == 0, done.stderr[-2000:]
    return environment


def _tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r'")
        return {row[0] for row in cursor.fetchall()}


def _backups(environment: dict[str, str]) -> list[str]:
    folder = Path(environment["STEWARD_BACKUP_TARGETS"])
    return sorted(path.parent.name for path in folder.glob("*/manifest.json"))


def test_without_a_terminal_a_database_with_data_is_not_migrated(behind: dict[str, str]) -> None:
    for words in (("database", "init", "--json"), ("migrate",)):
        refused = manage(behind, *words)
        assert refused.returncode == 1
        assert "holds data" in refused.stderr
        assert "AUTO_INIT_DB=1" in refused.stderr
    assert "maintenance_restore" not in _tables()
    assert _backups(behind) == []


@pytest.mark.parametrize("way", ["--yes", "AUTO_INIT_DB"])
def test_with_a_yes_a_backup_comes_first_and_the_trail_tells(behind: dict[str, str], way: str) -> None:
    extra = {"AUTO_INIT_DB": "1"} if way == "AUTO_INIT_DB" else {}
    done = manage({**behind, **extra}, "database", "init", "--json", *([way] if way == "--yes" else []))
    assert done.returncode == 0, done.stderr[-2000:]
    assert "maintenance_restore" in _tables()
    (backup,) = _backups(behind)
    event = Event.objects.filter(code="kit.database.migrated").latest("id")
    assert event.data["backup"] == backup
    assert "maintenance.0004_restores" in event.data["migrations"]
    assert str(Backup.objects.get().pk) == backup
    again = manage(behind, "database", "init", "--json")
    assert again.returncode == 0, again.stderr[-2000:]
    assert _backups(behind) == [backup]


def test_a_backup_that_fails_stops_the_migration(behind: dict[str, str]) -> None:
    blocked = Path(behind["STEWARD_BACKUP_TARGETS"])
    blocked.write_text("a file where the folder should be")
    refused = manage(behind, "migrate", "--yes")
    assert refused.returncode != 0
    assert "maintenance_restore" not in _tables()


def test_a_step_back_is_asked_for_too(environment: dict[str, str], world: World) -> None:
    refused = manage(environment, "migrate", "maintenance", BEFORE)
    assert refused.returncode == 1
    assert "backwards" in refused.stderr
    assert "maintenance_restore" in _tables()


@pytest.mark.parametrize(("typed", "goes_on"), [("something else", False), ("", True)])
def test_on_a_terminal_the_name_is_asked_for(behind: dict[str, str], typed: str, goes_on: bool) -> None:
    name = str(connection.settings_dict["NAME"])
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "migrate"], cwd=ROOT, env=behind, stdin=terminal, stderr=terminal,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(terminal)
    told = b""
    while b"to go on: " not in told:
        told += os.read(controller, 4096)
    os.write(controller, (typed or name).encode() + b"\n")
    try:
        while data := os.read(controller, 4096):
            told += data
    except OSError:
        told += b""  # The terminal ends with the process.
    os.close(controller)
    assert (process.wait(timeout=60) == 0) is goes_on, told.decode()[-2000:]
    assert ("maintenance_restore" in _tables()) is goes_on
    assert len(_backups(behind)) == int(goes_on)


@pytest.fixture
def foreign() -> Iterator[dict[str, str]]:
    """A database of somebody else on our server."""
    name = f"foreign_{uuid4().hex[:12]}"
    _admin(f'CREATE DATABASE "{name}" OWNER steward_owner')
    owner = _named(os.environ["DATABASE_OWNER_URL"], name)
    with psycopg.connect(owner) as database:
        database.execute("CREATE TABLE orders (id int); INSERT INTO orders VALUES (1)")
    yield {**os.environ, "DATABASE_URL": _named(os.environ["DATABASE_URL"], name), "DATABASE_OWNER_URL": owner}
    _admin(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.parametrize(
    "words", [("database", "init", "--yes"), ("migrate", "--yes"), ("database", "prepare")], ids=" ".join
)
def test_a_foreign_database_is_left_alone(foreign: dict[str, str], words: tuple[str, ...]) -> None:
    admin = ["--url", os.environ["STEWARD_TEST_ADMIN_URL"]] if words[-1] == "prepare" else []
    refused = manage(foreign, *words, *admin)
    assert refused.returncode == 1
    assert "not Steward's (orders)" in refused.stderr
    with psycopg.connect(foreign["DATABASE_OWNER_URL"]) as database:
        rows = database.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        assert rows.fetchall() == [("orders",)]


def test_a_database_of_a_newer_version_is_left_alone(environment: dict[str, str], world: World) -> None:
    with psycopg.connect(environment["DATABASE_OWNER_URL"]) as database:
        database.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('kit', '9999_later', now())")
    refused = manage(environment, "database", "init", "--yes")
    assert refused.returncode == 1
    assert "newer version (kit.9999_later)" in refused.stderr
    assert _backups(environment) == []


def test_what_was_done_is_an_event_with_the_backup_and_the_reason(environment: dict[str, Any], world: World) -> None:
    with context.system("a test"):
        found = safeguards.Found("ours", "steward", has_data=True)
        safeguards.migrated(safeguards.Permit(found, ["kit.0001_outbox"], reason="We are testing."))
    event = Event.objects.get(code="kit.database.migrated")
    assert (event.reason, event.data["migrations"]) == ("We are testing.", ["kit.0001_outbox"])
