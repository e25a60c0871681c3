"""Entries of the navigation."""

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.kit.context import Actor
from portal.kit.context import actor as acting
from portal.kit.lists import List
from portal.kit.navigation import Realm
from portal.kit.registry import MenuItem, Section, menu
from rbac import elevation_lists, review_lists, review_selectors, role_lists, run_lists, tree_lists
from rbac.decision import modules_off, own_products
from rbac.elevated import to_review, waiting
from rbac.models import ResourceType
from rbac.resource_rows import type_key
from rbac.tree_selectors import types

# Lists: icon, section and place in it, whether the page opens to whom holds the right on some object only, and what counts
# what waits there.
_LISTS: tuple[tuple[List, str, Section, int, bool, Callable[[Actor], int] | None], ...] = (
    (tree_lists.workspaces, "building", "", 20, True, None),
    (tree_lists.resources, "database", "products", 10, True, None),
    (run_lists.runs, "play", "products", 60, False, None),
    (tree_lists.teams, "people", "people", 15, False, None),
    (role_lists.roles, "shield", "access", 10, False, None),
    (review_lists.reviews, "check-circle", "access", 30, False, None),
    (elevation_lists.elevations, "clock", "access", 40, False, waiting),
    (review_lists.platform_reviews, "check-circle", "access", 30, False, None),
    (elevation_lists.platform_elevations, "clock", "access", 40, False, waiting),
)
# Pages that are no lists: name, label, address, icon, section, right, place in the section.
_PAGES: tuple[tuple[str, Promise, str, str, Section, str, int], ...] = (
    ("access", _("Access"), "/o/{slug}/access", "lock", "access", "member:read", 20),
    ("duties", _("Separation of duties"), "/o/{slug}/duties", "scale", "access", "member:read", 50),
    ("modules", _("Modules"), "/o/{slug}/modules", "cube", "products", "module:read", 70),
    ("platform_roles", _("Roles"), "/platform/roles", "shield", "access", "role:admin", 10),
    ("platform_duties", _("Separation of duties"), "/platform/duties", "scale", "access", "role:admin", 50),
    ("glass", _("Break glass"), "/platform/break-glass", "alert", "access", "break_glass:execute", 60),
    ("platform_modules", _("Modules"), "/platform/modules", "cube", "people", "module:read", 45),
)

for declared, icon, section, order, somewhere, badge in _LISTS:
    menu.add(
        MenuItem(
            declared.name,
            declared.label,
            declared.url,
            icon,
            section,
            declared.code,
            order,
            realm="organisation" if declared.url.startswith("/o/") else "platform",
            somewhere=somewhere,
            badge=badge,
        )
    )
for name, label, url, icon, section, code, order in _PAGES:
    realm: Realm = "organisation" if url.startswith("/o/") else "platform"
    menu.add(MenuItem(f"rbac.{name}", label, url, icon, section, code, order, realm=realm))
for realm, base, code in (
    ("organisation", "/o/{slug}", review_selectors.SEEN_BY),
    ("platform", "/platform", review_selectors.RUN_PLATFORM),
):
    menu.add(
        MenuItem(
            f"rbac.{realm}_reviews_mine",
            _("To review"),
            f"{base}/reviews/mine",
            "check",
            "access",
            code,
            31,
            realm=realm,
            badge=to_review,
            idle=False,
        )
    )


def _stands(row: ResourceType, held: frozenset[str]) -> bool:
    """Whether a type stands in the navigation of somebody who holds these roles (`product/role`): as the product says
    for the roles of its own; for whom holds none of them, as it says for everybody."""
    own = {role for product, _slash, role in (one.partition("/") for one in held) if product == row.application.code}
    return bool(own & set(row.navigation)) if own and row.navigation else row.in_navigation


def type_entries() -> list[MenuItem]:
    """An entry for each type of resource that stands in the navigation of who acts; the shell asks for them on every
    page, and all that it takes is known with the decision."""
    off, held = modules_off(acting()), own_products(acting())
    seen = [row for row in types() if row.module_id not in off and _stands(row, held)]
    return [
        MenuItem(
            f"rbac.resources.{type_key(row)}",
            row.label_plural,
            f"/o/{{slug}}/resources/{type_key(row)}",
            row.icon,
            "products",
            tree_lists.resources.code,
            11 + place,
            realm="organisation",
            somewhere=True,
            group=row.application.label,
        )
        for place, row in enumerate(seen)
    ]
