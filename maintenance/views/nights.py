"""Pages of nights: the reports, one report, and running tonight's maintenance now."""

import csv
import io
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from maintenance.presenters import nights as presenters
from maintenance.selectors import nights as selectors
from maintenance.services import heartbeats, nights
from portal.kit import paging
from portal.kit.views import PageView


class NightList(PageView):
    """Every report, and the button that runs a night now."""

    access = "schedule:admin"
    template_name = "maintenance/night_list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The last night whole, the others as a list; the newest first."""
        page = paging.of(request, selectors.reports(self.actor).defer("items"), presenters.night_row)
        newest = selectors.last_night(self.actor) if not request.GET.get("cursor") else None
        live = selectors.live_night(self.actor)
        values = {
            "page": page,
            "last": presenters.night_page(newest) if newest is not None else None,
            "live": presenters.live_night(live) if live is not None else None,
            "steps": presenters.tonight(self.actor),
            "worker_missing": heartbeats.alive("worker") == 0,
            "run_url": reverse("maintenance:night_run"),
        }
        return self.page(values)


class NightRun(PageView):
    """Run tonight's maintenance now."""

    access = "schedule:admin"

    def post(self, request: HttpRequest) -> HttpResponse:
        """Start it, or find the one that is going, and go to its page."""
        return redirect("maintenance:job", nights.night_start(actor=self.actor))


class NightDetail(PageView):
    """One report; it prints as it stands."""

    access = "schedule:admin"
    template_name = "maintenance/night_detail.html"

    def get(self, request: HttpRequest, report_id: UUID) -> HttpResponse:
        """The report, with the ways to the one before and the one after."""
        found = selectors.report(self.actor, report_id)
        before, after = selectors.neighbours(self.actor, found)
        values = {
            "night": presenters.night_page(found),
            "before_url": reverse("maintenance:night", args=[before.pk]) if before else "",
            "after_url": reverse("maintenance:night", args=[after.pk]) if after else "",
            "list_url": reverse("maintenance:nights"),
        }
        return self.page(values)


class NightFile(PageView):
    """One report as CSV."""

    access = "schedule:admin"

    def get(self, request: HttpRequest, report_id: UUID) -> HttpResponse:
        """A line for each item, times in UTC; safe to open in a spreadsheet."""
        found = selectors.report(self.actor, report_id)
        text = io.StringIO()
        csv.writer(text).writerows(presenters.night_lines(found))
        reply = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
        reply["Content-Disposition"] = f'attachment; filename="night-{found.ends_at:%Y-%m-%d}.csv"'
        return reply
