"""Pages of jobs."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from maintenance.presenters import runs as presenters
from maintenance.presenters.nights import steps_of
from maintenance.selectors import runs as selectors
from maintenance.services import heartbeats, runs
from portal.kit import htmx, paging, toasts
from portal.kit.access import SignedIn
from portal.kit.decision import can
from portal.kit.detail import access_values, granted_url
from portal.kit.views import PageView

LIST = "maintenance:jobs"
STATE_TABS = (
    ("", gettext_lazy("All")),
    ("live", gettext_lazy("Queued and running")),
    ("failed", gettext_lazy("Failed")),
    ("done", gettext_lazy("Finished")),
)


class JobList(PageView):
    """Every run that the person may see."""

    access = "job:read"
    somewhere = True
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

    access = SignedIn("Who started a run may watch it; others need job:read, which the selector asks.", in_view=True)
    template_name = "maintenance/job_detail.html"

    def get(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """The page, or the part that refreshes itself."""
        part = "maintenance/_job_live.html"
        return htmx.answer(request, page=self.template_name, part=part, values=self._values(run_id))

    def _values(self, run_id: UUID) -> dict[str, Any]:
        run = selectors.run(self.actor, run_id)
        may_admin = bool(can(self.actor, "job:admin", run))
        return {
            "job": presenters.job_page(
                run, may_admin=may_admin, worker_missing=heartbeats.alive("worker") == 0, steps=steps_of(run)
            ),
            "list_url": reverse(LIST),
            "tabs": _tabs(run_id, access=False) if can(self.actor, "role:admin") else [],
        }


class JobLive(JobDetail):
    """The part of the page that refreshes itself."""

    access = JobDetail.access
    polled = "whole"
    template_name = "maintenance/_job_live.html"


class JobAccess(PageView):
    """Who may see a run, by role or by a right on it alone."""

    access = "role:admin"
    template_name = "maintenance/job_access.html"

    def get(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """Everybody, the oldest person first."""
        run = selectors.run(self.actor, run_id)
        values = access_values("job:read", run, request, manage_url=granted_url("job", run.pk))
        values |= {"tabs": _tabs(run_id, access=True), "title": presenters.title_of(run), "list_url": reverse(LIST)}
        return self.page(values | {"job_url": reverse("maintenance:job", args=[run_id])})


def _tabs(run_id: UUID, *, access: bool) -> list[dict[str, Any]]:
    """The two parts of the page of a run, for whom both are open."""
    return [
        {"label": _("Run"), "url": reverse("maintenance:job", args=[run_id]), "current": not access},
        {"label": _("Access"), "url": reverse("maintenance:job_access", args=[run_id]), "current": access},
    ]


class JobCancel(PageView):
    """Ask a run to stop."""

    access = "job:admin"
    somewhere = True

    def post(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """Cancel and go back to the run."""
        runs.run_cancel(actor=self.actor, run=selectors.run(self.actor, run_id))
        toasts.add(request, _("The job was asked to stop."))
        return redirect("maintenance:job", run_id)


class JobRetry(PageView):
    """Queue a failed or cancelled run again."""

    access = "job:admin"
    somewhere = True

    def post(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """Retry and go back to the run."""
        runs.run_retry(actor=self.actor, run=selectors.run(self.actor, run_id))
        toasts.add(request, _("The job is queued again."))
        return redirect("maintenance:job", run_id)
