"""Reads of notices. A notice is its person's alone: no right opens another's."""

from django.db.models import Q, QuerySet

from portal.kit import clock
from portal.kit.context import Actor
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


def announcements_now() -> list[Announcement]:
    """What everybody is told at this moment, the newest first."""
    now = clock.now()
    running = Q(ends_at=None) | Q(ends_at__gt=now)
    return list(Announcement.objects.get_queryset().filter(running, starts_at__lte=now).order_by("-starts_at")[:3])
