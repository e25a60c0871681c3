"""Taking what host products report: counted once by key, summed up by hour and day in the same transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection

from billing.models import Customer, Meter
from billing.models.usage import hour_of
from billing.times import now_of
from billing.usage_reports import Read, Report, Result, Verdict, read_reports
from portal.kit import clock, ids
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from rbac.standing import standing_on

BATCH = 1_000
LATE_FROM = timedelta(hours=1)  # An event that comes later than so is counted among the late ones.

# In the order of the keys, so that two batches with the same keys wait for each other and never in a ring.
_TAKE = """
INSERT INTO billing_usage_event
    (id, organisation_id, meter, key, quantity, value, occurred_at, received_at, digest)
SELECT id, %(organisation)s, meter, key, quantity, value, occurred_at, %(now)s, digest
FROM unnest(%(ids)s::uuid[], %(meters)s::text[], %(keys)s::text[], %(quantities)s::numeric[], %(values)s::text[],
            %(moments)s::timestamptz[], %(digests)s::bytea[])
    AS sent(id, meter, key, quantity, value, occurred_at, digest)
ORDER BY key
ON CONFLICT (organisation_id, key) DO NOTHING RETURNING key
"""
_KNOWN = "SELECT key, digest FROM billing_usage_event WHERE organisation_id = %s AND key = ANY(%s)"
_SUM_UP = """
INSERT INTO billing_usage_rollup AS r
    (id, organisation_id, meter, grain, starts_at, events, total, largest, last, last_at, last_key, late, duplicates, changed_at)
SELECT id, %(organisation)s, meter, grain, starts_at, events, total, largest, last, last_at, last_key, late, 0, %(now)s
FROM unnest(%(ids)s::uuid[], %(meters)s::text[], %(grains)s::text[], %(starts)s::timestamptz[], %(events)s::bigint[],
            %(totals)s::numeric[], %(largest)s::numeric[], %(lasts)s::numeric[], %(last_ats)s::timestamptz[],
            %(last_keys)s::text[], %(lates)s::bigint[])
    AS sent(id, meter, grain, starts_at, events, total, largest, last, last_at, last_key, late)
ORDER BY meter, grain, starts_at
ON CONFLICT (organisation_id, meter, grain, starts_at) DO UPDATE SET
    events = r.events + EXCLUDED.events, total = r.total + EXCLUDED.total,
    largest = greatest(r.largest, EXCLUDED.largest), late = r.late + EXCLUDED.late, changed_at = EXCLUDED.changed_at,
    last = CASE WHEN (EXCLUDED.last_at, EXCLUDED.last_key) > (r.last_at, r.last_key) THEN EXCLUDED.last ELSE r.last END,
    last_key = CASE WHEN (EXCLUDED.last_at, EXCLUDED.last_key) > (r.last_at, r.last_key)
               THEN EXCLUDED.last_key ELSE r.last_key END,
    last_at = greatest(r.last_at, EXCLUDED.last_at)
"""
_DISTINCT = """
INSERT INTO billing_usage_distinct (id, organisation_id, meter, starts_at, value)
SELECT id, %(organisation)s, meter, starts_at, value
FROM unnest(%(ids)s::uuid[], %(meters)s::text[], %(starts)s::timestamptz[], %(values)s::text[])
    AS sent(id, meter, starts_at, value)
