"""One moment of the database, held open while several processes read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from maintenance.backup import tools
from maintenance.backup.errors import BackupError, BackupRunning

LOCK = 0x5354_5744_4241_434B  # "STWDBACK": one backup of a database at a time.
LOCK_WAIT = "60s"

# Partitions are tables of their own here; their parents hold no rows. What an extension made, it makes again.
_TABLES: LiteralString = """
SELECT n.nspname, c.relname, pg_table_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2
"""
# Those of a column go with their table; these stand alone.
_SEQUENCES: LiteralString = """
SELECT n.nspname, c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND d.deptype IN ('a', 'i', 'e'))
ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Table:
    """A table (or partition) and its size on disk in bytes."""

    schema: str
    name: str
    size: int = 0

    @property
    def label(self) -> str:
        """`schema.name`: how the manifest calls it."""
        return f"{self.schema}.{self.name}"

    @property
    def pattern(self) -> str:
        """What pg_dump's --table matches exactly this with."""
        return ".".join('"' + part.replace('"', '""') + '"' for part in (self.schema, self.name))


class Snapshot:
    """The keeper: a transaction that holds the snapshot and a lock on every table until the last reader is done."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        row = self._one("SELECT pg_export_snapshot(), transaction_timestamp(), current_database()")
        self.name: str = row[0]
        self.taken_at: datetime = row[1]
        self.database: str = row[2]
        self.server_version = connection.info.server_version
        self.server_version_text: str = self._one("SHOW server_version")[0]
        self.tables = [Table(*row) for row in connection.execute(_TABLES)]
        self.sequences = [Table(*row) for row in connection.execute(_SEQUENCES)]
        self.has_large_objects = bool(self._one("SELECT EXISTS (SELECT FROM pg_largeobject_metadata)")[0])
        for table in self.tables:
            # As pg_dump -j does it: nobody may drop or rewrite a table before its reader has come to it.
            connection.execute(sql.SQL("LOCK TABLE ONLY {} IN ACCESS SHARE MODE").format(_identifier(table)))

    def count(self, table: Table) -> int:
        """The exact number of rows of the snapshot."""
        return int(self._one(sql.SQL("SELECT count(*) FROM ONLY {}").format(_identifier(table)))[0])

    def migrations(self) -> list[str]:
        """The applied migrations, `app.name`, in their order."""
        if not any(table.label == "public.django_migrations" for table in self.tables):
            return []
        rows = self._connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY id")
        return [row[0] for row in rows]

    def cancel(self) -> None:
        """End a statement that runs in another thread."""
        self._connection.cancel()

    def _one(self, query: Any) -> tuple[Any, ...]:
        row = self._connection.execute(query).fetchone()
        if row is None:
            raise BackupError(_("The database gave no answer. Try again."))
        return tuple(row)


def _identifier(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


@contextmanager
def held() -> Iterator[Snapshot]:
    """Take and hold a snapshot as the owner of the tables; raises `BackupRunning` while another backup holds one."""
    try:
        connection = psycopg.connect(**tools.parameters(tools.database()), application_name="steward backup")
    except psycopg.OperationalError as error:
        raise BackupError(
            _("The owner's login cannot reach the database. Look at DATABASE_OWNER_URL (%(why)s).")
            % {"why": str(error).strip().splitlines()[0]}
        ) from error
    with connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
        connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        # Of the transaction, not of the session: it ends with the process, whatever kills it, and passes a pooler.
        row = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK]).fetchone()
        if row is None or not row[0]:
            raise BackupRunning
        try:
            yield Snapshot(connection)
        except psycopg.errors.LockNotAvailable as error:
            raise BackupError(
                _("Another transaction has locked a table for longer than %(wait)s. Try again when it is finished.")
                % {"wait": LOCK_WAIT}
            ) from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise BackupError(
                _("The login of DATABASE_OWNER_URL does not own every table (%(why)s). Name the owner's login there.")
                % {"why": str(error).strip().splitlines()[0]}
            ) from error
