"""Whole partitions: dropped by one function of the owner, since the application owns nothing."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, ClassVar, cast
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from maintenance.cleaning.found import SAMPLE_ROWS, Found, Pace, Size, Step
from maintenance.cleaning.rows import PATIENT, size_of
from portal.kit import ids
from portal.kit.registry import Cleanup, Partitions
from portal.kit.tenancy import behind_the_wall

_UPPER = re.compile(r" TO \('([0-9a-f-]{36})'\)")


class OldPartitions:
    """`Partitions` of one clean-up: those that end before the day of the cut-off (UTC)."""

    outside: ClassVar[bool] = False
    passes: ClassVar[int] = 1
    unit: ClassVar[str] = "rows"

    def __init__(self, spec: Cleanup, cutoff: datetime) -> None:
        self._spec, self._how = spec, cast("Partitions", spec.how)
        self._day = cutoff.astimezone(UTC).date()

    def look(self) -> Found:
        """Rows by the statistics, bytes, and the oldest partitions by name."""
        old = self._old()
        columns = (_("Partition"), _("Ends"), _("Rows, about"), _("Bytes"))
        sample = [[name, ids.time_of(beyond), rows, size] for name, beyond, rows, size in old[:SAMPLE_ROWS]]
        rows = sum(part[2] for part in old)
        return Found(rows, sum(part[3] for part in old), columns, sample, max(self.size().rows or 0, rows))

    def left(self) -> int:
        """Rows of the partitions that are old enough."""
        with behind_the_wall():
            return sum(part[2] for part in self._old())

    def size(self) -> Size:
        """All partitions together."""
        return size_of(self._spec.table)

    def step(self, place: Any, pace: Pace) -> Step:
        """Drop them all, in one transaction: each is gone in the time that its files take, whatever it holds."""
        function = ".".join(connection.ops.quote_name(part) for part in self._how.function.split("."))
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENT}'")
            cursor.execute(f"SELECT partition, row_estimate, bytes FROM {function}(%s)", [self._day])  # noqa: S608
            gone = [(str(name), max(0, int(rows)), int(size)) for name, rows, size in cursor.fetchall()]
        lines = tuple(f"Dropped {name}: about {rows:,} rows, {size:,} bytes" for name, rows, size in gone)
        digest = sha256("\n".join(name for name, *_ in gone).encode()).hexdigest() if gone else ""
        return Step(sum(rows for _, rows, _ in gone), None, True, digest, sum(size for *_, size in gone), lines)

    def _old(self) -> list[tuple[str, UUID, int, int]]:
        """Name, first id beyond, rows by the statistics and bytes of each old one, the oldest first."""
        first = ids.first_of(datetime(self._day.year, self._day.month, self._day.day, tzinfo=UTC))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), "
                "coalesce(nullif(greatest(c.reltuples, 0), 0), s.n_live_tup, 0)::bigint, "
                "pg_total_relation_size(c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
                "LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE i.inhparent = to_regclass(%s)",
                [self._spec.table],
            )
            found = [
                (str(name), UUID(match[1]), int(rows), int(size))
                for name, bound, rows, size in cursor.fetchall()
                if (match := _UPPER.search(bound)) is not None
            ]
        return sorted((part for part in found if part[1] <= first), key=lambda part: part[1])
