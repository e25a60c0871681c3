"""Announcements over the API."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from portal.kit import paging
from portal.kit.api import ApiView, Body, Reply, endpoint
from portal.kit.models import Announcement
from portal.kit.models.notices import TEXT_LIMIT, TITLE_LIMIT, Audience, Tone
from portal.kit.notices import announcements, selectors

_NAMES = ("title", "text", "tone", "audience", "organisation_id", "starts_at", "ends_at", "dismissible")


class AnnouncementReply(Reply):
    """A banner above every page of its audience, from starts_at until ends_at."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    tone = serializers.ChoiceField(choices=Tone.values)
    audience = serializers.ChoiceField(choices=Audience.values)
    organisation_id = serializers.UUIDField(allow_null=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    dismissible = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    example = {
        "id": "01890000-0000-7000-8000-0000000000c2",
        "title": "New invoices from March",
        "text": "They name each usage by its day.",
        "tone": "info",
        "audience": "everyone",
        "organisation_id": None,
        "starts_at": "2026-02-01T00:00:00Z",
        "ends_at": "2026-03-01T00:00:00Z",
        "dismissible": True,
        "created_at": "2026-01-31T12:00:00Z",
    }


class AnnouncementBody(Body):
    """A banner to write."""

    title = serializers.CharField(max_length=TITLE_LIMIT)
    text = serializers.CharField(max_length=TEXT_LIMIT, allow_blank=True, required=False)
    tone = serializers.ChoiceField(choices=Tone.values, required=False)
    audience = serializers.ChoiceField(choices=Audience.values, required=False)
    organisation = serializers.UUIDField(
        required=False, allow_null=True, help_text="Its id, for one organisation only."
    )
    starts_at = serializers.DateTimeField(required=False, help_text="Absent: now.")
    ends_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Absent: until somebody ends it.")
    dismissible = serializers.BooleanField(required=False)
    example = {"title": "New invoices from March", "tone": "info"}


class AnnouncementsView(ApiView):
    """Announcements, newest first."""

    access = "installation:admin"

    @endpoint(items=AnnouncementReply)
    def get(self, request: Request) -> HttpResponse:
        """List announcements, those that are over too."""
        rows = selectors.announcements(self.actor)
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(announcement_body, page.items), page.next)

    @endpoint(body=AnnouncementBody, reply=AnnouncementReply, status=201)
    def post(self, request: Request) -> HttpResponse:
        """Write an announcement."""
        row = announcements.announcement_create(actor=self.actor, values=_values(self.sent))
        return self.single(announcement_body(row), status=201)


class AnnouncementView(ApiView):
    """One announcement."""

    access = "installation:admin"

    @endpoint(reply=AnnouncementReply, etag=True)
    def get(self, request: Request, announcement_id: UUID) -> HttpResponse:
        """Read an announcement."""
        return self.single(announcement_body(selectors.announcement(self.actor, announcement_id)))

    @endpoint(body=AnnouncementBody, partial=True, reply=AnnouncementReply, etag=True)
    def patch(self, request: Request, announcement_id: UUID) -> HttpResponse:
        """Change an announcement; with an `ends_at` of now it is taken down."""
        row = self.unchanged(selectors.announcement(self.actor, announcement_id), announcement_body)
        changed = announcements.announcement_update(actor=self.actor, row=row, values=_values(self.sent))
        return self.single(announcement_body(changed))

    @endpoint(status=204)
    def delete(self, request: Request, announcement_id: UUID) -> HttpResponse:
        """Delete an announcement for good."""
        row = selectors.announcement(self.actor, announcement_id)
        announcements.announcement_delete(actor=self.actor, row=row)
        return HttpResponse(status=204)


def _values(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {"organisation_id" if name == "organisation" else name: value for name, value in sent.items()}


def announcement_body(row: Announcement) -> dict[str, Any]:
    """An announcement."""
    return {"id": row.pk, **{name: getattr(row, name) for name in _NAMES}, "created_at": row.created_at}
