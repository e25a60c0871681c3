"""Teams, workspaces and resources of a house, made through the services."""

from itertools import count
from typing import Any
from uuid import UUID

from accounts.models import User
from portal.kit import context
from rbac.models import Resource, ResourceType, Team, Workspace
from rbac.resource_rows import KEEP, ResourceRow
from rbac.services.resources import resource_put
from rbac.services.teams import team_create, team_member_add
from rbac.services.workspaces import workspace_create
from tests.accounts.organisation_world import House

_numbers = count(1)


def kind(key: str = "product/project") -> ResourceType:
    """A type by `application/type`."""
    application, _slash, code = key.partition("/")
    return ResourceType.objects.select_related("application").get(application__code=application, code=code)


def team(house: House, name: str = "", *, inside: Team | None = None, people: tuple[User, ...] = ()) -> Team:
    """A team with its members, made by the owner."""
    number = next(_numbers)
    actor = house.inside(house.owner)
    with context.acting(actor):
        made = team_create(
            actor=actor, organisation_id=house.id, name=name or f"Team {number}", slug=f"team-{number}", parent=inside
        )
        for user in people:
            team_member_add(actor=actor, team=made, person_id=user.pk)
    return made


def workspace(house: House, name: str = "") -> Workspace:
    """A workspace, made by the owner."""
    number = next(_numbers)
    actor = house.inside(house.owner)
    with context.acting(actor):
        return workspace_create(
            actor=actor, organisation_id=house.id, name=name or f"Workspace {number}", slug=f"workspace-{number}"
        )


def row(external_id: str = "", *, type_: str = "product/project", place: Any = KEEP, **values: Any) -> ResourceRow:
    """What a product tells of a thing."""
    number = next(_numbers)
    fields: dict[str, Any] = {"name": f"Thing {number}"} | values
    return ResourceRow(kind(type_), external_id or f"thing-{number}", place=place, **fields)


def resource(house: House, name: str = "", *, below: UUID | None = None, type_: str = "product/project") -> Resource:
    """A resource below a node, or at the organisation itself; made by the owner."""
    actor = house.inside(house.owner)
    wanted = row(type_=type_, place=below, **({"name": name} if name else {}))
    with context.acting(actor):
        return resource_put(actor=actor, organisation_id=house.id, row=wanted)[0]
