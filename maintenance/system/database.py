"""What PostgreSQL tells about itself: sizes, tables, indexes, sessions, slow statements, growth.

Plain reads of its catalogues and statistics. Numbers of rows and dead rows are its estimates; counting would read
every table. What a login may not see stays out, and is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

LARGEST = 15
SAMPLES = 90  # Days of sizes that are looked at.
FORECAST_DAYS = 7  # Fewer tell nothing.
STATEMENT_LIMIT = 300  # Characters of a statement that are shown; they hold placeholders, never values.


@dataclass(frozen=True)
class Server:
    """The server as a whole. Bytes and seconds; `hidden_sessions` are of logins that ours may not look at."""

    version: str
    started_at: datetime
    size: int
    sessions: int
    most_sessions: int
    hidden_sessions: int
    hit_rate: float | None
    oldest_transaction_seconds: float | None
    deadlocks: int
    temporary_bytes: int
    counted_since: datetime | None


@dataclass(frozen=True)
class Table:
    """A table with its indexes and parts. `dead_share` is of all row versions, None where it is empty."""

    name: str
    parts: int
    rows: int
    bytes: int
    index_bytes: int
    dead_share: float | None
    vacuumed_at: datetime | None
    analysed_at: datetime | None


@dataclass(frozen=True)
class Index:
    """An index and how often it was used since the statistics were begun."""

    name: str
    table: str
    bytes: int
    scans: int
    unique: bool


@dataclass(frozen=True)
class Statement:
    """A statement as pg_stat_statements counts it. Milliseconds."""

    text: str
    calls: int
    total_ms: float
    mean_ms: float
    rows: int


@dataclass(frozen=True)
class Growth:
    """Size of the database day by day (bytes), and how much a day that is; None for less than a week of days."""

    days: list[tuple[date, int]]
    bytes_per_day: float | None

    def full_in_days(self, free: int) -> int | None:
        """When so many free bytes are used up, if it goes on like that; None when it does not grow."""
        return int(free / self.bytes_per_day) if self.bytes_per_day and self.bytes_per_day > 0 else None


_SERVER = """
SELECT current_setting('server_version'), pg_postmaster_start_time(), pg_database_size(d.datname), d.numbackends,
    current_setting('max_connections')::int,
    (SELECT count(*) FROM pg_stat_activity a
     WHERE a.datname = d.datname AND a.backend_type = 'client backend' AND a.state IS NULL),
    d.blks_hit::float / nullif(d.blks_hit + d.blks_read, 0),
    (SELECT extract(epoch FROM max(clock_timestamp() - a.xact_start))::float FROM pg_stat_activity a
     WHERE a.datname = d.datname AND a.pid <> pg_backend_pid()),
    d.deadlocks, d.temp_bytes, d.stats_reset
FROM pg_stat_database d WHERE d.datname = current_database()
"""


def server() -> Server:
    """The server as a whole; one query."""
    return Server(*_rows(_SERVER, [])[0])


# A partitioned table is one row with the sums of its parts. Sizes of leaves only: a parent has none of its own.
_TABLES = """
WITH leaf AS (
    SELECT c.oid, c.relname, coalesce(i.inhparent, c.oid) AS top, c.reltuples
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
    WHERE c.relkind = 'r' AND n.nspname = 'public'
)
SELECT (SELECT relname FROM pg_class WHERE oid = leaf.top), count(*)::int,
    sum(CASE WHEN leaf.reltuples < 0 THEN coalesce(s.n_live_tup, 0) ELSE leaf.reltuples END)::bigint,
    sum(pg_total_relation_size(leaf.oid))::bigint, sum(pg_indexes_size(leaf.oid))::bigint,
    (sum(s.n_dead_tup) / nullif(sum(s.n_live_tup + s.n_dead_tup), 0))::float,
    max(greatest(s.last_vacuum, s.last_autovacuum)), max(greatest(s.last_analyze, s.last_autoanalyze))
FROM leaf LEFT JOIN pg_stat_all_tables s ON s.relid = leaf.oid
GROUP BY leaf.top ORDER BY 4 DESC, 1 LIMIT %s
"""


def tables(limit: int = LARGEST) -> list[Table]:
    """The largest tables; one query. It waits for whoever holds one of them exclusively, up to the timeout."""
    return [Table(*row) for row in _rows(_TABLES, [limit])]


_INDEXES = """
SELECT i.relname, t.relname, pg_relation_size(i.oid), coalesce(s.idx_scan, 0), x.indisunique
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = i.relnamespace LEFT JOIN pg_stat_all_indexes s ON s.indexrelid = i.oid
WHERE n.nspname = 'public' AND i.relkind = 'i' ORDER BY 3 DESC, 1 LIMIT %s
"""


def indexes(limit: int = LARGEST) -> list[Index]:
    """The largest indexes; one query."""
    return [Index(*row) for row in _rows(_INDEXES, [limit])]


def statements(limit: int = LARGEST) -> list[Statement] | None:
    """Those that took most time, None where pg_stat_statements is not installed in this database."""
    found = _rows(
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
        "WHERE e.extname = 'pg_stat_statements'",
        [],
    )
    if not found:
        return None
    view = f"{connection.ops.quote_name(found[0][0])}.pg_stat_statements"
    rows = _rows(
        f"SELECT left(query, {STATEMENT_LIMIT}), calls, total_exec_time, mean_exec_time, rows FROM {view} "  # noqa: S608
        "WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "ORDER BY total_exec_time DESC LIMIT %s",
        [limit],
    )
    return [Statement(*row) for row in rows]


def growth() -> Growth | None:
    """How the database has grown, None where no sizes are kept.

    `bytes_per_day` is the slope of the straight line through the last days (least squares).
    """
    if _rows("SELECT to_regclass('maintenance_size_sample') IS NULL", [])[0][0]:
        return None
    sql = 'SELECT day, bytes FROM maintenance_size_sample WHERE "table" = %s ORDER BY day DESC LIMIT %s'
    days = [(row[0], int(row[1])) for row in reversed(_rows(sql, ["", SAMPLES]))]
    return Growth(days, slope_of(days))


def slope_of(days: Sequence[tuple[date, int]]) -> float | None:
    """Bytes a day of the straight line through `days`; None for less than a week."""
    if not days or (days[-1][0] - days[0][0]).days < FORECAST_DAYS - 1:
        return None
    places = [(day - days[0][0]).days for day, _size in days]
    sizes = [size for _day, size in days]
    middle, mean = sum(places) / len(places), sum(sizes) / len(sizes)
    spread = sum((place - middle) ** 2 for place in places)
    return sum((place - middle) * (size - mean) for place, size in zip(places, sizes, strict=True)) / spread


def _rows(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
