"""One event: what happened, what changed, and what else belongs to it."""

from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from audit import selectors
from audit.api.serializers import event_body
from audit.presenters import Told, placed, readable
from audit.views.base import TrailView

NOTHING = "\N{EN DASH}"


class EventView(TrailView):
    """One event with its diff, the others of the same request, and its neighbours about the same target."""

    access = "audit:read"
    template_name = "audit/event_detail.html"

    def get(self, request: HttpRequest, event_id: UUID) -> HttpResponse:
        """The page; `NotFound` for an event that is not there or not to be seen."""
        (event,) = placed([selectors.event(self.actor, event_id)], self.slug)
        beside = selectors.neighbours(self.actor, event.row)
        return self.page(
            {
                "event": event,
                "changes": event.changes,
                "facts": _facts(event),
                "technical": self._technical(event),
                "related": placed(selectors.related(self.actor, event.row), self.slug),
                "previous_url": self.address("event", beside.newer) if beside.newer else "",
                "next_url": self.address("event", beside.older) if beside.older else "",
                "history_url": self.filtered(target=str(event.row.target_id)) if event.row.target_id else "",
                "as_json": orjson.dumps(event_body(event), default=str, option=orjson.OPT_INDENT_2).decode(),
                "list_url": self.address("timeline"),
            }
        )

    def _technical(self, event: Told) -> list[dict[str, Any]]:
        row = event.row
        facts: list[dict[str, Any]] = [
            {"label": _("Event id"), "value": str(row.id), "mono": True},
            {"label": _("Event code"), "value": row.code, "mono": True, "url": self.filtered(code=row.code)},
        ]
        if row.request_id:
            url = self.filtered(request_id=row.request_id)
            facts.append({"label": _("Request id"), "value": row.request_id, "mono": True, "url": url})
        if row.correlation_id and row.correlation_id != row.request_id:
            facts.append({"label": _("Correlation id"), "value": row.correlation_id, "mono": True})
        if row.session_id:
            facts.append({"label": _("Session"), "value": str(row.session_id), "mono": True})
        if row.organisation_id and not self.slug:
            url = self.filtered(organisation=str(row.organisation_id))
            facts.append({"label": _("Organisation"), "value": str(row.organisation_id), "mono": True, "url": url})
        if row.address:
            facts.append({"label": _("Address"), "value": row.address, "url": self.filtered(address=row.address)})
        if row.agent:
            facts.append({"label": _("Agent"), "value": row.agent})
        return [*facts, {"label": _("Source"), "value": row.source or NOTHING}]


def _facts(event: Told) -> list[dict[str, Any]]:
    row = event.row
    facts: list[dict[str, Any]] = [{"label": _("Actor"), "value": event.actor_label, "url": event.actor_url}]
    if event.behalf_label:
        facts.append({"label": _("On behalf of"), "value": event.behalf_label})
    if event.target_label:
        facts.append({"label": _("Target"), "value": event.target_label, "url": event.target_url})
    facts += [
        {"label": _("Category"), "value": event.category_text},
        {"label": _("Severity"), "value": event.severity_text},
        {"label": _("Outcome"), "value": event.outcome_text},
    ]
    facts += [{"label": _data_label(name), "value": readable(value) or NOTHING} for name, value in row.data.items()]
    return facts


def _data_label(name: str) -> str:
    return name.replace("_", " ").capitalize()
