"""A clean-up of half a large table beside one raw DELETE of the same rows, and beside `QuerySet.delete()`.

The table has a child that refers to it, as the tables that are cleaned mostly have. What counts is the busy time (the
batches with their cursor, hash and commit; not the pauses between them), what the process grows by, and what a writer
to the same table feels meanwhile.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import quantiles
from uuid import UUID

import psycopg

from bench.table import Bound, Row
from bench.world import ROOT, World

OLD = int(os.environ.get("BENCH_CLEANUP_ROWS", "1_000_000"))  # As many again are young and stay.
MOST_ROUNDS = int(os.environ.get("BENCH_CLEANUP_ROUNDS", "3"))  # Filling the table takes longer than emptying it.
CUT = "at < now() - interval '30 days'"
WRITE_EVERY = 0.002  # Seconds between writes of the writer.
BUSY, MEMORY, WRITER, SECOND = Bound("<=", 1.25), Bound("<=", 1.0), Bound("<=", 1.5), Bound("<=", 1.0)
MEMORY_MB, SECOND_MS = 100.0, 1000.0

_TABLES = """
CREATE TABLE bench_parent (id uuid PRIMARY KEY, at timestamptz NOT NULL, who uuid NOT NULL, note text NOT NULL);
CREATE INDEX bench_parent_at ON bench_parent (at, id);
CREATE TABLE bench_child (
    id uuid PRIMARY KEY, parent_id uuid NOT NULL REFERENCES bench_parent (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX bench_child_parent ON bench_child (parent_id);
CREATE TABLE bench_log (id uuid NOT NULL, at timestamptz NOT NULL, note text NOT NULL) PARTITION BY RANGE (id);
CREATE FUNCTION bench_log_drop(before date) RETURNS TABLE (partition text, row_estimate bigint, bytes bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    SELECT 'bench_log_old', reltuples::bigint, pg_total_relation_size('bench_log_old')
    INTO partition, row_estimate, bytes FROM pg_class WHERE relname = 'bench_log_old';
    ALTER TABLE bench_log DETACH PARTITION bench_log_old;
    DROP TABLE bench_log_old;
    RETURN NEXT;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON bench_parent, bench_child, bench_log TO steward_app, steward_platform;
"""
_FILL = """
TRUNCATE bench_parent, bench_child;
INSERT INTO bench_parent
SELECT gen_random_uuid(), now() - (CASE WHEN n % 2 = 0 THEN interval '60 days' ELSE interval '1 day' END)
    - n * interval '1 ms', gen_random_uuid(), repeat('x', 60) FROM generate_series(1, {rows}) AS n;
INSERT INTO bench_child SELECT gen_random_uuid(), id FROM bench_parent WHERE NOT {cut} LIMIT 1000;
"""


@dataclass
class Writer:
    """Somebody who goes on working with the young rows of the table; each write is a transaction that is on disk."""

    url: str
    milliseconds: list[float] = field(default_factory=list)

    def __enter__(self) -> "Writer":
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _write(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as database:
            young = database.execute(f"SELECT id FROM bench_parent WHERE NOT {CUT} LIMIT 2000").fetchall()
            number = 0
            while not self._stop.is_set():
                began = time.perf_counter()
                if number % 2:
                    database.execute("UPDATE bench_parent SET note = 'y' WHERE id = %s", young[number % len(young)])
                else:
                    database.execute(
                        "INSERT INTO bench_parent VALUES (gen_random_uuid(), now(), gen_random_uuid(), 'z')"
                    )
                self.milliseconds.append((time.perf_counter() - began) * 1000)
                number += 1
                self._stop.wait(WRITE_EVERY)

    @property
    def p99(self) -> float:
        """What the slowest hundredth of the writes took at least, in milliseconds."""
        return quantiles(self.milliseconds, n=100)[98]


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """The rows of the table."""
    owner = os.environ["DATABASE_OWNER_URL"]
    found: dict[str, list[float]] = {}
    with psycopg.connect(owner, autocommit=True) as database:
        database.execute(_TABLES)
        for number in range(min(rounds, MOST_ROUNDS)):
            say(f"cleanup: round {number + 1} of {min(rounds, MOST_ROUNDS)}, {OLD:,} of {2 * OLD:,} rows")
            for name, values in _round(database, owner).items():
                found.setdefault(name, []).append(values)
    count = len(found["raw"])
    return [
        Row("clean-up, busy: to one raw DELETE", "ms", found["ours"], found["raw"], BUSY, extra=_extra(found)),
        Row("clean-up, memory: to 100 MB", "MB", found["memory"], [MEMORY_MB] * count, MEMORY),
        Row("clean-up, writer's p99: to that of the raw DELETE", "ms", found["p99"], found["raw p99"], WRITER),
        Row("QuerySet.delete() with a child table: to the raw DELETE", "ms", found["peer"], found["raw"]),
        Row("QuerySet.delete(), memory: to 100 MB", "MB", found["peer memory"], [MEMORY_MB] * count),
        Row("partition of as many rows, dropped: to a second", "ms", found["drop"], [SECOND_MS] * count, SECOND),
        Row("partition of as many rows, dropped: to the raw DELETE", "ms", found["drop"], found["raw"]),
    ]


def _extra(found: dict[str, list[float]]) -> dict[str, str]:
    batches, took = found["batches"][-1], found["took"][-1]
    return {"batches": f"{batches:.0f}", "with pauses": f"{took:,.0f} ms"}


def _round(database: "psycopg.Connection[tuple[object, ...]]", url: str) -> dict[str, float]:
    measured: dict[str, float] = {}
    _fill(database)
    with Writer(url) as writer:
        began = time.perf_counter()
        with database.transaction():
            gone = database.execute(f"DELETE FROM bench_parent WHERE {CUT}").rowcount
        measured["raw"] = (time.perf_counter() - began) * 1000
    measured["raw p99"] = writer.p99
    _check(gone)
    _fill(database)
    with Writer(url) as writer:
        ours = _child("rows")
    _check(ours["deleted"])
    measured |= {"ours": ours["busy_ms"], "memory": ours["grown_mb"], "p99": writer.p99}
    measured |= {"batches": ours["batches"], "took": ours["took_ms"]}
    _fill(database)
    peer = _child("peer")
    _check(peer["deleted"])
    measured |= {"peer": peer["busy_ms"], "peer memory": peer["grown_mb"]}
    measured["drop"] = _dropped(database)
    return measured


def _dropped(database: "psycopg.Connection[tuple[object, ...]]") -> float:
    first, last = UUID(int=0), "018bcfe5-6800-7000-8000-000000000000"  # Some day in 2023.
    database.execute(f"CREATE TABLE bench_log_old PARTITION OF bench_log FOR VALUES FROM ('{first}') TO ('{last}')")
    database.execute(
        "INSERT INTO bench_log_old SELECT ('018b0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, "
        f"now() - interval '60 days', repeat('x', 60) FROM generate_series(1, {OLD}) AS n"
    )
    database.execute("ANALYZE bench_log_old")
    return _child("partitions")["busy_ms"]


def _fill(database: "psycopg.Connection[tuple[object, ...]]") -> None:
    database.execute(_FILL.format(rows=2 * OLD, cut=CUT))
    database.execute("VACUUM ANALYZE bench_parent")
    database.execute("VACUUM ANALYZE bench_child")


def _check(gone: float) -> None:
    if gone != OLD:
        raise RuntimeError(f"{gone:,} rows went instead of {OLD:,}.")


def _child(kind: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.cleanup_worker", kind],
        check=True,
        cwd=ROOT,
        env={**os.environ, "STEWARD_LOG_LEVEL": "error"},
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
