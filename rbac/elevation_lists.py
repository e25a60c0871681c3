"""The lists of requests for roles for a while, and of broken glass."""

from operator import attrgetter

from django.utils.translation import gettext_lazy, ngettext

from portal.kit.lists import Choice, Column, Dates, Empty, List, Option, cells, register
from portal.kit.lists.columns import moment_column
from portal.kit.templatetags.kit import count
from rbac import elevation_selectors as selectors
from rbac.elevation_presenters import elevation_rows, glass_rows
from rbac.models import Elevation


def _elevations(number: int) -> str:
    return ngettext("%(count)s request", "%(count)s requests", number) % {"count": count(number)}


def _glass(number: int) -> str:
    return ngettext("%(count)s emergency", "%(count)s emergencies", number) % {"count": count(number)}


def _list(name: str, url: str, code: str) -> List:
    return register(
        List(
            name=name,
            label=gettext_lazy("Elevation"),
            url=url,
            code=code,
            source=selectors.elevations,
            present=elevation_rows,
            items=_elevations,
            columns=(
                Column(
                    "who",
                    gettext_lazy("Person"),
                    cell=cells.who("whose"),
                    value=attrgetter("label"),
                    fixed=True,
                    card="head",
                ),
                Column("role", gettext_lazy("Role"), cell=cells.text("role"), value=attrgetter("role"), card="line"),
                Column("place", gettext_lazy("Where"), cell=cells.text("place"), value=attrgetter("place")),
                Column("lasts", gettext_lazy("For"), cell=cells.text("lasts"), value=attrgetter("lasts")),
                Column(
                    "state",
                    gettext_lazy("Status"),
                    cell=cells.status("state_tone", "state_label"),
                    value=attrgetter("state_label"),
                    card="state",
                ),
                Column(
                    "decided_by",
                    gettext_lazy("Decided by"),
                    cell=cells.text("decided_by"),
                    value=attrgetter("decided_by"),
                ),
                moment_column("until", gettext_lazy("Ends"), "until", empty="–", card="line"),
                moment_column("asked", gettext_lazy("Asked"), "asked_at", sortable=True, empty="–", card="line"),
                Column(
                    "reason",
                    gettext_lazy("Reason"),
                    cell=cells.text("reason"),
                    value=attrgetter("reason"),
                    shown=False,
                ),
            ),
            sort="-asked",
            empty=Empty(
                gettext_lazy("Nobody asked for a role"),
                gettext_lazy("Ask for one for a while, with a reason; somebody who may give it decides."),
                "clock",
            ),
            no_match=gettext_lazy("No request matches"),
            filters=(
                Choice(
                    name="state",
                    label=gettext_lazy("Status"),
                    options=tuple(Option(value, label) for value, label in Elevation.State.choices),
                    apply=selectors.in_state,
                    tabs=True,
                    counted=True,
                ),
                Dates(name="asked", label=gettext_lazy("Asked"), field="asked_at"),
            ),
        )
    )


elevations = _list("rbac.elevations", "/o/{slug}/elevations", "organisation:read")
platform_elevations = _list("rbac.platform_elevations", "/platform/elevations", "dashboard:read")

glass_breaks = register(
    List(
        name="rbac.glass_breaks",
        label=gettext_lazy("Break glass"),
        url="/platform/break-glass",
        code="break_glass:execute",
        source=selectors.glass_breaks,
        present=glass_rows,
        items=_glass,
        columns=(
            Column(
                "organisation",
                gettext_lazy("Organisation"),
                cell=cells.who("by"),
                value=attrgetter("label"),
                fixed=True,
                card="head",
            ),
            Column("by", gettext_lazy("By"), cell=cells.text("by"), value=attrgetter("by"), shown=False),
            Column(
                "stage",
                gettext_lazy("Status"),
                cell=cells.status("stage_tone", "stage_label"),
                value=attrgetter("stage_label"),
                card="state",
            ),
            Column(
                "reason", gettext_lazy("Reason"), cell=cells.text("reason"), value=attrgetter("reason"), card="line"
            ),
            moment_column("started", gettext_lazy("Broken"), "started_at", sortable=True, empty="–", card="line"),
        ),
        sort="-started",
        empty=Empty(
            gettext_lazy("Nobody broke the glass"),
            gettext_lazy("In an emergency: every right in one organisation, for an hour. Everybody is told."),
            "alert",
        ),
        no_match=gettext_lazy("No emergency matches"),
        filters=(
            Choice(
                name="stage",
                label=gettext_lazy("Status"),
                options=(
                    Option("live", gettext_lazy("Broken now")),
                    Option("unnoted", gettext_lazy("Note is due")),
                    Option("unreviewed", gettext_lazy("Waits for review")),
                    Option("closed", gettext_lazy("Reviewed")),
                ),
                apply=selectors.in_stage,
                tabs=True,
                counted=True,
            ),
            Dates(name="started", label=gettext_lazy("Broken"), field="started_at"),
        ),
    )
)
