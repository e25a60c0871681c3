"""The list of recoveries: those that wait for an administrator, and what became of the others."""

from operator import attrgetter

from django.utils.translation import gettext_lazy, ngettext

from accounts import recovery_selectors as selectors
from accounts.recovery_presenters import rows
from portal.kit.lists import Choice, Column, Dates, Empty, List, Option, Search, cells, register
from portal.kit.lists.columns import moment_column
from portal.kit.templatetags.kit import count


def _recoveries(number: int) -> str:
    return ngettext("%(count)s recovery", "%(count)s recoveries", number) % {"count": count(number)}


recoveries = register(
    List(
        name="accounts.recoveries",
        label=gettext_lazy("Recoveries"),
        url="/platform/recoveries",
        code=selectors.RIGHT,
        source=selectors.recoveries,
        present=rows,
        items=_recoveries,
        columns=(
            Column(
                "person",
                gettext_lazy("Person"),
                cell=cells.who("email"),
                value=attrgetter("label"),
                fixed=True,
                card="head",
            ),
            Column(
                "state",
                gettext_lazy("Status"),
                cell=cells.status("state_tone", "state_label"),
                value=attrgetter("state_label"),
                card="state",
            ),
            Column("reason", gettext_lazy("Reason"), cell=cells.text("reason"), value=attrgetter("reason")),
            Column(
                "asked_by",
                gettext_lazy("Asked by"),
                cell=cells.text("asked_by"),
                value=attrgetter("asked_by"),
                card="line",
            ),
            Column(
                "approved_by",
                gettext_lazy("Approved by"),
                cell=cells.text("approved_by"),
                value=attrgetter("approved_by"),
            ),
            moment_column("asked", gettext_lazy("Asked"), "asked_at", sortable=True, card="line"),
            moment_column("expires", gettext_lazy("Waits until"), "expires_at", shown=False),
        ),
        sort="-asked",
        empty=Empty(
            gettext_lazy("Nobody lost a device"),
            gettext_lazy("Recoveries that administrators ask for on a person's page appear here."),
            "shield",
        ),
        no_match=gettext_lazy("No recovery matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=(
                    Option("waiting", gettext_lazy("Waiting")),
                    Option("approved", gettext_lazy("Approved")),
                    Option("refused", gettext_lazy("Refused")),
                    Option("cancelled", gettext_lazy("Stopped")),
                    Option("expired", gettext_lazy("Expired")),
                ),
                apply=selectors.in_state,
                tabs=True,
                counted=True,
            ),
            Dates(name="asked", label=gettext_lazy("Asked"), field="asked_at"),
        ),
        search=Search("user", gettext_lazy("Name, e-mail, user name or id of the person"), on="user_id"),
    )
)
