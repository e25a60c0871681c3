"""Activity of a real web server: written while it runs, at its stop, and after the database was away."""

import http.client
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.audit.support import as_owner
from tests.browser.server import Web
from tests.waiting import wait_for

Own = dict[str, str]


def ask(web: Web, path: str = "/sign-in") -> int:
    """The status of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def routes(own: Own) -> list[str]:
    """The routes of what was written."""
    with as_owner(own) as owner:
        return [row["route"] for row in owner.execute("SELECT route FROM audit_activity ORDER BY id").fetchall()]


@contextmanager
def served(own: Own, **settings: str) -> Iterator[Web]:
    """A web server of its own that keeps activity."""
    web = Web({**own, "STEWARD_ACTIVITY": "1", "STEWARD_WEB_WORKERS": "2", **settings})
    try:
        yield web
    finally:
        web.stop()


def test_what_is_asked_for_is_written_soon_and_the_rest_at_the_stop(own_database: Own) -> None:
    with served(own_database) as web:
        assert [ask(web) for _ in range(6)] == [200] * 6
        wait_for(lambda: len(routes(own_database)) == 6, what="the thread that writes")
        # Both processes of the server have something left that the thread has had no time for.
        assert [ask(web) for _ in range(12)] == [200] * 12
    assert routes(own_database) == ["sign-in"] * 18


@contextmanager
def away(own: Own) -> Iterator[None]:
    """The database refuses everybody for the block, and ends who is connected."""
    name = own["DATABASE_URL"].rpartition("/")[2]
    with psycopg.connect(os.environ["STEWARD_TEST_ADMIN_URL"], autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_with_the_database_away_pages_answer_and_their_activity_waits(own_database: Own) -> None:
    with served(own_database, STEWARD_WEB_WORKERS="1") as web:
        assert ask(web) == 200
        wait_for(lambda: routes(own_database) == ["sign-in"], what="the first one")
        with away(own_database):
            assert [ask(web) for _ in range(5)] == [200] * 5
            assert ask(web, "/platform/people") == 302
        wait_for(lambda: len(routes(own_database)) == 7, what="what waited")
    assert sorted(routes(own_database)) == ["platform/people", *["sign-in"] * 6]


def test_switched_off_a_server_writes_nothing(own_database: Own) -> None:
    with served(own_database, STEWARD_ACTIVITY="0") as web:
        assert ask(web) == 200
    assert routes(own_database) == []


def test_a_server_that_never_answers_is_stopped(own_database: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.browser.server.START_SECONDS", 1)
    begun: list[Web] = []

    class Deaf(Web):
        """Nobody hears its answers."""

        def _answers(self) -> bool:
            if self not in begun:
                begun.append(self)
            return False

    with pytest.raises(AssertionError, match="waited 1 s for the web server"):
        Deaf(own_database)
    (web,) = begun
    assert web.ended
