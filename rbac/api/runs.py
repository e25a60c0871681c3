"""Runs of host products over the API: what the product itself calls, in the organisation that it acts for."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from portal.kit import errors
from portal.kit.api import endpoint, json
from portal.kit.api.listing import parameters_of
from rbac import run_selectors as selectors
from rbac import tree_selectors
from rbac.api.inside import InsideView
from rbac.api.run_serializers import (
    HostRunBody,
    HostRunLineReply,
    HostRunLinesBody,
    HostRunNewBody,
    HostRunReply,
    line_body,
    run_body,
)
from rbac.errors import ModuleIsOff, RunEnded, RunLogFull, RunStateImpossible
from rbac.models import Resource, Run
from rbac.run_lists import runs
from rbac.services import runs as services
from rbac.services.runs import Line


class RunsView(InsideView):
    """The runs of an organisation."""

    access = "organisation:read"

    @endpoint(items=HostRunReply, query=parameters_of(runs), service="resource:read")
    def get(self, request: Request) -> HttpResponse:
        """List runs, with the filters and orders of the console; none where no organisation is named."""
        asked = {name: value for name, value in self.asked.items() if value is not None}
        chosen = runs.parse({name: value for name, value in asked.items() if name not in {"limit", "cursor"}})
        page = runs.page(self.actor, replace(chosen, size=asked["limit"], cursor=asked.get("cursor")))
        return self.listed((run_body(row) for row in page.items), page.next)

    @endpoint(body=HostRunNewBody, reply=HostRunReply, status=201, service="resource:execute", errors=(ModuleIsOff,))
    def post(self, request: Request) -> HttpResponse:
        """Tell of a run (201). One that is known already is answered as it is (200)."""
        self.here()
        given: dict[str, Any] = dict(self.sent)
        resource = self._resource(given.pop("type"), given.pop("resource_external_id"))
        made, fresh = services.run_start(
            actor=self.actor, resource=resource, external_id=given.pop("external_id"), values=given
        )
        reply = json(run_body(selectors.run(self.actor, made.pk)), status=201 if fresh else 200)
        reply.headers["Location"] = f"/api/v1/runs/{made.pk}"
        return reply

    def _resource(self, kind: str, external_id: str) -> Resource:
        try:
            return tree_selectors.resource_known(self.actor, tree_selectors.type_named(kind), external_id)
        except errors.NotFound:
            told = _("There is no such resource. Register it first.")
            raise errors.Invalid(fields={"resource_external_id": [told]}) from None


class OfRun(InsideView, abstract=True):
    """What the endpoints of one run share."""

    def run(self, run_id: UUID) -> Run:
        """The run of the address; `NotFound` where the caller may not see it."""
        self.here()
        return selectors.run(self.actor, run_id)


class RunView(OfRun):
    """One run."""

    access = "organisation:read"
    volatile = frozenset({"seen_at"})

    @endpoint(reply=HostRunReply, etag=True, service="resource:read")
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        """Read a run. A product that works on it looks at `cancel_asked_at`."""
        return self.single(run_body(self.run(run_id)))

    @endpoint(
        body=HostRunBody,
        partial=True,
        reply=HostRunReply,
        etag=True,
        service="resource:execute",
        errors=(RunStateImpossible, RunEnded),
    )
    def patch(self, request: Request, run_id: UUID) -> HttpResponse:
        """Carry a run on, or end it. Fields that are absent stay as they are; none at all says that it still lives."""
        run = self.unchanged(self.run(run_id), run_body)
        services.run_report(actor=self.actor, run=run, values=self.sent)
        return self.single(run_body(self.run(run_id)))


class RunLinesView(OfRun):
    """The log of a run."""

    access = "organisation:read"

    @endpoint(items=HostRunLineReply, service="resource:read")
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        """List the lines, the oldest first."""
        page = selectors.lines_page(self.actor, self.run(run_id), self.asked["cursor"], self.asked["limit"])
        return self.listed((line_body(line) for line in page.items), page.next)

    @endpoint(body=HostRunLinesBody, reply=HostRunReply, service="resource:execute", errors=(RunEnded, RunLogFull))
    def post(self, request: Request, run_id: UUID) -> HttpResponse:
        """Add up to 1,000 lines: all of them or none. A run has 10,000 at most."""
        given: Any = self.sent
        lines = [Line(item["text"], item.get("level", "info"), item.get("at")) for item in given["items"]]
        services.run_lines_add(actor=self.actor, run=self.run(run_id), lines=lines)
        return json(run_body(self.run(run_id)))


class RunCancelView(OfRun):
    """Stopping a run."""

    access = "organisation:read"

    @endpoint(reply=HostRunReply, service="resource:execute", errors=(RunEnded,))
    def post(self, request: Request, run_id: UUID) -> HttpResponse:
        """Ask the product to stop it. The run goes on until the product says that it has stopped."""
        services.run_cancel_ask(actor=self.actor, run=self.run(run_id))
        return json(run_body(self.run(run_id)))
