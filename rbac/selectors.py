"""Reads about roles. A scope is the installation or, by its id, an organisation."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from portal.kit import clock
from rbac.models import INSTALLATION, Binding, Role


def catalogue_of(scope_id: UUID) -> str:
    """The catalogue whose roles can be held on a scope."""
    return "platform" if scope_id == INSTALLATION else "organisation"


def role_labels(people: Iterable[UUID], organisation_id: UUID | None = None) -> dict[UUID, list[str]]:
    """Fill of the port `kit.decision.role_labels`."""
    labels: dict[UUID, list[str]] = {}
    for user_id, label in (
        _live()
        .filter(user_id__in=list(people), scope_id=organisation_id or INSTALLATION)
        .order_by("-role__rank")
        .values_list("user_id", "role__label")
    ):
        labels.setdefault(user_id, []).append(label)
    return labels


def roles_by_scope(person_id: UUID, scopes: Iterable[UUID]) -> dict[UUID, Role]:
    """The highest role that a person holds on each of the scopes; one query."""
    rows = Binding.objects.select_related("role").filter(user_id=person_id, scope_id__in=list(scopes))
    return {row.scope_id: row.role for row in rows.order_by("role__rank")}


def roles_in(scope_id: UUID, people: Iterable[UUID]) -> dict[UUID, Role]:
    """The highest role of each of the people on a scope, resting ones included; one query."""
    rows = Binding.objects.select_related("role").filter(scope_id=scope_id, user_id__in=list(people))
    return {row.user_id: row.role for row in rows.filter(_unexpired()).order_by("role__rank")}


def platform_roles() -> list[Role]:
    """The roles of the installation, highest first."""
    return roles_for(INSTALLATION)


def roles_for(scope_id: UUID) -> list[Role]:
    """The roles that can be held on a scope, highest first."""
    return list(Role.objects.filter(catalogue=catalogue_of(scope_id)).order_by("-rank", "code"))


def roles_of(person_id: UUID, scope_id: UUID = INSTALLATION) -> list[Role]:
    """The roles that a person holds on a scope now, highest first."""
    return [binding.role for binding in _live().filter(user_id=person_id, scope_id=scope_id).order_by("-role__rank")]


def rank_of(person_id: UUID, scope_id: UUID = INSTALLATION) -> int:
    """The highest rank that a person holds on a scope; 0 without any role."""
    return max((role.rank for role in roles_of(person_id, scope_id)), default=0)


def holders_of(role_code: str, scope_id: UUID = INSTALLATION) -> list[UUID]:
    """Who is active and holds a role on a scope, for rules such as "never the last one"."""
    return list(
        _live()
        .filter(scope_id=scope_id, role__catalogue=catalogue_of(scope_id), role__code=role_code, user__is_active=True)
        .values_list("user_id", flat=True)
    )


def head_counts(scope_id: UUID = INSTALLATION) -> dict[str, int]:
    """How many people hold each role of a scope."""
    here = Q(bindings__scope_id=scope_id, bindings__is_suspended=False)
    live = Q(bindings__expires_at=None) | Q(bindings__expires_at__gt=clock.now())
    rows = Role.objects.filter(catalogue=catalogue_of(scope_id)).annotate(held=Count("bindings", filter=here & live))
    return {row.code: row.held for row in rows}


def _unexpired() -> Q:
    return Q(expires_at=None) | Q(expires_at__gt=clock.now())


def _live() -> QuerySet[Binding]:
    return Binding.objects.select_related("role").filter(_unexpired(), is_suspended=False)
