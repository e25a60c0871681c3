"""Reads about an organisation's roles, who holds them where, and the objects that they are held on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, models
from django.db.models import Count, Q, QuerySet

from portal.kit import context
from portal.kit.context import Actor
from portal.kit.decision import can, holds_somewhere
from portal.kit.errors import Forbidden, NotFound
from portal.kit.identity import OrganisationRef
from rbac.counting import counting
from rbac.models import (
    INSTALLATION,
    Binding,
    Permission,
    Resource,
    Role,
    RolePermission,
    Scope,
    Team,
    TeamGrant,
    TeamPath,
    UserGrant,
    Workspace,
)

PARTS = 500  # Workspaces and resources of whom sees who holds what on some of them only.
SEEN_BY = "member:read"  # Who sees the people of an organisation and their roles may see what those mean.


def object_of(scope: Scope) -> models.Model:
    """What a scope stands for: an organisation, workspace or resource; the scope itself for the installation."""
    if scope.kind == Scope.Kind.INSTALLATION:
        return scope
    kinds: dict[str, type[models.Model]] = {
        Scope.Kind.WORKSPACE: Workspace,
        Scope.Kind.RESOURCE: Resource,
        Scope.Kind.ORGANISATION: apps.get_model("accounts", "Organisation"),
    }
    return kinds[scope.kind]._default_manager.get(pk=scope.pk)


def organisation_here(actor: Actor) -> Any:
    """The organisation that `actor` stands in, whose room is above this one; `NotFound` outside of any."""
    if actor.organisation_id is None:
        raise NotFound
    return apps.get_model("accounts", "Organisation")._default_manager.get(pk=actor.organisation_id)


def slug_here(actor: Actor) -> str:
    """The slug of that organisation; without a query where a request names it."""
    now = context.current()
    named = now.cache.get("organisation") if now is not None else None
    if isinstance(named, OrganisationRef) and named.id == actor.organisation_id:
        return named.slug
    return str(organisation_here(actor).slug)


def scope_here(actor: Actor, scope_id: UUID | None = None, code: str = SEEN_BY) -> Scope:
    """A scope of the organisation that `actor` stands in, that of the organisation itself for None; `NotFound` for any
    other, `Forbidden` where it lacks `code`."""
    if actor.organisation_id is None:
        raise NotFound
    found = Scope.objects.filter(pk=scope_id or actor.organisation_id, organisation_id=actor.organisation_id).first()
    if found is None:
        raise NotFound
    if not can(actor, code) and not can(actor, code, object_of(found)):
        raise Forbidden
    return found


def may_choose(actor: Actor) -> bool:
    """Whether `actor` may see whom and which roles there are to choose from: who sees the members of the organisation,
    and who gives roles on some part of it. From outside, as staff, by the right over organisations."""
    if actor.organisation_id is None:
        return can(actor, "organisation:admin").allowed
    return can(actor, SEEN_BY).allowed or holds_somewhere(actor, "role:assign")


def roles_here(actor: Actor) -> QuerySet[Role]:
    """The roles that can be held in the organisation that `actor` stands in (see `may_choose`): its own, the ready-made
    ones of organisations and those of host products; none outside of any."""
    if actor.organisation_id is None or not may_choose(actor):
        return Role.objects.none()
    return roles_of_organisation(actor.organisation_id)


def roles_of_organisation(organisation_id: UUID) -> QuerySet[Role]:
    """The roles that can be held in an organisation; for services and whoever authorised already."""
    rows = Role.objects.select_related("inherits__application", "application")
    return rows.filter(Q(organisation_id=organisation_id) | Q(catalogue="organisation") | ~Q(application=None))


def role_here(actor: Actor, role_id: UUID) -> Role:
    """One of those roles; `NotFound` for any other."""
    found = roles_here(actor).filter(pk=role_id).first()
    if found is None:
        raise NotFound
    return found


def own_role(actor: Actor, role_id: UUID, code: str) -> Role:
    """A role that the organisation of `actor` made, on which it holds `code`; `NotFound` for any other."""
    found = Role.objects.visible_to(actor, code).filter(pk=role_id, catalogue=Role.CUSTOM).first()
    if found is None:
        raise NotFound
    return found


def rights_of(roles: Iterable[Role]) -> dict[UUID, dict[str, str]]:
    """What each role states itself: code to "allow" or "deny". One query."""
    found: dict[UUID, dict[str, str]] = {role.pk: {} for role in roles}
    rows = RolePermission.objects.filter(role_id__in=list(found)).values_list("role_id", "permission__code", "effect")
    for role_id, code, effect in rows:
        found[role_id][code] = effect
    return found


@dataclass(frozen=True, slots=True)
class Stated:
    """What a role says of a right, and the label of the role that says so."""

    effect: str
    by: str
    inherited: bool


def effective_rights(roles: Sequence[Role]) -> dict[UUID, dict[str, Stated]]:
    """What each role says with all that it inherits; a denial wins, then the nearest. One query."""
    if not roles:
        return {}
    sql = """
        WITH RECURSIVE reached AS (
            SELECT id AS top, id, 0 AS depth FROM rbac_role WHERE id = ANY(%s)
            UNION SELECT h.top, r.inherits_id, h.depth + 1 FROM reached h JOIN rbac_role r ON r.id = h.id
            WHERE r.inherits_id IS NOT NULL AND h.depth < 50
        )
        SELECT DISTINCT ON (h.top, p.code) h.top, p.code, rp.effect, r.label, h.depth > 0
        FROM reached h JOIN rbac_role r ON r.id = h.id JOIN rbac_role_permission rp ON rp.role_id = h.id
        JOIN rbac_permission p ON p.number = rp.permission_id
        ORDER BY h.top, p.code, rp.effect DESC, h.depth
    """
    found: dict[UUID, dict[str, Stated]] = {role.pk: {} for role in roles}
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(found)])
        for top, code, effect, label, inherited in cursor.fetchall():
            found[top][code] = Stated(effect, label, inherited)
    return found


def holder_counts(roles: Iterable[Role], organisation_id: UUID) -> dict[UUID, int]:
    """How many bindings each role has in an organisation: people, teams and everybody, each counted once; one query."""
    rows = Binding.objects.filter(counting(), role__in=list(roles), scope__organisation_id=organisation_id).order_by()
    return dict(rows.values_list("role_id").annotate(held=Count("pk")))


def bindings_here(actor: Actor) -> QuerySet[Binding]:
    """Who holds what in the organisation that `actor` stands in (`member:read`), what is over included; of whom sees
    members on some parts only, what is held on those."""
    if actor.organisation_id is None:
        return Binding.objects.none()
    rows = Binding.objects.filter(scope__organisation_id=actor.organisation_id)
    if not can(actor, SEEN_BY):
        rows = rows.filter(scope__in=_parts(actor))
    return rows.select_related("role", "role__application", "user", "team", "scope")


def members_own(rows: QuerySet[Binding], own: bool) -> QuerySet[Binding]:
    """Of bindings on an organisation those that are the lasting role of a member, or the others."""
    lasting = Q(role__catalogue="organisation", user__isnull=False, effect="allow", expires_at=None)
    return rows.filter(lasting) if own else rows.exclude(lasting)


def object_names(found: Iterable[UserGrant | TeamGrant]) -> dict[UUID, str]:
    """What rights on single objects are on, by name, as far as it stands in the tree; at most four queries."""
    return place_names(Scope.objects.filter(pk__in=[row.object_id for row in found]))


def bindings_of_person(actor: Actor, person_id: UUID) -> QuerySet[Binding]:
    """What a person holds there: by itself, by its teams and those around them, and as everybody does."""
    teams = Team.objects.filter(pk__in=_teams_of(person_id))
    rows = bindings_here(actor).filter(counting())
    return rows.filter(Q(user_id=person_id) | Q(team__in=teams.values("pk")) | Q(everyone=True))


def _teams_of(person_id: UUID) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT p.ancestor_id FROM rbac_team_member m JOIN rbac_team_path p "
            "ON p.descendant_id = m.team_id WHERE m.user_id = %s",
            [person_id],
        )
        return [row[0] for row in cursor.fetchall()]


def binding_here(actor: Actor, binding_id: UUID) -> Binding:
    """One binding of the organisation; `NotFound` for that of another."""
    found = bindings_here(actor).filter(pk=binding_id).first()
    if found is None:
        raise NotFound
    return found


def _parts(actor: Actor) -> list[UUID]:
    """The workspaces and resources on which `actor` sees who holds what."""
    if not holds_somewhere(actor, SEEN_BY):
        return []
    keys: list[UUID] = []
    for rows in (Workspace.objects.visible_to(actor, SEEN_BY), Resource.objects.visible_to(actor, SEEN_BY)):
        keys += rows.order_by().values_list("pk", flat=True)[:PARTS]
    return keys


def grants_here(actor: Actor) -> tuple[QuerySet[UserGrant], QuerySet[TeamGrant]]:
    """The rights on single objects of the organisation that `actor` stands in (as `bindings_here`): of people, of teams."""
    if actor.organisation_id is None:
        return UserGrant.objects.none(), TeamGrant.objects.none()
    people = UserGrant.objects.filter(organisation_id=actor.organisation_id).select_related("permission", "user")
    teams = TeamGrant.objects.filter(organisation_id=actor.organisation_id).select_related("permission", "group")
    if not can(actor, SEEN_BY):
        parts = _parts(actor)
        people, teams = people.filter(object_id__in=parts), teams.filter(object_id__in=parts)
    return people, teams


def grant_here(actor: Actor, grant_id: UUID) -> UserGrant | TeamGrant:
    """One of them; `NotFound` for that of another organisation."""
    for rows in grants_here(actor):
        found: UserGrant | TeamGrant | None = rows.filter(pk=grant_id).first()
        if found is not None:
            return found
    raise NotFound


def teams_here(actor: Actor) -> QuerySet[Team]:
    """The teams of the organisation that `actor` stands in, by name (see `may_choose`)."""
    if actor.organisation_id is None or not may_choose(actor):
        return Team.objects.none()
    return Team.objects.filter(organisation_id=actor.organisation_id).order_by("name", "pk")


def person_here(actor: Actor, person_id: UUID) -> models.Model:
    """A member of the organisation that `actor` stands in, suspended ones included; `NotFound` for anybody else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM accounts_membership WHERE organisation_id = %s AND user_id = %s",
            [actor.organisation_id, person_id],
        )
        if cursor.fetchone() is None or not can(actor, SEEN_BY):
            raise NotFound
    return get_user_model()._default_manager.get(pk=person_id)


