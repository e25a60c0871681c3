"""Sessions over the API: one's own, those of a person, and what a host product asks of one."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from accounts import selectors, session_selectors
from accounts.api.auth_serializers import EndedReply, OwnSessionReply, SessionVerifiedReply, VerifyBody
from accounts.api.people import PROTECTED
from accounts.identity import seen
from accounts.models import Session, User
from accounts.presenters.sessions import session_body
from accounts.services.sessions import own_sessions_end, session_revoke, sessions_revoke
from accounts.session_selectors import Verified, session_verified
from portal.kit import limits, paging
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, endpoint, json
from portal.kit.errors import NotFound


class OwnSessionsView(ApiView):
    """Where the caller is signed in."""

    access = SignedIn("One's own sessions.")

    @endpoint(items=OwnSessionReply)
    def get(self, request: Request) -> HttpResponse:
        """List one's own sessions, the newest first."""
        rows = session_selectors.own_sessions(self.actor)
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(session_body, page.items), page.next)

    @endpoint(reply=EndedReply)
    def delete(self, request: Request) -> HttpResponse:
        """End all of one's own sessions but the one that calls."""
        return json({"ended": own_sessions_end(actor=self.actor, keep=self.who.session_id)})


class OwnSessionView(ApiView):
    """One of the caller's sessions."""

    access = SignedIn("One's own sessions.")

    @endpoint(reply=OwnSessionReply)
    def get(self, request: Request, session_id: UUID) -> HttpResponse:
        """Read one of one's own sessions."""
        found = session_selectors.own_sessions(self.actor).filter(pk=session_id).first()
        if found is None:
            raise NotFound
        return json(session_body(found))

    @endpoint(status=204)
    def delete(self, request: Request, session_id: UUID) -> HttpResponse:
        """End one of one's own sessions. Its next call is refused."""
        if not own_sessions_end(actor=self.actor, session_id=session_id):
            raise NotFound
        return HttpResponse(status=204)


class PersonSessionsBase(ApiView, abstract=True):
    """What the endpoints of a person's sessions share."""

    def person(self, person_id: UUID) -> User:
        """The person of the address; `NotFound` where the caller may not see it."""
        return selectors.person(self.actor, person_id, "user:admin")


class PersonSessionsView(PersonSessionsBase):
    """Where a person is signed in."""

    access = "user:admin"

    @endpoint(items=OwnSessionReply)
    def get(self, request: Request, person_id: UUID) -> HttpResponse:
        """List the sessions of a person, the newest first."""
        rows = session_selectors.sessions_visible(self.actor, self.person(person_id))
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(session_body, page.items), page.next)

    @endpoint(reply=EndedReply, errors=PROTECTED)
    def delete(self, request: Request, person_id: UUID) -> HttpResponse:
        """End all sessions of a person; of one's own, all but the one that calls."""
        return json({"ended": sessions_revoke(actor=self.actor, user=self.person(person_id))})


class PersonSessionView(PersonSessionsBase):
    """One session of a person."""

    access = "user:admin"

    @endpoint(reply=OwnSessionReply)
    def get(self, request: Request, person_id: UUID, session_id: UUID) -> HttpResponse:
        """Read a session of a person."""
        return json(session_body(self.session(self.person(person_id), session_id)))

    @endpoint(status=204, errors=PROTECTED)
    def delete(self, request: Request, person_id: UUID, session_id: UUID) -> HttpResponse:
        """End a session of a person. Its next request is refused."""
        user = self.person(person_id)
        if not session_revoke(actor=self.actor, user=user, session_id=session_id):
            raise NotFound
        return HttpResponse(status=204)

    def session(self, user: User, session_id: UUID) -> Session:
        """The session of the address; `NotFound` for anybody else's."""
        found = session_selectors.sessions_visible(self.actor, user).filter(pk=session_id).first()
        if found is None:
            raise NotFound
        return found


class SessionVerifyView(ApiView):
    """What a host product learns of whoever came to it."""

    access = "session:verify"
    limit = limits.AUTHZ

    @endpoint(body=VerifyBody, reply=SessionVerifiedReply, idempotent=False)
    def post(self, request: Request) -> HttpResponse:
        """Ask whose session it is that somebody showed: the value of the session cookie, or an access token.

        The reply is `{"active": false}` and nothing else for every token that lets nobody in. Asking keeps no session
        alive, unless it says that the person did something (`seen`).
        """
        found = session_verified(self.actor, token=self.sent["token"], organisation_id=self.sent["organisation_id"])
        if found is None:
            return json({"active": False})
        if self.sent["seen"]:
            seen(found.identity)
        return json(_verified(found))


def _verified(found: Verified) -> dict[str, Any]:
    who, organisation = found.identity, found.organisation
    person = {name: getattr(who.person, name) for name in ("id", "username", "email", "name")}
    inside = organisation and {"id": organisation.id, "slug": organisation.slug, "name": organisation.name}
    return {
        "active": True,
        "person": person,
        "organisation": inside,
        "roles": found.roles,
        "session_id": who.session_id,
        "second_factor": found.second_factor,
        "expires_at": found.expires_at,
        "ends_at": who.ends_at,
        "read_only": who.read_only,
        "impersonator_id": who.through.id if who.through else None,
    }
