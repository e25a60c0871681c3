"""A person's own notices: reading them. Nobody else's can be named here."""

from uuid import UUID

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.models.notices import Notice
from portal.kit.services import writing


def notice_read(*, actor: Actor, notice_id: UUID) -> None:
    """Mark one of the actor's own notices as read; again is harmless. `NotFound` for anybody else's. No event."""
    with writing():
        own = Notice.objects.filter(pk=notice_id, person_id=actor.id) if actor.id else Notice.objects.none()
        if not own.filter(read_at=None).update(read_at=clock.now()) and not own.exists():
            raise NotFound


def notices_read(*, actor: Actor, up_to: UUID, category: str = "") -> int:
    """Mark the actor's own notices up to and with `up_to` as read, of one kind or all; returns how many. No event.

    What arrived after the person looked at the list stays unread.
    """
    if actor.id is None:
        return 0
    with writing():
        unread = Notice.objects.filter(person_id=actor.id, read_at=None, pk__lte=up_to)
        return (unread.filter(category=category) if category else unread).update(read_at=clock.now())
