"""The lists of access reviews, of an organisation and of the installation."""

from operator import attrgetter
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy, ngettext

from portal.kit.lists import Choice, Column, Empty, List, Option, cells, register
from portal.kit.lists.columns import moment_column
from portal.kit.templatetags.kit import count
from rbac import review_selectors as selectors
from rbac.models import Review
from rbac.review_presenters import review_rows


def _reviews(number: int) -> str:
    return ngettext("%(count)s review", "%(count)s reviews", number) % {"count": count(number)}


def _in_state(rows: QuerySet[Review], value: str) -> QuerySet[Review]:
    closed = rows.filter(state=Review.State.CLOSED)
    return closed if value == "closed" else rows.exclude(state=Review.State.CLOSED)


def _declared(name: str, url: str, code: str) -> List:
    columns: Any = (
        Column(
            "review",
            gettext_lazy("Review"),
            cell=cells.what("about", "check-circle"),
            value=attrgetter("label"),
            fixed=True,
            card="head",
        ),
        Column(
            "state", gettext_lazy("State"), cell=cells.status("tone", "state"), value=attrgetter("state"), card="state"
        ),
        Column(
            "decided",
            gettext_lazy("Decided"),
            cell=cells.text("decided"),
            value=attrgetter("decided"),
            css="num",
            card="line",
        ),
        Column(
            "revoked",
            gettext_lazy("Revoked"),
            cell=cells.number("revoked"),
            value=attrgetter("revoked"),
            css="num",
            card="line",
        ),
        moment_column("due", gettext_lazy("Due"), "due_at", sortable=True, card="line"),
        moment_column("started", gettext_lazy("Started"), "created_at", style="date", sortable=True, css="num quiet"),
    )
    return register(
        List(
            name=name,
            label=gettext_lazy("Access reviews"),
            url=url,
            code=code,
            source=selectors.reviews,
            present=review_rows,
            items=_reviews,
            columns=columns,
            sort="-started",
            empty=Empty(
                gettext_lazy("No reviews yet"),
                gettext_lazy("In a review, somebody goes through who holds what, and keeps or revokes each."),
                "check-circle",
            ),
            no_match=gettext_lazy("No review matches"),
            filters=(
                Choice(
                    name="state",
                    label=gettext_lazy("State"),
                    options=(Option("open", gettext_lazy("Open")), Option("closed", gettext_lazy("Closed"))),
                    apply=_in_state,
                    tabs=True,
                    counted=True,
                ),
            ),
        )
    )


reviews = _declared("rbac.reviews", "/o/{slug}/reviews", selectors.RUN)
platform_reviews = _declared("rbac.platform_reviews", "/platform/reviews", selectors.RUN_PLATFORM)
