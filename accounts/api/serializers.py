"""Bodies of people: what is taken and what is answered."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from portal.kit.api import Body, Reply
from rbac.models import Role

PERSON = (
    "id",
    "username",
    "email",
    "name",
    "is_active",
    "is_root",
    "must_change_password",
    "created_at",
    "last_seen_at",
)
_EXAMPLE: dict[str, Any] = {
    "id": "01890000-0000-7000-8000-000000000001",
    "username": "ada.lindqvist",
    "email": "ada.lindqvist@example.com",
    "name": "Ada Lindqvist",
    "is_active": True,
    "is_root": False,
    "must_change_password": False,
    "created_at": "2026-01-31T08:30:00Z",
    "last_seen_at": None,
}


class PersonReply(Reply):
    """A person in a list."""

    id = serializers.UUIDField()
    username = serializers.CharField()
    email = serializers.EmailField()
    name = serializers.CharField()
    is_active = serializers.BooleanField(help_text="Inactive people see nothing but that they are.")
    is_root = serializers.BooleanField(help_text="The administrator of the first start, whom nobody else may change.")
    must_change_password = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True)
    example = _EXAMPLE


class PersonWithRolesReply(PersonReply):
    """One person."""

    roles = serializers.ListField(
        child=serializers.CharField(), help_text="Codes of its roles on the installation, highest first."
    )
    example = {**_EXAMPLE, "roles": ["manager"]}


class PersonCreatedReply(Reply):
    """A person that was just created, and the password that nobody will be told again."""

    user = PersonWithRolesReply()
    temporary_password = serializers.CharField(help_text="Must be changed at the first sign-in. Not kept in clear.")
    example = {"user": PersonWithRolesReply.example, "temporary_password": "Kite-Maple-Orbit-Flint-27"}


class TemporaryPasswordReply(Reply):
    """A password that no other call tells."""

    temporary_password = serializers.CharField(help_text="Must be changed at the next sign-in. Not kept in clear.")
    example = {"temporary_password": "Kite-Maple-Orbit-Flint-27"}


class PersonBody(Body):
    """A person's details; the rules of each are those of the console."""

    name = serializers.CharField(max_length=120)
    username = serializers.CharField(max_length=60)
    email = serializers.CharField(max_length=254)
    example = {"name": "Ada Lindqvist", "username": "ada.lindqvist", "email": "ada.lindqvist@example.com"}


class PersonNewBody(PersonBody):
    """A new person."""

    role = serializers.CharField(max_length=60, required=False, help_text="Code of a role of the installation.")
    example = {**PersonBody.example, "role": "user"}


class ReasonBody(Body):
    """Why, for the trail."""

    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    example = {"reason": "Left the company"}


class RoleGivenBody(Body):
    """A role of the installation for a person."""

    role = serializers.CharField(max_length=60, help_text="Code of a role of the installation.")
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    example = {"role": "manager", "reason": "Leads support"}


class LinkReply(Reply):
    """That a link was mailed; the link itself is in the mail alone."""

    expires_at = serializers.DateTimeField()
    example = {"expires_at": "2026-01-31T09:30:00Z"}


class UnlockedReply(Reply):
    """Whether anything was locked."""

    unlocked = serializers.BooleanField()
    example = {"unlocked": True}


class PermissionsReply(Reply):
    """What the caller may do: on the organisation of the call, or without one on the installation."""

    permissions = serializers.ListField(child=serializers.CharField())
    example = {"permissions": ["audit:read", "user:read"]}


class SessionReply(Reply):
    """The caller in three values."""

    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]
    may_read_people = serializers.BooleanField()
    example = {"id": _EXAMPLE["id"], "label": "Ada Lindqvist", "may_read_people": True}


class SelfReply(Reply):
    """The caller's own details."""

    id = serializers.UUIDField()
    username = serializers.CharField()
    email = serializers.EmailField()
    name = serializers.CharField()
    must_change_password = serializers.BooleanField()


class NavigationReply(Reply):
    """An entry of the console's navigation."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    url = serializers.CharField()
    section = serializers.CharField(allow_blank=True)
    example = {"name": "people", "label": "People", "url": "/platform/people", "section": "people"}


class FeaturesReply(Reply):
    """The parts of the console by name, and whether each is open to the caller."""

    features = serializers.DictField(child=serializers.BooleanField())
    example = {"features": {"people": True, "jobs": False}}


class InsideReply(Reply):
    """The organisation that a call names."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()


class LookerReply(Reply):
    """Who looks as the person."""

    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]


class LiveSessionReply(Reply):
    """The session of the call."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=["browser", "token", "key"])
    second_factor = serializers.BooleanField(help_text="Whether a second factor was proved in it.")
    second_factor_due_at = serializers.DateTimeField(allow_null=True, help_text="From when on one has to be.")
    confirmed_at = serializers.DateTimeField(
        allow_null=True, help_text="When the person last proved who it is; dangerous acts ask for ten minutes at most."
    )
    expires_at = serializers.DateTimeField(allow_null=True, help_text="When it ends if nobody does anything.")
    ends_at = serializers.DateTimeField(allow_null=True, help_text="When it ends in any case.")
    read_only = serializers.BooleanField()  # type: ignore[assignment]


class WarningReply(Reply):
    """Something to show whoever is signed in."""

    code = serializers.CharField()
    text = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)


class SessionInfoReply(Reply):
    """What a client draws its frame from."""

    user = SelfReply()
    permissions = serializers.ListField(child=serializers.CharField())
    navigation = NavigationReply(many=True)
    features = serializers.DictField(child=serializers.BooleanField())
    organisation = InsideReply(allow_null=True)
    roles = serializers.ListField(
        child=serializers.CharField(),
        help_text="In the organisation of the call, or on the installation; highest first.",
    )
    session = LiveSessionReply()
    impersonator = LookerReply(allow_null=True)
    warnings = WarningReply(many=True)
    example = {
        "user": {name: _EXAMPLE[name] for name in ("id", "username", "email", "name", "must_change_password")},
        "permissions": ["user:read"],
        "navigation": [{"name": "accounts.people", "label": "People", "url": "/platform/people", "section": "people"}],
        "features": {},
        "organisation": None,
        "roles": ["manager"],
        "session": {
            "id": "01890000-0000-7000-8000-0000000000d1",
            "kind": "browser",
            "second_factor": True,
            "second_factor_due_at": None,
            "confirmed_at": "2026-01-31T08:30:00Z",
            "expires_at": "2026-01-31T09:00:00Z",
            "ends_at": "2026-01-31T20:30:00Z",
            "read_only": False,
        },
        "impersonator": None,
        "warnings": [],
    }


class RoleReply(Reply):
    """A ready-made role."""

    catalogue = serializers.CharField(help_text="platform or organisation: where it can be held.")
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    rank = serializers.IntegerField(help_text="Higher may act on lower and on equals.")
    inherits = serializers.CharField(allow_null=True, help_text="The role whose permissions it has too.")
    example = {"catalogue": "platform", "code": "manager", "label": "Manager", "rank": 20, "inherits": "user"}


class RolePermissionsReply(Reply):
    """What a role lets do."""

    own = serializers.ListField(child=serializers.CharField())
    effective = serializers.ListField(child=serializers.CharField(), help_text="With those of the roles it inherits.")
    example = {"own": ["audit:read", "user:read"], "effective": ["audit:read", "dashboard:read", "user:read"]}


def person_body(user: User, roles: list[Role]) -> dict[str, Any]:
    """One person with its roles."""
    body: dict[str, Any] = {name: getattr(user, name) for name in PERSON}
    return body | {"roles": [role.code for role in roles]}
