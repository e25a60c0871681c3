"""The list of an organisation's roles."""

from operator import attrgetter

from django.utils.translation import gettext_lazy, ngettext

from portal.kit.lists import Choice, Column, Empty, List, Option, cells, register
from portal.kit.templatetags.kit import count
from rbac import access_selectors as selectors
from rbac.models import Role
from rbac.role_presenters import role_rows


def _roles(number: int) -> str:
    return ngettext("%(count)s role", "%(count)s roles", number) % {"count": count(number)}


roles = register(
    List(
        name="rbac.roles",
        label=gettext_lazy("Roles"),
        url="/o/{slug}/roles",
        code="member:read",
        source=selectors.roles_here,
        present=role_rows,
        items=_roles,
        columns=(
            Column(
                "role",
                gettext_lazy("Role"),
                cell=cells.what("about", "shield"),
                value=attrgetter("label"),
                by=("label",),
                fixed=True,
                card="head",
            ),
            Column(
                "kind",
                gettext_lazy("Kind"),
                cell=cells.status("kind_tone", "kind"),
                value=attrgetter("kind"),
                card="state",
            ),
            Column("rank", gettext_lazy("Rank"), cell=cells.text("rank"), value=attrgetter("rank"), by=("rank",)),
            Column("inherits", gettext_lazy("Inherits"), cell=cells.text("inherits"), value=attrgetter("inherits")),
            Column(
                "rights",
                gettext_lazy("Rights"),
                cell=cells.number("rights"),
                value=attrgetter("rights"),
                css="num",
                card="line",
            ),
            Column(
                "held",
                gettext_lazy("Held by"),
                cell=cells.number("held"),
                value=attrgetter("held"),
                css="num",
                card="line",
            ),
        ),
        sort="-rank",
        empty=Empty(gettext_lazy("No roles yet"), gettext_lazy("Make the first one."), "shield"),
        no_match=gettext_lazy("No role matches"),
        filters=(
            Choice(
                name="kind",
                label=gettext_lazy("Kind"),
                options=(
                    Option("own", gettext_lazy("Own")),
                    Option("ready", gettext_lazy("Ready-made")),
                    Option("product", gettext_lazy("Of products")),
                ),
                apply=lambda rows, value: {
                    "own": rows.filter(catalogue=Role.CUSTOM),
                    "ready": rows.filter(catalogue="organisation"),
                    "product": rows.exclude(application=None),
                }[value],
                tabs=True,
                counted=True,
            ),
        ),
    )
)
