"""Bodies of organisations, members and invitations."""

from typing import Any

from rest_framework import serializers

from accounts.models import Invitation, Membership, Organisation
from portal.kit.api import Body, Reply
from rbac.models import Role

ORGANISATION = ("id", "slug", "name", "state", "created_at")
_ID = "01890000-0000-7000-8000-0000000000c1"
_MOMENT = "2026-01-31T08:30:00Z"


class OrganisationReply(Reply):
    """An organisation."""

    id = serializers.UUIDField()
    slug = serializers.CharField(help_text="Its name in addresses.")
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=[state.value for state in Organisation.State])
    created_at = serializers.DateTimeField()
    example = {"id": _ID, "slug": "harbour", "name": "Harbour Works", "state": "active", "created_at": _MOMENT}


class OrganisationBody(Body):
    """An organisation's details; the rules of each are those of the console."""

    name = serializers.CharField(max_length=120)
    slug = serializers.CharField(max_length=40)
    example = {"name": "Harbour Works", "slug": "harbour"}


class CloseBody(Body):
    """Closing an organisation for good."""

    confirm = serializers.CharField(max_length=40, help_text="Its name in addresses, typed again.")
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    example = {"confirm": "harbour", "reason": "Moved elsewhere"}


class TransferBody(Body):
    """Who becomes owner."""

    membership_id = serializers.UUIDField()
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    example = {"membership_id": "01890000-0000-7000-8000-0000000000c2", "reason": "New management"}


class MemberReply(Reply):
    """A person in an organisation."""

    id = serializers.UUIDField(help_text="Of the membership.")
    user_id = serializers.UUIDField()
    name = serializers.CharField()
    username = serializers.CharField()
    state = serializers.ChoiceField(choices=[state.value for state in Membership.State])
    role = serializers.CharField(allow_null=True, help_text="Code of its highest role there.")
    joined_at = serializers.DateTimeField()
    example = {
        "id": "01890000-0000-7000-8000-0000000000c2",
        "user_id": "01890000-0000-7000-8000-000000000001",
        "name": "Ada Lindqvist",
        "username": "ada.lindqvist",
        "state": "active",
        "role": "editor",
        "joined_at": _MOMENT,
    }


class MemberBody(Body):
    """What can be changed about a member."""

    role = serializers.CharField(max_length=60, required=False, help_text="Code of a role of organisations.")
    state = serializers.ChoiceField(choices=[state.value for state in Membership.State], required=False)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)
    example = {"role": "viewer", "reason": "Moved to another team"}


class InvitationReply(Reply):
    """An invitation; its link is in the mail alone."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    role = serializers.CharField()
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True, help_text="Null while its mail is being written.")
    expires_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    example = {
        "id": "01890000-0000-7000-8000-0000000000c3",
        "email": "bruno.novak@example.com",
        "role": "viewer",
        "created_at": _MOMENT,
        "sent_at": _MOMENT,
        "expires_at": "2026-02-07T08:30:00Z",
        "accepted_at": None,
        "revoked_at": None,
    }


class InvitationsBody(Body):
    """Whom to invite."""

    addresses = serializers.ListField(child=serializers.CharField(max_length=254), min_length=1, max_length=200)
    role = serializers.CharField(
        max_length=60, required=False, default="viewer", help_text="Code of a role of organisations."
    )
    example = {"addresses": ["bruno.novak@example.com"], "role": "viewer"}


class SkippedReply(Reply):
    """An address that was left alone."""

    email = serializers.CharField()
    reason = serializers.CharField()


class InvitedReply(Reply):
    """What became of the addresses."""

    sent = InvitationReply(many=True)
    skipped = SkippedReply(many=True)
    example = {"sent": [InvitationReply.example], "skipped": []}


def organisation_body(organisation: Organisation) -> dict[str, Any]:
    """An organisation."""
    return {name: getattr(organisation, name) for name in ORGANISATION}


def member_body(membership: Membership, role: Role | None) -> dict[str, Any]:
    """A member, with its person read already."""
    user = membership.user
    return {
        "id": membership.pk,
        "user_id": user.pk,
        "name": user.name,
        "username": user.username,
        "state": membership.state,
        "role": role.code if role is not None else None,
        "joined_at": membership.joined_at,
    }


def invitation_body(invitation: Invitation) -> dict[str, Any]:
    """An invitation, with its role read already."""
    names = ("created_at", "sent_at", "expires_at", "accepted_at", "revoked_at")
    body: dict[str, Any] = {"id": invitation.pk, "email": invitation.email, "role": invitation.role.code}
    return body | {name: getattr(invitation, name) for name in names}
