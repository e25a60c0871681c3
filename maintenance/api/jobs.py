"""Endpoints of runs."""

from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from maintenance.api.serializers import RunReply, RunWithLogReply, run_body, run_with_log_body
from maintenance.errors import NotRetryable, NotRunning
from maintenance.selectors import runs as selectors
from maintenance.services import runs
from portal.kit import paging
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, endpoint, one_of
from portal.kit.errors import Conflict


class JobsView(ApiView):
    """Runs of jobs, newest first."""

    access = "job:read"
    somewhere = True

    @endpoint(items=RunReply, query=(one_of("state", _("Only runs in this state."), tuple(selectors.STATES)),))
    def get(self, request: Request) -> HttpResponse:
        """List runs."""
        rows = selectors.runs(self.actor, state=self.asked["state"] or "")
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(run_body, page.items), page.next)


class JobView(ApiView):
    """One run. Who started it may watch it; others need `job:read`."""

    access = SignedIn(
        "Who started a run may watch it; others need job:read, which the selector asks.", by_key=True, in_view=True
    )

    @endpoint(reply=RunWithLogReply, etag=True)
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        """Read a run, with its newest log lines."""
        return self.single(run_with_log_body(selectors.run(self.actor, run_id)))


class JobCancelView(ApiView):
    """Stopping a run."""

    access = "job:admin"
    somewhere = True

    @endpoint(reply=RunWithLogReply, errors=(NotRunning,))
    def post(self, request: Request, run_id: UUID) -> HttpResponse:
        """Ask a run to stop: a queued one ends at once, a running one after its present batch."""
        run = runs.run_cancel(actor=self.actor, run=selectors.run(self.actor, run_id))
        return self.single(run_with_log_body(run))


class JobRetryView(ApiView):
    """Starting a run again."""

    access = "job:admin"
    somewhere = True

    @endpoint(reply=RunWithLogReply, errors=(NotRetryable, Conflict))
    def post(self, request: Request, run_id: UUID) -> HttpResponse:
        """Queue a failed or cancelled run again. It goes on where it stood."""
        run = runs.run_retry(actor=self.actor, run=selectors.run(self.actor, run_id))
        return self.single(run_with_log_body(run))
