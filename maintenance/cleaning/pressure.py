"""Whom a clean-up meets in the database: who holds what it needs, who waits for it, and who keeps dead rows alive."""

from datetime import timedelta

from django.db import connection

from portal.kit import clock

OLD_SNAPSHOT = timedelta(minutes=15)
FAR_BEHIND = 1_000_000  # Transactions: told of sessions whose times this login may not see.

_HOLDERS = """
SELECT DISTINCT ON (l.pid) l.pid, coalesce(a.usename::text, 'unknown'), l.mode, a.xact_start
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND l.pid <> pg_backend_pid() AND l.relation = to_regclass(%s)
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
ORDER BY l.pid LIMIT 3
"""
_ROW_HOLDERS = """
SELECT a.pid, coalesce(a.usename::text, 'unknown'), 'row lock', a.xact_start
FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND l.granted AND l.mode IN ('RowShareLock', 'RowExclusiveLock')
WHERE l.relation = to_regclass(%s) AND a.pid <> pg_backend_pid() ORDER BY a.xact_start LIMIT 3
"""
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
_OLDEST = """
SELECT 'process ' || pid || ' of role ' || coalesce(usename::text, 'unknown'), xact_start FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND (
    ((backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AND xact_start < %(before)s)
    OR (xact_start IS NULL AND age(backend_xmin) >= %(behind)s))
UNION ALL
SELECT 'prepared transaction ' || gid, prepared FROM pg_prepared_xacts WHERE prepared < %(before)s
ORDER BY 2 LIMIT 1
"""


def holders(table: str) -> str:
    """Who holds a lock on `table` that a clean-up has to wait for, as a sentence; empty when nobody does any more."""
    with connection.cursor() as cursor:
        for asked in (_HOLDERS, _ROW_HOLDERS):
            cursor.execute(asked, [table])
            if found := cursor.fetchall():
                break
    return "; ".join(
        f"process {pid} of role {role} holds {mode}" + (f" since {since:%H:%M:%S} UTC" if since else "")
        for pid, role, mode, since in found
    )


def others_wait() -> bool:
    """Whether anybody waits for a lock of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return bool(cursor.fetchone()[0])


def old_snapshot() -> str:
    """Who has looked at the database for so long that no vacuum can free what is deleted now; empty when nobody does.

    Sessions of other roles are seen as far as this login may.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST, {"before": clock.now() - OLD_SNAPSHOT, "behind": FAR_BEHIND})
        row = cursor.fetchone()
    if row is None:
        return ""
    since = f"since {row[1]:%Y-%m-%d %H:%M} UTC" if row[1] else "since a million transactions or more"
    return f"{row[0]} has its transaction open {since}"
