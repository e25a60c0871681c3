"""Reads about roles. A scope is the installation or, by its id, an organisation."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, QuerySet

from rbac.counting import counting
from rbac.decision import known_at_epoch
from rbac.models import INSTALLATION, Binding, Role, Scope

OWNER = "owner"


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
    live = rows.filter(counting(), effect=Binding.Effect.ALLOW).order_by("role__rank")
    return {row.user_id: row.role for row in live if row.user_id is not None}


def platform_roles() -> list[Role]:
    """The roles of the installation, highest first; kept by the process until one of them changes."""
    return list(known_at_epoch("platform_roles", lambda: roles_for(INSTALLATION)))


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


def owners() -> QuerySet[Binding]:
    """Lasting ownership of organisations by active people; suspended members own nothing meanwhile."""
    return Binding.objects.filter(
        role__catalogue="organisation",
        role__code=OWNER,
        expires_at=None,
        is_suspended=False,
        effect=Binding.Effect.ALLOW,
        user__is_active=True,
        scope__kind=Scope.Kind.ORGANISATION,
    )


def owned_scopes(people: Iterable[UUID]) -> list[UUID]:
    """The organisations that any of these people owns."""
    return list(owners().filter(user_id__in=list(people)).values_list("scope_id", flat=True))


def sole_owner_scopes(person_id: UUID) -> set[UUID]:
    """The organisations that would be without an active owner if this person went; one query."""
    own = owners().filter(user_id=person_id).values("scope_id")
    counted = owners().filter(scope_id__in=own).values("scope_id").annotate(n=Count("user_id"))
    return set(counted.filter(n=1).values_list("scope_id", flat=True))


def head_counts(scope_id: UUID = INSTALLATION) -> dict[str, int]:
    """How many people hold each role of a scope."""
    rows = _live().filter(scope_id=scope_id, role__catalogue=catalogue_of(scope_id)).order_by()
    return dict(rows.values_list("role__code").annotate(held=Count("pk")))


def _live() -> QuerySet[Binding]:
    return Binding.objects.select_related("role").filter(counting(), is_suspended=False, effect=Binding.Effect.ALLOW)
