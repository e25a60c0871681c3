"""Workspaces and resources as pages show them, and what one actor may do with each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.templatetags.kit import count
from rbac import tree_selectors as selectors
from rbac.models import Resource, ResourceType, Workspace
from rbac.resource_rows import type_key
from rbac.tree_forms import ResourceMoveForm

ATTRIBUTES_SHOWN = 20
Action = dict[str, Any]


def type_url(slug: str, kind: ResourceType) -> str:
    """The list of a type in an organisation."""
    return reverse("rbac:resources_of_type", args=[slug, kind.application.code, kind.code])


def node_url(slug: str, node: Workspace | Resource) -> str:
    """The page of a workspace or resource."""
    return reverse("rbac:workspace" if isinstance(node, Workspace) else "rbac:resource", args=[slug, node.pk])


def resources_text(number: int) -> str:
    """So many resources, in words."""
    return ngettext("%(n)s resource", "%(n)s resources", number) % {"n": count(number)}


@dataclass(frozen=True)
class WorkspaceRow:
    """One workspace in a list."""

    workspace: Workspace
    resources: int

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.workspace.pk)

    @property
    def label(self) -> str:
        """Its name."""
        return self.workspace.name

    @property
    def slug(self) -> str:
        """Its short name."""
        return self.workspace.slug

    @property
    def url(self) -> str:
        """Its page."""
        return node_url(self.workspace.organisation.slug, self.workspace)

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return "ok" if self.workspace.archived_at is None else ""

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return _("Active") if self.workspace.archived_at is None else _("Archived")

    @property
    def description(self) -> str:
        """What it is for."""
        return self.workspace.description

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return self.workspace.created_at


def workspace_rows(actor: Actor, found: Sequence[Workspace]) -> list[WorkspaceRow]:
    """Rows of a list; one query for all numbers of resources."""
    counts = selectors.resource_counts(actor, found)
    return [WorkspaceRow(row, counts.get(row.pk, 0)) for row in found]


@dataclass(frozen=True)
class ResourceRow:
    """One resource in a list; `place` is what it stands below, empty for the organisation itself."""

    resource: Resource
    place: str

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.resource.pk)

    @property
    def label(self) -> str:
        """Its name."""
        return self.resource.name

    @property
    def external_id(self) -> str:
        """What the host product calls it."""
        return self.resource.external_id

    @property
    def url(self) -> str:
        """Its page."""
        return node_url(self.resource.organisation.slug, self.resource)

    @property
    def type_label(self) -> str:
        """What kind of thing it is."""
        return self.resource.type.label

    @property
    def public_tone(self) -> str:
        """Tone of the chip."""
        return "info" if self.resource.is_public else ""

    @property
    def public_label(self) -> str:
        """Word of the chip."""
        return _("Every member") if self.resource.is_public else _("By role")

    @property
    def updated_at(self) -> datetime:
        """When the host product last changed it."""
        return self.resource.updated_at


def resource_rows(actor: Actor, found: Sequence[Resource]) -> list[ResourceRow]:
    """Rows of a list; three queries for all places."""
    places = selectors.places_of(actor, found) if found else {}
    return [ResourceRow(row, places[row.pk].name if row.pk in places else "") for row in found]


def tree(slug: str, below: Mapping[UUID, list[Resource]], node_id: UUID) -> list[dict[str, Any]]:
    """The nodes below one, each with what is below it, for rbac/_tree.html."""
    return [
        {
            "label": row.name,
            "url": node_url(slug, row),
            "icon": row.type.icon,
            "second": f"{row.type.label} · {row.external_id}",
            "is_public": row.is_public,
            "below": tree(slug, below, row.pk),
        }
        for row in below.get(node_id, [])
    ]


def more_text(total: int) -> str:
    """What a tree says when it does not draw everything; empty when it does."""
    hidden = total - selectors.TREE
    if hidden <= 0:
        return ""
    return ngettext("and %(n)s more, in the list", "and %(n)s more, in the list", hidden) % {"n": count(hidden)}


class WorkspacePage:
    """What one actor may do with one workspace."""

    def __init__(self, actor: Actor, workspace: Workspace) -> None:
        self.actor, self.workspace = actor, workspace
        self.row = workspace_rows(actor, [workspace])[0]
        self.may = can(actor, "workspace:admin", workspace).allowed

    def facts(self) -> list[dict[str, Any]]:
        """What is known of it."""
        row = self.workspace
        facts: list[dict[str, Any]] = [
            {"label": _("Short name"), "value": row.slug, "mono": True},
            {"label": _("Purpose"), "value": row.description or _("not told")},
            {"label": _("Resources"), "value": self.row.resources},
            {"label": _("Created"), "when": row.created_at},
        ]
        if row.external_id:
            facts.append({"label": _("Id in the product"), "value": row.external_id, "mono": True})
        if row.archived_at is not None:
            facts.append({"label": _("Archived"), "when": row.archived_at})
        return facts

    def actions(self) -> list[Action]:
        """The buttons of the head."""
        if not self.may:
            return []
        archived = self.workspace.archived_at is not None
        change = {"label": _("Archive"), "icon": "lock", "dialog": "archive"}
        if archived:
            change = {"label": _("Bring back"), "icon": "unlock", "dialog": "restore"}
        why = _("There are resources in it. Move or delete them first, or archive it.") if self.row.resources else ""
        return [
            {"label": _("Edit"), "icon": "edit", "url": f"{self.row.url}/edit"},
            change,
            {"label": _("Delete"), "icon": "trash", "dialog": "delete", "tone": "danger", "reason": why},
        ]

    def dialogs(self) -> list[dict[str, Any]]:
        """What the buttons open."""
        name = {"name": self.workspace}
        made: dict[str, dict[str, Any]] = {
            "archive": {
                "title": _("Archive %(name)s?") % name,
                "text": _("It takes no new resources. What is in it stays, and so does who may do what."),
                "confirm_label": _("Archive workspace"),
                "tone": "primary",
                "glyph": "lock",
            },
            "restore": {
                "title": _("Bring %(name)s back?") % name,
                "text": _("It takes resources again."),
                "confirm_label": _("Bring back"),
                "tone": "primary",
                "glyph": "unlock",
            },
            "delete": {
                "title": _("Delete %(name)s?") % name,
                "text": _("The roles that are held on it go with it. This cannot be undone."),
                "confirm_label": _("Delete workspace"),
                "glyph": "trash",
                "word": self.workspace.slug,
            },
        }
        pressable = [action.get("dialog") for action in self.actions() if not action.get("reason")]
        return [{"id": key, "url": f"{self.row.url}/{key}", **made[key]} for key in made if key in pressable]


class ResourcePage:
    """What one actor may do with one resource."""

    def __init__(self, actor: Actor, resource: Resource) -> None:
        self.actor, self.resource = actor, resource
        self.url = node_url(resource.organisation.slug, resource)

    def facts(self) -> list[dict[str, Any]]:
        """What is known of it."""
        row = self.resource
        slug = row.organisation.slug
        return [
            {"label": _("Type"), "value": row.type.label, "url": type_url(slug, row.type)},
            {"label": _("Product"), "value": row.type.application.label},
            {"label": _("Id in the product"), "value": row.external_id, "mono": True},
            {"label": _("Rights are called"), "value": f"{type_key(row.type)}:…", "mono": True},
            {
                "label": _("Who may read it"),
                "value": _("every member of the organisation") if row.is_public else _("by role and grant"),
            },
            {"label": _("Registered"), "when": row.created_at},
            {"label": _("Last change"), "when": row.updated_at},
        ]

    @cached_property
    def below(self) -> tuple[dict[UUID, list[Resource]], int]:
        """What stands below it, and how many that are."""
        return selectors.tree_below(self.actor, self.resource.pk)

    def attributes(self) -> list[dict[str, Any]]:
        """What the host product tells of it, by name."""
        found = sorted(self.resource.attributes.items())[:ATTRIBUTES_SHOWN]
        return [{"label": name, "value": _plain(value), "mono": not isinstance(value, str)} for name, value in found]

    def actions(self) -> list[Action]:
        """The buttons of the head."""
        found: list[Action] = []
        if can(self.actor, "resource:update", self.resource):
            public = {"label": _("Open to all members"), "icon": "eye", "dialog": "publish"}
            if self.resource.is_public:
                public = {"label": _("Close again"), "icon": "eye-off", "dialog": "unpublish"}
            found += [{"label": _("Move"), "icon": "arrow-right", "dialog": "move"}, public]
        if can(self.actor, "resource:delete", self.resource):
            why = _("There are resources below it. Move or delete them first.") if self.below[1] else ""
            found.append({"label": _("Delete"), "icon": "trash", "dialog": "delete", "tone": "danger", "reason": why})
        return found

    def dialogs(self) -> list[dict[str, Any]]:
        """What the buttons open."""
        name = {"name": self.resource}
        pressable = [action["dialog"] for action in self.actions() if not action.get("reason")]
        made: dict[str, dict[str, Any]] = {
            "publish": {
                "title": _("Open %(name)s to all members?") % name,
                "text": _("Every active member of the organisation may read it, whatever role they have."),
                "confirm_label": _("Open to all members"),
                "tone": "primary",
                "glyph": "eye",
            },
            "unpublish": {
                "title": _("Close %(name)s again?") % name,
                "text": _("Only who holds a role or a grant that gives it may read it."),
                "confirm_label": _("Close again"),
                "tone": "primary",
                "glyph": "eye-off",
            },
            "delete": {
                "title": _("Delete %(name)s?") % name,
                "text": _(
                    "Roles and grants on it go with it. The product may register it again; who had access then has not."
                ),
                "confirm_label": _("Delete resource"),
                "glyph": "trash",
                "word": self.resource.external_id,
            },
        }
        if "move" in pressable:
            made["move"] = {
                "title": _("Move %(name)s") % name,
                "text": _("Roles held at the new place count on it and on all below it; those of the old place end."),
                "confirm_label": _("Move resource"),
                "tone": "primary",
                "glyph": "arrow-right",
                "form": ResourceMoveForm(auto_id="move_%s", places=selectors.places_for(self.actor, self.resource)),
            }
        return [{"id": key, "url": f"{self.url}/{key}", **made[key]} for key in made if key in pressable]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
