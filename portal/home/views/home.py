"""The first page: the dashboard of one's choice, or that of one's role."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.home import boards
from portal.home.start import places, start_page
from portal.kit import clock
from portal.kit.access import SignedIn
from portal.kit.decision import can
from portal.kit.views import PageView


class Home(PageView):
    """What a person sees first."""

    access = SignedIn("Everybody has a first page; each widget asks for its own permission.", in_view=True)
    template_name = "home/home.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The dashboard; who has just arrived goes on to the start page of their choice."""
        chosen = start_page(request, self.actor)
        if chosen:
            return redirect(chosen)
        values: dict[str, Any] = {"greeting": _greeting(self.actor.label)}
        if can(self.actor, "dashboard:read"):
            self.enter_platform()
            return self.page({**values, **boards.board(request, self.actor)})
        # Whoever has nothing to do here belongs to organisations, and works there.
        rooms = places(self.actor)
        if len(rooms) == 1:
            return redirect(rooms[0]["url"])
        return self.page({**values, "places": rooms, "waiting": not rooms})


def _greeting(label: str) -> str:
    hour = timezone.localtime(clock.now()).hour
    name = label.split(maxsplit=1)[0] if label.split() else label
    if hour < 12:
        return _("Good morning, %(name)s") % {"name": name}
    return (_("Good afternoon, %(name)s") if hour < 18 else _("Good evening, %(name)s")) % {"name": name}
