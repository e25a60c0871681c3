"""Closing the books and opening them again, over the API."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from billing.errors import ledger as refusals
from billing.models import Closing
from billing.selectors import ledger as selectors
from billing.services.ledger import period_close, period_reopen
from billing.times import end_of
from portal.kit import paging
from portal.kit.api import ApiView, Body, Reply, endpoint, json, row_body

CLOSING = ("id", "sandbox", "until", "reopens", "reason", "by_id", "by_label", "recorded_at")
_MOMENT = "2026-02-01T08:30:00Z"


class ClosingBody(Body):
    """A decision about the books: closed up to the end of a day (UTC), or with `reopens` open again after it."""

    until = serializers.DateField(help_text="Up to the end of this day (UTC).")
    reason = serializers.CharField(max_length=200)
    reopens = serializers.BooleanField(default=False)
    sandbox = serializers.BooleanField(default=False, help_text="The books of sandboxes.")
    example = {"until": "2026-01-31", "reason": "January is told to the tax office"}


class ClosingReply(Reply):
    """A decision about the books. The latest one of real books, and of sandboxes, counts."""

    id = serializers.UUIDField()
    sandbox = serializers.BooleanField()
    until = serializers.DateTimeField(help_text="Nothing is posted to what lies before.")
    reopens = serializers.BooleanField()
    reason = serializers.CharField()
    by_id = serializers.UUIDField(allow_null=True)
    by_label = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    example = {
        "id": "01890000-0000-7000-8000-0000000000f7",
        "sandbox": False,
        "until": "2026-02-01T00:00:00Z",
        "reopens": False,
        "reason": "January is told to the tax office",
        "by_id": "01890000-0000-7000-8000-000000000002",
        "by_label": "Ann",
        "recorded_at": _MOMENT,
    }


class ClosingsView(ApiView):
    """Closing the books."""

    access = "ledger:read"

    @endpoint(items=ClosingReply)
    def get(self, request: Request) -> HttpResponse:
        """List every decision to close the books or to open them again, the latest first."""
        page = paging.keyset(selectors.closings(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed((_told(row) for row in page.items), page.next)

    @endpoint(
        access="ledger:admin",
        body=ClosingBody,
        reply=ClosingReply,
        status=201,
        errors=(refusals.ClosesTheFuture, refusals.ClosedAlready, refusals.NotClosed),
    )
    def post(self, request: Request) -> HttpResponse:
        """Close the books up to the end of a day, or open them again after it. Waits for postings that are under way."""
        given: dict[str, Any] = dict(self.sent)
        act = period_reopen if given.pop("reopens") else period_close
        return json(_told(act(actor=self.actor, until=end_of(given.pop("until")), **given)), status=201)


def _told(row: Closing) -> dict[str, Any]:
    return row_body(row, CLOSING)
