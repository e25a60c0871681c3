"""The caller's own session and permissions."""

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.api.serializers import (
    PermissionsReply,
    SessionInfoReply,
    SessionReply,
)
from accounts.presenters.sessions import session_told
from portal.kit import access, registry
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, endpoint, json
from portal.kit.decision import can
from rbac.decision import permissions_of


class SessionView(ApiView):
    """The signed-in person in three values; it costs the one query of the identity."""

    access = SignedIn("One's own session.", by_key=True, in_view=True)

    @endpoint(reply=SessionReply)
    def get(self, request: Request) -> HttpResponse:
        """Who am I, and may I list people?"""
        actor = self.actor
        return json({"id": actor.id, "label": actor.label, "may_read_people": can(actor, "user:read").allowed})


class SessionInfoView(ApiView):
    """What a client needs to draw its frame, also while a password change is due."""

    access = SignedIn("One's own session.", before_password_change=True, by_key=True, in_view=True)

    @endpoint(reply=SessionInfoReply)
    def get(self, request: Request) -> HttpResponse:
        """The person, its session, roles and permissions, its navigation, and what to warn of."""
        who = self.who
        if not who.active:
            raise access.AccountInactive
        person = who.person
        held = [] if who.must_change_password else permissions_of(who.actor)
        return json(
            {
                "user": {
                    "id": who.actor.id,
                    "username": person.username,
                    "email": person.email,
                    "name": person.name,
                    "must_change_password": who.must_change_password,
                },
                "permissions": held,
                "navigation": [
                    {"name": item.name, "label": str(item.label), "url": item.url, "section": item.section}
                    for item in sorted(registry.menu, key=lambda item: item.order)
                    if item.permission in held
                ],
                "features": {},
                **session_told(who),
            }
        )


class PermissionsView(ApiView):
    """The caller's effective permissions."""

    access = SignedIn("One's own permissions.", by_key=True, in_view=True)

    @endpoint(reply=PermissionsReply)
    def get(self, request: Request) -> HttpResponse:
        """What may I do? With Steward-Organisation: in that organisation."""
        return json({"permissions": permissions_of(self.actor)})
