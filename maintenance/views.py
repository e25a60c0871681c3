"""Pages of upkeep: jobs, cleanups, schedules."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from maintenance import cleaning, presenters, selectors
from maintenance.services import heartbeats, runs, schedules
from portal.kit import charts, htmx, paging, registry, toasts
from portal.kit.access import SignedIn
from portal.kit.decision import can
from portal.kit.errors import NotFound
from portal.kit.jobs import enqueue
from portal.kit.views import PageView

DAYS = 30  # Of the chart of clean-ups.
STATE_TABS = (
    ("", gettext_lazy("All")),
    ("live", gettext_lazy("Queued and running")),
    ("failed", gettext_lazy("Failed")),
    ("done", gettext_lazy("Finished")),
)


class JobList(PageView):
    """Every run that the person may see."""

    access = "job:read"
    template_name = "maintenance/job_list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The newest first, by state."""
        chosen = request.GET.get("state", "")
        page = paging.of(request, selectors.runs(self.actor, state=chosen), presenters.job_row)
        tabs = [
            {"label": label, "url": f"?state={state}" if state else "?", "selected": state == chosen, "count": None}
            for state, label in STATE_TABS
        ]
        return self.page({"page": page, "filters": {"state": tabs}, "worker_missing": heartbeats.alive("worker") == 0})


class JobDetail(PageView):
    """One run; who started it may watch it without any further right."""

    access = SignedIn("Who started a run may watch it; others need job:read, which the selector asks.")
    template_name = "maintenance/job_detail.html"

    def get(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """The page, or the part that refreshes itself."""
        part = "maintenance/_job_live.html"
        return htmx.answer(request, page=self.template_name, part=part, values=self._values(run_id))

    def _values(self, run_id: UUID) -> dict[str, Any]:
        run = selectors.run(self.actor, run_id)
        may_admin = bool(can(self.actor, "job:admin", run))
        return {
            "job": presenters.job_page(run, may_admin=may_admin, worker_missing=heartbeats.alive("worker") == 0),
            "list_url": reverse("maintenance:jobs"),
        }


class JobLive(JobDetail):
    """The part of the page that refreshes itself."""

    access = JobDetail.access
    template_name = "maintenance/_job_live.html"


class JobCancel(PageView):
    """Ask a run to stop."""

    access = "job:admin"

    def post(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """Cancel and go back to the run."""
        runs.run_cancel(actor=self.actor, run=selectors.run(self.actor, run_id))
        toasts.add(request, _("The job was asked to stop."))
        return redirect("maintenance:job", run_id)


class JobRetry(PageView):
    """Queue a failed or cancelled run again."""

    access = "job:admin"

    def post(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """Retry and go back to the run."""
        runs.run_retry(actor=self.actor, run=selectors.run(self.actor, run_id))
        toasts.add(request, _("The job is queued again."))
        return redirect("maintenance:job", run_id)


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


class ScheduleList(PageView):
    """What runs by itself."""

    access = "schedule:admin"
    template_name = "maintenance/schedule_list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """All declared schedules, the next due first."""
        rows = [
            {
                "label": row.label,
                "code": row.state.name,
                "words": presenters.cron_words(row.state.cron),
                "cron": row.state.cron,
                "zone": row.state.time_zone,
                "next_at": row.next_at,
                "enabled": row.state.enabled,
                "switch_url": reverse("maintenance:schedule_switch", args=[row.state.name]),
                "last": presenters.last_of(row.last_run),
            }
            for row in selectors.schedule_rows(self.actor)
        ]
        return self.page({"schedules": rows, "beat_missing": heartbeats.alive("beat") == 0})


class ScheduleSwitch(PageView):
    """Switch a schedule on or off."""

    access = "schedule:admin"

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        """Switch and go back to the list; doing the opposite is the undo."""
        enabled = request.POST.get("enabled") == "1"
        schedules.schedule_switch(actor=self.actor, name=selectors.schedule(self.actor, name).name, enabled=enabled)
        undo = toasts.Action(_("Undo"), request.path, {"enabled": "0" if enabled else "1"})
        toasts.add(request, _("The schedule is on.") if enabled else _("The schedule is off."), action=undo)
        return redirect("maintenance:schedules")


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
