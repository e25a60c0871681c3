"""The database backend: dead connections, the transaction that waits, prepared statements."""

import os
from collections.abc import Iterator
from typing import cast
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, close_old_connections, connection, connections, transaction
from django.db.transaction import TransactionManagementError
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Organisation
from portal.kit import context
from portal.kit.postgres.base import DatabaseWrapper, Statement
from portal.kit.services import UnguardedWrite, writing
from tests.factories import World, signed_in

ONE = Statement("SELECT $1::int4 + 1")
INSERT = Statement(
    "INSERT INTO accounts_organisation (id, slug, name, state, created_at) VALUES ($1::uuid, $2, $2, 'active', now())"
)
COUNT = Statement("SELECT count(*) FROM accounts_organisation WHERE slug = convert_from($1::bytea, 'utf8')")


def _database() -> DatabaseWrapper:
    connection.ensure_connection()
    return cast(DatabaseWrapper, connections["default"])


def _one(number: int = 1) -> int:
    row = _database().first_row(ONE, [number.to_bytes(4)])
    assert row is not None
    assert row[0] is not None
    return int.from_bytes(row[0])


def _number(slug: str) -> int:
    row = _database().first_row(COUNT, [slug.encode()])
    assert row is not None
    assert row[0] is not None
    return int.from_bytes(row[0])


def _add(slug: str) -> None:
    with writing():
        _database().write(INSERT, [str(uuid4()), slug])


