"""Announcements: a plain model, written by who runs the installation."""

from portal.kit.models.notices import Announcement
from portal.kit.plain import Events, Plain

_plain = Plain(
    Announcement,
    permission="installation:admin",
    events=Events("kit.announcement.created", "kit.announcement.updated", "kit.announcement.deleted"),
    fields=("title", "text", "tone", "starts_at", "ends_at"),
)
announcement_create = _plain.create
announcement_update = _plain.update
announcement_delete = _plain.delete
