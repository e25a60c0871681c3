"""What tests of roles make: workspaces, teams and resources of an organisation, straight in the database, and roles
with the rights that a test needs."""

from collections.abc import Mapping
from itertools import count
from uuid import UUID

from django.contrib.auth.models import Group

from accounts.models import User
from portal.kit import context, ids, tenancy
from portal.kit.context import Actor
from portal.kit.services import writing
from rbac import services
from rbac.effective import effective_permissions
from rbac.models import Application, Binding, Resource, ResourceType, Role, Scope, Team, TeamMember, Workspace
from rbac.services import RoleDraft
from tests.accounts.organisation_world import House

_numbers = count(1)


def scope_of(house: House) -> Scope:
    """The scope of the organisation."""
    return Scope.objects.get(pk=house.id)


def make_workspace(house: House, name: str = "Quay") -> Workspace:
    """A workspace with its scope."""
    with context.system("a test"), writing(), tenancy.within(house.id):
        key = ids.uuid7()
        Scope.objects.create(id=key, kind="workspace", parent_id=house.id, organisation_id=house.id)
        slug = f"{name.lower()}-{next(_numbers)}"
        return Workspace.objects.create(id=key, organisation_id=house.id, name=name, slug=slug)


def make_resource(house: House, *, key: UUID | None = None, kind: str = "project") -> Resource:
    """A project of the product, directly below the organisation."""
    with context.system("a test"), writing(), tenancy.within(house.id):
        found, _made = ResourceType.objects.get_or_create(
            application=Application.objects.get(code="product"),
            code=kind,
            defaults={"label": kind.capitalize(), "label_plural": f"{kind.capitalize()}s"},
        )
        key = key or ids.uuid7()
        Scope.objects.create(id=key, kind="resource", parent_id=house.id, organisation_id=house.id)
        number = next(_numbers)
        return Resource.objects.create(
            id=key, organisation_id=house.id, type=found, external_id=f"p-{number}", name=f"Project {number}"
        )


def make_team(house: House, *members: User, inside: Team | None = None) -> Team:
    """A team with these members."""
    with context.system("a test"), writing(), tenancy.within(house.id):
        name = f"Team {next(_numbers)}"
        group = Group.objects.create(name=f"{house.id} {name}")
        slug = name.lower().replace(" ", "-")
        team = Team.objects.create(organisation_id=house.id, name=name, slug=slug, group=group, parent=inside)
        for user in members:
            TeamMember.objects.create(organisation_id=house.id, team=team, user=user)
    return team


def make_role(
    house: House, *codes: str, rank: int = 10, inherits: Role | None = None, rights: Mapping[str, str] | None = None
) -> Role:
    """An own role of the organisation with these rights, made by the system."""
    number = next(_numbers)
    stated = dict.fromkeys(codes, "allow") | dict(rights or {})
    with context.system("a test") as current:
        draft = RoleDraft(label=f"Crew {number}", rank=rank, inherits=inherits, rights=stated)
        return services.role_create(actor=current.actor, organisation_id=house.id, draft=draft)


def bind(house: House, user: User | None, role: Role, **values: object) -> Binding:
    """A role for a person, or with None for whom `values` name, written as the system does."""
    fields: dict[str, object] = {"scope_id": house.id, "user": user, "role": role} | values
    with context.system("a test"), writing(), tenancy.within(house.id):
        return Binding.objects.create(**fields)


def held(user: User, house: House) -> set[str]:
    """The codes that a person holds in the organisation, read from the database."""
    return {row.code for row in effective_permissions(user.pk, [house.id]) if row.allowed_on(house.id)}


def ready(code: str, catalogue: str = "organisation") -> Role:
    """A ready-made role."""
    return Role.objects.get(catalogue=catalogue, code=code)


def acting(house: House, user: User) -> Actor:
    """The person, standing in the organisation."""
    return house.inside(user)