@pytest.fixture
def observer(own_database: dict[str, str]) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """An administrator's own connection, which sees what the server knows of ours and can end it."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["STEWARD_TEST_ADMIN_URL"], dbname=name, autocommit=True) as admin:
        yield admin


def _end(observer: "psycopg.Connection[tuple[object, ...]]") -> int:
    """End our idle connection at the server, and wait until it has said so."""
    inner = _database().connection
    pid: int = inner.info.backend_pid
    observer.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    return pid


def _request_starts() -> None:
    """What the start of a request does to connections, from which the test client spares its requests."""
    close_old_connections()


def _activity(observer: "psycopg.Connection[tuple[object, ...]]") -> tuple[object, ...] | None:
    inner = _database().connection
    return observer.execute(
        "SELECT state, query_start, xact_start FROM pg_stat_activity WHERE pid = %s", [inner.info.backend_pid]
    ).fetchone()


# --- Dead connections ---


def test_a_connection_that_the_server_ended_is_noticed_without_a_query(
    observer: "psycopg.Connection[tuple[object, ...]]",
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    before = _activity(observer)

    assert _database().is_usable()
    assert _activity(observer) == before

    _end(observer)
    assert not _database().is_usable()


def test_a_closed_connection_is_not_usable(own_database: dict[str, str]) -> None:
    database = _database()
    database.connection.close()

    assert not database.is_usable()


def test_the_request_after_the_server_ended_our_connection_works(
    observer: "psycopg.Connection[tuple[object, ...]]", world: World
) -> None:
    browser = signed_in(world.manager)
    assert browser.get("/api/v1/auth/session").status_code == 200
    ended = _end(observer)
    _request_starts()

    assert browser.get("/api/v1/auth/session").status_code == 200
    assert browser.get("/platform/people").status_code == 200
    assert _database().connection.info.backend_pid != ended


def test_an_anonymous_page_after_the_server_ended_our_connection_works(
    observer: "psycopg.Connection[tuple[object, ...]]", routed: Client
) -> None:
    assert routed.get("/test/query").status_code == 200
    _end(observer)
    _request_starts()

    assert routed.get("/test/query").status_code == 200


def test_a_prepared_read_needs_no_health_check(observer: "psycopg.Connection[tuple[object, ...]]") -> None:
    assert _one() == 2
    _end(observer)

    assert _one() == 2


def test_a_connection_that_ends_within_a_transaction_is_an_error_and_not_asked_again(
    observer: "psycopg.Connection[tuple[object, ...]]",
) -> None:
    with pytest.raises(OperationalError), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _end(observer)
        _one()


# --- One prepared read ---


def test_a_row_comes_back_and_none_where_there_is_none(own_database: dict[str, str]) -> None:
    assert [_one(number) for number in (1, 41)] == [2, 42]
    assert _database().first_row(Statement("SELECT 1 WHERE false"), []) is None
    assert _database().first_row(Statement("SELECT NULL::text"), []) == [None]


def test_a_read_alone_begins_no_transaction(observer: "psycopg.Connection[tuple[object, ...]]") -> None:
    with _database().transaction_later() as later:
        _one()

        assert later.waiting
        activity = _activity(observer)

    assert activity is not None
    assert (activity[0], activity[2]) == ("idle", None)


def test_a_read_within_a_transaction_sees_what_it_wrote(own_database: dict[str, str]) -> None:
    with context.system("a test"), transaction.atomic():
        _add("here")

        assert _number("here") == 1


def test_a_statement_that_the_server_has_forgotten_is_run_all_the_same(own_database: dict[str, str]) -> None:
    assert _one() == 2
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")

    assert [_one(), _one()] == [2, 2]


def test_a_statement_whose_columns_a_migration_changed_is_run_all_the_same(
    observer: "psycopg.Connection[tuple[object, ...]]",
) -> None:
    observer.execute("CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)")
    observer.execute("GRANT SELECT ON changing TO steward_app")
    everything = Statement("SELECT * FROM changing")
    first = _database().first_row(everything, [])
    observer.execute("ALTER TABLE changing ADD b text DEFAULT 'new'")

    assert first == [b"\0\0\0\1"]
    assert _database().first_row(everything, []) == [b"\0\0\0\1", b"new"]
    assert _database().first_row(everything, []) == [b"\0\0\0\1", b"new"]


def test_a_wrong_statement_raises_what_django_raises(own_database: dict[str, str]) -> None:
    with pytest.raises(ProgrammingError, match="no_such_table"):
        _database().first_row(Statement("SELECT * FROM no_such_table"), [])

    assert _one() == 2


def test_nothing_is_read_in_a_broken_transaction(own_database: dict[str, str]) -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            _one()


def test_a_query_counter_sees_prepared_statements(own_database: dict[str, str]) -> None:
    with context.system("a test"), writing(), CaptureQueriesContext(connection) as queries:
        _one()
        _database().write(INSERT, [str(uuid4()), "counted"])

    assert [query["sql"] for query in queries] == [ONE.sql.decode(), INSERT.sql.decode()]


def test_two_texts_never_share_a_name() -> None:
    assert Statement("SELECT 1").name != Statement("SELECT 2").name
    assert Statement("SELECT 1").name == Statement("SELECT 1").name


# --- The transaction that waits ---


class Planted(Exception):
    """The mistake of a test."""


def test_a_transaction_that_nobody_needs_is_never_opened(observer: "psycopg.Connection[tuple[object, ...]]") -> None:
    before = _activity(observer)

    with _database().transaction_later() as later:
        assert later.waiting

    assert _activity(observer) == before


@pytest.mark.parametrize("way", ["cursor", "atomic", "question", "on_commit", "write"])
def test_whatever_needs_a_transaction_finds_it_open(own_database: dict[str, str], way: str) -> None:
    database = _database()
    with context.system("a test"), database.transaction_later() as later:
        if way == "cursor":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        elif way == "atomic":
            with transaction.atomic():
                pass
        elif way == "question":
            assert database.in_atomic_block
        elif way == "on_commit":
            transaction.on_commit(lambda: None)
        else:
            _add("here")

        during = (later.waiting, database.in_atomic_block)
    after = (database.in_atomic_block, database.get_autocommit())

    assert (during, after) == ((False, True), (False, True))


def test_an_inner_transaction_that_has_ended_goes_with_the_outer_one(own_database: dict[str, str]) -> None:
    told: list[str] = []
    with context.system("a test"), pytest.raises(Planted), _database().transaction_later():
        with transaction.atomic():
            _add("inner")
        transaction.on_commit(lambda: told.append("inner"))
        raise Planted

    assert (_number("inner"), told) == (0, [])


def test_work_for_after_the_commit_is_done_once_at_the_end(own_database: dict[str, str]) -> None:
    told: list[str] = []
    with context.system("a test"), _database().transaction_later():
        _add("kept")
        with transaction.atomic():
            transaction.on_commit(lambda: told.append("kept"))
        assert told == []

    assert (_number("kept"), told) == (1, ["kept"])


@pytest.mark.parametrize("opened", [True, False])
def test_an_undone_transaction_writes_nothing_before_or_after(own_database: dict[str, str], opened: bool) -> None:
    with context.system("a test"), _database().transaction_later() as later:
        if opened:
            _add("before")
        later.undo()
        if not opened:
            _add("after")

    assert _number("before") + _number("after") == 0


def test_within_a_transaction_it_is_a_savepoint(own_database: dict[str, str]) -> None:
    with context.system("a test"), transaction.atomic():
        _add("outer")
        with _database().transaction_later() as later:
            _add("inner")
            later.undo()

    assert (_number("outer"), _number("inner")) == (1, 0)


def _tenant() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('steward.organisation', true), '')")
        return str(cursor.fetchone()[0])


def test_the_tenant_is_named_with_the_begin_and_forgotten_with_the_end(own_database: dict[str, str]) -> None:
    organisation = UUID(int=7)

    with _database().transaction_later(organisation):
        assert _tenant() == str(organisation)

    assert _tenant() == ""


def test_the_tenant_holds_for_writes_and_a_rollback_ends_it(own_database: dict[str, str]) -> None:
    with context.system("a test"), pytest.raises(Planted), _database().transaction_later(UUID(int=7)):
        _add("of-a-tenant")
        raise Planted

    assert (_number("of-a-tenant"), _tenant()) == (0, "")


# --- One prepared write ---


def test_a_prepared_write_commits_with_its_transaction(own_database: dict[str, str]) -> None:
    with context.system("a test"):
        _add("kept")
        with pytest.raises(Planted), transaction.atomic():
            _add("lost")
            raise Planted
    connections.close_all()

    assert (_number("kept"), _number("lost")) == (1, 0)


def test_a_prepared_write_needs_a_transaction(own_database: dict[str, str]) -> None:
    with pytest.raises(TransactionManagementError, match="open its transaction first"):
        _database().write(INSERT, [str(uuid4()), "alone"])

    assert _number("alone") == 0


def test_a_prepared_write_as_the_first_statement_is_not_committed_before_its_transaction(
    own_database: dict[str, str],
) -> None:
    _database().execute_wrappers.clear()
    with pytest.raises(Planted), transaction.atomic():
        _database().write(INSERT, [str(uuid4()), "first"])
        raise Planted

    assert _number("first") == 0


def test_the_write_guard_sees_a_prepared_write(own_database: dict[str, str]) -> None:
    with context.system("a test"), pytest.raises(UnguardedWrite), transaction.atomic():
        _database().write(INSERT, [str(uuid4()), "sneaky"])

    assert not Organisation.objects.filter(slug="sneaky").exists()
