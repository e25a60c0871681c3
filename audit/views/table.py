"""The events as a table."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from audit.lists import asked, events, for_timeline
from audit.views.base import TrailView
from audit.views.panel import TABLE, Panel, tabs
from portal.kit.lists.asked import Asked
from portal.kit.lists.views import ListView


class TableView(TrailView, ListView):
    """The events in columns: chosen, sorted, kept as views, and taken out as files."""

    access = "audit:read"
    declared = events
    template_name = "audit/table.html"

    def shown(self, asked: Asked, *, fragment: bool, **more: Any) -> HttpResponse:
        """The page with its way back to the timeline, or its changing part."""
        return super().shown(asked, fragment=fragment, **self._around(asked), **more)

    def _around(self, question: Asked) -> dict[str, Any]:
        panel = Panel(self.address("timeline"), for_timeline(asked(question.chosen)), "")
        return {
            "groupings": tabs(panel, question.url(replace(question.chosen, cursor=None)), TABLE),
            "lead": _("The events in columns: of the last 30 days, unless you choose other dates."),
        }
