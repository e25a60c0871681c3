"""The activity: requests as a list with its charts, and one of them with what it changed."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import formats, timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from audit import selectors
from audit.activity_presenters import Request
from audit.lists import activity
from audit.presenters import placed
from audit.selectors import activity as requests
from audit.views.base import TrailView, with_query
from portal.kit import charts
from portal.kit.lists.views import ListView

NOTHING = "\N{EN DASH}"


class ActivityView(TrailView, ListView):
    """What pages and endpoints were asked for, newest first, below the charts of the last two days."""

    access = "audit:read"
    declared = activity
    template_name = "audit/activity.html"

    def extra(self) -> dict[str, Any]:
        """The charts, two queries; a fragment shows none."""
        hours = requests.hours(self.actor)
        return {
            "lead": _(
                "Requests that pages and endpoints answered in the last 30 days. What they changed is in the trail."
            ),
            "trail_url": self.address("timeline"),
            "sum": sum(number for _hour, number in hours),
            "hours": _per_hour(hours),
            "slow": self._slow(),
        }

    def _slow(self) -> list[dict[str, Any]]:
        found = requests.slowest_routes(self.actor)
        most = max((one.mean_ms for one in found), default=0.0)
        return [
            {
                "route": f"/{one.route}",
                "url": with_query(self.address("activity"), {"route": one.route}),
                "share": round(one.mean_ms / most * 100) if most else 0,
                "mean": charts.number(one.mean_ms, 0 if one.mean_ms >= 10 else 1),
                "slowest": charts.number(one.slowest_ms, 0 if one.slowest_ms >= 10 else 1),
                "requests": one.requests,
            }
            for one in found
        ]


def _per_hour(hours: list[tuple[Any, int]]) -> SafeString:
    points = [
        charts.Point(
            formats.date_format(timezone.localtime(hour), r"H\h"),
            number,
            formats.date_format(timezone.localtime(hour), "j M, H:i"),
        )
        for hour, number in hours
    ]
    any_of_them = points if any(point.value for point in points) else []
    return charts.bars(any_of_them, title=_("Requests per hour"), unit=_("requests"))


class ActivityRequestView(TrailView):
    """One request: its facts, and the events of the trail that it caused."""

    access = "audit:read"
    template_name = "audit/activity_request.html"

    def get(self, request: HttpRequest, activity_id: UUID) -> HttpResponse:
        """The page; `NotFound` for a request that is not there or not to be seen."""
        row = requests.request(self.actor, activity_id)
        names = requests.names_of([row.actor_id] if row.actor_id else [])
        shown = Request(row, names.get(row.actor_id, "") if row.actor_id else "", self.slug)
        return self.page(
            {
                "request_": shown,
                "facts": self._facts(shown),
                "technical": self._technical(shown),
                "events": placed(selectors.events_of_request(self.actor, row.request_id, row.id), self.slug),
                "list_url": self.address("activity"),
                "trail_url": self.filtered(request_id=row.request_id),
            }
        )

    def _facts(self, shown: Request) -> list[dict[str, Any]]:
        row = shown.row
        whose = {"person": str(row.actor_id)} if row.actor_id else {}
        facts: list[dict[str, Any]] = [
            {"label": _("Person"), "value": shown.person, "url": shown.person_url},
            {"label": _("Answer"), "status": {"tone": shown.tone, "label": shown.status_text}},
            {"label": _("Duration"), "value": shown.duration_text},
            {"label": _("Size"), "bytes": row.bytes}
            if row.bytes is not None
            else {"label": _("Size"), "value": NOTHING},
            {"label": _("Channel"), "value": shown.channel_text},
        ]
        if whose:
            url = with_query(self.address("activity"), whose)
            facts.append({"label": _("More"), "value": _("Everything this person asked for"), "url": url})
        return facts

    def _technical(self, shown: Request) -> list[dict[str, Any]]:
        row = shown.row
        facts: list[dict[str, Any]] = [
            {
                "label": _("Route"),
                "value": shown.route,
                "mono": True,
                "url": with_query(self.address("activity"), {"route": row.route}),
            },
            {"label": _("Request id"), "value": row.request_id, "mono": True},
        ]
        optional = (
            (_("Object id"), row.object_id),
            (_("Session"), row.session_id),
            (_("Organisation"), row.organisation_id if not self.slug else None),
            (_("Network"), row.address),
        )
        return [*facts, *({"label": label, "value": str(value), "mono": True} for label, value in optional if value)]
