"""Announcements: a plain model, written by who runs the installation. Banners show a change within two seconds."""

from typing import Any

from django.db import transaction

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import Conflict
from portal.kit.mode import state
from portal.kit.models.notices import Announcement
from portal.kit.plain import Events, Plain

_plain = Plain(
    Announcement,
    permission="installation:admin",
    events=Events("kit.announcement.created", "kit.announcement.updated", "kit.announcement.deleted"),
    fields=("title", "text", "tone", "starts_at", "ends_at", "audience", "organisation_id", "dismissible"),
)


def announcement_create(*, actor: Actor, values: dict[str, Any]) -> Announcement:
    """Write one. Event `kit.announcement.created`. Errors as in `kit.plain`."""
    row = _plain.create(actor=actor, values=values)
    _forget()
    return row


def announcement_update(*, actor: Actor, row: Announcement, values: dict[str, Any]) -> Announcement:
    """Change one. Event `kit.announcement.updated`. Errors as in `kit.plain`."""
    row = _plain.update(actor=actor, row=row, values=values)
    _forget()
    return row


def announcement_end(*, actor: Actor, row: Announcement) -> Announcement:
    """Take one down now, and keep it. Event `kit.announcement.updated`. `Conflict` when it does not run."""
    now = clock.now()
    if row.starts_at >= now or (row.ends_at is not None and row.ends_at <= now):
        raise Conflict("It is not shown at the moment. Change its times, or delete it.")
    return announcement_update(actor=actor, row=row, values={"ends_at": now})


def announcement_delete(*, actor: Actor, row: Announcement) -> None:
    """Remove one for good. Event `kit.announcement.deleted`. Errors as in `kit.plain`."""
    _plain.delete(actor=actor, row=row)
    _forget()


def _forget() -> None:
    # Now for what follows in this transaction, and after it for what was read by others meanwhile.
    state.forget()
    transaction.on_commit(state.forget)
