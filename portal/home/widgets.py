"""Widgets of the roof: key figures, what waits for oneself, the own notifications, announcements, the first steps."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.home import kpi_widgets
from portal.home.board_selectors import home_of
from portal.home.views.notices import notice_row
from portal.kit import clock
from portal.kit.mode import state
from portal.kit.notices import selectors as notices
from portal.kit.widgets import EVERYWHERE, Loaded, Options, Place, Step, Widget, found_waiting, open_to, steps, widgets

__all__ = ["kpi_widgets"]

SHOWN = 5


def for_me(place: Place, options: Options) -> Loaded:
    """What waits for the person, and what somebody should look at."""
    found = found_waiting(place)
    return {
        "title": _("For you"),
        "nothing": _("Nothing waits for you."),
        "rows": [
            {"title": one.text, "url": one.url, "note": one.note, "icon": one.icon, "tone": one.tone} for one in found
        ],
    }


def own_notices(place: Place, options: Options) -> Loaded:
    """The newest of what the person was told."""
    return {"notices": [notice_row(row) for row in notices.newest(place.actor)[:SHOWN]], "small": True}


def announced(place: Place, options: Options) -> Loaded | None:
    """What is announced to everybody who stands here; nothing is shown while there is nothing."""
    now, here = clock.now(), place.actor.organisation_id
    told = [one for one in state.announced() if one.has(now) and _is_for(one, here)]
    rows = [
        {"title": one.title, "note": one.text, "icon": "info", "tone": one.tone, "when": one.starts_at} for one in told
    ]
    return {"title": _("Announcements"), "rows": rows, "nothing": _("Nothing is announced.")}


def _is_for(one: state.Told, here: object) -> bool:
    if one.audience == "organisation":
        return one.organisation_id == here
    return one.audience == "everyone" or here is None


def first_steps(place: Place, options: Options) -> Loaded | None:
    """What a new installation or organisation still needs, until all is done or the person has put it away."""
    if home_of(place.actor).steps_away:
        return None
    rows = steps_of(place)
    done = sum(row["done"] for row in rows)
    if done == len(rows):
        return None
    return {"steps": rows, "done": done, "total": len(rows), "away_url": _away(place)}


def steps_of(place: Place) -> list[dict[str, Any]]:
    """The first steps that are for who looks, and whether each is done."""
    found: list[Step] = sorted((one for one in steps if open_to(place.actor, one)), key=lambda one: one.order)
    return [{"label": one.label, "text": one.text, "url": one.url(place), "done": one.done(place)} for one in found]


def _away(place: Place) -> str:
    return reverse("home:inside_steps", args=[place.slug]) if place.slug else reverse("home:steps")


widgets.add(
    Widget(
        "home.for_me",
        gettext_lazy("For you"),
        gettext_lazy("What waits for your word, and what is wrong."),
        "",
        "kit/widgets/rows.html",
        for_me,
        icon="check-circle",
        realms=EVERYWHERE,
        height=3,
    )
)
widgets.add(
    Widget(
        "home.notices",
        gettext_lazy("Notifications"),
        gettext_lazy("The newest of what you were told."),
        "",
        "home/_widget_notices.html",
        own_notices,
        icon="bell",
        realms=EVERYWHERE,
    )
)
widgets.add(
    Widget(
        "home.announcements",
        gettext_lazy("Announcements"),
        gettext_lazy("What everybody here is told."),
        "",
        "kit/widgets/rows.html",
        announced,
        icon="info",
        realms=EVERYWHERE,
        height=3,
        every=30,
    )
)
widgets.add(
    Widget(
        "home.steps",
        gettext_lazy("First steps"),
        gettext_lazy("What is still to do before others can start; goes when it is done."),
        "",
        "home/_widget_steps.html",
        first_steps,
        icon="play",
        realms=EVERYWHERE,
        width=12,
        widths=(6, 8, 12),
        height=3,
    )
)
