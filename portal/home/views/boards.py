"""Dashboards: one's own and shared ones, one of them, and its live parts. On the installation and in each organisation."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from portal.home import board_selectors as selectors
from portal.home import boards, starters
from portal.home.boards import Address, Shown
from portal.home.models import Dashboard
from portal.home.services import dashboards as services
from portal.kit import errors, identity, toasts
from portal.kit.access import actor_of
from portal.kit.views import PageView


class Boards(PageView):
    """Every dashboard that one can begin with: those of roles, one's own, and those that others share."""

    access = "dashboard:read"
    template_name = "home/boards.html"

    def get(self, request: HttpRequest, slug: str = "") -> HttpResponse:
        """The list, with what can be done with each."""
        home = selectors.home_of(self.actor)
        address, chosen = Address(slug), home.dashboard
        fitting = starters.offered(self.actor)
        return self.page(
            {
                "starters": [
                    {
                        "code": one.code,
                        "label": one.label,
                        "text": one.text,
                        "url": f"{address('dashboards')}/role/{one.code}",
                        "arrange_url": f"{address('arrange')}?role={one.code}",
                        "home": chosen is None and place == 0,
                    }
                    for place, one in enumerate(fitting)
                ],
                "rows": [
                    self._row(row, address, chosen) for row in selectors.dashboards(self.actor)[: services.MOST * 2]
                ],
                "home_url": f"/o/{slug}/" if slug else "/",
                "choose_url": address("choose"),
                "steps_away": home.steps_away,
                "steps_url": address("steps"),
            }
        )

    def _row(self, row: Dashboard, address: Address, chosen: Dashboard | None) -> dict[str, Any]:
        return {
            "id": row.pk,
            "label": row.name,
            "url": address("dashboard", row.pk),
            "owner": str(row.owner),
            "own": row.owner_id == self.actor.id,
            "shared": row.sharing != Dashboard.Sharing.NOBODY,
            "sharing": row.get_sharing_display(),
            "widgets": len(row.layout),
            "updated_at": row.updated_at,
            "home": chosen is not None and chosen.pk == row.pk,
            "manage_url": address("manage", row.pk),
            "clone_url": address("clone", row.pk),
        }


class Board(PageView):
    """One dashboard that one sees."""

    access = "dashboard:read"
    template_name = "home/board.html"

    def get(self, request: HttpRequest, dashboard_id: UUID, slug: str = "") -> HttpResponse:
        """The dashboard with its widgets."""
        found = boards.shown(boards.place_of(request, self.actor), selectors.dashboard(self.actor, dashboard_id))
        return self.page({**boards.values_of(request, found), "manage_url": Address(slug)("manage", dashboard_id)})


class RoleBoard(PageView):
    """The dashboard of a role that fits the reader."""

    access = "dashboard:read"
    template_name = "home/board.html"

    def get(self, request: HttpRequest, code: str, slug: str = "") -> HttpResponse:
        """The dashboard with its widgets; not found where it does not fit."""
        found = boards.shown(boards.place_of(request, self.actor), starter=code)
        if found.starter.code != code:
            raise errors.NotFound
        return self.page(boards.values_of(request, found))


class Live(PageView):
    """What has changed on a dashboard since its page was drawn. One request for all its parts."""

    access = "dashboard:read"
    polled = "whole"

    def get(self, request: HttpRequest, slug: str = "") -> HttpResponse:
        """The parts that look otherwise now, each for its own place; 304 when none does.

        Session and right are asked for each time, like the right of each widget. Of a dashboard that was arranged anew
        meanwhile, the page is loaded again.
        """
        found = asked(request)
        if found.row is not None and request.GET.get("v", "") != str(found.row.version):
            reply = HttpResponse(status=204)
            reply["HX-Refresh"] = "true"
            return reply
        known = boards.tags_of(request.headers.get("If-None-Match", ""))
        turn = request.GET.get("turn", "0")
        ids = boards.due(found, int(turn) if turn.isascii() and turn.isdigit() and len(turn) < 8 else 0, known)
        gone = boards.missing(found, known)
        who = identity.of(request)
        read = [*boards.news(found, ids, known, who.stamps if who is not None else None), *gone]
        changed = [part for part in read if known.get(part.item["id"]) != part.tag]
        tags = {**known, **{part.item["id"]: part.tag for part in read}}
        reply = HttpResponse(status=304) if not changed else HttpResponse(_drawn(changed))
        reply["ETag"] = boards.tag_of(tags)
        reply["Cache-Control"] = "private, no-cache"
        return reply


class Choose(PageView):
    """Begin with another dashboard."""

    access = "dashboard:read"

    def post(self, request: HttpRequest, slug: str = "") -> HttpResponse:
        """`board`: the one to begin with; without it, that of the role."""
        given = request.POST.get("board", "")
        row = selectors.dashboard(self.actor, identifier(given)) if given else None
        services.home_choose(actor=self.actor, row=row)
        text = _("You begin with the dashboard of your role.") if row is None else _("You begin with %(name)s.")
        toasts.add(request, text % {"name": row.name} if row is not None else text)
        return redirect(f"/o/{slug}/" if slug else "/")


class Steps(PageView):
    """Put the first steps away, or show them again."""

    access = "dashboard:read"

    def post(self, request: HttpRequest, slug: str = "") -> HttpResponse:
        """`show`: again."""
        again = "show" in request.POST
        services.steps_put_away(actor=self.actor, away=not again)
        toasts.add(request, _("The first steps are shown again.") if again else _("The first steps are put away."))
        return redirect(f"/o/{slug}/" if slug else "/")


def asked(request: HttpRequest) -> Shown:
    """The dashboard that the address names by `board` or `role`; without either, that of the reader's role."""
    actor = actor_of(request)
    place = boards.place_of(request, actor)
    given = request.GET.get("board", "")
    if given:
        return boards.shown(place, selectors.dashboard(actor, identifier(given)))
    return boards.shown(place, starter=request.GET.get("role", ""))


def identifier(text: str) -> UUID:
    """An id; `NotFound` for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise errors.NotFound from None


def _drawn(parts: list[boards.Part]) -> str:
    return "".join(render_to_string("home/_part.html", {"part": part, "swapped": True}) for part in parts)
