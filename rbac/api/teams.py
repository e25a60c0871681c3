"""Teams of an organisation and who is in them over the API."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from portal.kit import paging
from portal.kit.api import endpoint, json
from portal.kit.api.listing import page_of, parameters_of
from rbac import team_selectors as selectors
from rbac.api.inside import InsideView
from rbac.api.tree_serializers import (
    TEAM,
    TeamBody,
    TeamMemberBody,
    TeamMemberReply,
    TeamReply,
    team_body,
    team_member_body,
)
from rbac.errors import CannotDelegate, NotAMember, TeamInsideItself, TeamNotEmpty, TeamsTooDeep
from rbac.models import Team
from rbac.services import teams as services
from rbac.tree_lists import teams

NESTED = (TeamInsideItself, TeamsTooDeep, CannotDelegate)


class TeamsView(InsideView):
    """The teams of an organisation."""

    access = "organisation:read"

    @endpoint(items=TeamReply, query=parameters_of(teams), service="member:read")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List teams, with the filters, the search and the orders of the console."""
        self.place(organisation_id, "member:read")
        page = page_of(teams, self.actor, self.asked, *TEAM)
        return self.listed((row.body for row in page.items), page.next)

    @endpoint(service="team:admin", body=TeamBody, reply=TeamReply, status=201, errors=NESTED)
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Make a team, perhaps inside another."""
        self.place(organisation_id, "team:admin")
        given: dict[str, Any] = dict(self.sent)
        parent_id = given.pop("parent_id", None)
        parent = selectors.team(self.actor, parent_id) if parent_id else None
        made = services.team_create(actor=self.actor, organisation_id=organisation_id, parent=parent, **given)
        reply = json(team_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/organisations/{organisation_id}/teams/{made.pk}"
        return reply


class TeamBase(InsideView, abstract=True):
    """One team."""

    def team(self, organisation_id: UUID, team_id: UUID, code: str = "member:read") -> Team:
        """The team of the address; `NotFound` where the caller may not see it."""
        self.place(organisation_id, code)
        return selectors.team(self.actor, team_id)


class TeamView(TeamBase):
    """One team."""

    access = "organisation:read"

    @endpoint(reply=TeamReply, etag=True, service="member:read")
    def get(self, request: Request, organisation_id: UUID, team_id: UUID) -> HttpResponse:
        """Read a team."""
        return self.single(team_body(self.team(organisation_id, team_id)))

    @endpoint(service="team:admin", body=TeamBody, partial=True, reply=TeamReply, etag=True, errors=NESTED)
    def patch(self, request: Request, organisation_id: UUID, team_id: UUID) -> HttpResponse:
        """Change a team, or put it inside another. Fields that are absent stay as they are."""
        found = self.unchanged(self.team(organisation_id, team_id, "team:admin"), team_body)
        given: dict[str, Any] = dict(self.sent)
        if "parent_id" in given:
            parent_id = given.pop("parent_id")
            parent = selectors.team(self.actor, parent_id) if parent_id else None
            services.team_nest(actor=self.actor, team=found, parent=parent)
        if given:
            services.team_update(actor=self.actor, team=found, values=given)
        return self.single(team_body(self.team(organisation_id, team_id)))

    @endpoint(service="team:admin", status=204, etag=True, errors=(TeamNotEmpty, CannotDelegate))
    def delete(self, request: Request, organisation_id: UUID, team_id: UUID) -> HttpResponse:
        """Delete a team with what it holds. Nobody leaves the organisation."""
        found = self.unchanged(self.team(organisation_id, team_id, "team:admin"), team_body)
        services.team_delete(actor=self.actor, team=found)
        return HttpResponse(status=204)


class TeamMembersView(TeamBase):
    """Who is directly in a team."""

    access = "organisation:read"

    @endpoint(items=TeamMemberReply, service="member:read")
    def get(self, request: Request, organisation_id: UUID, team_id: UUID) -> HttpResponse:
        """List who is in the team itself, who came first at the top."""
        rows = selectors.members(self.actor, self.team(organisation_id, team_id))
        page = paging.keyset(rows, self.asked["cursor"], descending=False, size=self.asked["limit"])
        return self.listed(map(team_member_body, page.items), page.next)

    @endpoint(
        service="team:admin",
        body=TeamMemberBody,
        reply=TeamMemberReply,
        status=201,
        errors=(NotAMember, CannotDelegate),
    )
    def post(self, request: Request, organisation_id: UUID, team_id: UUID) -> HttpResponse:
        """Take an active member of the organisation into the team. Who is in it already stays."""
        found = self.team(organisation_id, team_id, "team:admin")
        given: Any = self.sent
        made = services.team_member_add(actor=self.actor, team=found, person_id=given["user_id"])
        reply = json(team_member_body(selectors.member(self.actor, found, made.user_id)), status=201)
        reply.headers["Location"] = f"/api/v1/organisations/{organisation_id}/teams/{team_id}/members/{made.user_id}"
        return reply


class TeamMemberView(TeamBase):
    """Somebody in a team."""

    access = "organisation:read"

    @endpoint(reply=TeamMemberReply, service="member:read", etag=True)
    def get(self, request: Request, organisation_id: UUID, team_id: UUID, user_id: UUID) -> HttpResponse:
        """Read since when somebody is in the team itself."""
        found = self.team(organisation_id, team_id)
        return self.single(team_member_body(selectors.member(self.actor, found, user_id)))

    @endpoint(service="team:admin", status=204, errors=(CannotDelegate,))
    def delete(self, request: Request, organisation_id: UUID, team_id: UUID, user_id: UUID) -> HttpResponse:
        """Take somebody out of the team. What it holds no longer counts for them."""
        found = self.team(organisation_id, team_id, "team:admin")
        services.team_member_remove(actor=self.actor, team=found, person_id=user_id)
        return HttpResponse(status=204)
