"""Workspaces of an organisation over the API."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from portal.kit.api import endpoint, json
from portal.kit.api.listing import page_of, parameters_of
from rbac import tree_selectors as selectors
from rbac.api.inside import InsideView
from rbac.api.tree_serializers import WORKSPACE, WorkspaceBody, WorkspaceChangeBody, WorkspaceReply, workspace_body
from rbac.errors import WorkspaceNotEmpty
from rbac.models import Workspace
from rbac.services import workspaces as services
from rbac.tree_lists import workspaces


class WorkspacesView(InsideView):
    """The workspaces of an organisation."""

    access = "organisation:read"

    @endpoint(items=WorkspaceReply, query=parameters_of(workspaces), service="workspace:read")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List workspaces, with the filters, the search and the orders of the console."""
        self.place(organisation_id, "workspace:read", somewhere=True)
        page = page_of(workspaces, self.actor, self.asked, *WORKSPACE)
        return self.listed((row.body for row in page.items), page.next)

    @endpoint(service="workspace:admin", body=WorkspaceBody, reply=WorkspaceReply, status=201)
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Make a workspace."""
        self.place(organisation_id, "workspace:admin")
        given: dict[str, Any] = dict(self.sent)
        made = services.workspace_create(actor=self.actor, organisation_id=organisation_id, **given)
        reply = json(workspace_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/organisations/{organisation_id}/workspaces/{made.pk}"
        return reply


class WorkspaceView(InsideView):
    """One workspace."""

    access = "organisation:read"

    @endpoint(reply=WorkspaceReply, etag=True, service="workspace:read")
    def get(self, request: Request, organisation_id: UUID, workspace_id: UUID) -> HttpResponse:
        """Read a workspace."""
        return self.single(workspace_body(self.workspace(organisation_id, workspace_id)))

    @endpoint(service="workspace:admin", body=WorkspaceChangeBody, partial=True, reply=WorkspaceReply, etag=True)
    def patch(self, request: Request, organisation_id: UUID, workspace_id: UUID) -> HttpResponse:
        """Change a workspace, archive it or bring it back. Fields that are absent stay as they are."""
        found = self.unchanged(self.workspace(organisation_id, workspace_id, "workspace:admin"), workspace_body)
        given: dict[str, Any] = dict(self.sent)
        archived = given.pop("archived", None)
        if given:
            services.workspace_update(actor=self.actor, workspace=found, values=given)
        if archived is not None:
            change = services.workspace_archive if archived else services.workspace_restore
            change(actor=self.actor, workspace=found)
        return self.single(workspace_body(self.workspace(organisation_id, workspace_id)))

    @endpoint(service="workspace:admin", status=204, etag=True, errors=(WorkspaceNotEmpty,))
    def delete(self, request: Request, organisation_id: UUID, workspace_id: UUID) -> HttpResponse:
        """Delete an empty workspace, with the roles that are held on it."""
        found = self.unchanged(self.workspace(organisation_id, workspace_id, "workspace:admin"), workspace_body)
        services.workspace_delete(actor=self.actor, workspace=found)
        return HttpResponse(status=204)

    def workspace(self, organisation_id: UUID, workspace_id: UUID, code: str = "workspace:read") -> Workspace:
        """The workspace of the address; `NotFound` where the caller may not see it."""
        self.place(organisation_id, code, somewhere=True)
        return selectors.workspace(self.actor, workspace_id)
