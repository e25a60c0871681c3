"""Filters of the timeline that somebody keeps under a name."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit.saved import TRAIL, spelled
from audit.views.base import TrailView
from portal.kit.context import Actor
from portal.kit.errors import BadRequest
from portal.kit.lists import selectors, services


class SavedView(TrailView):
    """Keeps the filter of the timeline under a name, or deletes one that was kept."""

    access = "audit:read"

    def post(self, request: HttpRequest) -> HttpResponse:
        """`do=save` with name, query and shared, or `do=delete` with view; leads back to the timeline."""
        query = spelled(request.POST.get("query", ""))
        if request.POST.get("do") == "save":
            name, shared = request.POST.get("name", ""), bool(request.POST.get("shared"))
            services.view_save(actor=self.actor, declared=TRAIL, name=name, query=query, shared=shared)
        elif request.POST.get("do") == "delete":
            services.view_delete(actor=self.actor, declared=TRAIL, view_id=_id(request.POST.get("view", "")))
        else:
            raise BadRequest
        return redirect(f"{self.address('timeline')}?{query}" if query else self.address("timeline"))


def views(actor: Actor, base: str, query: str) -> list[dict[str, Any]]:
    """What `actor` kept and what others share, by name; the one that is on the screen is current."""
    return [
        {
            "id": view.pk,
            "label": view.name,
            "url": f"{base}?{view.query}" if view.query else base,
            "current": view.query == query,
            "mine": view.owner_id == actor.id,
            "shared": view.shared,
        }
        for view in selectors.arrangement(actor, TRAIL).views
    ]


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadRequest from None
