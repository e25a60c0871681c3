"""Roles and access of an organisation as a file over the API."""

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from portal.kit.api import endpoint, json
from rbac.api.as_code_serializers import (
    CodeAppliedReply,
    CodeApplyBody,
    CodeBody,
    CodePlanReply,
    CodeReply,
    plan_body,
    step_body,
)
from rbac.api.inside import InsideView
from rbac.errors import CannotDelegate, CodeOutdated, RoleInUse, SuperiorTouched
from rbac.services.as_code import RIGHT, code_apply, code_export, code_plan

APPLYING = (CannotDelegate, SuperiorTouched, RoleInUse)


class CodeView(InsideView):
    """The file of an organisation."""

    access = "organisation:read"

    @endpoint(reply=CodeReply, service="role:assign")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Take out own roles, teams, workspaces, and who holds what, as YAML."""
        self.place(organisation_id, RIGHT)
        return json({"yaml": code_export(actor=self.actor, organisation_id=organisation_id)})


class CodePlanView(InsideView):
    """What a file would do."""

    access = "organisation:read"

    @endpoint(service="role:assign", body=CodeBody, reply=CodePlanReply, errors=APPLYING)
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Compare a file with the organisation: every change, and who gains and loses by it. Nothing is changed."""
        self.place(organisation_id, RIGHT)
        plan = code_plan(
            actor=self.actor,
            organisation_id=organisation_id,
            text=self.sent["yaml"],
            prune=self.sent.get("prune", False),
        )
        if plan.refusal is not None:
            raise plan.refusal
        return json(plan_body(plan))


class CodeApplyView(InsideView):
    """A file that is applied."""

    access = "organisation:read"

    @endpoint(service="role:assign", body=CodeApplyBody, reply=CodeAppliedReply, errors=(*APPLYING, CodeOutdated))
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Bring the organisation to what a file says, all of it or nothing, with the rights of the caller."""
        self.place(organisation_id, RIGHT)
        done = code_apply(
            actor=self.actor,
            organisation_id=organisation_id,
            text=self.sent["yaml"],
            prune=self.sent.get("prune", False),
            expected=self.sent.get("fingerprint", ""),
        )
        return json({"steps": [step_body(step) for step in done]})
