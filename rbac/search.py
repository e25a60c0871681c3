"""What the search finds of teams, roles, workspaces, resources, their runs and reviews."""

from collections.abc import Callable, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy

from portal.kit.context import Actor
from portal.kit.context import actor as acting
from portal.kit.lists import List
from portal.kit.search import Hit, Known, Realm, Records, containing, kinds
from rbac import review_lists, role_lists, run_lists, tree_lists
from rbac import selectors as rbac
from rbac.access_selectors import slug_here
from rbac.models import Resource, Review, Role, Run, Team, Workspace
from rbac.role_presenters import kind_of, role_name


def _team(row: Team) -> Hit:
    return Hit(str(row.pk), row.name, row.slug, reverse("rbac:team", args=[row.organisation.slug, row.pk]))


def _workspace(row: Workspace) -> Hit:
    return Hit(str(row.pk), row.name, row.slug, reverse("rbac:workspace", args=[row.organisation.slug, row.pk]))


def _resource(row: Resource) -> Hit:
    note = f"{row.type.label} · {row.external_id}"
    return Hit(
        str(row.pk), row.name or row.external_id, note, reverse("rbac:resource", args=[row.organisation.slug, row.pk])
    )


def _role(row: Role) -> Hit:
    return Hit(
        str(row.pk), role_name(row), str(kind_of(row)[1]), reverse("rbac:role", args=[slug_here(acting()), row.pk])
    )


def _run(row: Run) -> Hit:
    url = reverse("rbac:run", args=[slug_here(acting()), row.pk])
    return Hit(str(row.pk), row.name or row.external_id, str(row.get_state_display()), url)


def _review(row: Review) -> Hit:
    where = row.organisation_id is not None
    url = (
        reverse("rbac:review", args=[slug_here(acting()), row.pk])
        if where
        else reverse("rbac:platform_review", args=[row.pk])
    )
    return Hit(str(row.pk), row.name, str(row.get_state_display()), url)


def _platform_roles(actor: Actor) -> Sequence[Hit]:
    return [
        Hit(role.code, role.label, role.code, f"{reverse('rbac:platform_roles')}#{role.code}")
        for role in rbac.platform_roles()
    ]


def _tree(name: str, declared: List, icon: str, place: int, hit: Callable[[Any], Hit]) -> Records:
    return Records(
        name,
        "organisation",
        declared.label,
        icon,
        declared.code,
        declared.url,
        place,
        somewhere=name in {"workspaces", "resources"},
        source=declared.source,
        hit=hit,
        search=declared.search,
        exact=() if name == "resources" else ("slug",),
        spelled=("external_id__iexact",) if name == "resources" else (),
        order=("name", "id"),
    )


def _reviews(realm: Realm, declared: List) -> Records:
    return Records(
        "reviews",
        realm,
        declared.label,
        "check-circle",
        declared.code,
        declared.url,
        place=62,
        source=declared.source,
        hit=_review,
    )


for kind in (
    _tree("teams", tree_lists.teams, "people", 20, _team),
    _tree("workspaces", tree_lists.workspaces, "building", 22, _workspace),
    _tree("resources", tree_lists.resources, "database", 24, _resource),
    Records(
        "roles",
        "organisation",
        gettext_lazy("Roles"),
        "shield",
        role_lists.roles.code,
        role_lists.roles.url,
        place=30,
        source=role_lists.roles.source,
        hit=_role,
        narrow=containing("label", "code"),
        order=("-rank", "id"),
    ),
    Known(
        "roles",
        "platform",
        gettext_lazy("Roles"),
        "shield",
        "role:admin",
        "/platform/roles",
        place=30,
        hits=_platform_roles,
    ),
    # By their own id alone: names of runs say what was run a thousand times.
    Records(
        "runs",
        "organisation",
        gettext_lazy("Runs"),
        "play",
        run_lists.runs.code,
        run_lists.runs.url,
        place=60,
        source=run_lists.runs.source,
        hit=_run,
    ),
    _reviews("organisation", review_lists.reviews),
    _reviews("platform", review_lists.platform_reviews),
):
    kinds.add(kind)
