"""Bodies of roles, of who holds them, and of rights on single objects."""

from typing import Any

from rest_framework import serializers

from portal.kit.api import Body, Reply
from rbac.models import Binding, Role, TeamGrant, UserGrant
from rbac.services.access_bulk import MOST

_ROLE, _PERSON, _PLACE = (f"01890000-0000-7000-8000-0000000000e{number}" for number in (1, 2, 3))
_MOMENT = "2026-01-31T08:30:00Z"
_CONDITIONS = {
    "time": {"zone": "Europe/Berlin", "weekdays": [1, 2, 3, 4, 5], "from": "09:00", "to": "17:00"},
    "addresses": ["10.0.0.0/8"],
}
_WHEN = (
    "When it counts, all of them together: time (zone, weekdays, from, to), addresses (ranges), second_factor "
    "(within_minutes), attributes (of the resource or the context). Null: always."
)


class OrganisationRoleReply(Reply):
    """A role that can be held in an organisation."""

    id = serializers.UUIDField()
    catalogue = serializers.CharField(help_text="custom: the organisation's own; else ready-made.")
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField(allow_blank=True)
    rank = serializers.IntegerField()
    inherits = serializers.UUIDField(allow_null=True)
    allow = serializers.ListField(child=serializers.CharField(), help_text="Codes that it gives itself.")
    deny = serializers.ListField(child=serializers.CharField(), help_text="Codes that it denies itself.")
    example = {
        "id": _ROLE,
        "catalogue": "custom",
        "code": "dock-master",
        "label": "Dock master",
        "description": "",
        "rank": 10,
        "inherits": None,
        "allow": ["member:read"],
        "deny": [],
    }


class OrganisationRoleBody(Body):
    """An own role."""

    label = serializers.CharField(max_length=80)  # type: ignore[assignment]
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    rank = serializers.IntegerField(required=False, help_text="10, 20, 30 or 40, as the ready-made roles.")
    inherits = serializers.UUIDField(required=False, allow_null=True)
    allow = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=500)
    deny = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=500)
    example = {"label": "Dock master", "allow": ["member:read"]}


class OrganisationRoleNewBody(OrganisationRoleBody):
    """An own role to make."""

    code = serializers.CharField(max_length=60, required=False, help_text="Made of the label if absent; stays.")
    example = {"label": "Dock master", "code": "dock-master", "allow": ["member:read"]}


class BindingReply(Reply):
    """A role that a person, a team or everybody holds on a part of an organisation."""

    id = serializers.UUIDField()
    role_id = serializers.UUIDField()
    scope_id = serializers.UUIDField(help_text="The id of the organisation, workspace or resource.")
    user_id = serializers.UUIDField(allow_null=True)
    team_id = serializers.UUIDField(allow_null=True)
    everyone = serializers.BooleanField()
    effect = serializers.ChoiceField(["allow", "deny"])
    expires_at = serializers.DateTimeField(allow_null=True)
    conditions = serializers.DictField(allow_null=True, help_text=_WHEN)
    reason = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    example = {
        "id": "01890000-0000-7000-8000-0000000000e4",
        "role_id": _ROLE,
        "scope_id": _PLACE,
        "user_id": _PERSON,
        "team_id": None,
        "everyone": False,
        "effect": "allow",
        "expires_at": None,
        "conditions": None,
        "reason": "",
        "created_at": _MOMENT,
    }


class HolderBody(Body):
    """Whom something is given to: exactly one of these."""

    user_id = serializers.UUIDField(required=False, allow_null=True)
    team_id = serializers.UUIDField(required=False, allow_null=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    conditions = serializers.DictField(required=False, allow_null=True, help_text=_WHEN)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)
    example = {"user_id": _PERSON}


class BindingBody(HolderBody):
    """A role to give."""

    everyone = serializers.BooleanField(required=False)
    role_id = serializers.UUIDField()
    scope_id = serializers.UUIDField(required=False, allow_null=True, help_text="Null: the whole organisation.")
    effect = serializers.ChoiceField(["allow", "deny"], required=False)
    example = {"user_id": _PERSON, "role_id": _ROLE, "expires_at": _MOMENT, "conditions": _CONDITIONS}


