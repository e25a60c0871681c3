"""Who am I: for the product in front of the console."""

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from portal.kit import access, errors, identity, registry
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, json
from portal.kit.decision import can
from portal.kit.identity import Identity
from rbac.decision import permissions_of


class SessionView(ApiView):
    """The signed-in person in three values; it costs the one query of the identity."""

    access = SignedIn("One's own session.")

    def get(self, request: Request) -> HttpResponse:
        """Id, label, and whether people may be listed."""
        actor = _who(request).actor
        return json({"id": actor.id, "label": actor.label, "may_read_people": can(actor, "user:read").allowed})


class SessionInfoView(ApiView):
    """What a client needs to draw its frame, also while a password change is due."""

    access = SignedIn("One's own session.", before_password_change=True)

    def get(self, request: Request) -> Response:
        """The person, its permissions and its navigation."""
        who = _who(request)
        if not who.active:
            raise access.AccountInactive
        person = who.person
        held = [] if who.must_change_password else permissions_of(who.actor)
        return Response(
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


def _who(request: Request) -> Identity:
    who = identity.of(request._request)
    if who is None:
        raise errors.Unauthenticated
    return who
