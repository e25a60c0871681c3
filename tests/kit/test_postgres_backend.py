"""The database backend: dead connections, the transaction that waits, prepared statements."""

from uuid import uuid4

import pytest
from django.db import OperationalError, ProgrammingError, close_old_connections, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.kit import context
from portal.kit.postgres.base import Statement
from portal.kit.services import writing
from tests.factories import World, signed_in
from tests.kit.support import INSERT, ONE, Observer, activity, add, database, number, one


def _end(observer: Observer) -> int:
    """End our idle connection at the server, and wait until it has said so."""
    inner = database().connection
    pid: int = inner.info.backend_pid
    observer.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    return pid


def _request_starts() -> None:
    """What the start of a request does to connections, from which the test client spares its requests."""
    close_old_connections()


# --- Dead connections ---


def test_a_connection_that_the_server_ended_is_noticed_without_a_query(
    observer: Observer,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    before = activity(observer)

    assert database().is_usable()
    assert activity(observer) == before

    _end(observer)
    assert not database().is_usable()


def test_a_closed_connection_is_not_usable(own_database: dict[str, str]) -> None:
    database().connection.close()

    assert not database().is_usable()


def test_the_request_after_the_server_ended_our_connection_works(observer: Observer, world: World) -> None:
    browser = signed_in(world.manager)
    assert browser.get("/api/v1/auth/session").status_code == 200
    ended = _end(observer)
    _request_starts()

    assert browser.get("/api/v1/auth/session").status_code == 200
    assert browser.get("/platform/people").status_code == 200
    assert database().connection.info.backend_pid != ended


def test_an_anonymous_page_after_the_server_ended_our_connection_works(observer: Observer, routed: Client) -> None:
    assert routed.get("/test/query").status_code == 200
    _end(observer)
    _request_starts()

    assert routed.get("/test/query").status_code == 200


def test_a_prepared_read_needs_no_health_check(observer: Observer) -> None:
    assert one() == 2
    _end(observer)

    assert one() == 2


def test_a_connection_that_ends_within_a_transaction_is_an_error_and_not_asked_again(
    observer: Observer,
) -> None:
    with pytest.raises(OperationalError), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _end(observer)
        one()


# --- One prepared read ---


def test_a_row_comes_back_and_none_where_there_is_none(own_database: dict[str, str]) -> None:
    assert [one(number) for number in (1, 41)] == [2, 42]
    assert database().first_row(Statement("SELECT 1 WHERE false"), []) is None
    assert database().first_row(Statement("SELECT NULL::text"), []) == [None]


def test_a_read_alone_begins_no_transaction(observer: Observer) -> None:
    with database().transaction_later() as later:
        one()

        assert later.waiting
        during = activity(observer)

    assert during is not None
    assert (during[0], during[2]) == ("idle", None)


def test_a_read_within_a_transaction_sees_what_it_wrote(own_database: dict[str, str]) -> None:
    with context.system("a test"), transaction.atomic():
        add("here")

        assert number("here") == 1


def test_a_statement_that_the_server_has_forgotten_is_run_all_the_same(own_database: dict[str, str]) -> None:
    assert one() == 2
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")

    assert [one(), one()] == [2, 2]


def test_a_statement_whose_columns_a_migration_changed_is_run_all_the_same(
    observer: Observer,
) -> None:
    observer.execute("CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)")
    observer.execute("GRANT SELECT ON changing TO steward_platform")
    everything = Statement("SELECT * FROM changing")
    first = database().first_row(everything, [])
    observer.execute("ALTER TABLE changing ADD b text DEFAULT 'new'")

    assert first == [b"\0\0\0\1"]
    assert database().first_row(everything, []) == [b"\0\0\0\1", b"new"]
    assert database().first_row(everything, []) == [b"\0\0\0\1", b"new"]


def test_a_wrong_statement_raises_what_django_raises(own_database: dict[str, str]) -> None:
    with pytest.raises(ProgrammingError, match="no_such_table"):
        database().first_row(Statement("SELECT * FROM no_such_table"), [])

    assert one() == 2


def test_nothing_is_read_in_a_broken_transaction(own_database: dict[str, str]) -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            one()


def test_a_query_counter_sees_prepared_statements(own_database: dict[str, str]) -> None:
    with context.system("a test"), writing(), CaptureQueriesContext(connection) as queries:
        one()
        database().write(INSERT, [str(uuid4()), "counted"])

    assert [query["sql"] for query in queries] == [ONE.sql.decode(), INSERT.sql.decode()]


def test_two_texts_never_share_a_name() -> None:
    assert Statement("SELECT 1").name != Statement("SELECT 2").name
    assert Statement("SELECT 1").name == Statement("SELECT 1").name
