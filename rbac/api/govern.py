"""Roles for a while, and separated duties, of an organisation over the API."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from portal.kit import errors, paging
from portal.kit.api import endpoint, json
from rbac import access_selectors
from rbac import elevation_selectors as selectors
from rbac.api.govern_serializers import (
    DutyConflictReply,
    DutyRuleBody,
    DutyRuleReply,
    ElevationBody,
    ElevationDecisionBody,
    ElevationReply,
    conflict_body,
    elevation_body,
    rule_body,
)
from rbac.api.inside import InsideView
from rbac.errors import CannotDelegate, HeldAlready, NotAMember, SuperiorTouched
from rbac.govern_errors import (
    DutiesConflict,
    ElevationGone,
    ElevationOpen,
    ElevationRole,
    InPerson,
    RuleNameTaken,
    SecondPersonNeeded,
    TooManyRules,
)
from rbac.models import DutyRule
from rbac.services import duties, elevations
from rbac.services.duties import DutyDraft

ASKING = (InPerson, ElevationRole, ElevationOpen, HeldAlready, NotAMember)
DECIDING = (InPerson, SecondPersonNeeded, CannotDelegate, SuperiorTouched, ElevationGone, HeldAlready, DutiesConflict)


class ElevationsView(InsideView):
    """Requests for roles for a while."""

    access = "organisation:read"

    @endpoint(items=ElevationReply)
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List requests, the newest first: all of them for whom may decide, else one's own."""
        self.place(organisation_id, "organisation:read")
        page = paging.keyset(selectors.elevations(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(elevation_body, page.items), page.next)

    @endpoint(body=ElevationBody, reply=ElevationReply, status=201, errors=ASKING)
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Ask for a role. Those who may decide are told; nothing is held before one of them approves. Not by a key."""
        self.place(organisation_id, "organisation:read")
        given: dict[str, Any] = dict(self.sent)
        role = next((one for one in selectors.roles_to_ask(self.actor) if one.pk == given["role_id"]), None)
        if role is None:
            raise errors.Invalid(fields={"role_id": [_("There is no such role to ask for here.")]})
        made = elevations.elevation_ask(
            actor=self.actor,
            role=role,
            scope=access_selectors.scope_here(self.actor, given.get("scope_id"), "organisation:read"),
            minutes=given["minutes"],
            reason=given["reason"],
        )
        reply = json(elevation_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/organisations/{organisation_id}/elevations/{made.pk}"
        return reply


class ElevationView(InsideView):
    """One request."""

    access = "organisation:read"

    @endpoint(reply=ElevationReply, etag=True)
    def get(self, request: Request, organisation_id: UUID, elevation_id: UUID) -> HttpResponse:
        """Read it."""
        self.place(organisation_id, "organisation:read")
        return self.single(elevation_body(selectors.elevation(self.actor, elevation_id)))

    @endpoint(body=ElevationDecisionBody, reply=ElevationReply, etag=True, step_up=True, errors=DECIDING)
    def patch(self, request: Request, organisation_id: UUID, elevation_id: UUID) -> HttpResponse:
        """Approve, refuse, withdraw or end it. Nobody decides what they asked for, and no key decides."""
        self.place(organisation_id, "organisation:read")
        row = self.unchanged(selectors.elevation(self.actor, elevation_id), elevation_body)
        given: dict[str, Any] = dict(self.sent)
        words = given.get("words", "")
        if given["decision"] == "approve":
            elevations.elevation_approve(actor=self.actor, elevation=row, words=words)
        elif given["decision"] == "refuse":
            elevations.elevation_refuse(actor=self.actor, elevation=row, words=words)
        elif given["decision"] == "withdraw":
            elevations.elevation_withdraw(actor=self.actor, elevation=row)
        else:
            elevations.elevation_end(actor=self.actor, elevation=row)
        return self.single(elevation_body(selectors.elevation(self.actor, elevation_id)))


class DutyRulesView(InsideView):
    """Rules for separated duties."""

    access = "organisation:read"

    @endpoint(items=DutyRuleReply, service="member:read")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List rules, the newest first."""
        self.place(organisation_id, "member:read")
        page = paging.keyset(selectors.duty_rules(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(rule_body, page.items), page.next)

    @endpoint(
        service="role:update", body=DutyRuleBody, reply=DutyRuleReply, status=201, errors=(RuleNameTaken, TooManyRules)
    )
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Make a rule. Who breaks it already keeps what it has, and is listed among the conflicts."""
        self.place(organisation_id, "role:update")
        made = duties.duty_rule_create(
            actor=self.actor, organisation_id=organisation_id, draft=self._draft(DutyDraft(name=""))
        )
        reply = json(rule_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/organisations/{organisation_id}/duty-rules/{made.pk}"
        return reply

    def _draft(self, base: DutyDraft) -> DutyDraft:
        return draft_of(base, dict(self.sent))


def draft_of(base: DutyDraft, given: dict[str, Any]) -> DutyDraft:
    """What a body says, with all else as in `base`."""
    lists = {name: tuple(map(str, value)) for name, value in given.items() if name.endswith(("codes", "roles"))}
    return replace(base, **(given | lists))


class DutyRuleView(InsideView):
    """One rule."""

    access = "organisation:read"

    @endpoint(reply=DutyRuleReply, etag=True, service="member:read")
    def get(self, request: Request, organisation_id: UUID, rule_id: UUID) -> HttpResponse:
        """Read it."""
        return self.single(rule_body(self._rule(organisation_id, rule_id, "member:read")))

    @endpoint(
        service="role:update", body=DutyRuleBody, partial=True, reply=DutyRuleReply, etag=True, errors=(RuleNameTaken,)
    )
    def patch(self, request: Request, organisation_id: UUID, rule_id: UUID) -> HttpResponse:
        """Change it, or switch it on or off. Fields that are absent stay as they are."""
        rule = self.unchanged(self._rule(organisation_id, rule_id, "role:update"), rule_body)
        draft = draft_of(duties.draft_of(rule=rule), dict(self.sent))
        duties.duty_rule_update(actor=self.actor, rule=rule, draft=draft)
        return self.single(rule_body(selectors.duty_rule(self.actor, rule_id)))

    @endpoint(service="role:update", status=204, etag=True)
    def delete(self, request: Request, organisation_id: UUID, rule_id: UUID) -> HttpResponse:
        """Delete it: what it separated can be held together again."""
        rule = self.unchanged(self._rule(organisation_id, rule_id, "role:update"), rule_body)
        duties.duty_rule_delete(actor=self.actor, rule=rule)
        return HttpResponse(status=204)

    def _rule(self, organisation_id: UUID, rule_id: UUID, code: str) -> DutyRule:
        self.place(organisation_id, code)
        return selectors.duty_rule(self.actor, rule_id)


class DutyConflictsView(InsideView):
    """Who breaks the rules."""

    access = "organisation:read"

    @endpoint(items=DutyConflictReply, service="member:read")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List who holds both sides of an active rule, always as one page."""
        self.place(organisation_id, "member:read")
        return self.listed(map(conflict_body, selectors.duty_conflicts(self.actor)), None)
