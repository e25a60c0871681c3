"""Reads about roles."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from portal.kit import clock
from rbac.models import INSTALLATION, Binding, Role


def role_labels(people: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Fill of the port `kit.decision.role_labels`: labels of the installation roles of many people, highest first."""
    labels: dict[UUID, list[str]] = {}
    for user_id, label in (
        _live()
        .filter(user_id__in=list(people), scope_id=INSTALLATION)
        .order_by("-role__rank")
        .values_list("user_id", "role__label")
    ):
        labels.setdefault(user_id, []).append(label)
    return labels


def platform_roles() -> list[Role]:
    """The roles of the installation, highest first."""
    return list(Role.objects.filter(catalogue="platform").order_by("-rank", "code"))


def roles_of(person_id: UUID) -> list[Role]:
    """The installation roles that a person holds now, highest first."""
    return [
        binding.role for binding in _live().filter(user_id=person_id, scope_id=INSTALLATION).order_by("-role__rank")
    ]


def rank_of(person_id: UUID) -> int:
    """The highest rank that a person holds on the installation; 0 without any role."""
    return max((role.rank for role in roles_of(person_id)), default=0)


def holders_of(role_code: str) -> list[UUID]:
    """Who is active and holds a role of the installation, for rules such as "never the last one"."""
    return list(
        _live()
        .filter(scope_id=INSTALLATION, role__catalogue="platform", role__code=role_code, user__is_active=True)
        .values_list("user_id", flat=True)
    )


def head_counts() -> dict[str, int]:
    """How many people hold each installation role."""
    rows = Role.objects.filter(catalogue="platform").annotate(
        held=Count("bindings", filter=Q(bindings__expires_at=None) | Q(bindings__expires_at__gt=clock.now()))
    )
    return {row.code: row.held for row in rows}


def _live() -> QuerySet[Binding]:
    return Binding.objects.select_related("role").filter(Q(expires_at=None) | Q(expires_at__gt=clock.now()))
