"""The database backend of Steward: psycopg 3, persistent connections, checked without asking the server.

A request's transaction opens with the first statement that needs one (`transaction_later`), and the one query that
every signed-in request makes is a prepared statement of its own (`first_row`): one round trip, no BEGIN, no COMMIT.
"""

import select
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from types import TracebackType
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql import base
from django.db.transaction import Atomic, TransactionManagementError
from psycopg import pq

_BINARY = pq.Format.BINARY
_ROWS = pq.ExecStatus.TUPLES_OK
# The statement is unknown to this server connection, or a migration changed its columns: see `first_row`.
_UNPREPARED = frozenset({"26000", "0A000"})
_PREPARED_ALREADY = "42P05"
_ENDED = (psycopg.errors.AdminShutdown, psycopg.errors.CrashShutdown, psycopg.errors.IdleSessionTimeout)


PLATFORM = "steward_platform"
# Role names and ids are ours, never a caller's text.
_WALL = b"SELECT set_config('role', '%s', true), set_config('steward.organisation', '%s', true)"
# Marks the transaction as one of `writing()`; goes with the BEGIN where the door opens the transaction.
_MARK = b"set_config('steward.write', pg_current_xact_id()::text, true)"
_WALL_NOW = b"SELECT current_setting('role'), current_setting('steward.organisation', true)"


class Statement:
    """A SELECT that the server parses once per connection. `sql` has $1, $2 ...; values and columns are binary."""

    __slots__ = ("name", "sql")

    def __init__(self, sql: str) -> None:
        self.sql = sql.encode()
        # Behind a pooler, servers outlive releases: another text must never run under the name of this one.
        self.name = b"steward_" + sha256(self.sql).hexdigest()[:16].encode()


@dataclass(frozen=True, slots=True)
class Wall:
    """What a transaction sees of the organisations: one, all (the platform), or none."""

    organisation: UUID | None = None
    platform: bool = False


_NO_WALL = Wall()


