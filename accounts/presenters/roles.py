"""Roles as people see them: what each is for, how many hold it, and which one may give."""

from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.context import Actor
from portal.kit.decision import can
from rbac import selectors as rbac
from rbac.counting import is_bounded
from rbac.models import Role

# What the ready-made roles are for, by (catalogue, code).
TEXTS: dict[tuple[str, str], str | Promise] = {
    ("platform", "super_admin"): gettext_lazy(
        "Runs the installation: everything an administrator may, and gives and takes roles."
    ),
    ("platform", "admin"): gettext_lazy("Looks after people, jobs, cleanups and the audit trail."),
    ("platform", "developer"): gettext_lazy("As able as an administrator, for maintenance; refused in production."),
    ("platform", "manager"): gettext_lazy("Sees people, jobs and the audit trail, and corrects people's details."),
    ("platform", "user"): gettext_lazy("Sees the home page and looks after the own account."),
    ("organisation", "owner"): gettext_lazy("Everything in the organisation; can hand it over and close it."),
    ("organisation", "admin"): gettext_lazy("Looks after members, their roles and the settings of the organisation."),
    ("organisation", "editor"): gettext_lazy("Works on the organisation's resources."),
    ("organisation", "viewer"): gettext_lazy("Sees the organisation and its resources, changes nothing."),
}


def role_text(role: Role) -> str:
    """What a role is for; of one that the installation made itself, that it did."""
    return str(TEXTS.get((role.catalogue, role.code), _("A role of this installation's own making.")))


def role_badges(roles: list[Role]) -> list[dict[str, str]]:
    """Badges with their description."""
    return [{"code": role.code, "label": role.label, "text": role_text(role)} for role in roles]


def role_counts() -> list[dict[str, Any]]:
    """Every role of the installation with its description and how many hold it; two queries."""
    counts = rbac.head_counts()
    where = reverse("accounts:people")
    return [
        {
            "label": role.label,
            "text": role_text(role),
            "count": counts.get(role.code, 0),
            "url": f"{where}?role={role.code}",
        }
        for role in rbac.platform_roles()
    ]


def offered_roles(actor: Actor, rank: int | None = None) -> list[Role]:
    """The roles of the installation that `actor` may give; rbac checks again when one is given. Not the developer role,
    which is given by itself."""
    if actor.id is None or not can(actor, "role:admin"):
        return []
    own = rbac.rank_of(actor.id) if rank is None else rank
    return [role for role in rbac.platform_roles() if role.rank <= own and not is_bounded(role)]
