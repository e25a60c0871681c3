"""Reads of notices. A notice is its person's alone: no right opens another's."""

from uuid import UUID

from django.db.models import QuerySet

from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.models.notices import Announcement, Notice

COUNT_LIMIT = 99  # The bell says "99+" beyond; nobody counts further.
SHEET = 6


def own(actor: Actor) -> "QuerySet[Notice]":
    """The actor's own notices, newest first; none for who is no person."""
    rows = Notice.objects.order_by("-pk")
    return rows.filter(person_id=actor.id) if actor.kind == "person" and actor.id else rows.none()


def unread_count(actor: Actor) -> int:
    """How many of them are unread, up to one more than `COUNT_LIMIT`; one look into a partial index."""
    unread = own(actor).filter(read_at=None).order_by()
    return unread[: COUNT_LIMIT + 1].count()


def newest(actor: Actor) -> list[Notice]:
    """The newest few, for the sheet under the bell."""
    return list(own(actor)[:SHEET])


def unread_of(category: str) -> set[UUID]:
    """Who has a notice of this kind that it has not read yet; for whoever tells people no more than once."""
    return set(Notice.objects.filter(category=category, read_at=None).values_list("person_id", flat=True))


def announcements(actor: Actor) -> "QuerySet[Announcement]":
    """Every announcement, for who writes them, newest first."""
    rows = Announcement.objects.visible_to(Actor(actor.kind, actor.id, actor.label), "installation:admin")
    return rows.select_related("organisation").order_by("-pk")


def announcement(actor: Actor, announcement_id: UUID) -> Announcement:
    """One of them; `NotFound` when there is none that `actor` may see."""
    found = announcements(actor).filter(pk=announcement_id).first()
    if found is None:
        raise NotFound
    return found
