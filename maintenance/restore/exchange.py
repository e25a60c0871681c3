"""The restored database takes the place of the live one: put in order, given the record of what is happening, swapped.

What is written down about backups, restores and drills is about the world outside of the database, so it is carried
over: the page tells the truth afterwards, whichever of the two databases is the live one.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _
from psycopg import OperationalError, sql
from psycopg.types.json import Jsonb

from audit import personal
from maintenance.errors import RestoreFailed
from maintenance.restore import databases, logins
from maintenance.restore.databases import Mark
from maintenance.restore.logins import Connection
from portal.kit import registry
from portal.kit.mode import state
from rbac import decision

# Rows about the world outside; the restored database gets those of the live one, and loses its own.
CARRIED = ("maintenance_backup", "maintenance_restore", "maintenance_drill")
RUNS = "maintenance_job_run"
MANAGE = Path(settings.BASE_DIR) / "manage.py"
# After the migrations, as at every start (portal.kit.database).
COMMANDS = (
    ("migrate", "--noinput", "--yes", "--without-backup", "It is a copy that was just restored."),
    ("roles", "apply"),
    ("schedules", "sync"),
)
_SHARED = """
SELECT a.attname FROM pg_attribute a WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attgenerated = ''
"""


def migrate(database: str) -> None:
    """Bring a database to this version's state, in processes of their own, as its owner and then as the portal."""
    environment = {
        **os.environ,
        "DATABASE_URL": logins.url(logins.portal(database)),
        "DATABASE_OWNER_URL": logins.url(logins.owner(database)),
    }
    environment.pop("STEWARD_CONNECT_AS", None)
    for words in COMMANDS:
        done = subprocess.run(
            [sys.executable, str(MANAGE), *words], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise RestoreFailed(
                _("`manage.py %(command)s` failed on the restored database: %(why)s The live one was not touched.")
                % {"command": " ".join(words[:2]), "why": lines[-1][:400] if lines else ""}
            )


def settle(incoming: str, live: str) -> dict[str, Any]:
    """Let every room put `incoming` right before it becomes the live one; what they want to do after the swap."""
    kept: dict[str, Any] = {}
    with logins.as_owner(incoming) as restored, _where_it_is(live) as former:
        for care in registry.aftercare:
            kept[care.name] = care.before(restored, former)
    return kept


def after(kept: dict[str, Any]) -> list[str]:
    """Do what is left to do in the new live database; lines for the log."""
    done = [care.after(kept[care.name]) for care in registry.aftercare if care.after and care.name in kept]
    return [line for line in done if line]


def carry(incoming: str, live: str, runs: Sequence[UUID]) -> None:
    """Copy the record of backups, restores and drills, and the runs of this act, from the live database."""
    with logins.as_owner(incoming) as restored, _where_it_is(live) as former:
        if former is None:
            return
        for table in CARRIED:
            columns = _shared(restored, former, table)
            if columns:
                restored.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                _copy(restored, former, table, columns, None)
        _copy(restored, former, RUNS, _shared(restored, former, RUNS), list(runs))


def swap(admin: Connection, *, incoming: str, live: str, outgoing: str, mark: Mark | None) -> None:
    """Rename both, in one transaction; this thread's connection of the portal is closed before and opens by itself."""
    with suppress(DatabaseError):
        connection.close()
    databases.swap(admin, live=live, incoming=incoming, outgoing=outgoing, mark=mark)


def forget() -> None:
    """Drop what this process remembers of the former live database; others find the stamps raised."""
    with suppress(DatabaseError):
        connection.close()
    personal.forget_everything()
    decision.forget_everything()
    state.forget()


def pending(database: str) -> bool:
    """Whether migrations of this version are missing in a database."""
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    with logins.as_owner(database) as owner:
        applied = set(owner.execute("SELECT app, name FROM django_migrations").fetchall())
    return bool(set(known) - applied)


def analyse(database: str) -> None:
    """Gather the planner's statistics, which no backup holds: the first hours would be slow without."""
    with logins.as_owner(database, autocommit=True) as owner:
        owner.execute("ANALYZE")


# --- Uploads ---


def uploads_beside(database: str) -> Path:
    """The folder of the uploads that belong to a restored database, as long as it is not the live one."""
    folder = Path(settings.MEDIA_ROOT)
    return folder.with_name(f"{folder.name}_{database}")


def uploads_swap(*, incoming: str, outgoing: str) -> bool:
    """Put the restored uploads in place and keep the former ones beside; harmless when it is done already."""
    live, new, old = Path(settings.MEDIA_ROOT), uploads_beside(incoming), uploads_beside(outgoing)
    if not new.is_dir():
        return False
    if live.exists() and not old.exists():
        live.rename(old)
    if not live.exists():
        new.rename(live)
    return True


# --- Rows from one database to the other ---


@contextmanager
def _where_it_is(database: str) -> Iterator[Connection | None]:
    """The owner's connection to a database; None when it is not there or holds nothing of ours (a bare machine)."""
    try:
        found = logins.as_owner(database)
    except OperationalError:
        yield None
        return
    with found:
        row = found.execute("SELECT to_regclass('public.accounts_user') IS NOT NULL").fetchone()
        yield found if row is not None and row[0] else None


def _shared(one: Connection, other: Connection, table: str) -> list[str]:
    """The columns that a table has in both; a version apart, one may be missing."""
    names = [{row[0] for row in side.execute(_SHARED, [f"public.{table}"]).fetchall()} for side in (one, other)]
    return sorted(names[0] & names[1])


def _copy(into: Connection, source: Connection, table: str, columns: Sequence[str], ids: list[UUID] | None) -> None:
    name, some = sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    where = sql.SQL("") if ids is None else sql.SQL("WHERE id = ANY(%s)")
    query = sql.SQL("SELECT to_jsonb(t) FROM {} t {} ORDER BY id").format(name, where)
    rows = source.execute(query, [] if ids is None else [ids]).fetchall()
    insert = sql.SQL(
        "INSERT INTO {table} ({some}) SELECT {some} FROM jsonb_populate_record(NULL::{table}, %s) "
        "ON CONFLICT (id) DO UPDATE SET {set}"
    ).format(
        table=name,
        some=some,
        set=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in columns),
    )
    with into.cursor() as cursor:
        cursor.executemany(insert, [[Jsonb(row)] for (row,) in rows])