def people_here(actor: Actor, limit: int = 500) -> list[tuple[UUID, str]]:
    """Active members and service accounts to choose from: id and name, by name."""
    if actor.organisation_id is None or not can(actor, SEEN_BY):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.id, coalesce(nullif(u.name, ''), u.username) AS shown FROM accounts_membership m "
            "JOIN accounts_user u ON u.id = m.user_id AND u.is_active "
            "WHERE m.organisation_id = %s AND m.state = 'active' ORDER BY shown, u.id LIMIT %s",
            [actor.organisation_id, limit],
        )
        return [(key, name) for key, name in cursor.fetchall()]


def grantable_codes(model: type[models.Model], prefix: str = "") -> list[str]:
    """The codes that can be granted on one object of `model`, those of a host product only with `prefix`."""
    rows = Permission.objects.filter(
        auth_permission__content_type__app_label=model._meta.app_label,
        auth_permission__content_type__model=model._meta.model_name,
    )
    return [code for code in rows.order_by("code").values_list("code", flat=True) if _about(code, prefix)]


def _about(code: str, prefix: str) -> bool:
    return "/" not in code or (bool(prefix) and code.startswith(prefix))


def prefix_of(target: models.Model) -> str:
    """How the host codes about an object begin: `product/project:`; empty for what is no resource."""
    if not isinstance(target, Resource):
        return ""
    return f"{target.type.application.code}/{target.type.code}:"


