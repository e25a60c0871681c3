"""Resources of host products over the API: what the product itself calls, in the organisation that it acts for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from portal.kit import errors
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, endpoint, json
from portal.kit.api.listing import parameters_of
from rbac import tree_selectors as selectors
from rbac.api.inside import InsideView
from rbac.api.tree_serializers import (
    ResourceBody,
    ResourceReply,
    ResourcesBody,
    ResourcesReply,
    ResourceTypeReply,
    resource_body,
)
from rbac.errors import ResourceInsideItself, ResourceNotEmpty, ResourcesTooDeep, WorkspaceArchived
from rbac.models import Resource
from rbac.resource_rows import KEEP, ResourceRow, type_key
from rbac.services import resources as services
from rbac.tree_lists import of_type, resources

PLACED = (ResourceInsideItself, ResourcesTooDeep, WorkspaceArchived)


def _place(given: Mapping[str, Any] | None, field: str) -> Any:
    """Where a body says that a resource stands."""
    if given is None:
        return None
    if set(given) == {"id"}:
        return given["id"]
    if set(given) == {"type", "external_id"}:
        return given["type"], given["external_id"]
    raise errors.Invalid(fields={field: [_("Give its id, or its type and external_id.")]})


def _row(kind: str, external_id: str, given: Mapping[str, Any], prefix: str = "") -> ResourceRow:
    try:
        found = selectors.type_named(kind)
    except errors.NotFound as error:
        raise errors.Invalid(fields={f"{prefix}type": [_("There is no such type.")]}) from error
    return ResourceRow(
        type=found,
        external_id=external_id,
        name=given["name"],
        attributes=given.get("attributes"),
        is_public=given.get("is_public"),
        place=_place(given["parent"], f"{prefix}parent") if "parent" in given else KEEP,
    )


class ResourceTypesView(ApiView):
    """The types of resources that there are."""

    access = SignedIn("It tells what kinds of things there are, and holds nobody's data.", by_key=True, in_view=True)

    @endpoint(items=ResourceTypeReply)
    def get(self, request: Request) -> HttpResponse:
        """List the types. There are few: they come in one page."""
        found = [
            {"type": type_key(row), "name": row.label, "name_plural": row.label_plural} for row in selectors.types()
        ]
        return self.listed(found, None)


class ResourcesView(InsideView):
    """Many resources at once."""

    access = "organisation:read"

    @endpoint(body=ResourcesBody, reply=ResourcesReply, service="resource:create", errors=PLACED)
    def post(self, request: Request) -> HttpResponse:
        """Register up to 1,000 resources or bring them up to date: all of them, or none and the reasons."""
        given: Any = self.sent
        rows = [
            _row(item["type"], item["external_id"], item, f"items.{place}.")
            for place, item in enumerate(given["items"])
        ]
        done = services.resources_put(actor=self.actor, organisation_id=self.here(), rows=rows)
        return json(
            {
                "items": [
                    {"id": row.pk, "type": type_key(row.type), "external_id": row.external_id, "created": created}
                    for row, created in done
                ]
            }
        )


class ResourcesOfTypeView(InsideView):
    """The resources of one type."""

    access = "resource:read"
    somewhere = True

    @endpoint(items=ResourceReply, query=parameters_of(resources))
    def get(self, request: Request, application: str, type: str) -> HttpResponse:  # noqa: A002 - as the address says
        """List resources, with the filters, the search and the orders of the console."""
        self.here()
        declared = of_type(selectors.type_named(f"{application}/{type}"), "")
        asked = {name: value for name, value in self.asked.items() if value is not None}
        chosen = declared.parse({name: value for name, value in asked.items() if name not in {"limit", "cursor"}})
        page = declared.page(self.actor, replace(chosen, size=asked["limit"], cursor=asked.get("cursor")))
        parents = selectors.parents_of(page.items)
        return self.listed((resource_body(row, parents[row.pk]) for row in page.items), page.next)


class ResourceView(InsideView):
    """One resource, by the type and the id that the host product knows it by."""

    access = "organisation:read"

    @endpoint(reply=ResourceReply, etag=True, service="resource:read")
    def get(self, request: Request, application: str, type: str, external_id: str) -> HttpResponse:  # noqa: A002
        """Read a resource."""
        return self._told(self.resource(f"{application}/{type}", external_id))

    @endpoint(body=ResourceBody, reply=ResourceReply, etag=True, service="resource:update", errors=PLACED)
    def put(self, request: Request, application: str, type: str, external_id: str) -> HttpResponse:  # noqa: A002
        """Register a resource (201), or bring it up to what is sent (200). Sent again, it changes nothing."""
        row = _row(f"{application}/{type}", external_id, self.sent)
        found, created = services.resource_put(actor=self.actor, organisation_id=self.here(), row=row)
        return self._told(found, status=201 if created else 200)

    @endpoint(status=204, service="resource:delete", errors=(ResourceNotEmpty,))
    def delete(self, request: Request, application: str, type: str, external_id: str) -> HttpResponse:  # noqa: A002
        """Delete a resource, with the roles and grants that are held on it."""
        services.resource_delete(actor=self.actor, resource=self.resource(f"{application}/{type}", external_id))
        return HttpResponse(status=204)

    def resource(self, kind: str, external_id: str) -> Resource:
        """The resource of the address; `NotFound` where the caller may not see it."""
        self.here()
        return selectors.resource_known(self.actor, selectors.type_named(kind), external_id)

    def _told(self, row: Resource, *, status: int = 200) -> HttpResponse:
        return self.single(resource_body(row, selectors.parents_of([row])[row.pk]), status=status)
