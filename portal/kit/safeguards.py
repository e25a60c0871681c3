"""Nothing that prepares or migrates a database destroys what is in it.

Before a migration the database is looked at: an empty one is filled, a foreign one and one of a newer version are
refused, and one with data is only changed after a yes (a person's, `--yes`, or AUTO_INIT_DB), with a backup first.
"""

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TextIO

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from portal.kit import context
from portal.kit.ports import port
from portal.kit.record import record
from portal.kit.services import OUR_APPS

log = logging.getLogger("steward.database")
SHOWN = 5
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1
"""


@port
def backup_before(act: str) -> str:
    """Make a backup of the database as it is, before `act` changes it; its id, or "" where no backups are set up.

    Needs no table of this version, because none may exist yet. Raises `StewardError`: then the act must not begin.
    """
    raise NotImplementedError


@port
def backup_after(backup_id: str) -> None:
    """Enter a backup of `backup_before` into the catalogue, now that its table is of this version."""
    raise NotImplementedError


@dataclass(frozen=True)
class Found:
    """What a database is: `empty`, `foreign` (others' tables), `newer` than this version, or `ours`."""

    kind: Literal["empty", "foreign", "newer", "ours"]
    name: str
    has_data: bool = False
    named: list[str] = field(default_factory=list)  # Foreign tables, or migrations that this version does not know.


@dataclass(frozen=True)
class Permit:
    """A migration that may begin. `backup` is the id of the one made first; `plan` what is done, `app.name`."""

    found: Found
    plan: list[str]
    backup: str = ""
    reason: str = ""


def look(database: Any) -> Found:
    """Look into a database through a cursor or a connection of psycopg; changes nothing."""
    name = _rows(database, "SELECT current_database()")[0][0]
    tables = [row[0] for row in _rows(database, _TABLES)]
    if not tables:
        return Found("empty", name)
    applied: set[tuple[str, str]] = set()
    if "django_migrations" in tables:
        applied = {(app, migration) for app, migration in _rows(database, "SELECT app, name FROM django_migrations")}
    ours = {pair for pair in applied if pair[0] in OUR_APPS}
    if not ours:
        # A first migration that was cut off leaves this table alone, and nothing in it.
        left_over = tables == ["django_migrations"] and not applied
        return Found("empty", name) if left_over else Found("foreign", name, named=tables)
    known = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    if newer := sorted(f"{app}.{migration}" for app, migration in ours - known):
        return Found("newer", name, named=newer)
    people = get_user_model()._meta.db_table
    has_data = people in tables and bool(_rows(database, f'SELECT 1 FROM "{people}" LIMIT 1'))  # noqa: S608 - our own name
    return Found("ours", name, has_data=has_data)


def require_ours(found: Found) -> None:
    """Raise CommandError with the way out for a foreign database or one of a newer version."""
    shown = ", ".join(found.named[:SHOWN]) + (" and others" if len(found.named) > SHOWN else "")
    if found.kind == "foreign":
        raise CommandError(
            f"The database {found.name} holds tables that are not Steward's ({shown}). Nothing was changed: name an "
            "empty database, or Steward's own, in DATABASE_URL."
        )
    if found.kind == "newer":
        raise CommandError(
            f"The database {found.name} was migrated by a newer version ({shown}), and this is {settings.VERSION}. "
            "Nothing was changed: start that version, or restore a backup of this one."
        )


def planned(targets: Sequence[tuple[str, str | None]] | None = None) -> list[str]:
    """What migrating would do, `app.name` in order; a step back has a minus before it."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(list(targets) if targets is not None else executor.loader.graph.leaf_nodes())
    return [f"{'-' if backwards else ''}{migration.app_label}.{migration.name}" for migration, backwards in plan]


def permit(*, plan: list[str], yes: bool, without_backup: str = "", talk: TextIO = sys.stderr) -> Permit:
    """Say whether a migration may begin, asking where somebody can answer, and make a backup first.

    Raises CommandError with the way out. An empty database and one without any person need neither.
    """
    with connection.cursor() as cursor:
        found = look(cursor)
    require_ours(found)
    if not plan or not found.has_data:
        return Permit(found, plan)
    if not (yes or settings.AUTO_INIT_DB):
        _ask(found, plan, talk)
    if without_backup:
        return Permit(found, plan, reason=without_backup)
    act = f"migrating {found.name} ({len(plan)} migrations)"
    talk.write(f"A backup first: {act}.\n")
    with context.system("database migrate"):
        backup = backup_before(act)
    talk.write(f"Backup {backup} is made.\n" if backup else "No backups are set up: going on without one.\n")
    connection.close()  # What migrates shall not find the connection in any state of ours.
    return Permit(found, plan, backup)


def migrated(done: Permit) -> None:
    """Write down what was done to a database with data. Event `kit.database.migrated`; always a line of the log."""
    log.info("Database %s: %d migrations, backup %s.", done.found.name, len(done.plan), done.backup or "none")
    if not (done.plan and done.found.has_data):
        return
    with context.system("database migrate"):
        record(
            "kit.database.migrated",
            reason=done.reason,
            data={"migrations": done.plan, "backup": done.backup, "version": settings.VERSION},
        )
        if done.backup:
            backup_after(done.backup)


def _ask(found: Found, plan: list[str], talk: TextIO) -> None:
    back = [step for step in plan if step.startswith("-")]
    what = f"{len(plan)} migrations" + (f", {len(back)} of them backwards (columns and their data go)" if back else "")
    shown = ", ".join(plan[:SHOWN]) + (" and others" if len(plan) > SHOWN else "")
    question = f"The database {found.name} holds data and {what} would change it: {shown}."
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CommandError(
            f"{question} Nothing was changed: run `manage.py database init` on a terminal, add --yes, or set "
            "AUTO_INIT_DB=1. A backup is made first."
        )
    talk.write(f"{question}\nA backup is made first. Type the database's name to go on: ")
    talk.flush()
    if sys.stdin.readline().strip() != found.name:
        raise CommandError("That is not its name. Nothing was changed.")


def _rows(database: Any, query: str) -> list[Any]:
    # Django's cursor returns nothing from execute(), psycopg's connection the cursor to fetch from.
    answer = database.execute(query)
    return list((database if answer is None else answer).fetchall())