def places_here(actor: Actor, limit: int = 200) -> list[tuple[Scope, str]]:
    """Where roles can be given in the organisation that `actor` stands in: the whole, and its workspaces."""
    if actor.organisation_id is None or not can(actor, SEEN_BY):
        return []
    names = dict(Workspace.objects.filter(organisation_id=actor.organisation_id).values_list("pk", "name")[:limit])
    scopes = Scope.objects.filter(Q(pk=actor.organisation_id) | Q(pk__in=list(names)))
    whole = str(organisation_here(actor))
    rows = [(scope, names.get(scope.pk, whole)) for scope in scopes]
    return sorted(rows, key=lambda row: (row[0].kind != Scope.Kind.ORGANISATION, row[1]))


def place_names(scopes: Iterable[Scope]) -> dict[UUID, str]:
    """What the scopes stand for, by name; at most three queries."""
    wanted = list(scopes)
    found: dict[UUID, str] = {}
    for model in (Workspace, Resource):
        keys = [scope.pk for scope in wanted if scope.kind == model.__name__.lower()]
        found |= dict(model._default_manager.filter(pk__in=keys).values_list("pk", "name")) if keys else {}
    keys = [scope.pk for scope in wanted if scope.kind == Scope.Kind.ORGANISATION]
    rows = apps.get_model("accounts", "Organisation")._default_manager.filter(pk__in=keys) if keys else []
    return found | {row.pk: str(row) for row in rows}


