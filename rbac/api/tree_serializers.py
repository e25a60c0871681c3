"""Bodies of teams, workspaces and resources."""

from typing import Any

from rest_framework import serializers

from portal.kit.api import Body, Reply
from rbac.models import Resource, Team, TeamMember, Workspace
from rbac.resource_rows import type_key
from rbac.services.resources import BATCH

TEAM = ("id", "name", "slug", "description", "external_id", "parent_id", "created_at")
WORKSPACE = ("id", "name", "slug", "description", "external_id", "archived_at", "created_at")
_ID = "01890000-0000-7000-8000-0000000000d1"
_OTHER = "01890000-0000-7000-8000-0000000000d2"
_MOMENT = "2026-01-31T08:30:00Z"
_EXTERNAL = "What the host product calls it; empty for what it does not know."


class TeamReply(Reply):
    """A team."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField()
    description = serializers.CharField()
    external_id = serializers.CharField(help_text=_EXTERNAL)
    parent_id = serializers.UUIDField(allow_null=True, help_text="The team that it stands inside.")
    created_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "name": "Field research",
        "slug": "field-research",
        "description": "Collects what the others assess.",
        "external_id": "",
        "parent_id": None,
        "created_at": _MOMENT,
    }


class TeamBody(Body):
    """A team; the rules of each field are those of the console."""

    name = serializers.CharField(max_length=80)
    slug = serializers.CharField(max_length=40)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    external_id = serializers.CharField(max_length=200, required=False, allow_blank=True)
    parent_id = serializers.UUIDField(required=False, allow_null=True, help_text="The team that it stands inside.")
    example = {"name": "Field research", "slug": "field-research", "parent_id": None}


class TeamMemberReply(Reply):
    """Somebody in a team."""

    id = serializers.UUIDField(help_text="Of the person or service account.")
    name = serializers.CharField()
    username = serializers.CharField()
    kind = serializers.ChoiceField(choices=["person", "service"])
    added_at = serializers.DateTimeField()
    example = {"id": _ID, "name": "Ada Lindqvist", "username": "ada.lindqvist", "kind": "person", "added_at": _MOMENT}


class TeamMemberBody(Body):
    """Who comes into a team."""

    user_id = serializers.UUIDField(help_text="An active member of the organisation.")
    example = {"user_id": _ID}


class WorkspaceReply(Reply):
    """A workspace."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField()
    description = serializers.CharField()
    external_id = serializers.CharField(help_text=_EXTERNAL)
    archived_at = serializers.DateTimeField(allow_null=True, help_text="From then on it takes no new resources.")
    created_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "name": "Northern programme",
        "slug": "north",
        "description": "",
        "external_id": "ws-17",
        "archived_at": None,
        "created_at": _MOMENT,
    }


class WorkspaceBody(Body):
    """A workspace; the rules of each field are those of the console."""

    name = serializers.CharField(max_length=80)
    slug = serializers.CharField(max_length=40)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    external_id = serializers.CharField(max_length=200, required=False, allow_blank=True)
    example = {"name": "Northern programme", "slug": "north", "external_id": "ws-17"}


class WorkspaceChangeBody(WorkspaceBody):
    """What can be changed about a workspace."""

    archived = serializers.BooleanField(required=False)
    example = {"archived": True}


class ParentBody(serializers.Serializer[Any]):
    """Where a resource stands: `id` of a workspace or resource, or `type` and `external_id` of a resource."""

    id = serializers.UUIDField(required=False)
    type = serializers.CharField(max_length=81, required=False)
    external_id = serializers.CharField(max_length=200, required=False)


class ResourceReply(Reply):
    """A resource of a host product."""

    id = serializers.UUIDField()
    type = serializers.CharField(help_text="`<application>/<type>`.")
    external_id = serializers.CharField()
    name = serializers.CharField()
    attributes = serializers.DictField()
    is_public = serializers.BooleanField(help_text="Every member of the organisation may read it.")
    parent_id = serializers.UUIDField(help_text="The organisation, workspace or resource that it stands below.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "type": "product/project",
        "external_id": "prj-204",
        "name": "River survey",
        "attributes": {"region": "north"},
        "is_public": False,
        "parent_id": _OTHER,
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
    }


class ResourceBody(Body):
    """A resource as it should be. Fields that are absent stay as they are; a new one stands at the organisation."""

    name = serializers.CharField(max_length=200)
    attributes = serializers.DictField(required=False, help_text="At most 50, 16 KB in all; nothing secret.")
    is_public = serializers.BooleanField(required=False)
    parent = ParentBody(required=False, allow_null=True, help_text="Null: the organisation itself.")
    example = {"name": "River survey", "attributes": {"region": "north"}, "parent": {"id": _OTHER}}


class ResourceItemBody(ResourceBody):
    """One of many."""

    type = serializers.CharField(max_length=81, help_text="`<application>/<type>`.")
    external_id = serializers.CharField(max_length=200)


class ResourcesBody(Body):
    """Up to 1,000 resources. Those that others stand below come before them."""

    items = serializers.ListField(child=ResourceItemBody(), min_length=1, max_length=BATCH)
    example = {"items": [{"type": "product/project", "external_id": "prj-204", "name": "River survey"}]}


class ResourcesReply(Reply):
    """What became of them, in the order in which they were sent."""

    items = serializers.ListField(child=serializers.DictField())
    example = {
        "items": [{"id": _ID, "type": "product/project", "external_id": "prj-204", "created": True}],
    }


class ResourceTypeReply(Reply):
    """A type of resources."""

    type = serializers.CharField(help_text="`<application>/<type>`.")
    name = serializers.CharField()
    name_plural = serializers.CharField()
    example = {"type": "product/project", "name": "Project", "name_plural": "Projects"}


def team_body(team: Team) -> dict[str, Any]:
    """A team."""
    return {name: getattr(team, name) for name in TEAM}


def team_member_body(member: TeamMember) -> dict[str, Any]:
    """Somebody in a team, with the person read already."""
    user: Any = member.user
    body = {"id": user.pk, "name": user.name, "username": user.username, "kind": user.kind}
    return body | {"added_at": member.added_at}


def workspace_body(workspace: Workspace) -> dict[str, Any]:
    """A workspace."""
    return {name: getattr(workspace, name) for name in WORKSPACE}


def resource_body(resource: Resource, parent_id: Any) -> dict[str, Any]:
    """A resource, with its type read already."""
    names = ("external_id", "name", "attributes", "is_public", "created_at", "updated_at")
    body: dict[str, Any] = {"id": resource.pk, "type": type_key(resource.type), "parent_id": parent_id}
    return body | {name: getattr(resource, name) for name in names}
