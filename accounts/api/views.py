"""The caller's own session, permissions and preferences; roles."""

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.api.serializers import (
    PermissionsReply,
    PreferencesBody,
    PreferencesReply,
    SessionInfoReply,
    SessionReply,
)
from accounts.models import User
from accounts.services.preferences import CHOICES, preference_set
from portal.kit import access, registry
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, endpoint, json
from portal.kit.decision import can
from rbac.decision import permissions_of


class SessionView(ApiView):
    """The signed-in person in three values; it costs the one query of the identity."""

    access = SignedIn("One's own session.")

    @endpoint(reply=SessionReply)
    def get(self, request: Request) -> HttpResponse:
        """Who am I, and may I list people?"""
        actor = self.actor
        return json({"id": actor.id, "label": actor.label, "may_read_people": can(actor, "user:read").allowed})


class SessionInfoView(ApiView):
    """What a client needs to draw its frame, also while a password change is due."""

    access = SignedIn("One's own session.", before_password_change=True)

    @endpoint(reply=SessionInfoReply)
    def get(self, request: Request) -> HttpResponse:
        """The person, its permissions and its navigation."""
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
            }
        )


class PermissionsView(ApiView):
    """The caller's effective permissions."""

    access = SignedIn("One's own permissions.")

    @endpoint(reply=PermissionsReply)
    def get(self, request: Request) -> HttpResponse:
        """What may I do? With Steward-Organisation: in that organisation."""
        return json({"permissions": permissions_of(self.actor)})


class PreferencesView(ApiView):
    """What the caller sets for itself."""

    access = SignedIn("One's own preferences.")

    @endpoint(reply=PreferencesReply, etag=True)
    def get(self, request: Request) -> HttpResponse:
        """Read one's own preferences."""
        return self.single(_preferences(self.who.person))

    @endpoint(body=PreferencesBody, partial=True, reply=PreferencesReply, etag=True)
    def patch(self, request: Request) -> HttpResponse:
        """Change one's own preferences. Those that are absent stay as they are."""
        self.unchanged(self.who.person, _preferences)
        return self.single(_preferences(preference_set(actor=self.actor, values=self.sent)))


def _preferences(user: User) -> dict[str, str]:
    return {name: getattr(user, name) for name in CHOICES}
