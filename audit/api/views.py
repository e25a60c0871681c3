"""Endpoints of the trail."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from audit import filters, selectors
from audit.api.serializers import EventReply, event_body
from portal.kit.api import ApiView, Parameter, endpoint

DESCRIPTIONS: Mapping[str, Any] = {
    "actor": _("Who did it: a user name, an e-mail address, an id, or a kind such as system."),
    "code": _("A registered event code."),
    "category": _("One or more categories, with commas."),
    "outcome": _("One or more outcomes, with commas."),
    "severity": _("One or more severities, with commas."),
    "target": _("What it was done to: a user name, an e-mail address or an id."),
    "organisation": _("The id of an organisation."),
    "request_id": _("The X-Request-ID of the request that did it."),
    "address": _("The network address that it came from."),
    "date_from": _("The first day, such as 2026-03-31."),
    "date_to": _("The last day."),
    "days": _("How far back without a first day; 30 if absent."),
}
# Each is read by the console's own filter, which knows what it can be.
FILTERS = tuple(Parameter(name, DESCRIPTIONS[name], str, several=name in filters.SEVERAL) for name in filters.READERS)


class EventListView(ApiView):
    """Events, newest first, with the filters of the console.

    Without `date_from` the last 30 days (`days=90`, `365` or `3650`). `next_cursor` is null at the end of that window.
    """

    access = "audit:read"

    @endpoint(items=EventReply, query=FILTERS)
    def get(self, request: Request) -> HttpResponse:
        """List events."""
        asked = {name: self.asked.get(name) or "" for name in filters.READERS}
        page = selectors.events(self.actor, filters.parse(asked), self.asked["cursor"], self.asked["limit"])
        return self.listed((event_body(event) for event in page.items), page.older)


class EventDetailView(ApiView):
    """One event. It never changes, but persons in it may be erased."""

    access = "audit:read"

    @endpoint(reply=EventReply, etag=True)
    def get(self, request: Request, event_id: UUID) -> HttpResponse:
        """Read an event."""
        return self.single(event_body(selectors.event(self.actor, event_id)))
