"""Cleanups: look first, then delete in batches that hold no lock for long, from a cursor that survives the worker.

A clean-up is declared by the room that owns the table. The preview fixes the cut-off: what is confirmed is what was
counted, and rows that grow old meanwhile wait for the next run.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import connection

from maintenance.errors import PreviewStale
from portal.kit import clock, registry
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.registry import Cleanup, Run
from portal.kit.tenancy import behind_the_wall

JOB = "maintenance.run_cleanup"
PREVIEW_VALID = timedelta(minutes=30)
SAMPLE_ROWS = 5
SMALLEST, FIRST = 100, 1000
FAST, SLOW = 0.1, 0.3  # Seconds; a batch between them keeps its size.
PASSES = 5  # Rows that somebody else held are left to the next pass.
_SALT = "steward.cleanup"


@dataclass(frozen=True)
class Preview:
    """What a clean-up would delete now."""

    cleanup: Cleanup
    cutoff: datetime
    count: int
    size: int
    sample: list[list[Any]]
    token: str


def preview(*, actor: Actor, name: str) -> Preview:
    """Count, estimated bytes and a few of the rows that would go; the token binds a confirmation to just this filter."""
    spec = registry.cleanups.get(name)
    authorise(actor, spec.permission)
    cutoff = clock.now() - spec.keep
    table, column, key = _names(spec)
    sample_columns = ", ".join(connection.ops.quote_name(field) for field, _ in spec.sample)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} < %s AND ({spec.condition})", [cutoff])  # noqa: S608
        count = int(cursor.fetchone()[0])
        cursor.execute(
            f"SELECT {sample_columns} FROM {table} WHERE {column} < %s AND ({spec.condition}) "  # noqa: S608
            f"ORDER BY {column}, {key} LIMIT %s",
            [cutoff, SAMPLE_ROWS],
        )
        sample = [list(row) for row in cursor.fetchall()]
        cursor.execute(
            "SELECT CASE WHEN reltuples > 0 THEN pg_total_relation_size(oid) / reltuples ELSE 0 END FROM pg_class WHERE oid = %s::regclass",
            [spec.table],
        )
        size = int(count * float(cursor.fetchone()[0]))
    token = signing.dumps({"name": name, "cutoff": cutoff.isoformat(), "actor": str(actor.id)}, salt=_SALT)
    return Preview(spec, cutoff, count, size, sample, token)


def confirmed(*, actor: Actor, name: str, token: str) -> dict[str, str]:
    """The job's arguments for a confirmed preview; `PreviewStale` when it is old, of another person or another clean-up."""
    try:
        value = signing.loads(token, salt=_SALT, max_age=PREVIEW_VALID)
    except signing.BadSignature as error:
        raise PreviewStale from error
    if value["name"] != name or value["actor"] != str(actor.id):
        raise PreviewStale
    return {"cleanup": name, "cutoff": value["cutoff"]}


def run_cleanup(run: Run) -> Mapping[str, Any]:
    """The job: delete what is older than the cut-off, batch by batch. Event `maintenance.cleanup.finished`, one per run.

    Idempotent by its cursor: the position, the counts and the hash of the deleted keys commit with each batch.
    """
    spec = registry.cleanups.get(str(run.args["cleanup"]))
    state = run.cursor or _start(run, spec)
    batch_size = min(FIRST, settings.STEWARD_CLEANUP_BATCH)
    while state["pass"] <= PASSES:
        run.phase(str(spec.label))
        with run.batch():
            started = time.monotonic()
            deleted, after = _delete_batch(spec, state, batch_size)
            seconds = time.monotonic() - started
            _advance(state, deleted, after, seconds)
            run.cursor = state
            run.progress(state["deleted"], state["expected"])
            if deleted:
                run.log(f"Batch {state['batches']}: {len(deleted):,} rows in {seconds * 1000:.0f} ms")
        batch_size = _adapt(batch_size, seconds)
    result = {
        "cleanup": spec.name,
        "cutoff": state["cutoff"],
        "deleted": state["deleted"],
        "batches": state["batches"],
        "busy_ms": state["busy_ms"],
        "keys_sha256": state["hash"],
        "left": _left(spec, state["cutoff"]),
    }
    with run.batch():
        record("maintenance.cleanup.finished", data=result)
    return result


def _start(run: Run, spec: Cleanup) -> dict[str, Any]:
    cutoff = run.args.get("cutoff") or (clock.now() - spec.keep).isoformat()
    state = {
        "cutoff": cutoff,
        "after": None,
        "pass": 1,
        "in_pass": 0,
        "deleted": 0,
        "batches": 0,
        "busy_ms": 0,
        "hash": "",
        "expected": 0,
    }
    state["expected"] = _left(spec, cutoff)
    return state


def _delete_batch(spec: Cleanup, state: dict[str, Any], limit: int) -> tuple[list[str], list[str] | None]:
    table, column, key = _names(spec)
    beyond = f"AND ({column}, {key}) > (%(after_value)s, %(after_key)s)" if state["after"] else ""
    sql = f"""
        WITH old AS (
            SELECT {column} AS moment, {key} AS pk FROM {table}
            WHERE {column} < %(cutoff)s AND ({spec.condition}) {beyond}
            ORDER BY {column}, {key} LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM {table} USING old WHERE {table}.{key} = old.pk RETURNING old.moment, old.pk
        )
        SELECT moment::text, pk::text FROM gone ORDER BY moment, pk
    """  # noqa: S608 - names come from the declaration in code
    values = {"cutoff": state["cutoff"], "limit": limit}
    if state["after"]:
        values |= {"after_value": state["after"][0], "after_key": state["after"][1]}
    with connection.cursor() as cursor:
        # Waiting for a lock or running on holds up others; the batch fails instead and is tried again.
        cursor.execute("SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '60s'")
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    return [row[1] for row in rows], list(rows[-1]) if rows else None


def _advance(state: dict[str, Any], deleted: list[str], after: list[str] | None, seconds: float) -> None:
    if deleted:
        state["after"] = after
        state["deleted"] += len(deleted)
        state["in_pass"] += len(deleted)
        state["batches"] += 1
        state["busy_ms"] += round(seconds * 1000)
        state["hash"] = sha256((state["hash"] + "\n".join(deleted)).encode()).hexdigest()
    elif state["in_pass"]:
        state.update({"after": None, "pass": state["pass"] + 1, "in_pass": 0})
    else:
        state["pass"] = PASSES + 1  # A whole pass found nothing: what is left is held by somebody.


def _adapt(size: int, seconds: float) -> int:
    if seconds < FAST:
        size *= 2
    elif seconds > SLOW:
        size //= 2
    return max(min(size, settings.STEWARD_CLEANUP_BATCH), min(SMALLEST, settings.STEWARD_CLEANUP_BATCH))


def _left(spec: Cleanup, cutoff: str) -> int:
    table, column, _key = _names(spec)
    with behind_the_wall(), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} < %s AND ({spec.condition})", [cutoff])  # noqa: S608
        return int(cursor.fetchone()[0])


def _names(spec: Cleanup) -> tuple[str, str, str]:
    quote = connection.ops.quote_name
    return quote(spec.table), quote(spec.column), quote(spec.key)
