"""What an organisation has, in the words of a file, and the rows behind the words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models

from rbac.access_selectors import rights_of, roles_of_organisation
from rbac.as_code.document import Document, HeldSpec, RoleSpec, TeamSpec, WorkspaceSpec
from rbac.counting import counting
from rbac.holders import Holder
from rbac.models import Binding, Resource, Role, Scope, Team, TeamGrant, TeamMember, UserGrant, Workspace
from rbac.review_snapshot import is_membership

Grant = UserGrant | TeamGrant
Key = tuple[str, str, str, str]


@dataclass
class State:
    """The rows of one organisation by the words that a file has for them; kept up to date while a plan is carried out."""

    organisation_id: UUID
    people: dict[str, UUID] = field(default_factory=dict)  # By user name and by e-mail address, in lower case.
    names: dict[UUID, str] = field(default_factory=dict)  # User names.
    roles: dict[str, Role] = field(default_factory=dict)  # By catalogue and code.
    teams: dict[str, Team] = field(default_factory=dict)
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    bindings: dict[Key, Binding] = field(default_factory=dict)
    grants: dict[Key, Grant] = field(default_factory=dict)
    members: dict[str, set[UUID]] = field(default_factory=dict)
    document: Document = field(default_factory=Document)

    def holder(self, who: str) -> Holder:
        """Whom a file means by `who`; `KeyError` for nobody here."""
        if who == "everyone":
            return Holder()
        kind, _colon, name = who.partition(":")
        return Holder(team=self.teams[name]) if kind == "team" else Holder(person_id=self.people[name.lower()])

    def who(self, text: str) -> str:
        """The one spelling of `who`: people by their user name; `KeyError` for nobody here."""
        kind, _colon, name = text.partition(":")
        return f"person:{self.names[self.people[name.lower()]]}" if kind == "person" else text

    def scope(self, on: str) -> Scope:
        """The place that a file means; `KeyError` for none here."""
        return Scope.objects.get(pk=self.target(on).pk)

    def target(self, on: str) -> models.Model:
        """The object that a file means; `KeyError` for none here."""
        kind, _colon, name = on.partition(":")
        if kind == "organisation":
            found: models.Model = apps.get_model("accounts", "Organisation")._default_manager.get(
                pk=self.organisation_id
            )
            return found
        return self.workspaces[name] if kind == "workspace" else self.resources[name]


def state_of(organisation_id: UUID, resources: Iterable[str] = ()) -> State:
    """What the organisation has now; `resources` are further ones that a file names. For services and whoever
    authorised already; a fixed number of queries."""
    state = State(organisation_id)
    _people(state)
    rows = roles_of_organisation(organisation_id)
    state.roles = {f"{role.catalogue}/{role.code}": role for role in rows}
    state.teams = {team.slug: team for team in Team.objects.filter(organisation_id=organisation_id)}
    state.workspaces = {row.slug: row for row in Workspace.objects.filter(organisation_id=organisation_id)}
    bindings, grants = _held(organisation_id)
    _resources(state, [*resources], [row.scope_id for row in bindings] + [row.object_id for row in grants])
    _tell(state)
    _tell_held(state, bindings, grants)
    return state


def _people(state: State) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.id, u.username, lower(u.email) FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id "
            "WHERE m.organisation_id = %s",
            [state.organisation_id],
        )
        rows = cursor.fetchall()
    # A user name wins over an address that is spelled like it.
    state.people = {email: key for key, _name, email in rows if email}
    state.people |= {name.lower(): key for key, name, _email in rows}
    state.names = {key: name for key, name, _email in rows}


def _held(organisation_id: UUID) -> tuple[list[Binding], list[Grant]]:
    rows = Binding.objects.filter(counting(), scope__organisation_id=organisation_id)
    bindings = [row for row in rows.select_related("role", "scope", "team").order_by("pk") if not is_membership(row)]
    grants: list[Grant] = []
    for model in (UserGrant, TeamGrant):
        found: Any = model._default_manager.filter(organisation_id=organisation_id).select_related("permission")
        grants += found.order_by("pk")
    return bindings, grants


def resource_name(row: Resource) -> str:
    """How a file spells a resource."""
    return f"{row.type.application.code}/{row.type.code}/{row.external_id}"


def _resources(state: State, named: list[str], keys: list[UUID]) -> None:
    """Only those that matter: an organisation may have a million."""
    rows = Resource.objects.select_related("type__application").filter(organisation_id=state.organisation_id)
    outer = [name.split("/", 2)[2] for name in named if name.count("/") >= 2]
    wanted = models.Q(pk__in=keys) | models.Q(external_id__in=outer)
    state.resources = {resource_name(row): row for row in rows.filter(wanted)}


def _tell(state: State) -> None:
    """Workspaces, roles and teams in the words of a file."""
    said = state.document
    said.workspaces = {
        slug: WorkspaceSpec(slug, row.name, row.description, row.external_id)
        for slug, row in sorted(state.workspaces.items())
    }
    own = [role for role in state.roles.values() if role.catalogue == Role.CUSTOM]
    by_id = {role.pk: name for name, role in state.roles.items()}
    rights = rights_of(own)
    said.roles = {}
    for role in sorted(own, key=lambda one: one.code):
        stated = rights[role.pk]
        said.roles[role.code] = RoleSpec(
            role.code,
            role.label,
            role.description,
            role.rank,
            by_id.get(role.inherits_id, "") if role.inherits_id is not None else "",
            tuple(sorted(code for code, effect in stated.items() if effect == "allow")),
            tuple(sorted(code for code, effect in stated.items() if effect == "deny")),
        )
    slugs = {team.pk: slug for slug, team in state.teams.items()}
    state.members = {slug: set() for slug in state.teams}
    for team_id, user_id in TeamMember.objects.filter(organisation_id=state.organisation_id).values_list(
        "team_id", "user_id"
    ):
        state.members[slugs[team_id]].add(user_id)
    said.teams = {
        slug: TeamSpec(
            slug,
            team.name,
            team.description,
            team.external_id,
            slugs.get(team.parent_id, "") if team.parent_id is not None else "",
            tuple(sorted(state.names[key] for key in state.members[slug] if key in state.names)),
        )
        for slug, team in sorted(state.teams.items())
    }


def _tell_held(state: State, bindings: list[Binding], grants: list[Grant]) -> None:
    places = {state.organisation_id: "organisation"}
    places |= {row.pk: f"workspace:{slug}" for slug, row in state.workspaces.items()}
    places |= {row.pk: f"resource:{name}" for name, row in state.resources.items()}
    roles = {role.pk: name for name, role in state.roles.items()}
    teams = {team.pk: slug for slug, team in state.teams.items()}
    groups = {team.group_id: slug for slug, team in state.teams.items()}
    said: dict[Key, HeldSpec] = {}
    for row in bindings:
        who = "everyone" if row.everyone else _who(state, row.user_id, teams.get(row.team_id))  # type: ignore[arg-type]
        if who and row.role_id in roles and row.scope_id in places:
            held = _spec(row, who, roles[row.role_id], places[row.scope_id], row.effect)
            said[held.key], state.bindings[held.key] = held, row
    state.document.bindings = dict(sorted(said.items()))
    said = {}
    for grant in grants:
        user = grant.user_id if isinstance(grant, UserGrant) else None
        who = _who(state, user, groups.get(grant.group_id) if isinstance(grant, TeamGrant) else None)
        # What is no part of the tree, such as a run of a job, has no name that would last.
        if who and grant.object_id in places:
            held = _spec(grant, who, grant.permission.codename, places[grant.object_id], "allow")
            said[held.key], state.grants[held.key] = held, grant
    state.document.grants = dict(sorted(said.items()))


def _who(state: State, person_id: UUID | None, team: str | None) -> str:
    if team is not None:
        return f"team:{team}"
    return f"person:{state.names[person_id]}" if person_id in state.names else ""


def _spec(row: Binding | Grant, who: str, what: str, on: str, effect: str) -> HeldSpec:
    return HeldSpec(who, what, on, effect, row.expires_at, row.reason, row.conditions)
