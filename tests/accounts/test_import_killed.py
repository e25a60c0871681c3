"""A worker that dies in the middle of an import leaves nothing half done, and its successor doubles nobody."""

import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from audit.models import Event
from maintenance import runner
from maintenance.models import JobRun
from maintenance.services import runs
from portal.kit import clock, context
from portal.kit.services import writing
from tests.accounts.helpers import (
    confirmed,
    people_rows,
    uploaded,
    worked,
)
from tests.factories import World

Browser = Callable[[User], Client]
ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.usefixtures("quiet_broker")

CHILD = """
    import sys
    import django
    django.setup()
    from uuid import UUID
    from accounts.services import imports
    from maintenance import runner
    made = imports.users_create_bulk

    def make_and_hang(**values):
        people = made(**values)
        print("made", len(people), flush=True)
        sys.stdin.read()
        return people

    imports.users_create_bulk = make_and_hang
    runner.execute(UUID(sys.argv[1]))
"""


@pytest.mark.kill
def test_a_worker_killed_before_its_commit_leaves_nobody_and_the_next_one_makes_each_once(
    own_database: dict[str, str], world: World, browser_of: Browser
) -> None:
    client = browser_of(world.admin)
    run_id = confirmed(client, uploaded(client, people_rows(700)))
    before = User.objects.count()
    _killed_in_mid_import(run_id, own_database)
    assert JobRun.objects.get(pk=run_id).state == "running"
    assert User.objects.count() == before
    assert not Event.objects.filter(code="accounts.user.created").exists()
    _lease_runs_out(run_id)
    run = worked(run_id)
    assert (run.state, run.attempts, run.result) == ("succeeded", 2, {"created": 700})
    assert User.objects.count() == before + 700
    assert Event.objects.filter(code="accounts.user.created").count() == 700


def test_a_worker_killed_after_its_commit_is_followed_by_one_that_makes_nobody_again(
    own_database: dict[str, str], world: World, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser_of(world.admin)
    run_id = confirmed(client, uploaded(client, people_rows(20)))
    with monkeypatch.context() as patch:
        patch.setattr(runs, "run_finish", _die)
        with pytest.raises(SystemExit):
            runner.execute(run_id)
    assert JobRun.objects.get(pk=run_id).state == "running"
    assert User.objects.filter(username__startswith="p").count() == 20
    _lease_runs_out(run_id)
    run = worked(run_id)
    assert (run.state, run.result) == ("succeeded", {"created": 20})
    assert Event.objects.filter(code="accounts.user.created").count() == 20


def _die(**values: Any) -> None:
    raise SystemExit


def _killed_in_mid_import(run_id: UUID, environment: dict[str, str]) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(run_id)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        ready, _writable, _failed = select.select([child.stdout], [], [], 60)
        assert ready, "the child never came so far"
        assert child.stdout.readline() == b"made 700\n"
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    _wait_until_its_transaction_is_gone()


def _wait_until_its_transaction_is_gone() -> None:
    """The server notices the dead client a moment later; its locks go with it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                # Of this database: in its clones, which other tests use, the table has the same number.
                "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() "
                "WHERE l.relation = 'accounts_people_import'::regclass AND l.pid <> pg_backend_pid()"
            )
            if not cursor.fetchone()[0]:
                return
        select.select([], [], [], 0.02)
    raise AssertionError("the killed worker's transaction is still there")


def _lease_runs_out(run_id: UUID) -> None:
    with context.system("a test"), writing():
        JobRun.objects.filter(pk=run_id).update(lease_until=clock.now() - timedelta(minutes=1))
