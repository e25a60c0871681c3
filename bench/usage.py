"""Use that is reported: batches of a thousand events through the service, each a transaction of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from time import perf_counter
from uuid import UUID

from django.db import connection

from bench.ledger import processor_seconds
from bench.table import Bound, Row
from bench.world import World
from billing.models import Meter
from billing.services.usage import BATCH, usage_record
from billing.usage_reports import Report, Verdict
from portal.kit import clock, context
from portal.kit.services import writing
from tests.accounts.organisation_world import organisation

BATCHES = 40
WRITERS = (1, 2)
WANTED = 10_000.0
_numbers = count(1)


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """Events a second, beside the ten thousand that are wanted; and the same events sent again."""
    with context.system("the bench"), writing():
        Meter.objects.create(code="calls", name="Calls", aggregation="sum")
        Meter.objects.create(code="people", name="People", aggregation="unique", property="user")
    houses = [organisation(f"Metered{number}").pk for number in range(max(WRITERS))]
    _send(houses[0], [_batch()])  # Warm: statements are prepared, imports done.
    found: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}
    for number in range(rounds):
        for writers in WRITERS:
            batches = [[_batch() for _ in range(BATCHES)] for _ in range(writers)]
            for name in (
                f"usage: events by {writers} at once, batches of 1,000",
                f"usage: the same events again, by {writers}",
            ):
                used = processor_seconds()
                rate = _rate(houses, batches)
                found.setdefault(name, []).append(rate)
                cpu.setdefault(name, []).append((processor_seconds() - used) / (writers * BATCHES * BATCH) * 1e6)
        say(f"usage: round {number + 1} of {rounds}: " + ", ".join(f"{rates[-1]:,.0f}/s" for rates in found.values()))
    return [
        Row(name, "/s", rates, [WANTED] * rounds, Bound(">=", 1) if "again" not in name else None, cpu[name], cpu[name])
        for name, rates in found.items()
    ]


def _batch() -> list[Report]:
    """Two meters, two days, keys of their own: three in four add up, one in four counts people."""
    now = clock.now()
    return [
        Report.of(
            {
                "key": f"event-{number}",
                "meter": "people" if number % 4 == 0 else "calls",
                "quantity": 1 if number % 4 == 0 else number % 9,
                "occurred_at": (now - timedelta(minutes=number % 2_000)).isoformat(),
                "properties": {"user": f"user{number % 500}"} if number % 4 == 0 else {},
            }
        )
        for number in (next(_numbers) for _ in range(BATCH))
    ]


def _rate(houses: list[UUID], batches: list[list[list[Report]]]) -> float:
    began = perf_counter()
    if len(batches) == 1:
        _send(houses[0], batches[0])
    else:
        with ThreadPoolExecutor(len(batches)) as pool:
            list(pool.map(_send_apart, houses, batches))
    return sum(map(len, batches)) * BATCH / (perf_counter() - began)


def _send_apart(house: UUID, batches: list[list[Report]]) -> None:
    try:
        _send(house, batches)
    finally:
        connection.close()


def _send(house: UUID, batches: list[list[Report]]) -> None:
    with context.system("the bench") as current:
        for batch in batches:
            done = usage_record(actor=current.actor, organisation_id=house, reports=batch)
            if any(one.verdict not in {Verdict.COUNTED, Verdict.DUPLICATE} for one in done):
                raise RuntimeError(f"An event was refused: {done[0]}")
