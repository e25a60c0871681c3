"""Databases that restores make: created with a mark, found by it, swapped by name, dropped only when marked.

The mark is the comment of the database, `steward <kind> <id> of <live database> at <time>`. It moves with the database
when that is renamed, so whatever is killed in between, names and marks together say how far it had come. A database
cannot be made and marked in one transaction, so it is made under a name that says whose it is, and gets its own with
the mark.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from maintenance.errors import ForeignDatabase, NoDatabaseRights, RestoreFailed, RestoreRefused
from maintenance.restore import logins
from maintenance.restore.logins import Connection
from portal.embedded import roles
from portal.kit import clock, ids

Kind = Literal["restore", "drill", "old"]
LONGEST = 63  # Bytes of a name in PostgreSQL.
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
SWAP_SECONDS = 20
END_EVERY = 0.05  # Seconds; connections that come back while a database is being renamed are ended again.
_MARK = re.compile(r"steward (restore|drill|old) ([0-9a-f]{32}) of (\S+) at (\S+)")
_LISTED = """
SELECT d.datname, shobj_description(d.oid, 'pg_database'),
       CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid) END
  FROM pg_database d WHERE NOT d.datistemplate ORDER BY d.datname
"""


@dataclass(frozen=True)
class Mark:
    """Which act made a database, for which live one, and when."""

    kind: Kind
    id: UUID
    live: str
    made_at: datetime

    def __str__(self) -> str:
        return f"steward {self.kind} {self.id.hex} of {self.live} at {self.made_at.isoformat(timespec='seconds')}"

    @classmethod
    def read(cls, comment: str | None) -> "Mark | None":
        """The mark that a comment is; None for any other comment."""
        found = _MARK.fullmatch(comment or "")
        if found is None:
            return None
        kind, hexed, live, moment = found.groups()
        return cls(kind, UUID(hexed), live, datetime.fromisoformat(moment))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Found:
    """A database beside the live one that carries our mark. `size` in bytes, None when it may not be asked."""

    name: str
    mark: Mark
    size: int | None


def name_for(kind: Kind, identifier: UUID) -> str:
    """The name of a new database: the random end of the id keeps two from meeting."""
    return f"steward_{kind}_{identifier.hex[-12:]}"


def making_prefix(live: str) -> str:
    """How the names begin under which databases of this installation are made, before they have their mark."""
    return f"steward_new_{sha256(live.encode()).hexdigest()[:8]}_"


def old_name(live: str, moment: datetime) -> str:
    """The name that the replaced database gets."""
    end = f"_old_{moment:%Y%m%d%H%M%S}"
    return live[: LONGEST - len(end)] + end


def listed(cursor: Any, live: str) -> list[Found]:
    """The databases of this installation's restores, read through any cursor or connection of the server."""
    rows = cursor.execute(_LISTED) or cursor
    marked = ((str(name), Mark.read(comment), size) for name, comment, size in rows.fetchall())
    return [Found(name, mark, size) for name, mark, size in marked if mark and mark.live == live and name != live]


def mark_of(admin: Connection, name: str) -> Mark | None:
    """The mark of a database; None when it has none or is not there."""
    row = admin.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    return Mark.read(row[0]) if row else None


def exists(admin: Connection, name: str) -> bool:
    """Whether a database of that name is there."""
    return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def create(admin: Connection, name: str, mark: Mark) -> None:
    """Make an empty database with owner, grants and `mark`. What an earlier try of the same act left goes first.

    So does what anybody was killed at in here. `ForeignDatabase` when the name is taken by anything else.
    """
    if not NAME.fullmatch(name):
        raise RestoreRefused(
            _("%(name)s is no name for a database here: use small letters, digits and _, at most 63.") % {"name": name}
        )
    if exists(admin, name):
        before = mark_of(admin, name)
        if before is None or (before.kind, before.id, before.live) != (mark.kind, mark.id, mark.live):
            raise ForeignDatabase(
                _("There is a database %(name)s already and this restore did not make it. Choose another name.")
                % {"name": name}
            )
        drop(admin, name, live=mark.live)
    wanted = roles.Wanted(name, owner=logins.owner(name)["USER"], app=logins.portal(name)["USER"])
    making = making_prefix(mark.live) + ids.uuid7().hex[-12:]
    try:
        with _making(admin, mark.live):
            admin.execute(roles.create_database(replace(wanted, database=making)) + _locale(admin, mark.live))
            with admin.transaction():
                _comment(admin, making, str(mark))
                admin.execute(_rename(making, name))
        with psycopg.connect(admin.info.dsn, password=admin.info.password, dbname=name, autocommit=True) as inside:
            for statement in roles.database_statements(wanted):
                inside.execute(statement)
    except psycopg.errors.DuplicateDatabase as error:
        raise ForeignDatabase(_("Somebody made a database %(name)s just now.") % {"name": name}) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise _no_rights(error) from error


