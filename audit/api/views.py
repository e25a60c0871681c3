"""Endpoints of the trail."""

from collections.abc import Mapping
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from audit import filters, selectors
from audit.api.serializers import event_body
from audit.errors import FilterMalformed
from portal.kit import paging
from portal.kit.access import actor_of
from portal.kit.api import ApiView

PARAMETERS = frozenset({*filters.READERS, "limit", "cursor"})


class EventListView(ApiView):
    """`GET /api/v1/audit/events`: newest first. `?limit=1..200`, `cursor` and the filters of the console.

    Without `date_from` the last 30 days (`days=90|365|3650`). `next_cursor` is null at the end of that window.
    """

    access = "audit:read"

    def get(self, request: Request) -> Response:
        """A page of events; 400 for a parameter that is unknown or cannot be one."""
        values = request.query_params.dict()
        # A misspelt filter that is ignored would answer with more than was asked for.
        unknown = sorted(values.keys() - PARAMETERS)
        if unknown:
            raise FilterMalformed(fields={name: [_("There is no such parameter.")] for name in unknown})
        chosen = filters.parse(values)
        cursor = paging.parse(values.get("cursor", ""))
        page = selectors.events(actor_of(request._request), chosen, cursor, _limit(values))
        following = str(page.older) if page.older else None
        return Response({"items": [event_body(event) for event in page.items], "next_cursor": following})


class EventDetailView(ApiView):
    """`GET /api/v1/audit/events/<id>`: one event."""

    access = "audit:read"

    def get(self, request: Request, event_id: UUID) -> Response:
        """The event, or 404."""
        return Response(event_body(selectors.event(actor_of(request._request), event_id)))


def _limit(values: Mapping[str, str]) -> int:
    text = values.get("limit", "") or str(selectors.PAGE)
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= selectors.PAGE_LIMIT):
        raise FilterMalformed(
            fields={"limit": [_("Write a whole number from 1 to %(most)s.") % {"most": selectors.PAGE_LIMIT}]}
        )
    return int(text)
