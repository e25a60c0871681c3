"""Reads about sizes: tables now and day by day, temporary files, and what is past its time."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.utils import timezone

from maintenance.cleaning.files import OldFiles
from maintenance.cleaning.keeping import cutoff_of
from maintenance.cleaning.previews import CATEGORIES, members, way_of
from maintenance.models import SizeSample
from portal.kit import clock, registry
from portal.kit.context import Actor
from portal.kit.registry import Vacuum

RIGHT = "cleanup:execute"
# A partitioned table is the sum of its parts; the row without a name is the whole database, catalogues and all.
_NOW = """
SELECT top.relname::text, sum(coalesce(nullif(greatest(c.reltuples, 0), 0), s.n_live_tup, 0))::bigint,
    sum(pg_total_relation_size(c.oid))::bigint
FROM pg_class top, LATERAL (SELECT top.oid AS relid UNION SELECT relid::oid FROM pg_partition_tree(top.oid)) AS part
JOIN pg_class c ON c.oid = part.relid LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE top.relnamespace = 'public'::regnamespace AND top.relkind IN ('r', 'p') AND NOT top.relispartition
GROUP BY top.relname
UNION ALL
SELECT '', NULL, pg_database_size(current_database())
ORDER BY 3 DESC
"""
# Files by size: up to so many bytes, in the words of the chart.
BUCKETS = ((10_000, "< 10 kB"), (100_000, "< 100 kB"), (1_000_000, "< 1 MB"), (10_000_000, "< 10 MB"))
LARGER = "≥ 10 MB"


@dataclass(frozen=True)
class TableSize:
    """A table (empty name: the database) with its rows by the planner's estimate and its bytes with indexes."""

    name: str
    rows: int | None
    bytes: int


def tables_now() -> list[TableSize]:
    """Every table and the whole database as they are now, the largest first."""
    with connection.cursor() as cursor:
        cursor.execute(_NOW)
        return [TableSize(name, rows, size) for name, rows, size in cursor.fetchall()]


def database_by_day(actor: Actor, days: int) -> list[tuple[date, int]]:
    """Bytes of the database on each of the last `days` that was measured, today last."""
    first = timezone.localdate(clock.now()) - timedelta(days=days - 1)
    rows = SizeSample.objects.visible_to(actor, RIGHT).filter(table="", day__gte=first).order_by("day")
    return list(rows.values_list("day", "bytes"))


def old_by_category() -> dict[str, int]:
    """How much is past its time now, by kind of clean-up; the vacuum has nothing of the sort."""
    found = dict.fromkeys(CATEGORIES, 0)
    for spec in registry.cleanups:
        if not isinstance(spec.how, Vacuum):
            found[spec.category] += way_of(spec, cutoff_of(spec)).left()
    del found["database-vacuum"]
    return found


def temp_files_by_size() -> list[tuple[str, int]]:
    """Number of temporary files, old or not, in each range of sizes."""
    counts = dict.fromkeys([*(words for _limit, words in BUCKETS), LARGER], 0)
    for spec in members("temp-files"):
        way = way_of(spec, cutoff_of(spec))
        if isinstance(way, OldFiles):
            for size in way.sizes():
                counts[next((words for limit, words in BUCKETS if size < limit), LARGER)] += 1
    return list(counts.items())
