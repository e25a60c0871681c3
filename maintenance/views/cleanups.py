"""Pages of clean-ups."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maintenance import cleaning
from maintenance.presenters import runs as presenters
from maintenance.selectors import cleanups as selectors
from portal.kit import charts, registry
from portal.kit.decision import can
from portal.kit.errors import NotFound
from portal.kit.jobs import enqueue
from portal.kit.views import PageView

DAYS = 30  # Of the chart of clean-ups.


class CleanupList(PageView):
    """What can be cleaned up, and how it went last."""

    access = "cleanup:execute"
    template_name = "maintenance/cleanups.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """All declared cleanups."""
        last = selectors.last_cleanups()
        rows = [
            {
                "label": spec.label,
                "text": spec.description,
                "keep_text": _keep_text(spec),
                "icon": "broom",
                "preview_url": reverse("maintenance:cleanup", args=[spec.name]),
                "can_run": bool(can(self.actor, spec.permission)),
                "reason": _("Your roles do not include this right."),
                "last": presenters.last_of(last.get(spec.name)),
            }
            for spec in registry.cleanups
        ]
        return self.page({"cleanups": rows, "deleted": _deleted()})


class CleanupPreview(PageView):
    """Look at what a clean-up would delete; confirm just that."""

    access = "cleanup:execute"
    template_name = "maintenance/cleanup_preview.html"

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        """Count, bytes and a sample."""
        spec = _cleanup(name)
        found = cleaning.preview(actor=self.actor, name=name)
        shown = f"{found.count:,}"
        return self.page(
            {
                "cleanup": {"label": spec.label, "text": spec.description},
                "preview": {
                    "count": found.count,
                    "bytes": found.size or None,
                    "cutoff": found.cutoff,
                    "cutoff_text": _keep_text(spec),
                    "columns": [label for _name, label in spec.sample],
                    "rows": found.sample,
                    "more": max(0, found.count - len(found.sample)),
                    "token": found.token,
                },
                "run_url": reverse("maintenance:cleanup", args=[name]),
                "run_label": ngettext("Delete %(n)s row", "Delete %(n)s rows", found.count) % {"n": shown},
                "warning": _("Deleted rows can only come back from a backup."),
                "list_url": reverse("maintenance:cleanups"),
            }
        )

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        """Queue the confirmed clean-up and watch it."""
        _cleanup(name)
        args = cleaning.confirmed(actor=self.actor, name=name, token=request.POST.get("token", ""))
        run_id = enqueue(cleaning.JOB, actor=self.actor, args=args, key=f"cleanup {name}")
        return redirect("maintenance:job", run_id)


def _deleted() -> dict[str, Any]:
    """Rows that went each day, as bars; no chart while nothing has ever gone."""
    days = selectors.deleted_per_day(DAYS)
    number = sum(deleted for _day, deleted in days)
    points = [
        charts.Point(formats.date_format(day, "j M"), deleted, formats.date_format(day, "l, j F Y"))
        for day, deleted in days
    ]
    drawn = charts.bars(points, title=_("Rows deleted per day"), unit=_("rows")) if number else None
    return {"sum": number, "chart": drawn}


def _cleanup(name: str) -> registry.Cleanup:
    if name not in registry.cleanups:
        raise NotFound
    return registry.cleanups.get(name)


def _keep_text(spec: registry.Cleanup) -> str:
    hours = int(spec.keep.total_seconds() // 3600)
    if hours == 0:
        return _("Goes as soon as it has expired")
    if hours % 24 or hours <= 48:
        return _("Kept for %(n)d hours") % {"n": hours}
    return _("Kept for %(n)d days") % {"n": hours // 24}
