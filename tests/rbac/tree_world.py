"""Worlds written in YAML or made at random: a tree, teams, roles, bindings and grants, put into the database as rows.

A world is a mapping. Names stand for rows; `acme` is the organisation and `*` all its active members:

    people: [anna, ben]                 # members of the organisation, unless in `outsiders` or `suspended`
    teams: {staff: {members: [anna]}, inner: {in: staff, members: [ben]}}
    workspaces: [shop]
    resources: {orders: {in: shop, type: project, public: true, attributes: {region: eu}}}
    roles: {reader: {allow: ["product/project:read"]}, writer: {inherits: reader, allow: [...], deny: [...]}}
    modules: {drawing: {codes: ["product/project:read"], switched: off}}
    bindings: [{who: team:staff, role: reader, where: shop, deny: true, ends_in: 60, conditions: {...}, suspended: true}]
    grants: [{who: anna, code: "product/project:read", where: orders, ends_in: -60, conditions: {...}}]
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as AuthPermission
from django.contrib.contenttypes.models import ContentType
from django.db import models

from accounts.models import Membership, Organisation, User
from portal.kit import clock, context, ids, registry, tenancy
from portal.kit.context import Actor
from portal.kit.services import writing
from rbac.conditions import conditions_clean
from rbac.decision import mark_changed
from rbac.models import (
    INSTALLATION,
    Application,
    Binding,
    Module,
    ModuleSwitch,
    Permission,
    Resource,
    ResourceType,
    Role,
    RolePermission,
    Scope,
    Team,
    TeamGrant,
    TeamMember,
    UserGrant,
    Workspace,
)
from tests.accounts.organisation_world import organisation
from tests.factories import actor_of, person

CODES = ("product/project:read", "product/project:update", "product/pipeline:read")
OWN_CODES = ("resource:read", "resource:update", "workspace:read", "workspace:admin")
_numbers = count(1)


def declare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Declare the codes of the tree for one test, where their rooms do not stand yet."""
    for code in OWN_CODES:
        if code not in registry.permissions:
            monkeypatch.setitem(registry.permissions._items, code, registry.Permission(code, code, "data"))


@dataclass
class Tree:
    """The rows of a world by their names."""

    organisation: Organisation
    people: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        """The person, standing in the organisation."""
        return replace(actor_of(self.people[name]), organisation_id=self.organisation.pk)

    def node(self, name: str) -> models.Model:
        """What a name in the tree stands for."""
        if name == "acme":
            return self.organisation
        return self.workspaces.get(name) or self.resources[name]

    def scope_id(self, name: str) -> UUID:
        """The scope of a name in the tree."""
        return INSTALLATION if name == "installation" else self.node(name).pk


def plant(world: Mapping[str, Any]) -> Tree:
    """Put a world into the database."""
    tree = Tree(organisation("Acme"))
    outsiders, suspended = world.get("outsiders", ()), world.get("suspended", ())
    for name in [*world.get("people", ()), *outsiders, *suspended, *world.get("inactive", ())]:
        tree.people[name] = person(name, is_active=name not in world.get("inactive", ()))
    with context.system("a test"), writing(), tenancy.within(tree.organisation.pk):
        for name, user in tree.people.items():
            if name not in outsiders:
                state = Membership.State.SUSPENDED if name in suspended else Membership.State.ACTIVE
                Membership.objects.create(organisation=tree.organisation, user=user, state=state)
        _catalogue()
        _teams(tree, world.get("teams", {}))
        _nodes(tree, world)
        _modules(tree, world.get("modules", {}))
        _roles(tree, world.get("roles", {}))
        for one in world.get("bindings", ()):
            bind(tree, one)
        for one in world.get("grants", ()):
            grant(tree, one)
        mark_changed()
    return tree


def _catalogue() -> None:
    application, _made = Application.objects.get_or_create(code="product", defaults={"label": "Product"})
    for code in ("project", "pipeline"):
        ResourceType.objects.get_or_create(
            application=application, code=code, defaults={"label": code, "label_plural": f"{code}s"}
        )
    known = set(Permission.objects.values_list("code", flat=True))
    number = max(Permission.objects.values_list("number", flat=True)) + 1
    for offset, code in enumerate(sorted({*CODES, *OWN_CODES} - known)):
        host = application if "/" in code else None
        Permission.objects.create(number=number + offset, code=code, application=host)
    for permission in Permission.objects.filter(code__in=[*CODES, *OWN_CODES], auth_permission=None):
        model = Workspace if permission.code.startswith("workspace:") else Resource
        permission.auth_permission = AuthPermission.objects.create(
            codename=permission.code, name=permission.code, content_type=ContentType.objects.get_for_model(model)
        )
        permission.save(update_fields=["auth_permission"])


