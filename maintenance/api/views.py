"""Endpoints of runs and schedules."""

from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from maintenance import selectors
from maintenance.api.serializers import (
    RunReply,
    RunWithLogReply,
    ScheduleBody,
    ScheduleReply,
    run_body,
    run_with_log_body,
    schedule_body,
)
from maintenance.errors import NotRetryable, NotRunning
from maintenance.services import runs, schedules
from portal.kit import paging
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, endpoint, one_of
from portal.kit.errors import Conflict, NotFound


class JobsView(ApiView):
    """Runs of jobs, newest first."""

    access = "job:read"

    @endpoint(items=RunReply, query=(one_of("state", _("Only runs in this state."), tuple(selectors.STATES)),))
    def get(self, request: Request) -> HttpResponse:
        """List runs."""
        rows = selectors.runs(self.actor, state=self.asked["state"] or "")
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(run_body, page.items), page.next)


class JobView(ApiView):
    """One run. Who started it may watch it; others need `job:read`."""

    access = SignedIn("Who started a run may watch it; others need job:read, which the selector asks.")

    @endpoint(reply=RunWithLogReply, etag=True)
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        """Read a run, with its newest log lines."""
        return self.single(run_with_log_body(selectors.run(self.actor, run_id)))


class JobCancelView(ApiView):
    """Stopping a run."""

    access = "job:admin"

    @endpoint(reply=RunWithLogReply, errors=(NotRunning,))
    def post(self, request: Request, run_id: UUID) -> HttpResponse:
        """Ask a run to stop: a queued one ends at once, a running one after its present batch."""
        run = runs.run_cancel(actor=self.actor, run=selectors.run(self.actor, run_id))
        return self.single(run_with_log_body(run))


class JobRetryView(ApiView):
    """Starting a run again."""

    access = "job:admin"

    @endpoint(reply=RunWithLogReply, errors=(NotRetryable, Conflict))
    def post(self, request: Request, run_id: UUID) -> HttpResponse:
        """Queue a failed or cancelled run again. It goes on where it stood."""
        run = runs.run_retry(actor=self.actor, run=selectors.run(self.actor, run_id))
        return self.single(run_with_log_body(run))


class SchedulesView(ApiView):
    """Jobs that start by themselves."""

    access = "schedule:admin"

    @endpoint(items=ScheduleReply)
    def get(self, request: Request) -> HttpResponse:
        """List the schedules, the next due first. There are few: they come in one page."""
        return self.listed(map(schedule_body, selectors.schedule_rows(self.actor)), None)


class ScheduleView(ApiView):
    """One schedule."""

    access = "schedule:admin"

    @endpoint(reply=ScheduleReply, etag=True)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Read a schedule."""
        return self._told(name)

    @endpoint(body=ScheduleBody, partial=True, reply=ScheduleReply, etag=True)
    def patch(self, request: Request, name: str) -> HttpResponse:
        """Switch a schedule on or off. What passes while it is off is not made up for."""
        state = self.unchanged(selectors.schedule(self.actor, name), lambda _state: self._body(name))
        schedules.schedule_switch(actor=self.actor, name=state.name, enabled=self.sent.get("enabled", state.enabled))
        return self._told(name)

    def _told(self, name: str) -> HttpResponse:
        return self.single(self._body(name))

    def _body(self, name: str) -> dict[str, object]:
        found = next((row for row in selectors.schedule_rows(self.actor) if row.state.name == name), None)
        if found is None:
            raise NotFound
        return schedule_body(found)
