"""The caller's own session and permissions."""

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.api.serializers import (
    FeaturesReply,
    NavigationReply,
    PermissionsReply,
    SessionInfoReply,
    SessionReply,
)
from accounts.presenters.sessions import session_told
from portal.kit import access, registry
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, endpoint, json
from portal.kit.decision import can
from portal.kit.identity import Identity
from portal.kit.navigation import address, is_open, opened, realm_of
from portal.kit.registry import MenuItem
from rbac.decision import permissions_of
from rbac.menu import type_entries


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
                "navigation": [] if who.must_change_password else _navigation(who),
                "features": {} if who.must_change_password else _features(who),
                **session_told(who),
            }
        )


def _entries(who: Identity) -> list[MenuItem]:
    realm = realm_of(who.actor)
    return [
        item for item in (*registry.menu, *(type_entries() if realm == "organisation" else [])) if item.realm == realm
    ]


def _navigation(who: Identity) -> list[dict[str, str]]:
    """The entries that the shell of the console shows, by the same decision."""
    slug = who.organisation.slug if who.organisation else ""
    return [
        {"name": item.name, "label": str(item.label), "url": address(item, slug), "section": item.section}
        for item in opened(who.actor, _entries(who), realm_of(who.actor))
    ]


def _features(who: Identity) -> dict[str, bool]:
    """Every part of the console where the caller stands, and whether it is open."""
    return {item.name: is_open(who.actor, item) for item in _entries(who)}


class NavigationView(ApiView):
    """The caller's navigation."""

    access = SignedIn("One's own navigation.", by_key=True, in_view=True)

    @endpoint(items=NavigationReply)
    def get(self, request: Request) -> HttpResponse:
        """List the entries that are open to me, in their order. With Steward-Organisation: of that organisation's pages."""
        return self.listed(_navigation(self.who), None)


class FeaturesView(ApiView):
    """Which parts of the console are open to the caller."""

    access = SignedIn("One's own access to the parts of the console.", by_key=True, in_view=True)

    @endpoint(reply=FeaturesReply)
    def get(self, request: Request) -> HttpResponse:
        """Which parts are open to me? With Steward-Organisation: of that organisation's pages."""
        return json({"features": _features(self.who)})


class PermissionsView(ApiView):
    """The caller's effective permissions."""

    access = SignedIn("One's own permissions.", by_key=True, in_view=True)

    @endpoint(reply=PermissionsReply)
    def get(self, request: Request) -> HttpResponse:
        """What may I do? With Steward-Organisation: in that organisation."""
        return json({"permissions": permissions_of(self.actor)})
