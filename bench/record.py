"""The audit record in a small write, beside a bare extra INSERT of the same row into an equal table."""

import os
import random
import time
from collections.abc import Callable
from statistics import median

import psycopg
from django.db import connection

from accounts.models import User
from bench.table import Bound, Row
from bench.world import World
from portal.kit import context, ids
from portal.kit.context import Actor
from portal.kit.record import record
from portal.kit.services import writing
from portal.kit.tenancy import behind_the_wall
from tests.factories import person

WRITES = 120  # Of each kind in a round, in turn.
WARM = 40
THEMES = ("light", "dark")

# Columns, constraints, indexes and partitioning of the trail; its triggers are not on INSERT.
_EQUAL = """
CREATE TABLE bench_event (LIKE audit_event INCLUDING ALL) PARTITION BY RANGE (id);
CREATE TABLE bench_event_all PARTITION OF bench_event DEFAULT;
GRANT INSERT ON bench_event TO steward_app;
"""


class Kind:
    """One way of writing: what follows the small write in its transaction."""

    def __init__(self, then: Callable[[User, tuple[str, str]], None]) -> None:
        self._then = then
        self._times: list[float] = []
        self._cpu = 0.0
        self.walls: list[float] = []
        self.cpus: list[float] = []

    def write(self, user: User, number: int) -> None:
        """One small write and what follows."""
        change = (THEMES[number % 2], THEMES[(number + 1) % 2])
        started, used = time.perf_counter(), time.process_time()
        with writing():
            User.objects.filter(pk=user.pk).update(preferences={"theme": change[1]})
            self._then(user, change)
        self._times.append(time.perf_counter() - started)
        self._cpu += time.process_time() - used

    def close_round(self, *, keep: bool) -> None:
        """Keep the round's median and processor time, in microseconds per write."""
        if keep:
            self.walls.append(median(self._times) * 1e6)
            self.cpus.append(self._cpu / len(self._times) * 1e6)
        self._times, self._cpu = [], 0.0


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """Small write alone, with the bare INSERT (the reference), with the record."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(_EQUAL)
    user = person("Recorded")
    alone = Kind(lambda user, change: None)
    with context.use(_request(user)):
        with writing():
            _record(user, THEMES)
        bare, recorded = Kind(_bare_insert()), Kind(_record)
        kinds = (alone, bare, recorded)
        chance = random.Random(0)
        for number in range(rounds + 1):
            for step in range(WRITES if number else WARM):
                # In a chance order: whoever writes after the bare INSERT finds the caches as that one left them.
                for kind in chance.sample(kinds, len(kinds)):
                    kind.write(user, step)
            for kind in kinds:
                kind.close_round(keep=number > 0)
        say(f"record: {rounds} rounds of {WRITES} writes of each kind")
    return [
        Row("small write + bare INSERT", "us", bare.walls, bare.walls, None, bare.cpus, bare.cpus),
        Row("small write + record", "us", recorded.walls, bare.walls, Bound("<=", 1.1), recorded.cpus, bare.cpus),
        Row("small write alone", "us", alone.walls, bare.walls, None, alone.cpus, bare.cpus),
    ]


def _request(user: User) -> context.Context:
    """As in a request, with everything that an event takes from it."""
    return context.Context(
        actor=Actor("person", user.pk, str(user)),
        request_id="0123456789abcdef0123456789abcdef",
        correlation_id="0123456789abcdef0123456789abcdef",
        session_id=ids.uuid7(),
        address="192.0.2.7",
        agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    )


def _record(user: User, change: tuple[str, str]) -> None:
    record("accounts.user.updated", target=user, changes={"theme": change})


def _bare_insert() -> Callable[[User, tuple[str, str]], None]:
    """Inserts the newest event's values again and again, each time under a new id."""
    with context.system("the newest event, to write it again"), behind_the_wall(), connection.cursor() as cursor:
        cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = 'audit_event'::regclass AND attnum > 0")
        names = [name for (name,) in cursor.fetchall() if name not in {"id", "xid"}]
        cursor.execute(
            f"SELECT {', '.join(f'{name}::text' for name in names)} FROM audit_event ORDER BY id DESC LIMIT 1"
        )
        values = list(cursor.fetchone())
    statement = f"INSERT INTO bench_event (id, {', '.join(names)}) VALUES ({', '.join(['%s'] * (len(names) + 1))})"

    def insert(user: User, change: tuple[str, str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, [ids.uuid7(), *values])

    return insert
