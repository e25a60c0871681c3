"""Widgets of the trail."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit import selectors
from audit.filters import EventFilter
from portal.kit.widgets import EVERYWHERE, Loaded, Option, Options, Place, Widget, widgets

COUNTS = ("5", "8", "12", "20")


def activity(place: Place, options: Options) -> Loaded:
    """The newest events of where one stands."""
    page = selectors.events(place.actor, EventFilter(), limit=int(options["number"]))
    return {
        "title": _("Recent activity"),
        "events": page.items,
        "more_url": reverse("audit:timeline") if place.realm == "platform" else f"/o/{place.slug}/audit",
        "more_label": _("All events"),
        "nothing": _("Sign-ins, changes and runs appear here."),
    }


widgets.add(
    Widget(
        "audit.activity",
        gettext_lazy("Recent activity"),
        gettext_lazy("What happened last, by whom."),
        "audit:read",
        "kit/widgets/events.html",
        activity,
        icon="activity",
        realms=EVERYWHERE,
        width=8,
        widths=(6, 8, 12),
        height=8,
        options=(Option("number", gettext_lazy("Events"), "8", lambda: [(one, one) for one in COUNTS]),),
    )
)
