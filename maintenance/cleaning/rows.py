"""Rows of a table: deleted, or with columns emptied, in batches.

Two roads through the table. When much of it goes, block after block in the order of the disk: each page is read and
written once, as by one DELETE, and no index is asked. When little goes and an index leads to it, by that index from
a (column, key) on. Either way the place commits with the batch.

A batch first tries without locking its rows one by one, which would write each of them twice; when somebody holds one
of them it is given up after `IMPATIENT` and made again with SKIP LOCKED, and what was held waits for the next pass.
"""

from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import OperationalError, connection, models, transaction

from maintenance.cleaning.found import SAMPLE_ROWS, Found, Pace, Size, Step
from portal.kit.registry import Cleanup, Emptied, Orphans, Rows
from portal.kit.tenancy import behind_the_wall

IMPATIENT, PATIENT = "50ms", "2s"  # Waiting for a lock holds up whoever queues behind us.
LONGEST = "60s"  # Of one statement; a batch takes a fraction of a second.
HELD = "55P03"  # lock_not_available
FEW_PER_BLOCK = 0.25  # With fewer old rows than that in a block, an index saves more reading than it costs.


class TableRows:
    """`Rows`, `Emptied` and `Orphans` of one clean-up."""

    outside: ClassVar[bool] = False
    passes: ClassVar[int] = 5
    unit: ClassVar[str] = "rows"

    def __init__(self, spec: Cleanup, cutoff: datetime) -> None:
        self._spec, self._cutoff = spec, cutoff
        quote = connection.ops.quote_name
        self._table, self._column, self._key = quote(spec.table), quote(spec.column), quote(spec.key)
        self._uuid = _is_uuid(spec)

    @cached_property
    def _old(self) -> str:
        return f"{self._column} < %(cutoff)s AND ({condition_of(self._spec)})"

    def look(self) -> Found:
        """Count, estimated bytes and the oldest few."""
        columns = ", ".join(connection.ops.quote_name(field) for field, _ in self._spec.sample) or self._key
        with connection.cursor() as cursor:
            count = self.left()
            cursor.execute(
                f"SELECT {columns} FROM {self._table} WHERE {self._old} "  # noqa: S608 - of the declaration
                f"ORDER BY {self._column}, {self._key} LIMIT %(limit)s",
                {"cutoff": self._cutoff, "limit": SAMPLE_ROWS},
            )
            sample = [list(row) for row in cursor.fetchall()]
        now = self.size()
        total = max(now.rows or 0, count)
        return Found(
            count, now.bytes * count // total if total else 0, [label for _, label in self._spec.sample], sample, total
        )

    def left(self) -> int:
        """Count the old rows."""
        with behind_the_wall(), connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self._table} WHERE {self._old}", {"cutoff": self._cutoff})  # noqa: S608
            return int(cursor.fetchone()[0])

    def size(self) -> Size:
        """Live rows as the statistics have them, and bytes with indexes."""
        return size_of(self._spec.table)

    def step(self, place: Any, pace: Pace) -> Step:
        """One batch."""
        place = place or self._begin()
        try:
            # A savepoint: what the impatient try did is undone, the transaction of the batch lives on.
            with transaction.atomic():
                return self._batch(place, pace, polite=False)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != HELD:
                raise
        return self._batch(place, pace, polite=True)

    def _begin(self) -> dict[str, Any]:
        """Which road, by how much is old and whether an index leads there."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_index JOIN pg_attribute a ON a.attrelid = indrelid "
                "AND a.attnum = indkey[0] WHERE indrelid = %s::regclass AND a.attname = %s AND indpred IS NULL), "
                "pg_relation_size(%s::regclass) / current_setting('block_size')::int",
                [self._table, self._spec.column, self._table],
            )
            indexed, blocks = cursor.fetchone()
        few = self.left() < blocks * FEW_PER_BLOCK
        return {"after": None} if indexed and few else {"block": 0, "blocks": int(blocks)}

    def _batch(self, place: dict[str, Any], pace: Pace, *, polite: bool) -> Step:
        by_index = "after" in place
        values: dict[str, Any] = {"cutoff": self._cutoff, "limit": pace.rows}
        if by_index:
            chosen = self._chosen_by_index(place, values)
        else:
            last = min(place["block"] + pace.blocks, max(place["blocks"], 1))
            values |= {"first": f"({place['block']},0)", "beyond": f"({last},0)"}
            chosen = f"ctid >= %(first)s::tid AND ctid < %(beyond)s::tid AND {self._old}"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SET LOCAL lock_timeout = '{PATIENT if polite else IMPATIENT}'; "
                f"SET LOCAL statement_timeout = '{LONGEST}'"
            )
            cursor.execute(self._statement(chosen, by_index=by_index, polite=polite), values)
            count, digest, block, moment, key = cursor.fetchone()
        if by_index:
            # The last place of a page that was held by others alone is unknown: the pass ends there.
            after = [moment, key] if count else place["after"]
            return Step(count, {"after": after}, over=count < pace.rows, digest=digest)
        if count >= pace.rows:
            return Step(count, place | {"block": block}, over=False, digest=digest)
        return Step(count, place | {"block": last}, over=last >= place["blocks"], digest=digest)

    def _chosen_by_index(self, place: dict[str, Any], values: dict[str, Any]) -> str:
        if not place["after"]:
            return self._old
        values |= {"moment": place["after"][0], "after_key": place["after"][1]}
        return f"{self._old} AND ({self._column}, {self._key}) > (%(moment)s, %(after_key)s)"

    def _statement(self, chosen: str, *, by_index: bool, polite: bool) -> str:
        order = f"ORDER BY {self._column}, {self._key}" if by_index else ""
        lock = "FOR UPDATE SKIP LOCKED" if polite else ""
        picked = f"SELECT ctid, {self._key} FROM {self._table} WHERE {chosen} {order} LIMIT %(limit)s {lock}"  # noqa: S608
        # Asked for again at the row itself: who is not locked may have changed since it was picked.
        where = f"ctid = ANY (ARRAY(SELECT ctid FROM old)) AND {self._old}"  # noqa: S608
        told = f"RETURNING ctid AS spot, {self._column} AS moment, {self._key} AS pk"
        change = f"DELETE FROM {self._table} WHERE {where} {told}"  # noqa: S608
        if isinstance(self._spec.how, Emptied):
            change = f"UPDATE {self._table} SET {_assignments(self._spec.how)} WHERE {where} {told}"  # noqa: S608
        keys = "uuid_send(pk)" if self._uuid else "convert_to(pk::text || E'\\n', 'UTF8')"
        last = "max(moment)::text, (array_agg(pk::text ORDER BY moment DESC, pk DESC))[1]" if by_index else "NULL, NULL"
        return f"""
            WITH old AS MATERIALIZED ({picked}), {self._children()} gone AS ({change})
            SELECT count(*), encode(sha256(coalesce(string_agg({keys}, ''::bytea), '')), 'hex'),
                (max(spot)::text::point)[0]::bigint, {last}
            FROM gone
        """  # noqa: S608 - names come from the declaration in code

    def _children(self) -> str:
        if not isinstance(self._spec.how, Rows):
            return ""
        quote = connection.ops.quote_name
        return "".join(
            f"child{number} AS (DELETE FROM {quote(table)} USING old WHERE {quote(column)} = old.{self._key}), "  # noqa: S608
            for number, (table, column) in enumerate(self._spec.how.children)
        )


def size_of(table: str) -> Size:
    """Rows by the statistics and bytes with indexes of a table; of a partitioned one, of all its parts."""
    with connection.cursor() as cursor:
        cursor.execute(
            # An ordinary table is no node of its own in the tree of its partitions.
            "SELECT sum(coalesce(nullif(greatest(c.reltuples, 0), 0), s.n_live_tup, 0))::bigint, "
            "sum(pg_total_relation_size(c.oid))::bigint "
            "FROM (SELECT to_regclass(%(table)s)::oid AS relid "
            "UNION SELECT relid::oid FROM pg_partition_tree(to_regclass(%(table)s))) AS part "
            "JOIN pg_class c ON c.oid = part.relid LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid",
            {"table": table},
        )
        rows, size = cursor.fetchone()
    if size is None:
        return Size(None, 0)
    return Size(int(rows or 0), int(size))


def condition_of(spec: Cleanup) -> str:
    """The declared condition; of orphans with the objects that each kind of theirs must have."""
    if not isinstance(spec.how, Orphans):
        return spec.condition
    quote = connection.ops.quote_name
    kind = f"{quote(spec.table)}.{quote(spec.how.kind)}"
    subject = f"{quote(spec.table)}.{quote(spec.how.subject)}"
    with behind_the_wall(), connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT {kind} FROM {quote(spec.table)}")  # noqa: S608 - of the declaration
        found = {str(row[0]) for row in cursor.fetchall()}
    gone = [
        f"({kind} = '{model._meta.label_lower}' AND NOT EXISTS (SELECT FROM {quote(model._meta.db_table)} subject "
        f"WHERE subject.{quote(str(model._meta.pk.column))} = {subject}))"
        for model in apps.get_models()
        if model._meta.label_lower in found and isinstance(model._meta.pk, models.UUIDField)
    ]
    return f"({spec.condition}) AND ({' OR '.join(gone) or 'FALSE'})"


def _is_uuid(spec: Cleanup) -> bool:
    model = next((model for model in apps.get_models() if model._meta.db_table == spec.table), None)
    if model is None:
        return False
    try:
        return isinstance(model._meta.get_field(spec.key), models.UUIDField)
    except FieldDoesNotExist:
        return False


def _assignments(how: Emptied) -> str:
    return ", ".join(f"{connection.ops.quote_name(column)} = {value}" for column, value in how.values.items())
