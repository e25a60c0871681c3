"""What happened to one object, and what one person did; for the pages of the rooms above."""

from uuid import UUID

from django.db.models import QuerySet

from audit.models import Event
from audit.presenters import Told
from audit.selectors.trail import PAGE_LIMIT, Page, scoped, told
from portal.kit import paging
from portal.kit.context import Actor
from portal.kit.paging import Cursor

HISTORY = 20


def events_latest(actor: Actor, limit: int = HISTORY) -> list[Told]:
    """The newest events of where `actor` stands: its organisation, or the installation."""
    return told(scoped(actor).order_by("-id")[:limit])


def history_of(actor: Actor, target_id: UUID, limit: int = HISTORY) -> list[Told]:
    """The newest events about one object, for its page; nothing when `actor` may not read the trail."""
    return told(scoped(actor).filter(target_id=target_id).order_by("-id")[:limit])


def history_page(actor: Actor, target_id: UUID, cursor: Cursor | None = None, limit: int = HISTORY) -> Page:
    """A page of the events about one object, newest first, of any age; two queries."""
    return _page(scoped(actor).filter(target_id=target_id), cursor, limit)


def activity_of(actor: Actor, person_id: UUID, cursor: Cursor | None = None, limit: int = HISTORY) -> Page:
    """A page of what one person (or key, or service) did, newest first, of any age; two queries."""
    return _page(scoped(actor).filter(actor_id=person_id), cursor, limit)


def _page(rows: QuerySet[Event, Event], cursor: Cursor | None, limit: int) -> Page:
    if not 1 <= limit <= PAGE_LIMIT:
        raise ValueError(f"limit must be 1 to {PAGE_LIMIT}, not {limit}")
    page = paging.keyset(rows, cursor, size=limit)
    return Page(told(page.items), page.previous, page.next)
