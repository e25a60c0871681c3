"""What a filter means to the database, so that an index answers it however the filters are combined.

Events are many and read newest first. A filter that names somebody or something has an index of its own that ends in
the id. Categories, severities, outcomes and kinds of actor have few values and any number of rows each, so an index on
one of them would be read to its end for a combination that never happens. One index has all four before the id: each
combination that is asked for is a range of it in the right order, and the newest of all of them are merged. The
database allows only the values that are enumerated here.
"""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from audit.filters import ACTOR_KINDS, CATEGORIES, OUTCOMES, SEVERITIES, EventFilter
from audit.models import Event
from portal.kit import registry
from portal.kit.context import Actor
from portal.kit.identity import people_matching
from portal.kit.paging import Cursor

Rows = TypeVar("Rows", bound=QuerySet[Event])
_LAST = UUID(int=(1 << 128) - 1)
# Only ids leave here: the rows are fetched by a query that starts from what the actor may see.
_WALK = """
SELECT found.id FROM unnest(%s::text[]) AS a (category), unnest(%s::text[]) AS b (severity),
    unnest(%s::text[]) AS c (outcome), unnest(%s::text[]) AS d (actor_kind),
    LATERAL (
        SELECT id FROM audit_event AS e WHERE e.category = a.category AND e.severity = b.severity
            AND e.outcome = c.outcome AND e.actor_kind = d.actor_kind AND e.id >= %s AND e.id <= %s {organisation}
        ORDER BY e.id {way} LIMIT %s
    ) AS found
ORDER BY found.id {way} LIMIT %s
"""


def narrowed(rows: Rows, chosen: EventFilter) -> Rows:
    """The events of `rows` that `chosen` finds, within its window."""
    return matching(within(rows, chosen), chosen)


def within(rows: Rows, chosen: EventFilter) -> Rows:
    """The events of `rows` in the window of `chosen`."""
    first, beyond = chosen.bounds()
    rows = rows.filter(id__gte=first)
    return rows if beyond is None else rows.filter(id__lt=beyond)


def matching(rows: Rows, chosen: EventFilter) -> Rows:
    """The events of `rows` that `chosen` finds, whenever they happened."""
    if contradictory(chosen):
        return rows.none()
    for name in ("code", "request_id", "address"):
        if value := getattr(chosen, name):
            rows = rows.filter(**{name: value})
    for name in ("category", "outcome", "severity"):
        if values := getattr(chosen, name):
            rows = rows.filter(**{f"{name}__in": values})
    if chosen.organisation is not None:
        rows = rows.filter(organisation_id=chosen.organisation)
    if chosen.actor:
        rows = _by_actor(rows, chosen.actor)
    return _by_target(rows, chosen.target) if chosen.target else rows


def contradictory(chosen: EventFilter) -> bool:
    """Whether it names a registered event beside categories that this event never has: nothing is found, at once.

    No index has the code before the category, so all events of the code would be read to find none.
    """
    if not chosen.code or not chosen.category or chosen.code not in registry.events:
        return False
    return registry.events.get(chosen.code).category not in chosen.category


def walks(chosen: EventFilter) -> bool:
    """Whether nothing narrows but values that many events have (and an organisation)."""
    common = chosen.category or chosen.outcome or chosen.severity or chosen.actor in ACTOR_KINDS
    names = chosen.code or chosen.target or chosen.request_id or chosen.address
    return bool(common) and not names and (not chosen.actor or chosen.actor in ACTOR_KINDS)


def walk(
    actor: Actor, chosen: EventFilter, cursor: Cursor | None, limit: int, *, ascending: bool = False
) -> list[UUID]:
    """The ids of the `limit` events that `chosen` finds next after `cursor`, for a filter that `walks`; one query.

    Newest first, or with `ascending` the oldest.
    """
    up = ascending != (cursor is not None and cursor.backwards)
    low, high = _range(chosen, cursor, up=up)
    organisation = actor.organisation_id or chosen.organisation
    values: list[list[str] | UUID | int] = [
        list(chosen.category or CATEGORIES),
        list(chosen.severity or SEVERITIES),
        list(chosen.outcome or OUTCOMES),
        [chosen.actor] if chosen.actor else list(ACTOR_KINDS),
        low,
        high,
    ]
    if organisation is not None:
        values.append(organisation)
    with connection.cursor() as found:
        found.execute(
            _WALK.format(
                way="ASC" if up else "DESC",
                organisation="AND e.organisation_id = %s" if organisation is not None else "",
            ),
            [*values, limit, limit],
        )
        return [row[0] for row in found.fetchall()]


def _range(chosen: EventFilter, cursor: Cursor | None, *, up: bool) -> tuple[UUID, UUID]:
    """The lowest and the highest id that may be among the page; the whole space of ids where nothing bounds it."""
    first, beyond = chosen.bounds()
    low, high = first.int, _LAST.int if beyond is None else beyond.int - 1
    if cursor is not None and up:
        low = max(low, cursor.row_id.int + 1)
    elif cursor is not None:
        high = min(high, cursor.row_id.int - 1)
    return UUID(int=min(low, _LAST.int)), UUID(int=max(high, 0))


def _by_actor(rows: Rows, text: str) -> Rows:
    if text in ACTOR_KINDS:
        return rows.filter(actor_kind=text)
    people = named(text)
    return rows.filter(actor_id__in=people) if people else rows.filter(actor_label=text)


def _by_target(rows: Rows, text: str) -> Rows:
    things = named(text)
    return rows.filter(target_id__in=things) if things else rows.filter(target_label=text)


def named(text: str) -> Sequence[UUID]:
    """The ids that an exact name, address or id stands for. Labels of persons are ciphertext, so names go by id."""
    try:
        return people_matching(text) or [UUID(text)]
    except ValueError:
        return []
