"""Bodies of keys and service accounts."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers

from accounts.models import Key, ServiceAccount
from portal.kit import requests
from portal.kit.api import Body, Reply, json
from portal.kit.rest import render
from rbac.models import Role

_ID, _OWNER = "01890000-0000-7000-8000-0000000000d1", "01890000-0000-7000-8000-000000000001"
_MOMENT, _END = "2026-01-31T08:30:00Z", "2026-05-01T08:30:00Z"
KEY = (
    *("id", "name", "live", "prefix", "organisation_id", "owner_id", "scopes", "addresses", "rate_limit", "created_at"),
    *("expires_at", "revoked_at", "replaced_by", "last_used_at", "last_address"),
)


class KeyReply(Reply):
    """An API key; its secret was told once, when it was made."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    live = serializers.BooleanField(help_text="Else it is for trying things out.")
    prefix = serializers.CharField(help_text="How its secret begins.")
    organisation_id = serializers.UUIDField(allow_null=True, help_text="Where it works; null: the installation.")
    owner_id = serializers.UUIDField(help_text="The person or service account whose rights it has.")
    scopes = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Permissions it may use; null: all of its owner's."
    )
    addresses = serializers.ListField(child=serializers.CharField(), help_text="Networks it is bound to; none: any.")
    rate_limit = serializers.IntegerField(allow_null=True, help_text="Calls a minute; null: as the installation.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="From when on it lets nobody in.")
    revoked_at = serializers.DateTimeField(allow_null=True)
    replaced_by = serializers.UUIDField(allow_null=True, help_text="The key that a rotation made of it.")
    last_used_at = serializers.DateTimeField(allow_null=True)
    last_address = serializers.CharField(allow_null=True)
    example = {
        "id": _ID,
        "name": "Deployment",
        "live": True,
        "prefix": "sk_live_4fQ2xL0a",
        "organisation_id": None,
        "owner_id": _OWNER,
        "scopes": ["user:read"],
        "addresses": ["192.0.2.0/24"],
        "rate_limit": None,
        "created_at": _MOMENT,
        "expires_at": _END,
        "revoked_at": None,
        "replaced_by": None,
        "last_used_at": None,
        "last_address": None,
    }


class KeyMadeReply(Reply):
    """A key that was just made, and its secret."""

    key = KeyReply()
    secret = serializers.CharField(
        allow_null=True, help_text="Told in this reply alone: null when the same call is sent again."
    )
    example = {"key": KeyReply.example, "secret": "sk_live_" + "." * 38}


class KeyBody(Body):
    """A key to make."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.CharField(max_length=100),
        allow_null=True,
        max_length=500,
        help_text="Permissions that owner and caller hold; null: all of the owner's, also later ones.",
    )
    expires_at = serializers.DateTimeField(help_text="At most 365 days away.")
    live = serializers.BooleanField(required=False, default=True)
    addresses = serializers.ListField(
        child=serializers.CharField(max_length=50), required=False, default=list, max_length=20
    )
    rate_limit = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1)
    example = {"name": "Deployment", "scopes": ["user:read"], "expires_at": _END, "addresses": ["192.0.2.0/24"]}


class OrganisationKeyBody(KeyBody):
    """A key to make in an organisation."""

    service_account_id = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Whose it shall be; null: the caller's own."
    )
    example = KeyBody.example | {"scopes": ["organisation:read"]}


class ServiceAccountReply(Reply):
    """A machine that acts for an organisation."""

    id = serializers.UUIDField()
    user_id = serializers.UUIDField(help_text="The owner of its keys.")
    name = serializers.CharField()
    username = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    role = serializers.CharField(allow_null=True)
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    example = {
        "id": "01890000-0000-7000-8000-0000000000d2",
        "user_id": "01890000-0000-7000-8000-0000000000d3",
        "name": "Deployment robot",
        "username": "deploy.harbour",
        "description": "Rolls out new versions.",
        "role": "editor",
        "is_active": True,
        "created_at": _MOMENT,
    }


class ServiceAccountNewBody(Body):
    """A service account to make."""

    name = serializers.CharField(max_length=120)
    handle = serializers.CharField(max_length=19, help_text="The own part of its user name.")
    role = serializers.CharField(max_length=60, help_text="Code of a role of organisations, but owner.")
    description = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    example = {"name": "Deployment robot", "handle": "deploy", "role": "editor"}


class ServiceAccountBody(Body):
    """What can be changed about a service account."""

    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    role = serializers.CharField(max_length=60, required=False)
    is_active = serializers.BooleanField(required=False)
    example = {"role": "viewer"}


def key_body(key: Key) -> dict[str, Any]:
    """A key."""
    return {name: getattr(key, name) for name in KEY}


def key_made(key: Key, secret: str, location: str) -> HttpResponse:
    """A key with its secret; what is kept for a repeated call lacks it."""
    body: dict[str, Any] = {"key": key_body(key), "secret": secret}
    reply = requests.without(json(body, status=201), render(body | {"secret": None}))
    reply.headers["Location"] = location
    reply.headers["Cache-Control"] = "no-store"
    return reply


def service_account_body(service: ServiceAccount, role: Role | None) -> dict[str, Any]:
    """A service account, with its user read already."""
    return {
        "id": service.pk,
        "user_id": service.user_id,
        "name": service.user.name,
        "username": service.user.username,
        "description": service.description,
        "role": role.code if role is not None else None,
        "is_active": service.user.is_active,
        "created_at": service.created_at,
    }
