"""The lists of teams, workspaces and resources of an organisation."""

from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from portal.kit.context import Actor
from portal.kit.lists import Choice, Column, Dates, Empty, List, Many, Option, Search, cells, register
from portal.kit.lists.columns import moment_column
from portal.kit.templatetags.kit import count
from rbac import team_selectors
from rbac import tree_selectors as selectors
from rbac.models import ResourceType
from rbac.resource_rows import type_key
from rbac.team_presenters import team_rows
from rbac.tree_presenters import resource_rows, workspace_rows


def _teams(number: int) -> str:
    return ngettext("%(count)s team", "%(count)s teams", number) % {"count": count(number)}


def _workspaces(number: int) -> str:
    return ngettext("%(count)s workspace", "%(count)s workspaces", number) % {"count": count(number)}


def _resources(number: int) -> str:
    return ngettext("%(count)s resource", "%(count)s resources", number) % {"count": count(number)}


def _named(name: str, label: Any, under: str, icon: str) -> Column:
    return Column(
        name, label, cell=cells.what(under, icon), value=attrgetter("label"), by=("name",), fixed=True, card="head"
    )


_PURPOSE = Column(
    "purpose", gettext_lazy("Purpose"), cell=cells.text("description"), value=attrgetter("description"), shown=False
)
_MADE = Column(
    "created",
    gettext_lazy("Created"),
    cell=cells.moment("created_at", "date"),
    value=attrgetter("created_at"),
    by=("created_at",),
    newest=True,
    css="num quiet",
)
_BETWEEN = Dates(name="created", label=gettext_lazy("Created"), field="created_at")

teams = register(
    List(
        name="rbac.teams",
        label=gettext_lazy("Teams"),
        url="/o/{slug}/teams",
        code="member:read",
        source=team_selectors.teams,
        present=team_rows,
        items=_teams,
        columns=(
            _named("team", gettext_lazy("Team"), "slug", "people"),
            Column(
                "inside", gettext_lazy("Inside"), cell=cells.text("inside"), value=attrgetter("inside"), card="line"
            ),
            Column(
                "members",
                gettext_lazy("Members"),
                cell=cells.number("members"),
                value=attrgetter("members"),
                css="num",
                card="line",
            ),
            _PURPOSE,
            _MADE,
        ),
        sort="team",
        empty=Empty(
            gettext_lazy("No teams yet"),
            gettext_lazy("A team holds roles together: who comes in has them, who leaves has them no longer."),
            "people",
        ),
        no_match=gettext_lazy("No team matches"),
        filters=(
            Choice(
                name="place",
                label=gettext_lazy("Place"),
                options=(Option("top", gettext_lazy("At the top")), Option("inside", gettext_lazy("Inside another"))),
                apply=lambda rows, value: rows.filter(parent__isnull=value == "top"),
                tabs=True,
                counted=True,
            ),
            _BETWEEN,
        ),
        search=Search("team", gettext_lazy("Name, short name or id"), tenant=True),
    )
)

workspaces = register(
    List(
        name="rbac.workspaces",
        label=gettext_lazy("Workspaces"),
        url="/o/{slug}/workspaces",
        code="workspace:read",
        source=selectors.workspaces,
        present=workspace_rows,
        items=_workspaces,
        columns=(
            _named("workspace", gettext_lazy("Workspace"), "slug", "columns"),
            Column(
                "state",
                gettext_lazy("Status"),
                cell=cells.status("state_tone", "state_label"),
                value=attrgetter("state_label"),
                card="state",
            ),
            Column(
                "resources",
                gettext_lazy("Resources"),
                cell=cells.number("resources"),
                value=attrgetter("resources"),
                css="num",
                card="line",
            ),
            _PURPOSE,
            _MADE,
        ),
        sort="workspace",
        empty=Empty(
            gettext_lazy("No workspaces yet"),
            gettext_lazy("A workspace keeps resources together that the same people work on."),
            "building",
        ),
        no_match=gettext_lazy("No workspace matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=(Option("active", gettext_lazy("Active")), Option("archived", gettext_lazy("Archived"))),
                apply=lambda rows, value: rows.filter(archived_at__isnull=value == "active"),
                tabs=True,
                counted=True,
            ),
            _BETWEEN,
        ),
        search=Search("workspace", gettext_lazy("Name, short name or id"), tenant=True),
    )
)


def _type_options() -> Sequence[Option]:
    return [Option(type_key(row), row.label_plural) for row in selectors.types()]


def _of_types(rows: Any, values: list[str]) -> Any:
    return rows.filter(type__in=[row.pk for row in selectors.types() if type_key(row) in values])


resources = register(
    List(
        name="rbac.resources",
        label=gettext_lazy("Resources"),
        url="/o/{slug}/resources",
        code="resource:read",
        source=selectors.resources,
        present=resource_rows,
        items=_resources,
        columns=(
            _named("resource", gettext_lazy("Resource"), "external_id", "cube"),
            Column(
                "type", gettext_lazy("Type"), cell=cells.text("type_label"), value=attrgetter("type_label"), card="line"
            ),
            Column(
                "place", gettext_lazy("Stands in"), cell=cells.text("place"), value=attrgetter("place"), card="line"
            ),
            Column(
                "open",
                gettext_lazy("Read by"),
                cell=cells.status("public_tone", "public_label"),
                value=attrgetter("public_label"),
                card="state",
            ),
            moment_column("updated", gettext_lazy("Last change"), "updated_at", sortable=True, css="num quiet"),
        ),
        sort="resource",
        empty=Empty(
            gettext_lazy("No resources yet"),
            gettext_lazy("They come from the product beside which Steward runs: it registers them by the API."),
            "database",
        ),
        no_match=gettext_lazy("No resource matches"),
        filters=(
            Many(name="type", label=gettext_lazy("Type"), options=_type_options, apply=_of_types),
            Choice(
                name="open",
                label=gettext_lazy("Read by"),
                options=(Option("all", gettext_lazy("Every member")), Option("role", gettext_lazy("By role"))),
                apply=lambda rows, value: rows.filter(is_public=value == "all"),
            ),
            Dates(name="updated", label=gettext_lazy("Last change"), field="updated_at"),
        ),
        search=Search("resource", gettext_lazy("Name, id in the product, or id"), tenant=True),
    )
)


def of_type(kind: ResourceType, slug: str) -> List:
    """The list of one type: the same, named after it, without what only tells types apart."""

    def source(actor: Actor) -> Any:
        return selectors.resources(actor).filter(type=kind)

    return replace(
        resources,
        label=kind.label_plural,
        url=f"/o/{slug}/resources/{type_key(kind)}",
        source=source,
        columns=tuple(column for column in resources.columns if column.name != "type"),
        filters=tuple(each for each in resources.filters if each.name != "type"),
    )
