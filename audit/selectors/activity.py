"""What pages and endpoints were asked for: rows by keyset, one of them, and the sums for charts.

Requests are many and read newest first, so each filter has an index that ends in the id, or has what is asked of a row
behind it. A channel or a family of answers alone has few values with any number of rows each: one index has both before
the id, every combination that is asked for is a range of it, and the newest of all of them are merged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Max, Sum

from audit.models import Activity, ActivityHour, Channel
from audit.selectors.trail import READ
from portal.kit import clock, ids
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.managers import ScopedQuerySet
from portal.kit.paging import Cursor

DAYS = 30  # Rows of more days are not kept.
HOURS = 48  # Of the chart.
ROUTES = 4
COUNTED = 200  # Rows of a question that walks are counted so far.
FAMILIES = (1, 2, 3, 4, 5)
CHANNELS: tuple[str, ...] = tuple(Channel.values)
_LAST = UUID(int=(1 << 128) - 1)
# Only ids leave here: the rows are fetched by a query that starts from what the actor may see.
_WALK = """
SELECT found.id FROM unnest(%s::text[]) AS a (channel), unnest(%s::smallint[]) AS b (family),
    LATERAL (
        SELECT id FROM audit_activity AS r WHERE r.channel = a.channel AND r.family = b.family
            AND r.id >= %s AND r.id <= %s ORDER BY r.id {way} LIMIT %s
    ) AS found
ORDER BY found.id {way} LIMIT %s
"""


@dataclass(frozen=True)
class Facets:
    """A question that names nothing but channels and families, in a span of ids."""

    channels: Sequence[str]
    families: Sequence[int]
    low: UUID
    high: UUID = _LAST


@dataclass(frozen=True)
class Slow:
    """A route over the hours of the charts: its requests, their mean and the slowest, in milliseconds."""

    route: str
    requests: int
    mean_ms: float
    slowest_ms: float


def scoped(actor: Actor) -> ScopedQuerySet[Activity]:
    """The requests that `actor` may see. Who stands in an organisation sees those alone that named it."""
    rows = Activity.objects.visible_to(actor, READ)
    return rows if actor.organisation_id is None else rows.filter(organisation_id=actor.organisation_id)


def recent(actor: Actor) -> ScopedQuerySet[Activity]:
    """The requests of the last `DAYS` days that `actor` may see."""
    return scoped(actor).filter(id__gte=ids.first_of(clock.now() - timedelta(days=DAYS)))


def request(actor: Actor, activity_id: UUID) -> Activity:
    """One request that `actor` may see; `NotFound` otherwise."""
    row = scoped(actor).filter(id=activity_id).first()
    if row is None:
        raise NotFound
    return row


def walk(facets: Facets, cursor: Cursor | None, limit: int, *, ascending: bool = False) -> list[UUID]:
    """The ids of the `limit` requests next after `cursor`, newest first or with `ascending` the oldest; one query.

    For the installation: an organisation's rows are narrowed in the index that has them.
    """
    up = ascending != (cursor is not None and cursor.backwards)
    low, high = facets.low.int, facets.high.int
    if cursor is not None and up:
        low = max(low, cursor.row_id.int + 1)
    elif cursor is not None:
        high = min(high, cursor.row_id.int - 1)
    span = [UUID(int=min(low, _LAST.int)), UUID(int=max(high, 0))]
    with connection.cursor() as found:
        found.execute(
            _WALK.format(way="ASC" if up else "DESC"),
            [list(facets.channels), list(facets.families), *span, limit, limit],
        )
        return [row[0] for row in found.fetchall()]


def names_of(people: Iterable[UUID]) -> dict[UUID, str]:
    """What people are called now, by id; one query, none for nobody. Who was erased has no name any more."""
    wanted = set(people)
    if not wanted:
        return {}
    users = get_user_model()._default_manager.filter(pk__in=wanted, erased_at=None)
    return dict(users.values_list("pk", "name"))


def hours(actor: Actor) -> list[tuple[datetime, int]]:
    """Requests of each of the last `HOURS` hours, the present one last; hours without any are 0. One query."""
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    counted = dict(_summed(actor).values_list("hour").annotate(number=Sum("requests")).order_by("hour"))
    every = (now - timedelta(hours=back) for back in range(HOURS - 1, -1, -1))
    return [(hour, counted.get(hour, 0)) for hour in every]


def slowest_routes(actor: Actor) -> list[Slow]:
    """The routes with the highest mean duration over the same hours, slowest first; one query."""
    rows = _summed(actor).values("route").annotate(n=Sum("requests"), ms=Sum("milliseconds"), most=Max("slowest_ms"))
    found = [Slow(row["route"], row["n"], row["ms"] / row["n"], row["most"]) for row in rows.order_by("route")]
    return sorted(found, key=lambda one: -one.mean_ms)[:ROUTES]


def _summed(actor: Actor) -> ScopedQuerySet[ActivityHour]:
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    rows = ActivityHour.objects.visible_to(actor, READ)
    return rows.filter(organisation_id=actor.organisation_id, hour__gt=now - timedelta(hours=HOURS))
