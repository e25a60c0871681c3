"""Keeping what pages and endpoints were asked for: batches of requests, their sums by the hour, the days they lie in."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from uuid import UUID

from django.db import IntegrityError, connection

from portal.kit import clock, context, ids
from portal.kit.activity import Seen
from portal.kit.services import writing

WHY = "Keeping the activity of pages and endpoints"
AHEAD_DAYS = 14
# Not COPY: row-level security refuses COPY FROM. Arrays of columns are parsed at a fraction of what values cost.
_INSERT = """
INSERT INTO audit_activity (id, occurred_at, channel, method, route, object_id, status, family, duration_ms, bytes,
    actor_kind, actor_id, session_id, organisation_id, address, request_id)
SELECT id, occurred_at, channel, method, route, object_id, status, status / 100, duration_ms, bytes,
    actor_kind, actor_id, session_id, organisation_id, address, request_id
FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::uuid[], %s::smallint[], %s::real[],
    %s::integer[], %s::text[], %s::uuid[], %s::uuid[], %s::uuid[], %s::inet[], %s::text[])
    AS row (id, occurred_at, channel, method, route, object_id, status, duration_ms,
        bytes, actor_kind, actor_id, session_id, organisation_id, address, request_id)
"""
_SUM = """
INSERT INTO audit_activity_hour AS sum
    (id, organisation_id, hour, channel, route, family, requests, milliseconds, slowest_ms)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::text[], %s::text[], %s::smallint[], %s::bigint[],
    %s::double precision[], %s::real[])
ON CONFLICT (organisation_id, hour, route, family, channel) DO UPDATE SET
    requests = sum.requests + excluded.requests, milliseconds = sum.milliseconds + excluded.milliseconds,
    slowest_ms = greatest(sum.slowest_ms, excluded.slowest_ms)
"""
_Key = tuple[UUID | None, date, int, str, str, int]  # Organisation (None: all), day, hour, route, channel, family.
_LARGEST = 2**31 - 1
_NULL = "NULL"


def activity_write(*, seen: Sequence[Seen]) -> None:
    """Fill of the port `kit.activity.write`: the requests and their sums, in one transaction as the platform.

    A day that has no partition yet gets one. Raises what the database raises; then nothing of the batch is kept. When
    the answer to the commit is lost, the batch is written again, and its requests may stand there twice.
    """
    if not seen:
        return
    with context.system(WHY):
        try:
            _write(seen)
        except IntegrityError as error:
            if "no partition" not in str(error):
                raise
            for day in sorted({one.moment.date() for one in seen}):
                activity_days_ensure(first=day, days=1)
            _write(seen)


def activity_days_ensure(*, first: date | None = None, days: int = AHEAD_DAYS) -> int:
    """Make the partitions of so many days (UTC) from `first` (today) on, where missing; returns how many were made."""
    with context.system(WHY), writing(), connection.cursor() as cursor:
        cursor.execute("SELECT audit_activity_ensure(%s, %s)", [first or clock.now().date(), days])
        return int(cursor.fetchone()[0])


def _write(seen: Sequence[Seen]) -> None:
    with writing(), connection.cursor() as cursor:
        cursor.execute(_INSERT, _columns(seen))
        cursor.execute(_SUM, _sums(seen))


def _columns(seen: Sequence[Seen]) -> list[str]:
    actors = [one.actor for one in seen]
    named: dict[UUID | None, str] = {None: _NULL}  # A few persons and sessions stand in most rows of a batch.
    columns: list[Iterable[str]] = [
        ids.texts_at([one.moment for one in seen]),
        (one.moment.isoformat() for one in seen),
        (one.channel for one in seen),
        (one.method for one in seen),
        (_quoted(one.route) for one in seen),
        (_NULL if one.object_id is None else one.object_id.hex for one in seen),
        (str(one.status) for one in seen),
        (f"{one.seconds * 1000:.2f}" for one in seen),
        (_NULL if one.bytes is None else str(min(one.bytes, _LARGEST)) for one in seen),
        (actor.kind for actor in actors),
        _hex((actor.id for actor in actors), named),
        _hex((one.session_id for one in seen), named),
        _hex((actor.organisation_id for actor in actors), named),
        (one.address or _NULL for one in seen),
        (_quoted(one.request_id) for one in seen),
    ]
    return [_array(column) for column in columns]


def _array(values: Iterable[str]) -> str:
    """An array as PostgreSQL writes it. Made here of texts: to let the driver do it costs several times the insert."""
    return f"{{{','.join(values)}}}"


@lru_cache(maxsize=2048)
def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _hex(values: Iterable[UUID | None], known: dict[UUID | None, str]) -> list[str]:
    found = []
    for value in values:
        text = known.get(value)
        if text is None:
            text = known[value] = value.hex if value is not None else _NULL
        found.append(text)
    return found


def _sums(seen: Iterable[Seen]) -> list[list[object]]:
    """The columns of the sums, in one order: two processes that add to the same rows must not wait for each other."""
    sums: dict[_Key, list[float]] = defaultdict(list)
    for one in seen:
        moment, organisation = one.moment, one.actor.organisation_id
        key = (moment.date(), moment.hour, one.route, one.channel, one.status // 100)
        sums[None, *key].append(one.seconds)
        if organisation is not None:
            sums[organisation, *key].append(one.seconds)
    rows = (
        (
            ids.uuid7(),
            whose,
            datetime.combine(day, time(hour), UTC),
            channel,
            route,
            family,
            len(took),
            round(sum(took) * 1000.0, 2),
            round(max(took) * 1000.0, 2),
        )
        for (whose, day, hour, route, channel, family), took in sorted(
            sums.items(), key=lambda item: (str(item[0][0]), *item[0][1:])
        )
    )
    return [list(column) for column in zip(*rows, strict=True)]
