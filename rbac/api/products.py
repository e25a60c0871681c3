"""Host products, their types and their modules over the API. Registering takes the right to run the installation."""

from django.http import HttpResponse
from rest_framework.request import Request

from portal.kit import errors, paging
from portal.kit.api import ApiView, endpoint
from rbac import module_selectors as selectors
from rbac.api.run_serializers import (
    ApplicationBody,
    ApplicationReply,
    HostTypeBody,
    HostTypeReply,
    ModuleBody,
    ModuleReply,
    application_body,
    host_type_body,
    module_body,
)
from rbac.errors import TooManyTypes
from rbac.services import products as services


class ApplicationsView(ApiView):
    """The host products."""

    access = "module:read"

    @endpoint(items=ApplicationReply)
    def get(self, request: Request) -> HttpResponse:
        """List host products, the newest first."""
        page = paging.keyset(selectors.applications(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed((application_body(row) for row in page.items), page.next)


class ApplicationView(ApiView):
    """One host product, by its code."""

    access = "module:read"

    @endpoint(reply=ApplicationReply, etag=True)
    def get(self, request: Request, application: str) -> HttpResponse:
        """Read a host product."""
        return self.single(application_body(selectors.application(self.actor, application)))

    @endpoint(access=services.RIGHT, body=ApplicationBody, reply=ApplicationReply, etag=True)
    def put(self, request: Request, application: str) -> HttpResponse:
        """Register a host product (201), or change its name (200)."""
        row, fresh = services.application_put(actor=self.actor, code=application, label=self.sent["label"])
        return self.single(application_body(row), status=201 if fresh else 200)


class HostTypesView(ApiView):
    """The types of a host product."""

    access = "module:read"

    @endpoint(items=HostTypeReply)
    def get(self, request: Request, application: str) -> HttpResponse:
        """List types, the newest first."""
        rows = selectors.host_types(self.actor, selectors.application(self.actor, application))
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed((host_type_body(row) for row in page.items), page.next)


class HostTypeView(ApiView):
    """One type, by the code that the product knows it by."""

    access = "module:read"

    @endpoint(reply=HostTypeReply, etag=True)
    def get(self, request: Request, application: str, code: str) -> HttpResponse:
        """Read a type."""
        rows = selectors.host_types(self.actor, selectors.application(self.actor, application))
        found = rows.filter(code=code).first()
        if found is None:
            raise errors.NotFound
        return self.single(host_type_body(found))

    @endpoint(access=services.RIGHT, body=HostTypeBody, reply=HostTypeReply, etag=True, errors=(TooManyTypes,))
    def put(self, request: Request, application: str, code: str) -> HttpResponse:
        """Register a type (201), or bring it up to what is sent (200). Sent again, it changes nothing."""
        product = selectors.application(self.actor, application)
        row, fresh = services.type_put(actor=self.actor, application=product, code=code, values=self.sent)
        return self.single(host_type_body(row), status=201 if fresh else 200)


class HostModulesView(ApiView):
    """The modules of a host product."""

    access = "module:read"

    @endpoint(items=ModuleReply)
    def get(self, request: Request, application: str) -> HttpResponse:
        """List modules, the newest first."""
        rows = selectors.modules(self.actor).filter(application=selectors.application(self.actor, application))
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed((module_body(row) for row in page.items), page.next)


class HostModuleView(ApiView):
    """One module, by the code that the product knows it by."""

    access = "module:read"

    @endpoint(reply=ModuleReply, etag=True)
    def get(self, request: Request, application: str, code: str) -> HttpResponse:
        """Read a module."""
        return self._told(application, code)

    @endpoint(access=services.RIGHT, body=ModuleBody, reply=ModuleReply, etag=True, errors=(TooManyTypes,))
    def put(self, request: Request, application: str, code: str) -> HttpResponse:
        """Register a module (201), or bring it up to what is sent (200). Permissions and types that are not sent leave
        it; a permission that is in it is held by nobody where an organisation switches it off."""
        product = selectors.application(self.actor, application)
        _row, fresh = services.module_put(actor=self.actor, application=product, code=code, values=self.sent)
        return self._told(application, code, status=201 if fresh else 200)

    def _told(self, application: str, code: str, *, status: int = 200) -> HttpResponse:
        product = selectors.application(self.actor, application)
        found = selectors.modules(self.actor).filter(application=product, code=code).first()
        if found is None:
            raise errors.NotFound
        return self.single(module_body(found), status=status)
