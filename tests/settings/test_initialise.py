"""The very first start: `database init` as its owner, on a database with nothing in it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import psycopg

from tests.conftest import _admin, _named

ROOT = Path(__file__).resolve().parent.parent.parent


def test_an_empty_database_is_filled_by_its_owner_and_again_without_harm(tmp_path: Path) -> None:
    name = f"first_{uuid4().hex[:12]}"
    _admin(f'CREATE DATABASE "{name}" OWNER steward_owner')
    for schema in (
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO steward_app, steward_platform, steward_readonly",
        "GRANT CREATE ON SCHEMA public TO steward_owner",
    ):
        with psycopg.connect(_named(os.environ["STEWARD_TEST_ADMIN_URL"], name), autocommit=True) as server:
            server.execute(schema)
    owner = _named(os.environ["DATABASE_OWNER_URL"], name)
    # As the supervisor leaves it: the demonstration is loaded on the embedded servers alone.
    record = {
        "database_url": _named(os.environ["DATABASE_URL"], name),
        "database_owner_url": owner,
        "redis_url": os.environ["REDIS_URL"],
    }
    (tmp_path / "embedded.json").write_text(json.dumps(record))
    servers = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"}
    environment = {
        **{key: value for key, value in os.environ.items() if key not in servers},
        "STEWARD_VAR": str(tmp_path),
        "DEMO": "1",
    }
    try:
        first = _initialised(environment)
        assert json.loads(first.stdout.splitlines()[-1])["created"] is True
        with psycopg.connect(owner) as database:
            counts = database.execute(
                "SELECT (SELECT count(*) FROM accounts_user), (SELECT count(*) FROM accounts_organisation), "
                "(SELECT count(*) FROM maintenance_job_run WHERE name = 'home.load_demo' AND state = 'queued')"
            ).fetchone()
        # The demonstration is asked for and not waited for: a job tells it once the portal is up.
        assert counts is not None
        assert counts[0] >= 1
        assert counts[1:] == (0, 1)
        again = _initialised(environment)
        assert json.loads(again.stdout.splitlines()[-1]).get("created") is not True
        with psycopg.connect(owner) as database:
            row = database.execute(
                "SELECT (SELECT count(*) FROM accounts_user), (SELECT count(*) FROM maintenance_job_run WHERE name = 'home.load_demo')"
            ).fetchone()
        assert row == (counts[0], 1)
    finally:
        _admin(f'DROP DATABASE "{name}" WITH (FORCE)')


def _initialised(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "manage.py", "database", "init", "--json"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done
