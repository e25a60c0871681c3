"""Modules of host products in an organisation, over the API."""

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from portal.kit.api import endpoint
from rbac import module_selectors as selectors
from rbac.api.inside import InsideView
from rbac.api.run_serializers import OrganisationModuleBody, OrganisationModuleReply, organisation_module_body
from rbac.services.modules import module_switch


class OrganisationModulesView(InsideView):
    """The modules of an organisation."""

    access = "organisation:read"

    @endpoint(items=OrganisationModuleReply, service="module:read")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List the modules, and which are on. There are few: they come in one page."""
        self.place(organisation_id, "module:read")
        found = selectors.modules_here(self.actor)
        return self.listed((organisation_module_body(row, is_on) for row, is_on in found), None)


class OrganisationModuleView(InsideView):
    """One module of an organisation."""

    access = "organisation:read"

    @endpoint(reply=OrganisationModuleReply, etag=True, service="module:read")
    def get(self, request: Request, organisation_id: UUID, module_id: UUID) -> HttpResponse:
        """Read whether it is on."""
        self.place(organisation_id, "module:read")
        return self.single(organisation_module_body(*selectors.module_here(self.actor, module_id)))

    @endpoint(body=OrganisationModuleBody, reply=OrganisationModuleReply, etag=True, service="module:update")
    def put(self, request: Request, organisation_id: UUID, module_id: UUID) -> HttpResponse:
        """Switch it on or off; the very next check knows."""
        self.place(organisation_id, "module:update")
        row, _is_on = selectors.module_here(self.actor, module_id)
        is_on = self.sent["is_on"]
        module_switch(actor=self.actor, organisation_id=organisation_id, module=row, is_on=is_on)
        return self.single(organisation_module_body(row, is_on))
