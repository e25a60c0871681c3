"""Exports: asking for one, watching it, fetching its file."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit import filters, selectors
from audit.models import Export
from audit.services import exports as services
from audit.views.base import TrailView, with_query
from audit.views.files import export_file
from audit.views.panel import Panel
from portal.kit import limits, paging

State = Export.State
STATES = {
    State.WORKING: ("info", gettext_lazy("Being written")),
    State.READY: ("ok", gettext_lazy("Ready")),
    State.FAILED: ("bad", gettext_lazy("Failed")),
    State.CANCELLED: ("", gettext_lazy("Cancelled")),
}


class ExportsView(TrailView):
    """The exports that the person asked for in the last day; a POST asks for another."""

    access = "audit:export"
    limit = limits.SENSITIVE
    template_name = "audit/export_list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The newest first."""
        rows = paging.of(request, selectors.exports(self.actor), self._row)
        return self.page({"page": rows, "list_url": self.address("timeline")})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Export what the filter in the body finds; leads to the export's own page."""
        chosen = filters.parse(request.POST)
        export = services.export_request(actor=self.actor, chosen=chosen, kind=request.POST.get("format", ""))
        return redirect(self.address("export", export.pk))

    def _row(self, export: Export) -> dict[str, Any]:
        return shown(self, export)


class ExportView(TrailView):
    """One export: how far it is, then its facts and its file. Asks again by itself until it is finished."""

    access = "audit:export"
    polled = "part"
    template_name = "audit/export_detail.html"

    def get(self, request: HttpRequest, export_id: UUID) -> HttpResponse:
        """The page, or its live part for htmx."""
        export = selectors.export(self.actor, export_id)
        values = {"export": shown(self, export), "list_url": self.address("exports")}
        part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
        reply = self.page(
            values | {"trail_url": self.address("timeline")},
            template="audit/_export_live.html" if part else self.template_name,
        )
        reply["Vary"] = "HX-Request"
        return reply


class ExportCancelView(TrailView):
    """Stops an export that is still being written."""

    access = "audit:export"

    def post(self, request: HttpRequest, export_id: UUID) -> HttpResponse:
        """Cancel; leads back to the export's page."""
        services.export_cancel(actor=self.actor, export=selectors.export(self.actor, export_id))
        return redirect(self.address("export", export_id))


class ExportFileView(TrailView):
    """The file of an export, for who asked for it."""

    access = "audit:export"
    limit = limits.EXPORT

    def get(self, request: HttpRequest, export_id: UUID) -> HttpResponseBase:
        """The whole file as an attachment; `ExportGone` when it may not be had any more."""
        export = selectors.export(self.actor, export_id)
        return export_file(export, services.export_download(actor=self.actor, export=export))


def shown(view: TrailView, export: Export) -> dict[str, Any]:
    """An export as the templates show it."""
    current = selectors.is_current(export)
    state = selectors.state_of(export)
    live = state == State.WORKING
    tone, label = STATES[state]
    if state == State.READY and not current:
        tone, label = "", gettext_lazy("Gone")
    return {
        "id": export.pk,
        "url": view.address("export", export.pk),
        "title": _("Audit trail as %(format)s") % {"format": export.get_format_display()},
        "state": state,
        "state_tone": tone,
        "state_label": label,
        "live": live,
        "filters": [chip.label for chip in _chips(view, export)],
        "trail_url": with_query(view.address("timeline"), export.query),
        "rows": export.rows,
        "size": export.size,
        "sha256": export.sha256,
        "created_at": export.created_at,
        "finished_at": export.finished_at,
        "expires_at": export.expires_at,
        "file_url": view.address("export_file", export.pk) if current else "",
        "cancel_url": view.address("export_cancel", export.pk) if live else "",
        "version": f"{state}.{export.rows}",
    }


def _chips(view: TrailView, export: Export) -> list[Any]:
    panel = Panel(view.address("timeline"), filters.parse(export.query), "")
    return list(panel.values()["chips"])
