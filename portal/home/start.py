"""Where a person arrives: the start page of its preferences, for who comes from outside of the console."""

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.organisation_selectors import own_memberships
from portal.kit import preferences, registry
from portal.kit.context import Actor
from portal.kit.decision import can

# Pages on which one is not yet inside.
_DOORS = ("/sign-in", "/confirm", "/me/password", "/me/second-factor")


def start_page(request: HttpRequest, actor: Actor) -> str:
    """The address to go on to from `/`; empty to stay: nothing is chosen, it may not be opened (any more), or the
    person came by the navigation, which must still lead home. The organisation costs the query of one's own."""
    chosen = preferences.current().start_page
    if not chosen or not _arrives(request) or actor.id is None:
        return ""
    if chosen == "notifications":
        return reverse("home:notices")
    if chosen == "organisation":
        return next((place["url"] for place in places(actor)), "")
    if chosen not in registry.menu:
        return ""
    entry = registry.menu.get(chosen)
    return entry.url if can(actor, entry.permission) else ""


def places(actor: Actor) -> list[dict[str, str]]:
    """The organisations that a person can go into: name, role and address of each. One query."""
    rows = own_memberships(actor.id) if actor.id is not None else []
    return [
        {
            "name": row.name,
            "role": row.role or _("Member"),
            "url": reverse("accounts:organisation_home", args=[row.slug]),
        }
        for row in rows
        if row.state == row.membership_state == "active"
    ]


def _arrives(request: HttpRequest) -> bool:
    came_from = urlsplit(request.headers.get("Referer", ""))
    return came_from.netloc != request.get_host() or came_from.path.startswith(_DOORS)
