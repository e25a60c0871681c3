"""Organisations over the API. Members name theirs in Steward-Organisation; staff of the installation does without.

The gate asks for `organisation:read`, which both hold; the services ask for the right of the change itself.
"""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from accounts import organisation_selectors as selectors
from accounts.api.organisation_serializers import (
    ORGANISATION,
    CloseBody,
    OrganisationBody,
    OrganisationReply,
    TransferBody,
    organisation_body,
)
from accounts.api.serializers import ReasonBody
from accounts.errors import MemberInactive, OrganisationClosed
from accounts.models import Organisation
from accounts.organisation_guards import authorise_in
from accounts.organisation_lists import organisations
from accounts.services import organisations as services
from accounts.services.memberships import membership_leave
from portal.kit.api import ApiView, endpoint, json
from portal.kit.api.listing import page_of, parameters_of
from portal.kit.forms import confirm_word
from rbac.errors import LastOwner


class OrganisationBase(ApiView, abstract=True):
    """What the endpoints of one organisation share."""

    def organisation(self, organisation_id: UUID) -> Organisation:
        """The organisation of the address; `NotFound` where the caller may not see it."""
        return selectors.organisation(self.actor, organisation_id)

    def told(self, organisation: Organisation) -> HttpResponse:
        """The organisation as it is now."""
        return self.single(organisation_body(organisation))


class OrganisationsView(ApiView):
    """Organisations: all for staff, its own for a member."""

    access = "organisation:read"

    @endpoint(items=OrganisationReply, query=parameters_of(organisations))
    def get(self, request: Request) -> HttpResponse:
        """List organisations, with the filters, the search and the orders of the console."""
        page = page_of(organisations, self.actor, self.asked, *ORGANISATION)
        return self.listed((row.body for row in page.items), page.next)

    @endpoint(access="organisation:admin", body=OrganisationBody, reply=OrganisationReply, status=201)
    def post(self, request: Request) -> HttpResponse:
        """Create an organisation, without any member yet."""
        given: Any = self.sent
        made = services.organisation_create(actor=self.actor, name=given["name"], slug=given["slug"])
        reply = json(organisation_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/organisations/{made.pk}"
        return reply


class OrganisationView(OrganisationBase):
    """One organisation."""

    access = "organisation:read"

    @endpoint(reply=OrganisationReply, etag=True)
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Read an organisation."""
        return self.told(self.organisation(organisation_id))

    @endpoint(
        service="organisation:update",
        body=OrganisationBody,
        partial=True,
        reply=OrganisationReply,
        etag=True,
        errors=(OrganisationClosed,),
    )
    def patch(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Change its name or its name in addresses. Fields that are absent stay as they are."""
        found = self.unchanged(self.organisation(organisation_id), organisation_body)
        return self.told(services.organisation_update(actor=self.actor, organisation=found, values=self.sent))


class OrganisationSuspendView(OrganisationBase):
    """Whether an organisation answers to its members."""

    access = "organisation:admin"

    @endpoint(body=ReasonBody, reply=OrganisationReply, errors=(OrganisationClosed,))
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Shut an organisation for its members. Nothing is lost."""
        found = self.organisation(organisation_id)
        reason = self.sent["reason"]
        return self.told(services.organisation_suspend(actor=self.actor, organisation=found, reason=reason))


class OrganisationResumeView(OrganisationBase):
    """Whether an organisation answers to its members."""

    access = "organisation:admin"

    @endpoint(body=ReasonBody, reply=OrganisationReply, errors=(OrganisationClosed,))
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Open a suspended organisation again."""
        found = self.organisation(organisation_id)
        reason = self.sent["reason"]
        return self.told(services.organisation_resume(actor=self.actor, organisation=found, reason=reason))


class OrganisationCloseView(OrganisationBase):
    """The end of an organisation."""

    access = "organisation:read"

    @endpoint(
        body=CloseBody,
        reply=OrganisationReply,
        service="organisation:delete",
        step_up=True,
        errors=(OrganisationClosed,),
    )
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Close an organisation for good: nobody enters it any more, and open invitations die."""
        found = self.organisation(organisation_id)
        authorise_in(self.actor, "organisation:delete", found.pk)
        confirm_word(self.sent["confirm"], found.slug, field="confirm")
        return self.told(services.organisation_close(actor=self.actor, organisation=found, reason=self.sent["reason"]))


class OrganisationTransferView(OrganisationBase):
    """Who owns an organisation."""

    access = "organisation:read"

    @endpoint(
        body=TransferBody,
        status=204,
        service="organisation:transfer",
        step_up=True,
        errors=(OrganisationClosed, MemberInactive),
    )
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Hand an organisation over: a member becomes owner, the calling owner an administrator."""
        found, given = self.organisation(organisation_id), self.sent
        member = selectors.member(self.actor, found.pk, given["membership_id"])
        services.ownership_transfer(actor=self.actor, organisation=found, to=member, reason=given["reason"])
        return HttpResponse(status=204)


class OrganisationLeaveView(OrganisationBase):
    """One's own membership."""

    access = "organisation:read"

    @endpoint(body=ReasonBody, status=204, errors=(LastOwner,))
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Leave an organisation of one's own accord. The last owner stays."""
        found = self.organisation(organisation_id)
        membership_leave(actor=self.actor, organisation_id=found.pk, reason=self.sent["reason"])
        return HttpResponse(status=204)
