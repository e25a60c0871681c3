"""Reading the trail. Every read starts from what the actor may see, and its cost does not depend on the trail's age."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from audit import personal
from audit.filters import ACTOR_KINDS, EventFilter
from audit.models import Event
from audit.presenters import Told
from portal.kit import ids, paging
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.identity import people_matching
from portal.kit.managers import ScopedQuerySet
from portal.kit.paging import Cursor

READ = "audit:read"
PAGE = 50
PAGE_LIMIT = 200
RELATED_LIMIT = 50
# A request and the run that it asked for; the bound keeps the search within a month's partition or two.
RELATED_WITHIN = timedelta(hours=24)


@dataclass(frozen=True)
class Page:
    """Events, newest first, and the places before and after them; `wider` is a longer window that has more, in days."""

    items: list[Told]
    newer: Cursor | None
    older: Cursor | None
    wider: int | None


def events(actor: Actor, chosen: EventFilter, cursor: Cursor | None = None, limit: int = PAGE) -> Page:
    """One page of the events that `actor` may see, narrowed by `chosen`, by keyset on the id.

    At most four queries: people named by the filter, the events, the keys of the persons in them, and at the end of
    the default window whether there is anything before it.
    """
    if not 1 <= limit <= PAGE_LIMIT:
        raise ValueError(f"limit must be 1 to {PAGE_LIMIT}, not {limit}")
    scoped = Event.objects.visible_to(actor, READ)
    first, beyond = chosen.bounds()
    rows = _narrowed(scoped, chosen).filter(id__gte=first)
    if beyond is not None:
        rows = rows.filter(id__lt=beyond)
    page = paging.keyset(rows, cursor, size=limit)
    wider = chosen.wider() if page.next is None else None
    if wider is not None and not scoped.filter(id__lt=first).exists():
        wider = None
    return Page(told(page.items), page.previous, page.next, wider)


def event(actor: Actor, event_id: UUID) -> Told:
    """One event that `actor` may see; `NotFound` otherwise."""
    row = Event.objects.visible_to(actor, READ).filter(id=event_id).first()
    if row is None:
        raise NotFound
    return told([row])[0]


def related(actor: Actor, one: Event, limit: int = RELATED_LIMIT) -> list[Told]:
    """The other events of the same request and of the runs it asked for, in the order they happened."""
    if not one.request_id:
        return []
    moment = ids.time_of(one.id)
    rows = Event.objects.visible_to(actor, READ).filter(
        request_id=one.request_id,
        id__gte=ids.first_of(moment - RELATED_WITHIN),
        id__lt=ids.first_of(moment + RELATED_WITHIN),
    )
    return told(rows.exclude(id=one.id).order_by("id")[:limit])


def history_of(actor: Actor, target_id: UUID, limit: int = 20) -> list[Told]:
    """The newest events about one object, for its page; nothing when `actor` may not read the trail."""
    return told(Event.objects.visible_to(actor, READ).filter(target_id=target_id).order_by("-id")[:limit])


def told(rows: Iterable[Event]) -> list[Told]:
    """Events with what can still be read of the persons in them; one query more, none when the keys are known."""
    found = list(rows)
    readings = personal.read((row.id, row.personal) for row in found)
    return [Told(row, readings[row.id]) for row in found]


def _narrowed(rows: ScopedQuerySet[Event], chosen: EventFilter) -> ScopedQuerySet[Event]:
    exact = {
        name: getattr(chosen, name)
        for name in ("code", "category", "outcome", "severity", "request_id", "address")
        if getattr(chosen, name)
    }
    rows = rows.filter(**exact)
    if chosen.actor:
        rows = _by_actor(rows, chosen.actor)
    return _by_target(rows, chosen.target) if chosen.target else rows


def _by_actor(rows: ScopedQuerySet[Event], text: str) -> ScopedQuerySet[Event]:
    if text in ACTOR_KINDS:
        return rows.filter(actor_kind=text)
    named = _named(text)
    return rows.filter(actor_id__in=named) if named else rows.filter(actor_label=text)


def _by_target(rows: ScopedQuerySet[Event], text: str) -> ScopedQuerySet[Event]:
    named = _named(text)
    return rows.filter(target_id__in=named) if named else rows.filter(target_label=text)


def _named(text: str) -> list[UUID]:
    """The ids that an exact name, address or id stands for. Labels of persons are ciphertext, so names go by id."""
    try:
        return people_matching(text) or [UUID(text)]
    except ValueError:
        return []