class BindingsBody(Body):
    """One role for many people."""

    user_ids = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST)
    role_id = serializers.UUIDField()
    scope_id = serializers.UUIDField(required=False, allow_null=True, help_text="Null: the whole organisation.")
    effect = serializers.ChoiceField(["allow", "deny"], required=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    conditions = serializers.DictField(required=False, allow_null=True, help_text=_WHEN)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)
    preview = serializers.BooleanField(
        required=False, help_text="True: tell what it would do, and leave everything as it is."
    )
    example = {"user_ids": [_PERSON], "role_id": _ROLE}


class LeftAloneReply(Reply):
    """Somebody who was left alone, and why."""

    user_id = serializers.UUIDField()
    code = serializers.CharField()
    reason = serializers.CharField()


class ChangedReply(Reply):
    """What somebody gains and loses."""

    user_id = serializers.UUIDField()
    gains = serializers.ListField(child=serializers.CharField())
    loses = serializers.ListField(child=serializers.CharField())


class BindingsReply(Reply):
    """What became of each."""

    given = BindingReply(many=True)
    skipped = LeftAloneReply(many=True)
    differences = ChangedReply(many=True, help_text="Of a preview; else empty.")
    example = {
        "given": [],
        "skipped": [{"user_id": _PERSON, "code": "rbac.held_already", "reason": "They hold it already"}],
        "differences": [],
    }


class EndBody(Body):
    """Another end."""

    expires_at = serializers.DateTimeField(allow_null=True, required=False, help_text="Null: none.")
    example = {"expires_at": None}


class GrantReply(Reply):
    """A single right on one object."""

    id = serializers.UUIDField()
    permission = serializers.CharField()
    object_id = serializers.UUIDField()
    user_id = serializers.UUIDField(allow_null=True)
    group_id = serializers.IntegerField(allow_null=True, help_text="Of the team's group.")
    expires_at = serializers.DateTimeField(allow_null=True)
    conditions = serializers.DictField(allow_null=True, help_text=_WHEN)
    reason = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    example = {
        "id": "01890000-0000-7000-8000-0000000000e5",
        "permission": "product/project:read",
        "object_id": _PLACE,
        "user_id": _PERSON,
        "group_id": None,
        "expires_at": None,
        "conditions": None,
        "reason": "",
        "created_at": _MOMENT,
    }


class ThingGrantBody(Body):
    """A right to give on a single run or backup."""

    user_id = serializers.UUIDField()
    permission = serializers.CharField(max_length=100)
    object_id = serializers.UUIDField()
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    conditions = serializers.DictField(required=False, allow_null=True, help_text=_WHEN)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)
    example = {"user_id": _PERSON, "permission": "backup:execute", "object_id": _PLACE, "expires_at": _MOMENT}


class GrantBody(HolderBody):
    """A right to give on the organisation, a workspace or a resource."""

    permission = serializers.CharField(max_length=100)
    object_id = serializers.UUIDField()
    example = {"user_id": _PERSON, "permission": "product/project:read", "object_id": _PLACE}


def role_body(role: Role, rights: dict[str, str]) -> dict[str, Any]:
    """A role with what it says itself."""
    return {
        "id": role.pk,
        "catalogue": role.catalogue,
        "code": role.code,
        "label": role.label,
        "description": role.description,
        "rank": role.rank,
        "inherits": role.inherits_id,
        "allow": sorted(code for code, effect in rights.items() if effect == "allow"),
        "deny": sorted(code for code, effect in rights.items() if effect == "deny"),
    }


def binding_body(row: Binding) -> dict[str, Any]:
    """A binding."""
    names = ("role_id", "scope_id", "user_id", "team_id", "everyone", "effect", "expires_at", "conditions")
    return {"id": row.pk} | {name: getattr(row, name) for name in (*names, "reason", "created_at")}


def grant_body(row: UserGrant | TeamGrant) -> dict[str, Any]:
    """A right on one object."""
    return {
        "id": row.pk,
        "permission": row.permission.codename,
        "object_id": row.object_pk,
        "user_id": row.user_id if isinstance(row, UserGrant) else None,
        "group_id": row.group_id if isinstance(row, TeamGrant) else None,
        "expires_at": row.expires_at,
        "conditions": row.conditions,
        "reason": row.reason,
        "created_at": row.created_at,
    }
