"""The list of runs of host products in an organisation."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from portal.kit.lists import Choice, Column, Dates, Empty, List, Many, Option, cells, register
from portal.kit.lists.columns import moment_column
from portal.kit.templatetags.kit import count
from rbac import run_selectors, tree_selectors
from rbac.models import Run
from rbac.resource_rows import type_key
from rbac.run_presenters import run_rows


def _runs(number: int) -> str:
    return ngettext("%(count)s run", "%(count)s runs", number) % {"count": count(number)}


def _type_options() -> Sequence[Option]:
    return [Option(type_key(row), row.label_plural) for row in tree_selectors.types()]


def _of_types(rows: Any, values: list[str]) -> Any:
    return rows.filter(resource__type__in=[row.pk for row in tree_selectors.types() if type_key(row) in values])


def _in_state(rows: Any, value: str) -> Any:
    return rows.filter(state__in=Run.LIVE) if value == "live" else rows.filter(state=value)


runs = register(
    List(
        name="rbac.runs",
        label=gettext_lazy("Runs"),
        url="/o/{slug}/runs",
        code="resource:read",
        source=run_selectors.runs,
        present=run_rows,
        items=_runs,
        columns=(
            Column(
                "run",
                gettext_lazy("Run"),
                cell=cells.what("external_id", "play"),
                value=attrgetter("label"),
                fixed=True,
                card="head",
            ),
            Column(
                "resource",
                gettext_lazy("Resource"),
                cell=cells.text("resource_label"),
                value=attrgetter("resource_label"),
                card="line",
            ),
            Column(
                "type", gettext_lazy("Type"), cell=cells.text("type_label"), value=attrgetter("type_label"), shown=False
            ),
            Column(
                "state",
                gettext_lazy("Status"),
                cell=cells.status("state_tone", "state_label"),
                value=attrgetter("state_label"),
                card="state",
            ),
            Column(
                "progress",
                gettext_lazy("Progress"),
                cell=cells.text("progress"),
                value=attrgetter("progress"),
                card="line",
            ),
            moment_column("created", gettext_lazy("Began"), "created_at", sortable=True, css="num quiet"),
        ),
        sort="-created",
        empty=Empty(
            gettext_lazy("No runs yet"),
            gettext_lazy("They come from the products beside which Steward runs: these tell of them over the API."),
            "play",
        ),
        no_match=gettext_lazy("No run matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=(
                    Option("live", gettext_lazy("Queued and running")),
                    Option("succeeded", gettext_lazy("Succeeded")),
                    Option("failed", gettext_lazy("Failed")),
                    Option("cancelled", gettext_lazy("Cancelled")),
                    Option("lost", gettext_lazy("Lost")),
                ),
                apply=_in_state,
                tabs=True,
            ),
            Many(name="type", label=gettext_lazy("Type"), options=_type_options, apply=_of_types),
            Dates(name="created", label=gettext_lazy("Began"), field="created_at"),
        ),
    )
)