class TransactionLater:
    """The outermost `atomic()` of a request, entered when the connection is first used for anything but `first_row`.

    Whoever asks for a cursor, a savepoint or whether a transaction is open finds it open, so nothing can tell it from
    an `atomic()` around the request; a request that asks nothing does not pay for it.
    """

    __slots__ = ("_atomic", "_connection", "_inner", "_marked", "_outer", "_undone", "of_request", "wall")

    def __init__(self, connection: "DatabaseWrapper", wall: Wall, *, marked: bool) -> None:
        self._connection = connection
        self._marked = marked
        self._outer: TransactionLater | None = None
        self._atomic: Atomic | None = None
        self._undone = False
        self._inner: tuple[str, str] | None = None  # The wall of the transaction that this one is a savepoint of.
        self.of_request = False
        self.wall = wall  # Put up in the database with the BEGIN.

    def __enter__(self) -> "TransactionLater":
        self._outer = self._connection.later
        self._connection.later = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.later = self._outer
        if self._atomic is not None:
            if self._undone:
                self._connection.needs_rollback = True
            self._atomic.__exit__(kind, error, trace)
            if self._inner is not None and self._connection._in_atomic_block:
                self._connection.wall_restore(self._inner)

    def open(self) -> None:
        """Enter the transaction, once."""
        if self._atomic is None:
            connection = self._connection
            if connection._in_atomic_block:
                self._inner = connection.wall_now()
            self._atomic = atomic = Atomic(connection.alias, savepoint=True, durable=False)
            try:
                atomic.__enter__()
            except BaseException:
                self._atomic = None
                raise
            if self._marked or self._inner is not None or self.wall != _NO_WALL or connection.sees_all:
                connection.begin_for(self.wall, marked=self._marked)

    def commit(self) -> None:
        """Commit what was done so far and wait again: the next statement opens another transaction behind the same wall.
        Raises `TransactionManagementError` inside an `atomic()` of its own."""
        atomic, connection = self._atomic, self._connection
        if atomic is None:
            return
        if connection.atomic_blocks[-1] is not atomic:
            raise TransactionManagementError("A block inside of this transaction is open: end it first.")
        # Django asks on the way whether a transaction is open; this one must not open again by that question.
        self._atomic, connection.later = None, None
        try:
            atomic.__exit__(None, None, None)
            if self._inner is not None and connection._in_atomic_block:
                connection.wall_restore(self._inner)
        finally:
            self._inner, connection.later = None, self

    def enter_platform(self) -> None:
        """See the rows of every organisation from here on; for a right that is held on the installation."""
        if not self.wall.platform:
            self.wall = Wall(self.wall.organisation, True)
            if self._atomic is not None:
                self._connection.begin_for(self.wall)

    def undo(self) -> None:
        """Roll back at the end, whatever follows."""
        self._undone = True
        if self._atomic is not None:
            self._connection.set_rollback(True)

    @property
    def waiting(self) -> bool:
        """Whether nothing has needed the transaction so far."""
        return self._atomic is None


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper with a cheaper health check, a transaction that waits, and one fast way to read a row."""

    later: TransactionLater | None = None
    _in_atomic_block = False
    _prepared: set[Statement]

    def transaction_later(self, wall: Wall | None = None, *, marked: bool = False) -> TransactionLater:
        """A `with` block that is one transaction, opened when it is needed, behind `wall` (row-level security);
        `marked` says in it that a service writes."""
        return TransactionLater(self, wall or _NO_WALL, marked=marked)

    @contextmanager
    def before_transaction(self, wall: Wall) -> Iterator[None]:
        """A transaction of its own, behind `wall`, before the waiting one of the request has begun: it stays whatever
        becomes of the request."""
        later, self.later = self.later, None
        try:
            with self.transaction_later(wall):
                yield
        finally:
            self.later = later

    @property
    def in_atomic_block(self) -> bool:
        """Django's flag. Asking means that something depends on the answer: a waiting transaction opens."""
        if self.later is not None and self.later.waiting:
            self.later.open()
        return self._in_atomic_block

    @in_atomic_block.setter
    def in_atomic_block(self, value: bool) -> None:
        self._in_atomic_block = value

    def _cursor(self, name: str | None = None) -> Any:
        if self.later is not None and self.later.waiting:
            self.later.open()
        return super()._cursor(name)  # type: ignore[misc]

    def ensure_connection(self) -> None:
        """Connect if need be. Django asks on the way whether a transaction is open, and resets the answer afterwards:
        a waiting one must not open by that question, or it would be forgotten while the server has begun it."""
        if self.connection is not None:
            return
        later, self.later = self.later, None
        try:
            super().ensure_connection()
        finally:
            self.later = later

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; statements are prepared per connection."""
        self._prepared = set()
        return super().get_new_connection(conn_params)

    def is_usable(self) -> bool:
        """Whether the server has neither closed the connection nor sent something unasked.

        Django's own check is a `SELECT 1`, a round trip before each request. A server that went away has sent its
        FIN or a final error message, so an idle socket that is readable is a dead one; a host that vanished without
        a word is found by the query itself, as it is with `SELECT 1` just before the host vanishes.
        """
        connection: Any = self.connection
        if connection is None or connection.closed or connection.broken:
            return False
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN | select.POLLERR | select.POLLHUP)
        return not poll.poll(0)

    def begin_for(self, wall: Wall, *, marked: bool = False) -> None:
        """Begin behind `wall`, and `marked` as a service's, in one round trip; both end with the transaction. The owner
        stands behind no wall."""
        if settings.STEWARD_CONNECT_AS == "owner":
            if marked:
                self.mark()
            return
        role = PLATFORM if wall.platform else self._base_role
        self.wall_restore((role, str(wall.organisation or "")), marked=marked)

    def mark(self) -> None:
        """Say in the open transaction that a service writes."""
        self._straight(b"SELECT " + _MARK)

    @property
    def _base_role(self) -> str:
        """What the application is when it is not the platform: its login, or the role that one login enters."""
        return str(self.settings_dict["OPTIONS"].get("assume_role", "none"))

    @property
    def sees_all(self) -> bool:
        """Whether the connection is the platform's by itself, outside of transactions too: a test that looks around."""
        return PLATFORM in str(self.settings_dict["OPTIONS"].get("options", ""))

    def wall_now(self) -> tuple[str, str]:
        """Role and organisation of the open transaction."""
        result = self._straight(_WALL_NOW)
        role, organisation = (result.get_value(0, column) or b"" for column in (0, 1))
        return role.decode(), organisation.decode()

    def wall_restore(self, before: tuple[str, str], *, marked: bool = False) -> None:
        """Put up the wall of `before` (role, organisation) until the transaction ends. In a transaction that has failed
        nothing can be said any more, and nothing needs to: its end takes the wall with it."""
        if not self.needs_rollback and not self._failed:
            role, organisation = before
            wall = _WALL % (role.encode(), organisation.encode())
            self._straight(wall + b", " + _MARK if marked else wall)

    @property
    def _failed(self) -> bool:
        """Whether the server refused a statement of the open transaction, and waits for its end."""
        pgconn: pq.abc.PGconn | None = self.connection and self.connection.pgconn
        return pgconn is not None and pgconn.transaction_status == pq.TransactionStatus.INERROR

    def _straight(self, sql: bytes) -> Any:
        """One statement of our own on the wall, in the transaction, which begins with it when it has not yet."""
        if self.connection is None:
            self.ensure_connection()
        with self.wrap_database_errors:
            pgconn: pq.abc.PGconn = self.connection.pgconn
            begin = b"BEGIN; " if pgconn.transaction_status == pq.TransactionStatus.IDLE else b""
            return _expect(pgconn.exec_(begin + sql), _ROWS)

    @contextmanager
    def walled(self, organisation: UUID) -> Iterator[None]:
        """Stand in `organisation` for the block, inside the open transaction; the role stays."""
        before = self.wall_now()
        self.wall_restore((before[0], str(organisation)))
        try:
            yield
        finally:
            self.wall_restore(before)

    def first_row(self, statement: Statement, values: Sequence[bytes | None]) -> list[bytes | None] | None:
        """The first row of a prepared SELECT, None without one. Does not open a waiting transaction.

        A statement alone is a transaction alone, and under READ COMMITTED it sees what it would see at the beginning
        of a longer one. Straight to libpq: cursor, adapters and BEGIN cost several times the query. It is its own
        health check: on a connection that the server has closed meanwhile it is asked again on a new one. Raises
        `django.db.OperationalError` when the database is away.
        """
        if self.connection is None:
            self.ensure_connection()
        self.validate_no_broken_transaction()
        started = time.perf_counter()
        with self.wrap_database_errors:
            try:
                result = self._execute(self.connection.pgconn, statement, values)
            except psycopg.OperationalError as error:
                if self._in_atomic_block or not self._ended(error):
                    raise
                self.close()
                self.ensure_connection()
                result = self._execute(self.connection.pgconn, statement, values)
        self.health_check_done = True
        self._log(statement, started)
        if result.ntuples == 0:
            return None
        return [result.get_value(0, column) for column in range(result.nfields)]

    def _ended(self, error: psycopg.OperationalError) -> bool:
        """Whether the server has ended the connection, as opposed to the statement."""
        status: int = self.connection.pgconn.status
        return status != pq.ConnStatus.OK or isinstance(error, _ENDED)

    def write(self, statement: Statement, values: Sequence[str | None]) -> str | None:
        """Execute a prepared statement that writes, in the open transaction; values in PostgreSQL's text form. Returns
        the first column of the first row that it has RETURNING, None without one.

        For the few writes that follow every other write; for the rest a cursor is fast enough. Raises what a cursor
        raises, and `TransactionManagementError` outside a transaction.
        """
        if not self.in_atomic_block:
            raise TransactionManagementError("This statement belongs to another write: open its transaction first.")
        self.validate_no_broken_transaction()
        encoded = [None if value is None else value.encode() for value in values]

        def execute(*_: Any) -> Any:
            with self.wrap_database_errors:
                pgconn = self.connection.pgconn
                if pgconn.transaction_status == pq.TransactionStatus.IDLE:
                    _expect(pgconn.exec_(b"BEGIN"), pq.ExecStatus.COMMAND_OK)
                self._prepare(pgconn, statement)
                result = pgconn.exec_prepared(statement.name, encoded)
                return result if result.status == _ROWS else _expect(result, pq.ExecStatus.COMMAND_OK)

        for wrapper in reversed(self.execute_wrappers):
            execute = partial(wrapper, execute)
        started = time.perf_counter()
        result = execute(statement.sql.decode(), values, False, {"connection": self, "cursor": None})
        self._log(statement, started)
        first = result.get_value(0, 0) if result.ntuples else None
        return None if first is None else first.decode()

    def _log(self, statement: Statement, started: float) -> None:
        """For whoever counts queries, as Django's cursors do it."""
        if self.force_debug_cursor:
            took = time.perf_counter() - started
            self.queries_log.append({"sql": statement.sql.decode(), "time": f"{took:.3f}"})

    def _prepare(self, pgconn: Any, statement: Statement) -> None:
        if statement not in self._prepared:
            prepared = pgconn.prepare(statement.name, statement.sql)
            if _state(prepared) != _PREPARED_ALREADY:
                _expect(prepared, pq.ExecStatus.COMMAND_OK)
            self._prepared.add(statement)

    def _execute(self, pgconn: Any, statement: Statement, values: Sequence[bytes | None]) -> Any:
        formats = [_BINARY] * len(values)
        self._prepare(pgconn, statement)
        result = pgconn.exec_prepared(statement.name, values, formats, _BINARY)
        if result.status == _ROWS:
            return result
        if _state(result) in _UNPREPARED and pgconn.transaction_status == pq.TransactionStatus.IDLE:
            # A pooler gave us another server connection, or the table changed: this once without preparing.
            self._prepared.discard(statement)
            result = pgconn.exec_params(statement.sql, values, None, formats, _BINARY)
        return _expect(result, _ROWS)


def _state(result: Any) -> str:
    field = result.error_field(pq.DiagnosticField.SQLSTATE)
    return field.decode() if field else ""


def _expect(result: Any, status: pq.ExecStatus) -> Any:
    if result.status != status:
        if not _state(result):
            raise psycopg.OperationalError(result.get_error_message() or "The database went away.")
        raise psycopg.errors.error_from_result(result)
    return result


def ours() -> DatabaseWrapper:
    """The connection of this thread, as what it is: the settings name no other backend."""
    connection = connections[DEFAULT_DB_ALIAS]
    assert isinstance(connection, DatabaseWrapper)  # noqa: S101 - another backend cannot run this project
    return connection
