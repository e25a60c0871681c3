"""Exports of the trail over the API: asked for, watched, fetched. Everybody sees those that it asked for itself."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from audit import filters, selectors
from audit.errors import ExportGone, ExportNotWritten, ExportsUnderWay, FilterMalformed
from audit.models import Export
from audit.services import exports as services
from audit.views.files import KINDS, export_file
from portal.kit import limits, paging
from portal.kit.api import ApiView, Body, Reply, endpoint, json, row_body

EXPORT = (
    *("id", "format", "query", "rows", "size", "sha256", "run_id", "created_at", "finished_at"),
    "expires_at",
)
_MOMENT = "2026-01-31T08:30:00Z"
_FILTER = {"category": "billing", "date_from": "2026-01-01"}


class ExportReply(Reply):
    """An export. Its file is there while it is ready and not expired."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Export.State.values)
    format = serializers.ChoiceField(choices=Export.Format.values)
    query = serializers.DictField(child=serializers.CharField(), help_text="The filter, as it stands in an address.")
    rows = serializers.IntegerField()
    size = serializers.IntegerField(help_text="Bytes; 0 until it is ready.")
    sha256 = serializers.CharField(allow_blank=True)
    run_id = serializers.UUIDField(allow_null=True, help_text="The job that writes a large one.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()
    example = {
        "id": "01890000-0000-7000-8000-0000000000e7",
        "state": "ready",
        "format": "csv",
        "query": _FILTER,
        "rows": 1204,
        "size": 348213,
        "sha256": "9f2c41d0a7be55c0ffb1b6b3f7ad3ad0f0a2f1cbb1d6b7e5a1e0d9c8b7a69584",
        "run_id": None,
        "created_at": _MOMENT,
        "finished_at": _MOMENT,
        "expires_at": "2026-02-01T08:30:00Z",
    }


class ExportBody(Body):
    """What to export."""

    format = serializers.ChoiceField(choices=Export.Format.values)
    query = serializers.DictField(
        child=serializers.CharField(max_length=254, allow_blank=True),
        required=False,
        help_text="The parameters of GET /audit/events, without limit and cursor; absent: the last 30 days.",
    )
    example = {"format": "csv", "query": _FILTER}


class ExportsView(ApiView):
    """Exports of the trail."""

    access = "audit:export"

    @endpoint(items=ExportReply)
    def get(self, request: Request) -> HttpResponse:
        """List the exports that one asked for, the newest first."""
        page = paging.keyset(selectors.exports(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(_body, page.items), page.next)

    @endpoint(
        body=ExportBody,
        reply=ExportReply,
        status=201,
        limit=limits.SENSITIVE,
        errors=(FilterMalformed, ExportsUnderWay, ExportNotWritten),
    )
    def post(self, request: Request) -> HttpResponse:
        """Export what a filter finds now: written when this answers, or by a job where it is more than 10,000 events."""
        given: dict[str, str] = dict(self.sent.get("query", {}))
        if unknown := sorted(given.keys() - filters.READERS.keys()):
            raise FilterMalformed(fields={key: [_("There is no such filter.")] for key in unknown})
        made = services.export_request(actor=self.actor, chosen=filters.parse(given), kind=self.sent["format"])
        reply = json(_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/audit/exports/{made.pk}"
        return reply


class ExportView(ApiView):
    """One export."""

    access = "audit:export"

    @endpoint(reply=ExportReply)
    def get(self, request: Request, export_id: UUID) -> HttpResponse:
        """Read how far an export is."""
        return json(_body(selectors.export(self.actor, export_id)))


class ExportCancelView(ApiView):
    """Stopping one."""

    access = "audit:export"

    @endpoint(reply=ExportReply)
    def post(self, request: Request, export_id: UUID) -> HttpResponse:
        """Stop an export that is still being written. Does nothing when it has ended."""
        found = selectors.export(self.actor, export_id)
        return json(_body(services.export_cancel(actor=self.actor, export=found)))


class ExportFileView(ApiView):
    """The file of one."""

    access = "audit:export"
    limit = limits.EXPORT

    @endpoint(file=", ".join(KINDS.values()), errors=(ExportGone,))
    def get(self, request: Request, export_id: UUID) -> HttpResponseBase:
        """Download the file. What is fetched is told in the trail."""
        found = selectors.export(self.actor, export_id)
        return export_file(found, services.export_download(actor=self.actor, export=found))


def _body(export: Export) -> dict[str, Any]:
    return row_body(export, EXPORT) | {"state": selectors.state_of(export)}