def codes_in(organisation_id: UUID | None) -> list[str]:
    """Every code that a role can hold: Steward's own that a role of organisations names, and those of host products."""
    rows = Permission.objects.filter(Q(application__isnull=False) | Q(pk__in=_stated("organisation")))
    if organisation_id is None:
        rows = Permission.objects.filter(pk__in=_stated("platform"))
    return list(rows.order_by("number").values_list("code", flat=True))


def _stated(catalogue: str) -> QuerySet[RolePermission, int]:
    return RolePermission.objects.filter(role__catalogue=catalogue).values_list("permission_id", flat=True)


def member_roles(person_id: UUID, organisation_id: UUID) -> list[Role]:
    """The lasting ready-made role of a member in the organisation; more than one only where history made it so."""
    rows = Binding.objects.select_related("role").filter(
        user_id=person_id,
        scope_id=organisation_id,
        effect=Binding.Effect.ALLOW,
        expires_at=None,
        conditions__isnull=True,
        is_suspended=False,
        role__catalogue="organisation",
    )
    return [binding.role for binding in rows.order_by("-role__rank")]


def installation_roles(actor: Actor) -> list[Role]:
    """Every ready-made role (`role:admin`): by catalogue, highest first."""
    if not can(actor, "role:admin"):
        raise Forbidden
    rows = Role.objects.select_related("inherits__application", "application").exclude(catalogue=Role.CUSTOM)
    return sorted(rows, key=lambda role: (role.application_id is not None, role.catalogue, -role.rank))


def held_on_installation(role: Role) -> int:
    """How many hold a role on the installation itself."""
    return Binding.objects.filter(counting(), role=role, scope_id=INSTALLATION).count()


def teams_and_own_roles(actor: Actor) -> tuple[list[Team], list[Role]]:
    """The teams, and the roles that the organisation made: what a change can be about; two queries."""
    own = roles_here(actor).filter(catalogue=Role.CUSTOM).order_by("label", "pk")
    return list(teams_here(actor)[:500]), list(own)


def places_bound(*, team_ids: Iterable[UUID] = (), role_ids: Iterable[UUID] = (), limit: int = 20) -> list[Scope]:
    """Where these teams, or the teams around them, hold something, or where these roles, or those that inherit them, are
    held below an organisation; for whoever may change that."""
    around = TeamPath.objects.filter(descendant__in=list(team_ids)).values("ancestor_id")
    reached = set(role_ids)
    while more := set(Role.objects.filter(inherits__in=reached).values_list("pk", flat=True)) - reached:
        reached |= more
    rows = Binding.objects.filter(Q(team__in=around) | Q(role__in=reached))
    parts = rows.filter(scope__kind__in=[Scope.Kind.WORKSPACE, Scope.Kind.RESOURCE])
    return list(Scope.objects.filter(pk__in=parts.values("scope_id"))[:limit])
