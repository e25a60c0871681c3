"""Own roles of an organisation, who holds roles in it, and rights on single objects, over the API."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from portal.kit import errors, paging
from portal.kit.api import endpoint, json
from rbac import access_selectors as selectors
from rbac import services
from rbac.api.access_serializers import (
    BindingBody,
    BindingReply,
    EndBody,
    GrantBody,
    GrantReply,
    OrganisationRoleBody,
    OrganisationRoleNewBody,
    OrganisationRoleReply,
    binding_body,
    grant_body,
    role_body,
)
from rbac.api.inside import InsideView
from rbac.errors import (
    CannotDelegate,
    ConditionsInvalid,
    HeldAlready,
    MembersRole,
    NotAMember,
    OwnerDenied,
    OwnRoleUpwards,
    RoleInUse,
    RoleNameTaken,
    SuperiorTouched,
    TooManyRoles,
)
from rbac.holders import Holder
from rbac.models import Role
from rbac.services import RoleDraft

CHANGING = (CannotDelegate, RoleNameTaken, TooManyRoles, OwnRoleUpwards, SuperiorTouched)
GIVING = (CannotDelegate, SuperiorTouched, OwnerDenied, MembersRole, NotAMember, HeldAlready)


class AccessApi(InsideView, abstract=True):
    """What these endpoints share."""

    def holder(self, sent: Mapping[str, Any]) -> Holder:
        """Whom the body names: one person, one team, or everybody."""
        person, team, everyone = sent.get("user_id"), sent.get("team_id"), bool(sent.get("everyone"))
        if (person is not None) + (team is not None) + everyone != 1:
            raise errors.Invalid(fields={"user_id": [_("Name one person, one team, or everybody.")]})
        if team is None:
            return Holder(person_id=person)
        found = selectors.teams_here(self.actor).filter(pk=team).first()
        if found is None:
            raise NotAMember
        return Holder(team=found)

    def role(self, role_id: UUID) -> Role:
        """A role that can be held here; `Invalid` for any other."""
        found = selectors.roles_here(self.actor).filter(pk=role_id).first()
        if found is None:
            raise errors.Invalid(fields={"role_id": [_("There is no such role here.")]})
        return found

    def draft(self, base: RoleDraft) -> RoleDraft:
        """What the body says, with all else as in `base`."""
        given: dict[str, Any] = dict(self.sent)
        rights = dict(base.rights)
        for effect in ("allow", "deny"):
            if effect in given:
                rights = {code: said for code, said in rights.items() if said != effect}
                rights |= dict.fromkeys(given.pop(effect), effect)
        if "inherits" in given and given["inherits"] is not None:
            found = selectors.roles_here(self.actor).filter(pk=given["inherits"]).first()
            if found is None:
                raise errors.Invalid(fields={"inherits": [_("There is no such role here.")]})
            given["inherits"] = found
        return replace(base, rights=rights, **given)


@contextmanager
def conditions_named() -> Iterator[None]:
    """Let a refusal of conditions name the part of the body: `conditions.time`."""
    try:
        yield
    except ConditionsInvalid as error:
        whole = "conditions"
        fields = {part if part == whole else f"{whole}.{part}": list(texts) for part, texts in error.fields.items()}
        raise ConditionsInvalid(fields=fields) from error


def _described(role: Role) -> dict[str, Any]:
    return role_body(role, selectors.rights_of([role])[role.pk])


class OrganisationRolesView(AccessApi):
    """The roles that can be held in an organisation."""

    access = "organisation:read"

    @endpoint(service="member:read", items=OrganisationRoleReply)
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List roles: own ones, ready-made ones and those of host products, the newest first."""
        self.place(organisation_id, "member:read")
        rows = selectors.roles_here(self.actor)
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        rights = selectors.rights_of(page.items)
        return self.listed((role_body(role, rights[role.pk]) for role in page.items), page.next)

    @endpoint(
        service="role:create", body=OrganisationRoleNewBody, reply=OrganisationRoleReply, status=201, errors=CHANGING
    )
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Make a role of rights that the caller holds, no higher than its own rank."""
        self.place(organisation_id, "role:create")
        draft = self.draft(RoleDraft(label=""))
        made = services.role_create(actor=self.actor, organisation_id=organisation_id, draft=draft)
        reply = json(_described(made), status=201)
        reply.headers["Location"] = f"/api/v1/organisations/{organisation_id}/roles/{made.pk}"
        return reply


class OrganisationRoleView(AccessApi):
    """One role of an organisation."""

    access = "organisation:read"

    @endpoint(service="member:read", reply=OrganisationRoleReply, etag=True)
    def get(self, request: Request, organisation_id: UUID, role_id: UUID) -> HttpResponse:
        """Read a role."""
        self.place(organisation_id, "member:read")
        return self.single(_described(selectors.role_here(self.actor, role_id)))

    @endpoint(
        service="role:update",
        body=OrganisationRoleBody,
        partial=True,
        reply=OrganisationRoleReply,
        etag=True,
        errors=CHANGING,
    )
    def patch(self, request: Request, organisation_id: UUID, role_id: UUID) -> HttpResponse:
        """Change an own role; who holds it has the new rights at once. Fields that are absent stay as they are."""
        self.place(organisation_id, "role:update")
        role = self.unchanged(selectors.own_role(self.actor, role_id, "role:update"), _described)
        services.role_update(actor=self.actor, role=role, draft=self.draft(services.draft_of(role=role)))
        return self.single(_described(selectors.role_here(self.actor, role_id)))

    @endpoint(service="role:delete", status=204, etag=True, errors=(CannotDelegate, RoleInUse))
    def delete(self, request: Request, organisation_id: UUID, role_id: UUID) -> HttpResponse:
        """Delete an own role that nobody holds."""
        self.place(organisation_id, "role:delete")
        role = self.unchanged(selectors.own_role(self.actor, role_id, "role:delete"), _described)
        services.role_delete(actor=self.actor, role=role)
        return HttpResponse(status=204)


class BindingsView(AccessApi):
    """Who holds which role in an organisation."""

    access = "organisation:read"

    @endpoint(service="member:read", items=BindingReply)
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List who holds what, the newest first; what is over stays listed until it is taken."""
        self.place(organisation_id, "member:read", somewhere=True)
        rows = selectors.bindings_here(self.actor)
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed((binding_body(row) for row in page.items), page.next)

    @endpoint(service="role:assign", body=BindingBody, reply=BindingReply, status=201, errors=GIVING)
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Give a role, or deny what it says."""
        self.place(organisation_id, "role:assign", somewhere=True)
        given: dict[str, Any] = dict(self.sent)
        with conditions_named():
            made = services.access_give(
                actor=self.actor,
                holder=self.holder(given),
                role=self.role(given["role_id"]),
                scope=selectors.scope_here(self.actor, given.get("scope_id"), "role:assign"),
                effect=given.get("effect", "allow"),
                expires_at=given.get("expires_at"),
                reason=given.get("reason", ""),
                conditions=given.get("conditions"),
            )
        reply = json(binding_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/organisations/{organisation_id}/bindings/{made.pk}"
        return reply


class BindingView(AccessApi):
    """One role that somebody holds."""

    access = "organisation:read"

    @endpoint(service="member:read", reply=BindingReply, etag=True)
    def get(self, request: Request, organisation_id: UUID, binding_id: UUID) -> HttpResponse:
        """Read it."""
        self.place(organisation_id, "member:read", somewhere=True)
        return self.single(binding_body(selectors.binding_here(self.actor, binding_id)))

    @endpoint(service="role:assign", body=EndBody, partial=True, reply=BindingReply, etag=True, errors=GIVING)
    def patch(self, request: Request, organisation_id: UUID, binding_id: UUID) -> HttpResponse:
        """Let it end at another moment, or never."""
        self.place(organisation_id, "role:assign", somewhere=True)
        row = self.unchanged(selectors.binding_here(self.actor, binding_id), binding_body)
        if "expires_at" in self.sent:
            services.access_limit(actor=self.actor, binding=row, expires_at=self.sent["expires_at"])
        return self.single(binding_body(selectors.binding_here(self.actor, binding_id)))

    @endpoint(service="role:assign", status=204, etag=True, errors=(CannotDelegate, SuperiorTouched, MembersRole))
    def delete(self, request: Request, organisation_id: UUID, binding_id: UUID) -> HttpResponse:
        """Take it away; the very next check knows."""
        self.place(organisation_id, "role:assign", somewhere=True)
        row = self.unchanged(selectors.binding_here(self.actor, binding_id), binding_body)
        services.access_take(actor=self.actor, binding=row)
        return HttpResponse(status=204)


class GrantsView(AccessApi):
    """Rights on single objects in an organisation."""

    access = "organisation:read"

    @endpoint(service="member:read", items=GrantReply)
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List the rights of people, the newest first. Those of teams are read one by one, or with their team."""
        self.place(organisation_id, "member:read", somewhere=True)
        people, _teams = selectors.grants_here(self.actor)
        page = paging.keyset(people, self.asked["cursor"], size=self.asked["limit"])
        return self.listed((grant_body(row) for row in page.items), page.next)

    @endpoint(service="role:assign", body=GrantBody, reply=GrantReply, status=201, errors=GIVING)
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Give a right on the organisation, a workspace or a resource."""
        self.place(organisation_id, "role:assign", somewhere=True)
        given: dict[str, Any] = dict(self.sent)
        scope = selectors.scope_here(self.actor, given["object_id"], "role:assign")
        with conditions_named():
            made = services.grant_give(
                actor=self.actor,
                holder=self.holder(given),
                code=given["permission"],
                target=selectors.object_of(scope),
                expires_at=given.get("expires_at"),
                reason=given.get("reason", ""),
                conditions=given.get("conditions"),
            )
        reply = json(grant_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/organisations/{organisation_id}/grants/{made.pk}"
        return reply


class GrantView(AccessApi):
    """One right on one object."""

    access = "organisation:read"

    @endpoint(service="member:read", reply=GrantReply, etag=True)
    def get(self, request: Request, organisation_id: UUID, grant_id: UUID) -> HttpResponse:
        """Read it."""
        self.place(organisation_id, "member:read", somewhere=True)
        return self.single(grant_body(selectors.grant_here(self.actor, grant_id)))

    @endpoint(service="role:assign", body=EndBody, partial=True, reply=GrantReply, etag=True, errors=GIVING)
    def patch(self, request: Request, organisation_id: UUID, grant_id: UUID) -> HttpResponse:
        """Let it end at another moment, or never."""
        self.place(organisation_id, "role:assign", somewhere=True)
        row = self.unchanged(selectors.grant_here(self.actor, grant_id), grant_body)
        if "expires_at" in self.sent:
            services.grant_limit(actor=self.actor, grant=row, expires_at=self.sent["expires_at"])
        return self.single(grant_body(selectors.grant_here(self.actor, grant_id)))

    @endpoint(service="role:assign", status=204, errors=(CannotDelegate, SuperiorTouched))
    def delete(self, request: Request, organisation_id: UUID, grant_id: UUID) -> HttpResponse:
        """Take it away; the very next check knows."""
        self.place(organisation_id, "role:assign", somewhere=True)
        services.grant_take(actor=self.actor, grant=selectors.grant_here(self.actor, grant_id))
        return HttpResponse(status=204)
