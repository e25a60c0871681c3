"""Maintenance mode over the API."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from portal.kit import paging
from portal.kit.api import ApiView, Body, Reply, endpoint
from portal.kit.mode import selectors, services
from portal.kit.models import MaintenanceWindow
from portal.kit.models.mode import MESSAGE_LIMIT, REASON_LIMIT

EXAMPLE: dict[str, Any] = {
    "id": "01890000-0000-7000-8000-0000000000c1",
    "kind": "read_only",
    "message": "We move to new disks. Reading goes on.",
    "reason": "New disks",
    "starts_at": "2026-02-01T02:00:00Z",
    "ends_at": "2026-02-01T03:00:00Z",
    "ended_at": None,
    "people": [],
    "addresses": ["192.0.2.0/24"],
    "entered_by": "01890000-0000-7000-8000-000000000002",
    "created_at": "2026-01-31T12:00:00Z",
}
_KINDS = [kind.value for kind in MaintenanceWindow.Kind]


class WindowReply(Reply):
    """A time of maintenance. It is in force from starts_at until ends_at or ended_at, whichever is first."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=_KINDS)
    message = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    people = serializers.ListField(child=serializers.UUIDField())
    addresses = serializers.ListField(child=serializers.CharField())
    entered_by = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    example = EXAMPLE


class WindowChange(Body):
    """What can be changed."""

    kind = serializers.ChoiceField(choices=_KINDS)
    message = serializers.CharField(max_length=MESSAGE_LIMIT, allow_blank=True, required=False)
    starts_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Absent: now.")
    ends_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Absent: until somebody ends it.")
    people = serializers.ListField(child=serializers.UUIDField(), required=False, help_text="Who gets through, by id.")
    addresses = serializers.ListField(
        child=serializers.CharField(max_length=50), required=False, help_text="Addresses or networks that get through."
    )
    example = {"kind": "read_only", "ends_at": "2026-02-01T04:00:00Z"}


class WindowBody(WindowChange):
    """A time of maintenance to begin or plan."""

    reason = serializers.CharField(max_length=REASON_LIMIT, help_text="Kept in the audit trail.")
    example = {"kind": "closed", "reason": "New disks", "message": "Back at four.", "ends_at": "2026-02-01T04:00:00Z"}


class WindowsView(ApiView):
    """Times of maintenance, newest first."""

    access = "installation:admin"

    @endpoint(items=WindowReply)
    def get(self, request: Request) -> HttpResponse:
        """List the times of maintenance, those that are over too."""
        rows = selectors.windows(self.actor)
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(window_body, page.items), page.next)

    @endpoint(step_up=True, body=WindowBody, reply=WindowReply, status=201, errors=(services.MaintenanceOverlaps,))
    def post(self, request: Request) -> HttpResponse:
        """Begin maintenance, or plan it. Every process goes by it within two seconds."""
        return self.single(window_body(services.window_create(actor=self.actor, **self.sent)), status=201)


class WindowView(ApiView):
    """One time of maintenance."""

    access = "installation:admin"

    @endpoint(reply=WindowReply, etag=True)
    def get(self, request: Request, window_id: UUID) -> HttpResponse:
        """Read a time of maintenance."""
        return self.single(window_body(selectors.window(self.actor, window_id)))

    @endpoint(
        body=WindowChange,
        partial=True,
        reply=WindowReply,
        etag=True,
        errors=(services.MaintenanceOver, services.MaintenanceOverlaps),
    )
    def patch(self, request: Request, window_id: UUID) -> HttpResponse:
        """Change a time of maintenance that is not over."""
        row = self.unchanged(selectors.window(self.actor, window_id), window_body)
        return self.single(window_body(services.window_update(actor=self.actor, window=row, values=self.sent)))


class WindowEndView(ApiView):
    """End a time of maintenance."""

    access = "installation:admin"

    @endpoint(reply=WindowReply, errors=(services.MaintenanceOver,))
    def post(self, request: Request, window_id: UUID) -> HttpResponse:
        """End maintenance now, or call it off when it has not begun."""
        row = selectors.window(self.actor, window_id)
        return self.single(window_body(services.window_end(actor=self.actor, window=row)))


def window_body(row: MaintenanceWindow) -> dict[str, Any]:
    """A time of maintenance."""
    names = ("kind", "message", "reason", "starts_at", "ends_at", "ended_at", "people", "addresses", "created_at")
    return {"id": row.pk, **{name: getattr(row, name) for name in names}, "entered_by": row.entered_by_id}
