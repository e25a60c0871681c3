"""The transaction of a request, which opens when it is needed, and the prepared write within one."""

from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction
from django.db.transaction import TransactionManagementError

from accounts.models import Organisation
from portal.kit import context
from portal.kit.postgres.base import Statement, Wall, ours
from portal.kit.services import UnguardedWrite
from tests.kit.support import INSERT, Observer, activity, add, database, number

# --- The transaction that waits ---


class Planted(Exception):
    """The mistake of a test."""


def test_a_transaction_that_nobody_needs_is_never_opened(observer: Observer) -> None:
    before = activity(observer)

    with database().transaction_later() as later:
        assert later.waiting

    assert activity(observer) == before


def test_connecting_does_not_open_the_transaction_that_waits(own_database: dict[str, str]) -> None:
    unconnected = ours()
    unconnected.close()
    with context.system("a test"), unconnected.transaction_later() as later:
        unconnected.first_row(Statement("SELECT 1"), [])
        waited = later.waiting
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        assert (waited, later.waiting, connection.in_atomic_block) == (True, False, True)


def test_the_first_request_of_a_connection_undoes_what_it_wrote_when_it_fails(own_database: dict[str, str]) -> None:
    ours().close()
    with context.system("a test"), ours().transaction_later() as later:
        ours().first_row(Statement("SELECT 1"), [])
        add("first")
        later.undo()

    assert number("first") == 0
    assert not connection.in_atomic_block


@pytest.mark.parametrize("way", ["cursor", "atomic", "question", "on_commit", "write"])
def test_whatever_needs_a_transaction_finds_it_open(own_database: dict[str, str], way: str) -> None:
    now = database()
    with context.system("a test"), now.transaction_later() as later:
        if way == "cursor":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        elif way == "atomic":
            with transaction.atomic():
                pass
        elif way == "question":
            assert now.in_atomic_block
        elif way == "on_commit":
            transaction.on_commit(lambda: None)
        else:
            add("here")

        during = (later.waiting, now.in_atomic_block)
    after = (now.in_atomic_block, now.get_autocommit())

    assert (during, after) == ((False, True), (False, True))


def test_an_inner_transaction_that_has_ended_goes_with_the_outer_one(own_database: dict[str, str]) -> None:
    told: list[str] = []
    with context.system("a test"), pytest.raises(Planted), database().transaction_later():
        with transaction.atomic():
            add("inner")
        transaction.on_commit(lambda: told.append("inner"))
        raise Planted

    assert (number("inner"), told) == (0, [])


def test_work_for_after_the_commit_is_done_once_at_the_end(own_database: dict[str, str]) -> None:
    told: list[str] = []
    with context.system("a test"), database().transaction_later():
        add("kept")
        with transaction.atomic():
            transaction.on_commit(lambda: told.append("kept"))
        assert told == []

    assert (number("kept"), told) == (1, ["kept"])


@pytest.mark.parametrize("opened", [True, False])
def test_an_undone_transaction_writes_nothing_before_or_after(own_database: dict[str, str], opened: bool) -> None:
    with context.system("a test"), database().transaction_later() as later:
        if opened:
            add("before")
        later.undo()
        if not opened:
            add("after")

    assert number("before") + number("after") == 0


def test_within_a_transaction_it_is_a_savepoint(own_database: dict[str, str]) -> None:
    with context.system("a test"), transaction.atomic():
        add("outer")
        with database().transaction_later() as later:
            add("inner")
            later.undo()

    assert (number("outer"), number("inner")) == (1, 0)


def _tenant() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('steward.organisation', true), '')")
        return str(cursor.fetchone()[0])


def test_the_tenant_is_named_with_the_begin_and_forgotten_with_the_end(own_database: dict[str, str]) -> None:
    organisation = UUID(int=7)

    with database().transaction_later(Wall(organisation)):
        assert _tenant() == str(organisation)

    assert _tenant() == ""


def test_the_tenant_holds_for_writes_and_a_rollback_ends_it(own_database: dict[str, str]) -> None:
    with context.system("a test"), pytest.raises(Planted), database().transaction_later(Wall(UUID(int=7))):
        add("of-a-tenant")
        raise Planted

    assert (number("of-a-tenant"), _tenant()) == (0, "")


# --- One prepared write ---


def test_a_prepared_write_commits_with_its_transaction(own_database: dict[str, str]) -> None:
    with context.system("a test"):
        add("kept")
        with pytest.raises(Planted), transaction.atomic():
            add("lost")
            raise Planted
    connections.close_all()

    assert (number("kept"), number("lost")) == (1, 0)


def test_a_prepared_write_needs_a_transaction(own_database: dict[str, str]) -> None:
    with pytest.raises(TransactionManagementError, match="open its transaction first"):
        database().write(INSERT, [str(uuid4()), "alone"])

    assert number("alone") == 0


def test_a_prepared_write_as_the_first_statement_is_not_committed_before_its_transaction(
    own_database: dict[str, str],
) -> None:
    database().execute_wrappers.clear()
    with pytest.raises(Planted), transaction.atomic():
        database().write(INSERT, [str(uuid4()), "first"])
        raise Planted

    assert number("first") == 0


def test_the_write_guard_sees_a_prepared_write(own_database: dict[str, str]) -> None:
    with context.system("a test"), pytest.raises(UnguardedWrite), transaction.atomic():
        database().write(INSERT, [str(uuid4()), "sneaky"])

    assert not Organisation.objects.filter(slug="sneaky").exists()
