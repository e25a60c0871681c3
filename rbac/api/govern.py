"""Roles for a while, and separated duties, over the API: of an organisation, and of the installation."""

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
from rbac.elevation_rules import seen_by
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
from rbac.models import DutyRule, Scope
from rbac.services import duties, elevations
from rbac.services.duties import DutyDraft

ASKING = (InPerson, ElevationRole, ElevationOpen, HeldAlready, NotAMember)
DECIDING = (InPerson, SecondPersonNeeded, CannotDelegate, SuperiorTouched, ElevationGone, HeldAlready, DutiesConflict)


class ElevationsView(InsideView):
    """Requests for roles for a while."""

    access = "organisation:read"

    @endpoint(items=ElevationReply)
    def get(self, request: Request, organisation_id: UUID | None = None) -> HttpResponse:
        """List requests, the newest first: all of them for whom may decide, else one's own."""
        self.place(organisation_id, seen_by(organisation_id))
        page = paging.keyset(selectors.elevations(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(elevation_body, page.items), page.next)

    @endpoint(body=ElevationBody, reply=ElevationReply, status=201, errors=ASKING)
    def post(self, request: Request, organisation_id: UUID | None = None) -> HttpResponse:
        """Ask for a role. Those who may decide are told; nothing is held before one of them approves. Not by a key."""
        self.place(organisation_id, seen_by(organisation_id))
        given: dict[str, Any] = dict(self.sent)
        role = next((one for one in selectors.roles_to_ask(self.actor) if one.pk == given["role_id"]), None)
        if role is None:
            raise errors.Invalid(fields={"role_id": [_("There is no such role to ask for here.")]})
        made = elevations.elevation_ask(
            actor=self.actor,
            role=role,
            scope=self._scope(organisation_id, given.get("scope_id")),
            minutes=given["minutes"],
            reason=given["reason"],
        )
        reply = json(elevation_body(made), status=201)
        reply.headers["Location"] = self.below(organisation_id, f"elevations/{made.pk}")
        return reply

    def _scope(self, organisation_id: UUID | None, scope_id: UUID | None) -> Scope:
        if organisation_id is not None:
            return access_selectors.scope_here(self.actor, scope_id, seen_by(organisation_id))
        ((scope, _name),) = selectors.places_to_ask(self.actor)
        if scope_id not in {None, scope.pk}:
            raise errors.Invalid(fields={"scope_id": [_("Leave this out: the installation has no parts.")]})
        return scope


class ElevationView(InsideView):
    """One request."""

    access = "organisation:read"

    @endpoint(reply=ElevationReply, etag=True)
    def get(self, request: Request, elevation_id: UUID, organisation_id: UUID | None = None) -> HttpResponse:
        """Read it."""
        self.place(organisation_id, seen_by(organisation_id))
        return self.single(elevation_body(selectors.elevation(self.actor, elevation_id)))

    @endpoint(body=ElevationDecisionBody, reply=ElevationReply, etag=True, step_up=True, errors=DECIDING)
    def patch(self, request: Request, elevation_id: UUID, organisation_id: UUID | None = None) -> HttpResponse:
        """Approve, refuse, withdraw or end it. Nobody decides what they asked for, and no key decides."""
        self.place(organisation_id, seen_by(organisation_id))
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
    def get(self, request: Request, organisation_id: UUID | None = None) -> HttpResponse:
        """List rules, the newest first."""
        self.place(organisation_id, selectors.rules_seen_by(organisation_id))
        page = paging.keyset(selectors.duty_rules(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(rule_body, page.items), page.next)

    @endpoint(
        service="role:update", body=DutyRuleBody, reply=DutyRuleReply, status=201, errors=(RuleNameTaken, TooManyRules)
    )
    def post(self, request: Request, organisation_id: UUID | None = None) -> HttpResponse:
        """Make a rule. Who breaks it already keeps what it has, and is listed among the conflicts."""
        self.place(organisation_id, duties.rules_made_by(organisation_id=organisation_id))
        made = duties.duty_rule_create(
            actor=self.actor, organisation_id=organisation_id, draft=self._draft(DutyDraft(name=""))
        )
        reply = json(rule_body(made), status=201)
        reply.headers["Location"] = self.below(organisation_id, f"duty-rules/{made.pk}")
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
    def get(self, request: Request, rule_id: UUID, organisation_id: UUID | None = None) -> HttpResponse:
        """Read it."""
        return self.single(rule_body(self._rule(organisation_id, rule_id, selectors.rules_seen_by(organisation_id))))

    @endpoint(
        service="role:update", body=DutyRuleBody, partial=True, reply=DutyRuleReply, etag=True, errors=(RuleNameTaken,)
    )
    def patch(self, request: Request, rule_id: UUID, organisation_id: UUID | None = None) -> HttpResponse:
        """Change it, or switch it on or off. Fields that are absent stay as they are."""
        rule = self.unchanged(self._rule(organisation_id, rule_id), rule_body)
        draft = draft_of(duties.draft_of(rule=rule), dict(self.sent))
        duties.duty_rule_update(actor=self.actor, rule=rule, draft=draft)
        return self.single(rule_body(selectors.duty_rule(self.actor, rule_id)))

    @endpoint(service="role:update", status=204, etag=True)
    def delete(self, request: Request, rule_id: UUID, organisation_id: UUID | None = None) -> HttpResponse:
        """Delete it: what it separated can be held together again."""
        rule = self.unchanged(self._rule(organisation_id, rule_id), rule_body)
        duties.duty_rule_delete(actor=self.actor, rule=rule)
        return HttpResponse(status=204)

    def _rule(self, organisation_id: UUID | None, rule_id: UUID, code: str = "") -> DutyRule:
        self.place(organisation_id, code or duties.rules_made_by(organisation_id=organisation_id))
        return selectors.duty_rule(self.actor, rule_id)


class DutyConflictsView(InsideView):
    """Who breaks the rules."""

    access = "organisation:read"

    @endpoint(items=DutyConflictReply, service="member:read")
    def get(self, request: Request, organisation_id: UUID | None = None) -> HttpResponse:
        """List who holds both sides of an active rule, always as one page."""
        self.place(organisation_id, selectors.rules_seen_by(organisation_id))
        return self.listed(map(conflict_body, selectors.duty_conflicts(self.actor)), None)


class PlatformElevationsView(ElevationsView):
    """Requests of the staff for roles of the installation for a while."""

    access = "dashboard:read"
    gated = True
    platform = True


class PlatformElevationView(ElevationView):
    """One request of the staff."""

    access = "dashboard:read"
    gated = True
    platform = True


class PlatformDutyRulesView(DutyRulesView):
    """Rules for separated duties on the installation."""

    access = "role:admin"
    gated = True
    platform = True


class PlatformDutyRuleView(DutyRuleView):
    """One rule of the installation."""

    access = "role:admin"
    gated = True
    platform = True


class PlatformDutyConflictsView(DutyConflictsView):
    """Who breaks the rules of the installation."""

    access = "role:admin"
    gated = True
    platform = True
