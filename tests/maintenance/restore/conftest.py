"""Real backups of a test's own database, and the databases that restores of it leave."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from pytest_django import Settings

from maintenance.backup import create, keys, targets
from maintenance.backup.manifest import Manifest
from maintenance.restore import logins
from tests.conftest import _admin, _named
from tests.factories import World

MakeBackup = Callable[[], Manifest]


def databases_like(prefix: str) -> list[str]:
    """The names of the server's databases that begin so."""
    with psycopg.connect(_named(os.environ["STEWARD_TEST_ADMIN_URL"], "postgres")) as admin:
        rows = admin.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]).fetchall()
    return sorted(row[0] for row in rows)


def left_by(live: str) -> list[str]:
    """The databases on the server that carry a mark of the live one."""
    with psycopg.connect(_named(os.environ["STEWARD_TEST_ADMIN_URL"], "postgres")) as admin:
        rows = admin.execute(
            "SELECT datname FROM pg_database WHERE datname <> %s AND shobj_description(oid, 'pg_database') "
            "LIKE 'steward %%' AND shobj_description(oid, 'pg_database') LIKE %s ORDER BY 1",
            [live, f"% of {live} at %"],
        ).fetchall()
    return [row[0] for row in rows]


@pytest.fixture
def backups(tmp_path: Path, settings: Settings) -> Path:
    """A folder that is the only target; uploads are in a folder of the test."""
    settings.STEWARD_BACKUP_TARGETS = [str(tmp_path / "backups")]
    settings.MEDIA_ROOT = str(tmp_path / "uploads")
    (tmp_path / "uploads" / "logos").mkdir(parents=True)
    (tmp_path / "uploads" / "logos" / "a.png").write_bytes(b"a picture")
    return tmp_path / "backups"


@pytest.fixture
def environment(own_database: dict[str, str], backups: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of processes that shall work on the test's database, target and uploads."""
    return {
        **own_database,
        "DATABASE_ADMIN_URL": os.environ["STEWARD_TEST_ADMIN_URL"],
        "STEWARD_BACKUP_TARGETS": str(backups),
        "STEWARD_VAR": os.environ["STEWARD_VAR"],
    }


@pytest.fixture
def live(own_database: dict[str, str], world: World) -> Iterator[str]:
    """The name of the test's own database, with the named people in it; what restores leave beside it goes."""
    name = logins.live_name()
    yield name
    for left in left_by(name):
        _admin(f'DROP DATABASE "{left}" WITH (FORCE)')


@pytest.fixture
def make_backup(live: str, backups: Path) -> MakeBackup:
    """Makes a backup of the database as it is now."""

    def make() -> Manifest:
        made = create.create(backup_id=str(uuid4()), reason="manual", targets=targets.targets(), key=keys.active())
        return made.manifest

    return make
