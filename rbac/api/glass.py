"""Broken glass over the API: breaking it, what becomes of it, and what an organisation sees of it."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from portal.kit import errors, limits, paging
from portal.kit.api import endpoint, json
from rbac import elevation_selectors as selectors
from rbac.api.govern_serializers import GlassActBody, GlassBody, GlassReply, glass_body
from rbac.api.inside import InsideView
from rbac.errors import HeldAlready
from rbac.govern_errors import GlassOpen, GlassStage, InPerson, SecondPersonNeeded
from rbac.models import GlassBreak
from rbac.services import glass as services


class GlassBreaksView(InsideView):
    """Every time that somebody of the staff took all rights here in an emergency."""

    access = "audit:read"

    @endpoint(items=GlassReply)
    def get(self, request: Request, organisation_id: UUID | None = None) -> HttpResponse:
        """List them, the newest first."""
        self.place(organisation_id, self.access)
        page = paging.keyset(selectors.glass_breaks(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(glass_body, page.items), page.next)


class GlassBreakView(InsideView):
    """One of them."""

    access = "audit:read"

    def found(self, organisation_id: UUID | None, glass_id: UUID) -> GlassBreak:
        """The emergency of the address."""
        self.place(organisation_id, self.access)
        return selectors.glass_break_here(self.actor, glass_id)

    @endpoint(reply=GlassReply, etag=True)
    def get(self, request: Request, glass_id: UUID, organisation_id: UUID | None = None) -> HttpResponse:
        """Read it."""
        return self.single(glass_body(self.found(organisation_id, glass_id)))


class PlatformGlassBreaksView(GlassBreaksView):
    """Every time that somebody broke the glass, anywhere."""

    access = "break_glass:execute"

    @endpoint(
        body=GlassBody,
        reply=GlassReply,
        status=201,
        step_up=True,
        limit=limits.SENSITIVE,
        errors=(InPerson, GlassOpen, HeldAlready),
    )
    def post(self, request: Request) -> HttpResponse:
        """Take every right in an organisation for a while. Everybody who has to know is told at once. Not by a key."""
        wanted = self.sent["organisation_id"]
        organisation = next((one for one in selectors.organisations_to_enter(self.actor, wanted)), None)
        if organisation is None:
            raise errors.Invalid(fields={"organisation_id": [_("There is no open organisation with this id.")]})
        made = services.glass_break(actor=self.actor, organisation=organisation, reason=self.sent["reason"])
        reply = json(glass_body(made), status=201)
        reply.headers["Location"] = self.below(None, f"glass-breaks/{made.pk}")
        return reply


class PlatformGlassBreakView(GlassBreakView):
    """One of them, anywhere."""

    access = "break_glass:execute"

    @endpoint(
        body=GlassActBody, reply=GlassReply, etag=True, step_up=True, errors=(InPerson, GlassStage, SecondPersonNeeded)
    )
    def patch(self, request: Request, glass_id: UUID) -> HttpResponse:
        """End it, write what was done, or review it. The note is by who broke it, the review by another one."""
        row = self.unchanged(self.found(None, glass_id), glass_body)
        given: dict[str, Any] = dict(self.sent)
        if given["act"] == "end":
            services.glass_end(actor=self.actor, glass=row)
        elif given["act"] == "note":
            services.glass_note(actor=self.actor, glass=row, note=given.get("note", ""))
        else:
            verdict, words = given.get("verdict", ""), given.get("words", "")
            services.glass_review(actor=self.actor, glass=row, verdict=verdict, words=words)
        return self.single(glass_body(self.found(None, glass_id)))
