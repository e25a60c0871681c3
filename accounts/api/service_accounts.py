"""Service accounts of an organisation over the API."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import key_selectors as selectors
from accounts.api.key_serializers import (
    ServiceAccountBody,
    ServiceAccountNewBody,
    ServiceAccountReply,
    service_account_body,
)
from accounts.api.keys import KeyedBase
from accounts.errors import OrganisationClosed, Outranked
from accounts.models import ServiceAccount
from accounts.services import service_accounts as services
from accounts.services.memberships import roles_by_code
from portal.kit import errors, paging
from portal.kit.api import endpoint, json
from rbac.errors import CannotDelegate
from rbac.models import Role

REFUSED = (Outranked, CannotDelegate, OrganisationClosed)


def _role(code: str) -> Role:
    found = roles_by_code().get(code)
    if found is None:
        raise errors.Invalid(fields={"role": [_("There is no such role.")]})
    return found


def _described(service: ServiceAccount) -> dict[str, Any]:
    return service_account_body(service, selectors.roles_of([service]).get(service.user_id))


class ServiceAccountsView(KeyedBase):
    """The service accounts of an organisation."""

    access = "organisation:read"

    @endpoint(items=ServiceAccountReply, service="apikey:read")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List service accounts, the newest first."""
        self.place(organisation_id)
        page = paging.keyset(selectors.service_accounts(self.actor), self.asked["cursor"], size=self.asked["limit"])
        roles = selectors.roles_of(page.items)
        return self.listed((service_account_body(row, roles.get(row.user_id)) for row in page.items), page.next)

    @endpoint(service="apikey:admin", body=ServiceAccountNewBody, reply=ServiceAccountReply, status=201, errors=REFUSED)
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Make a service account with a role. It has no password, and no key yet."""
        organisation = self.place(organisation_id, "apikey:admin")
        given: dict[str, Any] = dict(self.sent)
        role = _role(given.pop("role"))
        made = services.service_account_create(actor=self.actor, organisation=organisation, role=role, **given)
        reply = json(_described(made), status=201)
        reply.headers["Location"] = f"/api/v1/organisations/{organisation.pk}/service-accounts/{made.pk}"
        return reply


class ServiceAccountView(KeyedBase):
    """One service account."""

    access = "organisation:read"

    @endpoint(reply=ServiceAccountReply, etag=True, service="apikey:read")
    def get(self, request: Request, organisation_id: UUID, service_id: UUID) -> HttpResponse:
        """Read a service account."""
        return self.single(_described(self.service(organisation_id, service_id)))

    @endpoint(
        service="apikey:admin",
        body=ServiceAccountBody,
        partial=True,
        reply=ServiceAccountReply,
        etag=True,
        errors=REFUSED,
    )
    def patch(self, request: Request, organisation_id: UUID, service_id: UUID) -> HttpResponse:
        """Change name, purpose or role, or shut it out and let it in again. Fields that are absent stay as they are."""
        found = self.unchanged(self.service(organisation_id, service_id, "apikey:admin"), _described)
        given: dict[str, Any] = dict(self.sent)
        role, active = given.pop("role", None), given.pop("is_active", None)
        if given:
            services.service_account_update(actor=self.actor, service=found, values=given)
        if role is not None:
            services.service_account_role_set(actor=self.actor, service=found, role=_role(role))
        if active is not None:
            change = services.service_account_activate if active else services.service_account_deactivate
            change(actor=self.actor, service=found)
        return self.single(_described(self.service(organisation_id, service_id)))

    @endpoint(service="apikey:admin", status=204, etag=True, errors=REFUSED)
    def delete(self, request: Request, organisation_id: UUID, service_id: UUID) -> HttpResponse:
        """Delete a service account. Its keys are revoked."""
        found = self.unchanged(self.service(organisation_id, service_id, "apikey:admin"), _described)
        services.service_account_delete(actor=self.actor, service=found)
        return HttpResponse(status=204)

    def service(self, organisation_id: UUID, service_id: UUID, code: str = "apikey:read") -> ServiceAccount:
        """The service account of the address; `NotFound` where the caller may not see it."""
        self.place(organisation_id, code)
        return selectors.service_account(self.actor, service_id)
