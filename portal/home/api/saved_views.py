"""Saved views of the console's lists over the API: questions that somebody keeps under a name, for oneself or for all."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.errors import FilterMalformed
from audit.saved import TRAIL, spelled
from portal.kit import registry
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, Body, Reply, endpoint, json
from portal.kit.decision import authorise
from portal.kit.errors import Conflict, NotFound
from portal.kit.lists import List, selectors, services
from portal.kit.lists.errors import QueryMalformed
from portal.kit.models import SavedView
from portal.kit.models.lists import NAME_LIMIT, QUERY_LIMIT

OWN = SignedIn("The list's own right is asked for, then everybody keeps views of one's own.")
ASKED = (QueryMalformed, FilterMalformed, Conflict)
_ID = "01890000-0000-7000-8000-0000000000d9"


class SavedViewReply(Reply):
    """A saved view: one's own, or one that somebody shares."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    query = serializers.CharField(
        allow_blank=True, help_text="The parameters of the list, as they stand in an address."
    )
    shared = serializers.BooleanField(help_text="Whoever sees the list where it was made sees it.")
    owner_id = serializers.UUIDField()
    role_id = serializers.UUIDField(allow_null=True, help_text="The role whose people begin with it.")
    example = {
        "id": _ID,
        "name": "Inactive since spring",
        "query": "state=inactive&sort=name",
        "shared": False,
        "owner_id": "01890000-0000-7000-8000-000000000001",
        "role_id": None,
    }


class SavedViewBody(Body):
    """A view to keep."""

    name = serializers.CharField(max_length=NAME_LIMIT)
    query = serializers.CharField(max_length=QUERY_LIMIT, allow_blank=True)
    shared = serializers.BooleanField(required=False)
    example = {"name": "Inactive since spring", "query": "state=inactive&sort=name"}


class FirstViewBody(Body):
    """Whose first view it shall be."""

    role_id = serializers.UUIDField(allow_null=True, help_text="Null: no role's any longer.")
    example = {"role_id": "01890000-0000-7000-8000-0000000000c2"}


class SavedViewsBase(ApiView, abstract=True):
    """What the endpoints of saved views share."""

    def list_named(self, name: str) -> List:
        """The list of the address, by its name such as accounts.people; `NotFound`, `Forbidden`."""
        if name != TRAIL.name and name not in registry.lists:
            raise NotFound
        declared: List = TRAIL if name == TRAIL.name else registry.lists.get(name)
        authorise(self.actor, declared.code)
        return declared

    def found(self, declared: List, view_id: UUID) -> SavedView:
        """A view that the caller sees; `NotFound`."""
        return selectors.arrangement(self.actor, declared).view(view_id)


class SavedViewsView(SavedViewsBase):
    """The saved views of a list."""

    access = OWN

    @endpoint(items=SavedViewReply)
    def get(self, request: Request, name: str) -> HttpResponse:
        """List one's own views of a list and those that others share there, by name; always one page."""
        views = selectors.arrangement(self.actor, self.list_named(name)).views
        return self.listed(map(_body, views), None)

    @endpoint(body=SavedViewBody, reply=SavedViewReply, status=201, errors=ASKED)
    def post(self, request: Request, name: str) -> HttpResponse:
        """Keep a question to a list under a name."""
        declared = self.list_named(name)
        made = services.view_save(actor=self.actor, declared=declared, **_given(declared, self.sent))
        reply = json(_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/lists/{name}/views/{made.pk}"
        return reply


class SavedViewView(SavedViewsBase):
    """One saved view."""

    access = OWN

    @endpoint(reply=SavedViewReply, etag=True)
    def get(self, request: Request, name: str, view_id: UUID) -> HttpResponse:
        """Read a view."""
        return self.single(_body(self.found(self.list_named(name), view_id)))

    @endpoint(body=SavedViewBody, partial=True, reply=SavedViewReply, etag=True, errors=ASKED)
    def patch(self, request: Request, name: str, view_id: UUID) -> HttpResponse:
        """Change one's own view."""
        declared = self.list_named(name)
        self.unchanged(self.found(declared, view_id), _body)
        values = _given(declared, self.sent)
        changed = services.view_change(actor=self.actor, declared=declared, view_id=view_id, values=values)
        return self.single(_body(changed))

    @endpoint(status=204)
    def delete(self, request: Request, name: str, view_id: UUID) -> HttpResponse:
        """Delete one's own view. Whose list began with it sees the whole list again."""
        services.view_delete(actor=self.actor, declared=self.list_named(name), view_id=view_id)
        return HttpResponse(status=204)


class FirstViewView(SavedViewsBase):
    """What people with a role see first."""

    access = "installation:admin"

    @endpoint(body=FirstViewBody, reply=SavedViewReply, errors=(Conflict,))
    def put(self, request: Request, name: str, view_id: UUID) -> HttpResponse:
        """Make a view what people with a role see first, and share it; or no longer."""
        declared, role = self.list_named(name), self.sent["role_id"]
        found = services.view_assign(actor=self.actor, declared=declared, view_id=view_id, role_id=role)
        return self.single(_body(found))


def _given(declared: List, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent; a filter of the timeline is read by the timeline, which is no table."""
    given = dict(sent)
    if declared is TRAIL and "query" in given:
        given["query"] = spelled(given["query"])
    return given


def _body(view: SavedView) -> dict[str, Any]:
    return {name: getattr(view, name) for name in ("name", "query", "shared", "owner_id", "role_id")} | {"id": view.pk}
