"""Events of the trail: pages by keyset, one event, its neighbours and the others of its request."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from audit import personal
from audit.filters import EventFilter
from audit.models import Event
from audit.presenters import Told
from audit.selectors import narrowing
from portal.kit import ids, paging
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.managers import ScopedQuerySet
from portal.kit.paging import Cursor

READ = "audit:read"
PAGE = 50
PAGE_LIMIT = 200
RELATED_LIMIT = 50
NEWER_LIMIT = 100  # "100+ new events" is all that anybody needs to know.
# A request and the run that it asked for; the bound keeps the search within a month's partition or two.
RELATED_WITHIN = timedelta(hours=24)


@dataclass(frozen=True)
class Page:
    """Events, newest first, and the places before and after them; `wider` is a longer window that has more, in days."""

    items: list[Told]
    newer: Cursor | None
    older: Cursor | None
    wider: int | None = None


@dataclass(frozen=True)
class Neighbours:
    """The events before and after one about the same target; None at an end."""

    newer: UUID | None = None
    older: UUID | None = None


def scoped(actor: Actor) -> ScopedQuerySet[Event]:
    """The events that `actor` may see. Who stands in an organisation sees that one's alone, whatever else it may."""
    rows = Event.objects.visible_to(actor, READ)
    return rows if actor.organisation_id is None else rows.filter(organisation_id=actor.organisation_id)


def events(actor: Actor, chosen: EventFilter, cursor: Cursor | None = None, limit: int = PAGE) -> Page:
    """One page of the events that `actor` may see, narrowed by `chosen`, by keyset on the id.

    At most five queries: people named by the filter, the ids where only categories and the like narrow, the events, the
    keys of the persons in them, and at the end of the default window whether there is anything before it.
    """
    if not 1 <= limit <= PAGE_LIMIT:
        raise ValueError(f"limit must be 1 to {PAGE_LIMIT}, not {limit}")
    if narrowing.contradictory(chosen):
        return Page([], None, None)
    visible = scoped(actor)
    rows = narrowing.narrowed(visible, chosen)
    if narrowing.walks(chosen):
        rows = rows.filter(id__in=narrowing.walk(actor, chosen, cursor, limit + 1))
    page = paging.keyset(rows, cursor, size=limit)
    wider = chosen.wider() if page.next is None else None
    if wider is not None and not visible.filter(id__lt=chosen.bounds()[0]).exists():
        wider = None
    return Page(told(page.items), page.previous, page.next, wider)


def newer_count(actor: Actor, chosen: EventFilter, after: UUID) -> int:
    """How many events that `chosen` finds came after the event `after`, counted to `NEWER_LIMIT`."""
    if narrowing.walks(chosen):
        return len(narrowing.walk(actor, chosen, Cursor(after, backwards=True), NEWER_LIMIT))
    rows = narrowing.narrowed(scoped(actor), chosen).filter(id__gt=after)
    return rows.order_by("id")[:NEWER_LIMIT].count()


def event(actor: Actor, event_id: UUID) -> Told:
    """One event that `actor` may see; `NotFound` otherwise."""
    row = scoped(actor).filter(id=event_id).first()
    if row is None:
        raise NotFound
    return told([row])[0]


def neighbours(actor: Actor, one: Event) -> Neighbours:
    """The next older and newer event about the same target; two queries, none for an event without a target."""
    if one.target_id is None:
        return Neighbours()
    same = scoped(actor).filter(target_id=one.target_id).values_list("id", flat=True)
    return Neighbours(
        newer=same.filter(id__gt=one.id).order_by("id").first(),
        older=same.filter(id__lt=one.id).order_by("-id").first(),
    )


def related(actor: Actor, one: Event, limit: int = RELATED_LIMIT) -> list[Told]:
    """The other events of the same request and of the runs it asked for, in the order they happened."""
    if not one.request_id:
        return []
    rows = _around(actor, one.request_id, one.id)
    return told(rows.exclude(id=one.id).order_by("id")[:limit])


def events_of_request(actor: Actor, request_id: str, near: UUID, limit: int = RELATED_LIMIT) -> list[Told]:
    """The events of one request that was answered when the id `near` was made, in the order they happened."""
    return told(_around(actor, request_id, near).order_by("id")[:limit])


def _around(actor: Actor, request_id: str, near: UUID) -> ScopedQuerySet[Event]:
    moment = ids.time_of(near)
    return scoped(actor).filter(
        request_id=request_id,
        id__gte=ids.first_of(moment - RELATED_WITHIN),
        id__lt=ids.first_of(moment + RELATED_WITHIN),
    )


def told(rows: Iterable[Event]) -> list[Told]:
    """Events with what can still be read of the persons in them; one query more, none when the keys are known."""
    found = list(rows)
    readings = personal.read((row.id, row.personal) for row in found)
    return [Told(row, readings[row.id]) for row in found]
