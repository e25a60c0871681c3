"""One role for many people at once, and rights on single runs and backups, over the API."""

from typing import Any
from uuid import UUID

from django.db.models import Model
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from portal.kit import errors, paging
from portal.kit.api import ApiView, endpoint, json
from rbac import access_selectors as selectors
from rbac import services
from rbac import thing_selectors as things
from rbac.api.access import AccessApi, conditions_named
from rbac.api.access_serializers import (
    BindingsBody,
    BindingsReply,
    EndBody,
    GrantReply,
    ThingGrantBody,
    binding_body,
    grant_body,
)
from rbac.errors import CannotDelegate, EndPassed, HeldAlready, MembersRole, NotAMember
from rbac.holders import Holder
from rbac.models import Scope
from rbac.services.access_bulk import Given
from rbac.simulate import simulate


class BindingsBatchView(AccessApi):
    """One role for many people."""

    access = "organisation:read"

    @endpoint(service="role:assign", body=BindingsBody, reply=BindingsReply, errors=(CannotDelegate, MembersRole))
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Give up to 500 people a role. Whom a rule protects, or who holds it, is left alone and named with the reason.

        With `preview` nothing is changed: the reply names whom it would be given to, and what each would gain and lose.
        """
        self.place(organisation_id, "role:assign", somewhere=True)
        given: dict[str, Any] = dict(self.sent)
        scope = selectors.scope_here(self.actor, given.get("scope_id"), "role:assign")
        values = {
            "people": given["user_ids"],
            "role": self.role(given["role_id"]),
            "effect": given.get("effect", "allow"),
            "expires_at": given.get("expires_at"),
            "reason": given.get("reason", ""),
            "conditions": given.get("conditions"),
        }
        with conditions_named():
            if given.get("preview"):
                return self._looked(scope, values)
            done = services.access_give_many(actor=self.actor, scope=scope, **values)
        return json(_told(done))

    def _looked(self, scope: Scope, values: dict[str, Any]) -> HttpResponse:
        kept: list[Given] = []
        whole = scope.kind == Scope.Kind.ORGANISATION
        objects: list[Model | None] = [None if whole else selectors.object_of(scope)]
        found = simulate(
            lambda: kept.append(services.access_give_many(actor=self.actor, scope=scope, **values)), objects
        )
        differences = [{"user_id": one.person_id, "gains": one.gains, "loses": one.loses} for one in found.differences]
        return json(_told(kept[0]) | {"differences": differences})


def _told(done: Given) -> dict[str, Any]:
    return {
        "given": [binding_body(row) for row in done.given],
        "skipped": [
            {"user_id": person, "code": error.code, "reason": str(error.title)} for person, error in done.skipped
        ],
        "differences": [],
    }


class ThingGrantsView(ApiView):
    """Rights on single runs and backups of the installation."""

    access = "role:admin"

    @endpoint(items=GrantReply)
    def get(self, request: Request) -> HttpResponse:
        """List who was given rights on single things that belong to no organisation, the newest first."""
        rows = things.grants_of_installation(self.actor)
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed((grant_body(row) for row in page.items), page.next)

    @endpoint(body=ThingGrantBody, reply=GrantReply, status=201, errors=(CannotDelegate, NotAMember, HeldAlready))
    def post(self, request: Request) -> HttpResponse:
        """Give a right on one run or backup. Which of the two says the right: `job:read`, `backup:execute`."""
        given: dict[str, Any] = dict(self.sent)
        kind = str(given["permission"]).partition(":")[0]
        try:
            target = things.thing_here(self.actor, kind, given["object_id"], self.access)
        except errors.NotFound as error:
            raise errors.Invalid(
                fields={"object_id": [_("There is nothing with this id that the right is about.")]}
            ) from error
        with conditions_named():
            made = services.grant_give(
                actor=self.actor,
                holder=Holder(person_id=given["user_id"]),
                code=given["permission"],
                target=target,
                expires_at=given.get("expires_at"),
                reason=given.get("reason", ""),
                conditions=given.get("conditions"),
            )
        reply = json(grant_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/admin/grants/{made.pk}"
        return reply


class ThingGrantView(ApiView):
    """One right on a single run or backup."""

    access = "role:admin"

    @endpoint(reply=GrantReply, etag=True)
    def get(self, request: Request, grant_id: UUID) -> HttpResponse:
        """Read it."""
        return self.single(grant_body(things.grant_of_installation(self.actor, grant_id)))

    @endpoint(body=EndBody, partial=True, reply=GrantReply, etag=True, errors=(CannotDelegate, EndPassed))
    def patch(self, request: Request, grant_id: UUID) -> HttpResponse:
        """Let it end at another moment, or never."""
        row = self.unchanged(things.grant_of_installation(self.actor, grant_id), grant_body)
        if "expires_at" in self.sent:
            services.grant_limit(actor=self.actor, grant=row, expires_at=self.sent["expires_at"])
        return self.single(grant_body(things.grant_of_installation(self.actor, grant_id)))

    @endpoint(status=204, errors=(CannotDelegate,))
    def delete(self, request: Request, grant_id: UUID) -> HttpResponse:
        """Take it away; the very next check knows."""
        services.grant_take(actor=self.actor, grant=things.grant_of_installation(self.actor, grant_id))
        return HttpResponse(status=204)