ORDER BY meter, starts_at, value
ON CONFLICT (organisation_id, meter, starts_at, value) DO NOTHING
"""
# In the order of `_SUM_UP`. The row of the first one of a duplicate is there: days are kept for ever.
_AGAIN = """
UPDATE billing_usage_rollup r SET duplicates = r.duplicates + sent.number
FROM unnest(%(meters)s::text[], %(starts)s::timestamptz[], %(numbers)s::bigint[]) AS sent(meter, starts_at, number)
WHERE r.organisation_id = %(organisation)s AND r.grain = 'day' AND r.meter = sent.meter AND r.starts_at = sent.starts_at
"""


@dataclass(slots=True)
class _Sum:
    """The events of a batch in one hour or day."""

    events: int
    total: Decimal
    largest: Decimal
    last: Decimal
    last_at: datetime
    last_key: str
    late: int


def usage_record(*, actor: Actor, organisation_id: UUID, reports: Sequence[Report]) -> list[Result]:
    """Count up to 1,000 reported events of an organisation (`usage:create`); what became of each, in their order.

    An event that was counted before is a duplicate and harmless; one that cannot be counted is refused by itself, with
    the code and sentence of its error. One event `billing.usage.recorded` for all that were counted, none without.
    """
    authorise(actor, "usage:create")
    with standing_on(organisation_id):
        now = clock.now()
        read = read_reports(reports, _meters(reports), _present(organisation_id))
        fresh = _first_of_each(read)
        taken = _take(organisation_id, list(fresh.values()), now) if fresh else set()
        digests = {key: one.digest for key, one in fresh.items()}
        strangers = [key for key in fresh if key not in taken]
        if strangers:
            digests |= _known(organisation_id, strangers)
        results, again = _judged(read, taken, digests)
        counted = [fresh[key] for key in sorted(taken)]
        if counted:
            _sum_up(organisation_id, counted, now)
            record(
                "billing.usage.recorded",
                data={
                    "counted": len(counted),
                    "duplicates": len(again),
                    "refused": sum(one.verdict is Verdict.REFUSED for one in results),
                    "keys": sha256("\0".join(one.key for one in counted).encode()).hexdigest(),
                },
            )
        if again:
            _count_again(organisation_id, again)
    return results


def _present(organisation_id: UUID) -> datetime:
    """The time by which the events of an organisation are judged: that of its sandbox, or of all."""
    customer = Customer.objects.select_related("test_clock").filter(organisation_id=organisation_id).first()
    return clock.now() if customer is None else now_of(customer)


def _meters(reports: Iterable[Report]) -> dict[str, Meter]:
    codes = {one.meter for one in reports if isinstance(one.meter, str) and "\0" not in one.meter}
    return {meter.code: meter for meter in Meter.objects.filter(code__in=codes, archived_at=None)}


def _first_of_each(read: Iterable[Read | Result]) -> dict[str, Read]:
    """The events to be taken, by key: the first one where a batch has several under one key."""
    found: dict[str, Read] = {}
    for one in read:
        if isinstance(one, Read):
            found.setdefault(one.key, one)
    return found


def _take(organisation_id: UUID, rows: Sequence[Read], now: datetime) -> set[str]:
    values: dict[str, Any] = {
        "organisation": organisation_id,
        "now": now,
        "ids": ids.texts_at([now] * len(rows)),
        "meters": [one.meter for one in rows],
        "keys": [one.key for one in rows],
        "quantities": [one.quantity for one in rows],
        "values": [one.value for one in rows],
        "moments": [one.occurred_at for one in rows],
        "digests": [one.digest for one in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        return {row[0] for row in cursor.fetchall()}


def _known(organisation_id: UUID, keys: Sequence[str]) -> dict[str, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [organisation_id, list(keys)])
        return {key: bytes(digest) for key, digest in cursor.fetchall()}


def _judged(
    read: Sequence[Read | Result], taken: set[str], digests: dict[str, bytes]
) -> tuple[list[Result], list[Read]]:
    """What became of each, and the duplicates. `digests`: what stands under each key now."""
    results: list[Result] = []
    again: list[Read] = []
    open_keys = set(taken)
    for one in read:
        if isinstance(one, Result):
            results.append(one)
        elif digests[one.key] != one.digest:
            results.append(Result.taken(one.key))
        elif one.key in open_keys:
            open_keys.discard(one.key)
            results.append(Result(one.key, Verdict.COUNTED))
        else:
            again.append(one)
            results.append(Result(one.key, Verdict.DUPLICATE))
    return results, again


def _sum_up(organisation_id: UUID, rows: Sequence[Read], now: datetime) -> None:
    """Add the events to the sums of their hours and days."""
    sums: dict[tuple[str, str, datetime], _Sum] = {}
    values: set[tuple[str, datetime, str]] = set()
    for one in rows:
        hour = hour_of(one.occurred_at)
        late = int(now - one.occurred_at > LATE_FROM)
        for slot in ((one.meter, "hour", hour), (one.meter, "day", hour.replace(hour=0))):
            _add(sums, slot, one, late)
        if one.distinct:
            values.add((one.meter, hour, one.value))
    _write_sums(organisation_id, sums, now)
    if values:
        _write_distinct(organisation_id, values, now)


def _add(sums: dict[tuple[str, str, datetime], _Sum], slot: tuple[str, str, datetime], one: Read, late: int) -> None:
    known = sums.get(slot)
    if known is None:
        sums[slot] = _Sum(1, one.quantity, one.quantity, one.quantity, one.occurred_at, one.key, late)
        return
    known.events += 1
    known.late += late
    known.total += one.quantity
    known.largest = max(known.largest, one.quantity)
    if (one.occurred_at, one.key) > (known.last_at, known.last_key):
        known.last, known.last_at, known.last_key = one.quantity, one.occurred_at, one.key


def _write_sums(organisation_id: UUID, sums: dict[tuple[str, str, datetime], _Sum], now: datetime) -> None:
    slots, found = list(sums), list(sums.values())
    values: dict[str, Any] = {
        "organisation": organisation_id,
        "now": now,
        "ids": ids.texts_at([now] * len(slots)),
        "meters": [slot[0] for slot in slots],
        "grains": [slot[1] for slot in slots],
        "starts": [slot[2] for slot in slots],
        "events": [one.events for one in found],
        "totals": [one.total for one in found],
        "largest": [one.largest for one in found],
        "lasts": [one.last for one in found],
        "last_ats": [one.last_at for one in found],
        "last_keys": [one.last_key for one in found],
        "lates": [one.late for one in found],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUM_UP, values)


def _write_distinct(organisation_id: UUID, found: set[tuple[str, datetime, str]], now: datetime) -> None:
    rows = sorted(found)
    values: dict[str, Any] = {
        "organisation": organisation_id,
        "ids": ids.texts_at([now] * len(rows)),
        "meters": [row[0] for row in rows],
        "starts": [row[1] for row in rows],
        "values": [row[2] for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(_DISTINCT, values)


def _count_again(organisation_id: UUID, rows: Sequence[Read]) -> None:
    # By the day of the first one: without a time of its own, a duplicate has that of its sending.
    found = Counter((one.meter, hour_of(one.occurred_at).replace(hour=0)) for one in rows)
    slots = sorted(found)
    values: dict[str, Any] = {
        "organisation": organisation_id,
        "meters": [slot[0] for slot in slots],
        "starts": [slot[1] for slot in slots],
        "numbers": [found[slot] for slot in slots],
    }
    with connection.cursor() as cursor:
        cursor.execute(_AGAIN, values)
