"""The timeline, its groups, and the bar that tells of new events."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit import filters, selectors
from audit.errors import FilterMalformed
from audit.filters import EventFilter
from audit.lists import question
from audit.models import Export
from audit.presenters import placed
from audit.saved import spelled
from audit.views import sections
from audit.views.base import TrailView, with_query
from audit.views.panel import GROUPINGS, Panel, tabs
from audit.views.saved import views
from portal.kit import ids, paging
from portal.kit.decision import can
from portal.kit.errors import CursorMalformed

IN_GROUP = 10  # Rows that an opened group shows; its link leads to all of them.


class TimelineView(TrailView):
    """The trail, newest first; the filter stands in the address, and a changed one replaces only the rows."""

    access = "audit:read"
    template_name = "audit/timeline.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, its rows for htmx, or with `part=group` the newest rows of an opened group."""
        chosen = filters.parse(request.GET)
        group = _grouping(request.GET.get("group", ""))
        if request.GET.get("part") == "group":
            return self._opened(chosen)
        panel = Panel(self.address("timeline"), chosen, group)
        values = self._groups(chosen, group) if group in {"actor", "code"} else self._events(panel, chosen, group)
        # Going back in the browser asks for the address of a fragment and needs the whole page.
        part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
        in_table = urlencode(question(chosen))
        groupings = tabs(panel, f"{self.address('table')}?{in_table}" if in_table else self.address("table"), group)
        values |= {"filters": panel.values(), "groupings": groupings, "group": group, "fragment": part}
        if not part:
            query = spelled(request.GET.urlencode())
            values["export"] = self._export(panel)
            values["saved"] = {
                "url": self.address("saved"),
                "query": query,
                "views": views(self.actor, self.address("timeline"), query),
            }
        reply = self.page(values, template="audit/_timeline_rows.html" if part else self.template_name)
        reply["Vary"] = "HX-Request"
        return reply

    def _events(self, panel: Panel, chosen: EventFilter, group: str) -> dict[str, Any]:
        text = self.request.GET.get("cursor", "")
        page = selectors.events(self.actor, chosen, paging.parse(text))
        events = placed(page.items, self.slug)
        older = panel.url(cursor=str(page.older)) if page.older else None
        if older is None and page.wider is not None:
            # The window is at its end, the trail is not: the next page starts where this one ends, in a wider window.
            after = str(paging.Cursor(events[-1].id)) if events else text
            older = panel.url(cursor=after, days=str(page.wider))
        newest = events[0].id if events else chosen.bounds()[0]
        return {
            "days": sections.days(events, bundled=group == "request"),
            "page": {
                "previous_url": panel.url(cursor=str(page.newer)) if page.newer else None,
                "next_url": older,
                "wider": page.wider,
                "shown_text": _shown_text(chosen, len(events)),
            },
            # Only who looks at the newest page hears of newer events.
            "tail": {"url": self.address("tail"), "after": newest} if not text and not chosen.date_to else None,
        }

    def _groups(self, chosen: EventFilter, by: str) -> dict[str, Any]:
        found = selectors.groups(self.actor, chosen, "actor" if by == "actor" else "code")
        look = self.address("timeline")
        return {
            "groups": [sections.group(group, by, look, chosen) for group in found.items],
            "page": {"shown_text": _counted_text(chosen, found)},
        }

    def _opened(self, chosen: EventFilter) -> HttpResponse:
        page = selectors.events(self.actor, chosen, limit=IN_GROUP)
        return self.page({"events": placed(page.items, self.slug)}, template="audit/_group_rows.html")

    def _export(self, panel: Panel) -> dict[str, Any] | None:
        if not can(self.actor, "audit:export"):
            return None
        return {
            "url": self.address("exports"),
            "formats": [{"value": value, "label": label} for value, label in Export.Format.choices],
            "hidden": panel.query,
        }


class TailView(TrailView):
    """How many events came since the page was loaded; asked again and again by the newest page of the timeline."""

    access = "audit:read"
    polled = "whole"
    template_name = "audit/_tail.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The bar, or 204 while nothing is new."""
        text = request.GET.get("after", "")
        if not text:
            return HttpResponse(status=204)
        try:
            after = UUID(text)
        except ValueError:
            raise CursorMalformed from None
        chosen = filters.parse(request.GET)
        count = selectors.newer_count(self.actor, chosen, after)
        if not count:
            return HttpResponse(status=204)
        shown = f"{count}+" if count >= selectors.NEWER_LIMIT else str(count)
        text = ngettext("%(count)s new event", "%(count)s new events", count) % {"count": shown}
        query = chosen.query() | {"group": request.GET.get("group", "")}
        url = with_query(self.address("timeline"), query | ({"group": ""} if query["group"] not in GROUPINGS else {}))
        return self.page({"text": text, "url": url, "version": ids.time_of(after).isoformat() + shown})


def _grouping(text: str) -> str:
    if text and text not in GROUPINGS:
        raise FilterMalformed(fields={"group": [_("Choose one of: %(choices)s.") % {"choices": ", ".join(GROUPINGS)}]})
    return text or "day"


def _shown_text(chosen: EventFilter, count: int) -> str:
    shown = ngettext("%(count)s event", "%(count)s events", count) % {"count": count}
    if chosen.date_from or chosen.date_to:
        return shown
    return _("%(events)s in the last %(days)s days") % {"events": shown, "days": chosen.days}


def _counted_text(chosen: EventFilter, found: selectors.Groups) -> str:
    if found.more:
        return _("Counted over the newest %(count)s events; narrow the dates to count others") % {
            "count": f"{found.counted:,}"
        }
    return _shown_text(chosen, found.counted)