def _teams(tree: Tree, teams: Mapping[str, Any]) -> None:
    for name, values in teams.items():
        number = next(_numbers)
        tree.teams[name] = Team.objects.create(
            organisation=tree.organisation,
            name=name,
            slug=f"{name}-{number}",
            parent=tree.teams[values["in"]] if "in" in values else None,
            group=Group.objects.create(name=f"{name} {number}"),
        )
        for member in values.get("members", ()):
            TeamMember.objects.create(organisation=tree.organisation, team=tree.teams[name], user=tree.people[member])


def _scope(tree: Tree, kind: Scope.Kind, parent: UUID) -> UUID:
    made = Scope.objects.create(id=ids.uuid7(), kind=kind, parent_id=parent, organisation_id=tree.organisation.pk)
    return made.pk


def _nodes(tree: Tree, world: Mapping[str, Any]) -> None:
    for name in world.get("workspaces", ()):
        scope_id = _scope(tree, Scope.Kind.WORKSPACE, tree.organisation.pk)
        tree.workspaces[name] = Workspace.objects.create(
            id=scope_id, organisation=tree.organisation, name=name, slug=name
        )
    for name, values in world.get("resources", {}).items():
        scope_id = _scope(tree, Scope.Kind.RESOURCE, tree.scope_id(values.get("in", "acme")))
        tree.resources[name] = Resource.objects.create(
            id=scope_id,
            organisation=tree.organisation,
            type=ResourceType.objects.get(application__code="product", code=values.get("type", "project")),
            external_id=name,
            name=name,
            is_public=values.get("public", False),
            attributes=values.get("attributes", {}),
        )


def _roles(tree: Tree, roles: Mapping[str, Any]) -> None:
    for rank, (name, values) in enumerate(roles.items(), start=1):
        role = Role.objects.create(
            catalogue="custom",
            code=name,
            label=name,
            rank=values.get("rank", rank),
            organisation=tree.organisation,
            inherits=tree.roles[values["inherits"]] if "inherits" in values else None,
        )
        tree.roles[name] = role
        for effect in ("allow", "deny"):
            for code in values.get(effect, ()):
                permission = Permission.objects.get(code=code)
                RolePermission.objects.create(role=role, permission=permission, effect=effect)


def _modules(tree: Tree, modules: Mapping[str, Any]) -> None:
    for name, values in modules.items():
        module = Module.objects.create(
            application=Application.objects.get(code="product"),
            code=name,
            label=name,
            on_by_default=values.get("default", True),
        )
        Permission.objects.filter(code__in=values["codes"]).update(module=module)
        if "switched" in values:
            ModuleSwitch.objects.create(organisation=tree.organisation, module=module, is_on=values["switched"])


def _subject(tree: Tree, who: str) -> dict[str, Any]:
    if who == "*":
        return {"everyone": True}
    if who.startswith("team:"):
        return {"team": tree.teams[who.removeprefix("team:")]}
    return {"user": tree.people[who]}


def _end(values: Mapping[str, Any]) -> Any:
    return clock.now() + timedelta(seconds=values["ends_in"]) if "ends_in" in values else None


def bind(tree: Tree, values: Mapping[str, Any]) -> Binding:
    """Write one binding of a world; inside `writing()`."""
    return Binding.objects.create(
        scope_id=tree.scope_id(values["where"]),
        role=tree.roles[values["role"]],
        effect=Binding.Effect.DENY if values.get("deny") else Binding.Effect.ALLOW,
        conditions=conditions_clean(values.get("conditions")),
        expires_at=_end(values),
        is_suspended=values.get("suspended", False),
        **_subject(tree, values["who"]),
    )


def grant(tree: Tree, values: Mapping[str, Any]) -> UserGrant | TeamGrant:
    """Write one grant of a world; inside `writing()`."""
    obj = tree.node(values["where"])
    permission = Permission.objects.get(code=values["code"]).auth_permission
    assert permission is not None
    common: dict[str, Any] = {
        "permission": permission,
        "content_type": ContentType.objects.get_for_model(obj),
        "object_pk": str(obj.pk),
        "organisation": tree.organisation,
        "conditions": conditions_clean(values.get("conditions")),
        "expires_at": _end(values),
    }
    subject = _subject(tree, values["who"])
    model: type[UserGrant | TeamGrant]
    if "team" in subject:
        model, holder = TeamGrant, {"group": subject["team"].group}
    else:
        model, holder = UserGrant, subject
    made: UserGrant | TeamGrant = model(**holder, **common)
    made.save(force_insert=True)
    return made