@contextmanager
def _making(admin: Connection, live: str) -> Iterator[None]:
    """The one who makes a database for this installation; what others did not finish is dropped before and after.

    Whoever was killed in here lets go of the lock when its CREATE DATABASE has ended, and not before.
    """
    lock = [roles.ADVISORY_LOCK, live]
    admin.execute("SELECT pg_advisory_lock(%s::int, hashtext(%s))", lock)
    try:
        _drop_unfinished(admin, live)
        try:
            yield
        except psycopg.Error:
            with suppress(psycopg.Error):
                _drop_unfinished(admin, live)
            raise
    finally:
        with suppress(psycopg.Error):  # A connection that is gone holds no lock.
            admin.execute("SELECT pg_advisory_unlock(%s::int, hashtext(%s))", lock)


def _drop_unfinished(admin: Connection, live: str) -> None:
    rows = admin.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s) "
        "AND shobj_description(oid, 'pg_database') IS NULL",
        [making_prefix(live)],
    ).fetchall()
    for (name,) in rows:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _locale(admin: Connection, live: str) -> str:
    """Sorting as in the live database: another order of text would be another database."""
    row = admin.execute(
        "SELECT datlocprovider::text, datcollate, datctype FROM pg_database WHERE datname = %s", [live]
    ).fetchone()
    if row is None or row[0] != "c":
        return ""
    return f" LC_COLLATE {roles.text(row[1])} LC_CTYPE {roles.text(row[2])}"


def drop(admin: Connection, name: str, *, live: str) -> None:
    """Drop a database that carries our mark, ending its connections; gone already is fine.

    `ForeignDatabase` when it is the live one or does not carry the mark.
    """
    if not exists(admin, name):
        return
    mark = mark_of(admin, name)
    if name == live or mark is None or mark.live != live:
        raise ForeignDatabase(
            _("%(name)s is not a database that a restore of this installation left, so it stays.") % {"name": name}
        )
    try:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise _no_rights(error) from error


def swap(admin: Connection, *, live: str, incoming: str, outgoing: str, mark: Mark | None) -> None:
    """Give `incoming` the name `live` and the live database the name `outgoing`, with `mark`, in one transaction.

    Renaming takes a lock on the database that keeps new connections out until the commit; those that are open are
    ended meanwhile. Killed at any moment, either nothing has happened or all of it. `live` may be missing (a bare
    machine). Raises `RestoreFailed` when somebody's connection cannot be ended.
    """
    names = [name for name in (live, incoming) if exists(admin, name)]
    try:
        with _ending_connections(names), admin.transaction():
            admin.execute(f"SET LOCAL statement_timeout = '{SWAP_SECONDS}s'")
            if live in names:
                admin.execute(_rename(live, outgoing))
                _comment(admin, outgoing, str(mark) if mark else None)
            admin.execute(_rename(incoming, live))
    except psycopg.errors.InsufficientPrivilege as error:
        raise _no_rights(error) from error
    except (psycopg.errors.ObjectInUse, psycopg.errors.QueryCanceled) as error:
        raise RestoreFailed(
            _(
                "The databases could not be swapped: somebody's connection to %(live)s does not end. Let the login "
                "end others' connections (GRANT pg_signal_backend TO %(login)s), or close them, and swap again. "
                "The live database is as it was."
            )
            % {"live": live, "login": admin.info.user}
        ) from error


@contextmanager
def _ending_connections(names: list[str]) -> Iterator[None]:
    """End every connection to `names`, again and again, until the block is over."""
    stop = threading.Event()

    def end() -> None:
        with logins.as_admin() as other:
            while True:
                try:
                    other.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY(%s) "
                        "AND backend_type = 'client backend'",
                        [names],
                    )
                except psycopg.errors.InsufficientPrivilege:
                    return  # The rename says that somebody is still there, with the grant that is missing.
                if stop.wait(END_EVERY):
                    return

    thread = threading.Thread(target=end, name="swap", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _rename(name: str, to: str) -> sql.Composed:
    return sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(to))


def _comment(admin: Connection, name: str, text: str | None) -> None:
    admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(text)))


def _no_rights(error: psycopg.Error) -> NoDatabaseRights:
    return NoDatabaseRights(
        _(
            "The server refused (%(why)s). The login needs CREATEDB and membership in %(owner)s, or set "
            "DATABASE_ADMIN_URL to an administrator. The live database is as it was."
        )
        % {"why": str(error).strip().splitlines()[0], "owner": logins.owner("")["USER"]}
    )


def new_mark(kind: Kind, identifier: UUID, live: str) -> Mark:
    """The mark of a database that is made now."""
    return Mark(kind, identifier, live, clock.now())
