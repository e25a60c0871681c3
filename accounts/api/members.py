"""Members and invitations of an organisation over the API."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import organisation_selectors as selectors
from accounts.api.organisation_serializers import (
    InvitationReply,
    InvitationsBody,
    InvitedReply,
    MemberBody,
    MemberReply,
    invitation_body,
    member_body,
)
from accounts.api.organisations import OrganisationBase
from accounts.errors import InvitationGone, MemberInactive, OrganisationClosed, Outranked
from accounts.models import Membership
from accounts.services import invitations, memberships
from portal.kit import errors, limits, paging
from portal.kit.api import endpoint, json
from portal.kit.paging import Order
from rbac import selectors as rbac
from rbac.errors import CannotDelegate
from rbac.models import Role

REFUSED = (Outranked, CannotDelegate, OrganisationClosed, MemberInactive)
JOINED = Order(("joined_at",), descending=False)


def _role(code: str) -> Role:
    found = memberships.roles_by_code().get(code)
    if found is None:
        raise errors.Invalid(fields={"role": [_("There is no such role.")]})
    return found


def _described(membership: Membership) -> dict[str, Any]:
    role = rbac.roles_in(membership.organisation_id, [membership.user_id]).get(membership.user_id)
    return member_body(membership, role)


class MembersView(OrganisationBase):
    """Who belongs to an organisation."""

    access = "organisation:read"

    @endpoint(items=MemberReply, service="member:read")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List the members, who joined first at the top."""
        organisation = self.organisation(organisation_id)
        rows = selectors.members(self.actor, organisation.pk)
        page = paging.keyset(rows, self.asked["cursor"], by=JOINED, size=self.asked["limit"])
        roles = rbac.roles_in(organisation.pk, [row.user_id for row in page.items])
        return self.listed((member_body(row, roles.get(row.user_id)) for row in page.items), page.next)


class MemberView(OrganisationBase):
    """One member."""

    access = "organisation:read"

    @endpoint(reply=MemberReply, service="member:read", etag=True)
    def get(self, request: Request, organisation_id: UUID, membership_id: UUID) -> HttpResponse:
        """Read a member."""
        return self.single(_described(self.member(organisation_id, membership_id)))

    @endpoint(body=MemberBody, partial=True, reply=MemberReply, service="member:update", etag=True, errors=REFUSED)
    def patch(self, request: Request, organisation_id: UUID, membership_id: UUID) -> HttpResponse:
        """Give a member another role, or shut it out and let it in again."""
        found = self.unchanged(self.member(organisation_id, membership_id), _described)
        reason = self.sent.get("reason", "")
        if "role" in self.sent:
            role = _role(self.sent["role"])
            memberships.membership_role_set(actor=self.actor, membership=found, role=role, reason=reason)
        if "state" in self.sent:
            suspended = self.sent["state"] == Membership.State.SUSPENDED
            change = memberships.membership_suspend if suspended else memberships.membership_resume
            change(actor=self.actor, membership=found, reason=reason)
        return self.single(_described(self.member(organisation_id, membership_id)))

    @endpoint(status=204, service="member:delete", etag=True, errors=REFUSED)
    def delete(self, request: Request, organisation_id: UUID, membership_id: UUID) -> HttpResponse:
        """Take a person out of the organisation, with every role there."""
        found = self.unchanged(self.member(organisation_id, membership_id), _described)
        memberships.membership_remove(actor=self.actor, membership=found)
        return HttpResponse(status=204)

    def member(self, organisation_id: UUID, membership_id: UUID) -> Membership:
        """The member of the address; `NotFound` where the caller may not see it."""
        return selectors.member(self.actor, self.organisation(organisation_id).pk, membership_id)


class InvitationsView(OrganisationBase):
    """Who was invited to an organisation."""

    access = "organisation:read"

    @endpoint(items=InvitationReply, service="member:create")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List the invitations, the newest first."""
        rows = selectors.invitations(self.actor, self.organisation(organisation_id).pk)
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(invitation_body, page.items), page.next)

    @endpoint(
        body=InvitationsBody,
        reply=InvitedReply,
        service="member:create",
        errors=(CannotDelegate, OrganisationClosed),
        limit=limits.SENSITIVE,
    )
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Invite addresses by mail. Members and who is invited already are left alone."""
        given: Any = self.sent
        invited = invitations.invitations_create(
            actor=self.actor,
            organisation=self.organisation(organisation_id),
            addresses=given["addresses"],
            role=_role(given["role"]),
        )
        skipped = [{"email": email, "reason": str(reason)} for email, reason in invited.skipped]
        return json({"sent": [invitation_body(one) for one in invited.sent], "skipped": skipped})


class InvitationView(OrganisationBase):
    """One invitation."""

    access = "organisation:read"

    @endpoint(status=204, service="member:create", errors=(InvitationGone,))
    def delete(self, request: Request, organisation_id: UUID, invitation_id: UUID) -> HttpResponse:
        """Withdraw an invitation. Its link opens nothing any more."""
        found = selectors.invitation(self.actor, self.organisation(organisation_id).pk, invitation_id)
        invitations.invitation_revoke(actor=self.actor, invitation=found)
        return HttpResponse(status=204)


class InvitationResendView(OrganisationBase):
    """An invitation whose mail was lost or is too old."""

    access = "organisation:read"

    @endpoint(
        reply=InvitationReply,
        service="member:create",
        errors=(InvitationGone, CannotDelegate, OrganisationClosed),
        limit=limits.SENSITIVE,
    )
    def post(self, request: Request, organisation_id: UUID, invitation_id: UUID) -> HttpResponse:
        """Mail a new link, good for a week from now. The older one dies."""
        found = selectors.invitation(self.actor, self.organisation(organisation_id).pk, invitation_id)
        return json(invitation_body(invitations.invitation_resend(actor=self.actor, invitation=found)))
