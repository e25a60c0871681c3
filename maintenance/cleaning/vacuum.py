"""VACUUM (ANALYZE) of the tables that need it most: the space of deleted rows becomes free for new ones.

Only who owns a table (from PostgreSQL 17 on: who holds MAINTAIN) may do it, and the application owns nothing. So it is
done over a connection of the owner's login, outside of any transaction; without one it is left out, and says so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar

import psycopg
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg import sql

from maintenance.backup import tools
from maintenance.cleaning.found import SAMPLE_ROWS, Found, Pace, Size, Step
from portal.kit.registry import Cleanup

MOST = 20  # Tables of one run.
DEAD = 1000  # With fewer dead rows than that and no lack of statistics, a table is in order.
SHARE = 5  # Percent of dead rows.
PATIENT = "2s"
_WORTH = """
SELECT relid::regclass::text, n_dead_tup, n_live_tup, pg_total_relation_size(relid),
    greatest(last_vacuum, last_autovacuum)
FROM pg_stat_user_tables
WHERE (n_dead_tup >= %(dead)s AND n_dead_tup * 100 >= (n_live_tup + n_dead_tup) * %(share)s)
   OR (last_analyze IS NULL AND last_autoanalyze IS NULL AND n_live_tup > 0)
ORDER BY n_dead_tup DESC, pg_total_relation_size(relid) DESC LIMIT %(most)s
"""


class Vacuuming:
    """`Vacuum`: one table after the other, the one with most dead rows first."""

    outside: ClassVar[bool] = True
    passes: ClassVar[int] = 1
    unit: ClassVar[str] = "tables"

    def __init__(self, spec: Cleanup, cutoff: datetime) -> None:
        self._waiting: list[str] | None = None

    def look(self) -> Found:
        """The tables, their dead rows, and about how many bytes these hold."""
        rows = _worth()
        columns = (gettext_lazy("Table"), gettext_lazy("Dead rows"), gettext_lazy("Bytes"), gettext_lazy("Last vacuum"))
        sample = [[name, dead, size, last] for name, dead, _live, size, last in rows[:SAMPLE_ROWS]]
        freed = sum(size * dead // max(1, dead + live) for _name, dead, live, size, _last in rows)
        return Found(len(rows), freed, columns, sample, 0, why_not())

    def left(self) -> int:
        """How many tables are worth it."""
        return len(_worth())

    def size(self) -> Size:
        """The whole database."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return Size(None, int(cursor.fetchone()[0]))

    def step(self, place: Any, pace: Pace) -> Step:
        """One table. `place` holds those that are done, so that a successor goes on after them."""
        done: list[str] = list(place or [])
        if reason := why_not():
            return Step(0, done, True, lines=(reason,))
        if self._waiting is None:
            self._waiting = [name for name, *_ in _worth() if name not in done]
        if not self._waiting:
            return Step(0, done, True)
        table = self._waiting.pop(0)
        line, freed = _vacuum(table)
        done.append(table)
        return Step(1, done, not self._waiting, sha256(table.encode()).hexdigest(), freed, (line,))


def why_not() -> str:
    """Why VACUUM cannot be run; empty when it can."""
    try:
        with _owner() as owner:
            row = owner.execute(
                "SELECT count(*) FROM pg_class WHERE relname = 'maintenance_job_run' AND relkind = 'r' "
                "AND pg_has_role(current_user, relowner, 'USAGE')"
            ).fetchone()
    except psycopg.OperationalError:
        return _("The owner's login does not reach the database. Correct DATABASE_OWNER_URL.")
    if row is None or not row[0]:
        return _("Only the owner may do this, and the login does not own the tables. Set DATABASE_OWNER_URL.")
    return ""


@contextmanager
def _owner() -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """A connection of the owner's login to the database that is in use, each statement by itself."""
    with psycopg.connect(**tools.parameters(tools.database()), autocommit=True) as owner:
        yield owner


def _vacuum(table: str) -> tuple[str, int]:
    name = sql.SQL(".").join(sql.Identifier(part.strip('"')) for part in table.split("."))
    with _owner() as owner:
        before = _bytes(owner, table)
        owner.execute(f"SET lock_timeout = '{PATIENT}'")
        try:
            owner.execute(sql.SQL("VACUUM (ANALYZE) {}").format(name))
        except psycopg.errors.LockNotAvailable:
            return f"{table}: somebody holds it; left for the next run.", 0
        freed = max(0, before - _bytes(owner, table))
    return f"{table}: vacuumed and analysed, {freed:,} bytes returned to the system", freed


def _bytes(owner: "psycopg.Connection[tuple[Any, ...]]", table: str) -> int:
    row = owner.execute("SELECT pg_total_relation_size(%s::regclass)", [table]).fetchone()
    return int(row[0]) if row else 0


def _worth() -> list[tuple[str, int, int, int, datetime | None]]:
    with connection.cursor() as cursor:
        cursor.execute(_WORTH, {"dead": DEAD, "share": SHARE, "most": MOST})
        return [
            (str(name), int(dead), int(live), int(size), last) for name, dead, live, size, last in cursor.fetchall()
        ]
