"""Invitations to the caller's own address over the API, and joining by a mailed link."""

from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from accounts import organisation_selectors as selectors
from accounts.api.registration import (
    WHY,
    JoinedReply,
    OpenView,
    PasswordField,
    RegisteredReply,
    RegisterUseBody,
    TokenField,
    VerifyUseBody,
    joined_body,
    named_password,
    registered,
)
from accounts.errors import AddressUnverified, InvitationForAnother, InvitationGone, RegistrationClosed
from accounts.services.invitations import invitation_accept, invitation_accept_own, invitation_join
from portal.kit import errors
from portal.kit.access import Public, SignedIn
from portal.kit.api import ApiView, Body, Reply, endpoint, json, row_body

INVITATION = ("id", "organisation_id", "role", "expires_at")
OWN = SignedIn("What is offered to one's own address.")
_ID = "01890000-0000-7000-8000-0000000000a1"


class OwnInvitationReply(Reply):
    """An open invitation to one's own address."""

    id = serializers.UUIDField()
    organisation_id = serializers.UUIDField()
    organisation = serializers.CharField(help_text="Its name.")
    role = serializers.CharField(help_text="The name of the role that one would have.")
    expires_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "organisation_id": _ID,
        "organisation": "Harbour Works",
        "role": "Viewer",
        "expires_at": "2026-02-07T08:30:00Z",
    }


class JoinBody(Body):
    """The account to make by an invitation."""

    token = TokenField()
    name = serializers.CharField(max_length=120)
    username = serializers.CharField(max_length=60)
    password = PasswordField()
    example = {name: RegisterUseBody.example[name] for name in ("token", "name", "username", "password")}


class OwnInvitationsView(ApiView):
    """Invitations to one's own address."""

    access = OWN

    @endpoint(items=OwnInvitationReply)
    def get(self, request: Request) -> HttpResponse:
        """List the open invitations to one's own address; always one page."""
        person = self.actor.id
        if person is None:
            raise errors.Unauthenticated
        rows = selectors.own_invitations(person)
        return self.listed((row_body(row, INVITATION) | {"organisation": row.name} for row in rows), None)

    @endpoint(body=VerifyUseBody, reply=JoinedReply, errors=(InvitationGone, InvitationForAnother))
    def post(self, request: Request) -> HttpResponse:
        """Join by a mailed link, as the person one is. The token is spent."""
        return json(joined_body(invitation_accept(actor=self.actor, token=self.sent["token"])))


class OwnInvitationAcceptView(ApiView):
    """Taking one."""

    access = OWN

    @endpoint(reply=JoinedReply, errors=(InvitationGone, AddressUnverified))
    def post(self, request: Request, invitation_id: UUID) -> HttpResponse:
        """Join by an invitation to one's own verified address, without its link."""
        return json(joined_body(invitation_accept_own(actor=self.actor, invitation_id=invitation_id)))


class JoinView(OpenView):
    """Joining as somebody new."""

    access = Public(WHY)

    @endpoint(
        body=JoinBody,
        reply=RegisteredReply,
        status=201,
        errors=(InvitationGone, RegistrationClosed),
        idempotent=False,
    )
    def put(self, request: Request) -> HttpResponse:
        """Make an account with the token of an invitation, as a member of its organisation. The token is spent."""
        with named_password():
            return registered(*invitation_join(**self.sent))
