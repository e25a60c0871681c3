"""Endpoints of nights."""

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from maintenance.api.night_serializers import (
    NightReply,
    NightWithItemsReply,
    night_body,
    night_with_items_body,
)
from maintenance.api.serializers import RunReply, run_body
from maintenance.selectors import nights as selectors
from maintenance.selectors import runs as run_selectors
from maintenance.services import nights
from portal.kit import paging
from portal.kit.api import ApiView, endpoint, json


class NightsView(ApiView):
    """Reports about nights, newest first, and running a night now."""

    access = "schedule:admin"

    @endpoint(items=NightReply)
    def get(self, request: Request) -> HttpResponse:
        """List the reports."""
        rows = selectors.reports(self.actor).defer("items")
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(night_body, page.items), page.next)

    @endpoint(reply=RunReply, status=202)
    def post(self, request: Request) -> HttpResponse:
        """Run tonight's maintenance now, with the rights of who calls. While one is going, that one is answered."""
        run_id = nights.night_start(actor=self.actor)
        return json(run_body(run_selectors.run(self.actor, run_id)), status=202)


class NightView(ApiView):
    """One report."""

    access = "schedule:admin"

    @endpoint(reply=NightWithItemsReply, etag=True)
    def get(self, request: Request, report_id: UUID) -> HttpResponse:
        """Read a report with all its items."""
        return self.single(night_with_items_body(selectors.report(self.actor, report_id)))
