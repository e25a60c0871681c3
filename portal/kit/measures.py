"""Series of the installation itself: its disk and its database server."""

import shutil
import time
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from portal.kit import health
from portal.kit.readings import Reading, Samples, Series, quickly, readings

DISK = (
    Series("steward_kit_info", "gauge", "1; the labels say what runs.", ("version", "environment")),
    Series("steward_kit_disk_free_bytes", "gauge", "Free bytes of the disk that STEWARD_VAR is on."),
    Series("steward_kit_disk_size_bytes", "gauge", "Size of the disk that STEWARD_VAR is on."),
    Series("steward_kit_disk_free_ratio", "gauge", "Free share of that disk, 0 to 1."),
)
DATABASE = (
    Series("steward_kit_database_size_bytes", "gauge", "Size of the database on its disk."),
    Series("steward_kit_database_connections", "gauge", "Connections to the database server, of everybody."),
    Series("steward_kit_database_connections_limit", "gauge", "Connections that the server allows."),
    Series(
        "steward_kit_database_oldest_transaction_seconds",
        "gauge",
        "Age of the oldest open transaction that this login may see: its own, all with the role pg_monitor.",
    ),
    Series(
        "steward_kit_database_dead_rows_ratio",
        "gauge",
        "Share of rows, over all tables, that are dead and wait for vacuum, 0 to 1.",
    ),
    Series("steward_kit_clock_skew_seconds", "gauge", "This machine's clock minus the database server's."),
    Series("steward_kit_migrations_pending", "gauge", "1 while migrations of this version are not applied, else 0."),
)
# All of it is in memory of the server but the size, which asks the file system for each file of the database.
_SERVER = """
SELECT pg_database_size(current_database()),
    (SELECT sum(numbackends) FROM pg_stat_database),
    current_setting('max_connections')::int,
    (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()),
    (SELECT coalesce(sum(n_dead_tup) / nullif(sum(n_live_tup + n_dead_tup), 0), 0) FROM pg_stat_user_tables)
"""


def _disk() -> Samples:
    usage = shutil.disk_usage(_existing(Path(settings.STEWARD_VAR)))
    return {
        "steward_kit_info": [((settings.VERSION, settings.STEWARD_ENV), 1)],
        "steward_kit_disk_free_bytes": [((), usage.free)],
        "steward_kit_disk_size_bytes": [((), usage.total)],
        "steward_kit_disk_free_ratio": [((), usage.free / usage.total if usage.total else 0)],
    }


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _database() -> Samples:
    with quickly() as cursor:
        cursor.execute(_SERVER)
        size, connections, limit, oldest, dead = map(float, cursor.fetchone())
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        # Its answer is of a moment between asking and hearing; half of that is what cannot be known.
        skew = (before + time.time()) / 2 - float(cursor.fetchone()[0])
    return {
        "steward_kit_database_size_bytes": [((), size)],
        "steward_kit_database_connections": [((), connections)],
        "steward_kit_database_connections_limit": [((), limit)],
        "steward_kit_database_oldest_transaction_seconds": [((), oldest)],
        "steward_kit_database_dead_rows_ratio": [((), dead)],
        "steward_kit_clock_skew_seconds": [((), skew)],
        "steward_kit_migrations_pending": [((), float(_behind()))],
    }


def _behind() -> bool:
    try:
        health.migrations()
    except health.AwayError as error:
        if isinstance(error.__cause__, DatabaseError):
            raise error.__cause__ from error
        return True
    return False


def declare() -> None:
    """Declare the readings of the installation itself; called once at start."""
    readings.add(Reading("kit.disk", DISK, _disk, asks_database=False))
    readings.add(Reading("kit.database", DATABASE, _database))
