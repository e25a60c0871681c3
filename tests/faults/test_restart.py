"""PostgreSQL is restarted without a word while a clean-up is in a batch: what the preview promised goes, once."""

import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from accounts.models import Session
from audit.models import Event
from maintenance.backup import tools
from portal.embedded import servers
from portal.embedded.servers import Servers
from tests.conftest import TEMPLATE, _named, looking_around
from tests.factories import World, actor_of, make_world
from tests.faults.conftest import Start, ended
from tests.maintenance.conftest import dispatch, fresh
from tests.maintenance.test_kill import _confirm, add_sessions
from tests.waiting import wait_for

pytestmark = pytest.mark.kill
EXPIRED, LIVE = 5_000, 25
# Who deletes waits as long as a row lies in `halt`, inside the batch and after its rows are gone.
HALT = """
CREATE TABLE halt (why text);
CREATE FUNCTION wait_a_while() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF EXISTS (SELECT FROM halt) THEN PERFORM pg_sleep(50); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER wait_a_while AFTER DELETE ON accounts_session FOR EACH STATEMENT EXECUTE FUNCTION wait_a_while();
"""


@pytest.fixture
def server(folder: Path) -> Iterator[Servers]:
    """A PostgreSQL of this test's own, under the eyes of what watches embedded servers."""
    running = servers.start(folder, say=lambda sentence: None, redis=False, fsync=False)
    yield running
    running.stop()


@pytest.fixture
def own_database(
    server: Servers, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, str]]:
    """A copy of the template on that server; this process looks there, too."""
    programs = max(tools.installed(), key=lambda found: found.major)
    dump = subprocess.run(
        [programs.pg_dump, "--dbname", _named(os.environ["STEWARD_TEST_ADMIN_URL"], TEMPLATE)],
        stdout=subprocess.PIPE,
        check=True,
    )
    target = _named(server.admin_url, TEMPLATE)
    subprocess.run([programs.psql, "--quiet", target], input=dump.stdout, stdout=subprocess.DEVNULL, check=True)
    login = urlsplit(server.database_url)
    there = {"HOST": login.hostname, "PORT": str(login.port), "PASSWORD": unquote(login.password or "")}
    here = {name: connection.settings_dict[name] for name in there}
    with django_db_blocker.unblock():
        connection.settings_dict.update(there)
        with looking_around(TEMPLATE):
            yield {
                **os.environ,
                "DATABASE_URL": server.database_url,
                "DATABASE_OWNER_URL": server.database_owner_url,
            }
        connection.settings_dict.update(here)


@pytest.fixture
def world(own_database: dict[str, str]) -> World:
    """The named people, made on that server: the template that they stand in is on the other one."""
    return make_world()


def _in_batch(admin: "psycopg.Connection") -> bool:
    return bool(admin.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'").fetchone())


def _restart(server: Servers) -> None:
    """As `pg_ctl restart -m immediate` does: SIGQUIT to the postmaster, no checkpoint, then recovery from the log."""
    who = server.record.process("postgres")
    assert who is not None
    os.kill(who.pid, signal.SIGQUIT)
    said: list[str] = []
    wait_for(
        lambda: any("runs again" in line for line in said), what="PostgreSQL", tick=lambda: said.extend(server.check())
    )
    connections.close_all()


def test_postgresql_restarted_at_once_in_a_batch_rolls_it_back_and_the_total_is_that_of_the_preview(
    world: World, server: Servers, start: Start
) -> None:
    add_sessions(world.clerk, EXPIRED, expires_in=-timedelta(days=2))
    add_sessions(world.clerk, LIVE, expires_in=timedelta(days=2))
    here = _named(server.admin_url, TEMPLATE)
    with psycopg.connect(here, autocommit=True) as admin:
        admin.execute(HALT)
        run_id, preview = _confirm(actor_of(world.admin))
        start("worker", STEWARD_CLEANUP_BATCH="50")
        wait_for(lambda: fresh(run_id).done >= 500, what="the first batches", tick=dispatch)
        admin.execute("INSERT INTO halt VALUES ('the test restarts the server')")
        wait_for(lambda: _in_batch(admin), what="a batch that has deleted and not committed")
    _restart(server)
    run = fresh(run_id)
    assert run.state == "running"
    assert run.cursor is not None
    assert Session.objects.filter(expires_at__lt=preview.cutoff).count() == EXPIRED - run.cursor["deleted"]
    with psycopg.connect(here, autocommit=True) as admin:
        admin.execute("DELETE FROM halt")
    run = ended(run_id, tick=dispatch)
    assert run.attempts == 2
    assert run.result is not None
    assert (run.result["deleted"], run.result["left"]) == (preview.count, 0)
    assert preview.count == EXPIRED
    assert Session.objects.count() == LIVE
    assert Event.objects.get(code="maintenance.cleanup.finished").data["deleted"] == EXPIRED
