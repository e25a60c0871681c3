"""The caller's own passkeys over the API: to see, rename and remove. They are made in a browser only."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from accounts.errors import FactorRequired
from accounts.models import Passkey
from accounts.passkey_selectors import own_passkey, own_passkeys
from accounts.services.passkeys import passkey_remove, passkey_rename
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, Body, Reply, endpoint

OWN = SignedIn("One's own passkeys.")


class PasskeyReply(Reply):
    """A passkey or security key."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    syncs = serializers.BooleanField(help_text="Whether it may live on several devices of its person.")
    backed_up = serializers.BooleanField(help_text="Whether it did when it was used last.")
    transports = serializers.ListField(child=serializers.CharField(), help_text="How a browser reaches it.")
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    example = {
        "id": "01890000-0000-7000-8000-000000000001",
        "name": "Blue key",
        "syncs": False,
        "backed_up": False,
        "transports": ["nfc", "usb"],
        "created_at": "2026-01-31T08:30:00Z",
        "last_used_at": None,
    }


class PasskeyBody(Body):
    """What it is called."""

    name = serializers.CharField(max_length=200)
    example = {"name": "Key on the desk"}


class PasskeysView(ApiView):
    """The caller's own passkeys."""

    access = OWN

    @endpoint(items=PasskeyReply)
    def get(self, request: Request) -> HttpResponse:
        """List one's own passkeys, oldest first. There are twenty at most: they come in one page."""
        return self.listed((_body(passkey) for passkey in own_passkeys(self.actor)), None)


class PasskeyView(ApiView):
    """One of the caller's own passkeys."""

    access = OWN

    @endpoint(reply=PasskeyReply, etag=True)
    def get(self, request: Request, passkey_id: UUID) -> HttpResponse:
        """Read a passkey."""
        return self.single(_body(own_passkey(self.actor, passkey_id)))

    @endpoint(body=PasskeyBody, reply=PasskeyReply, etag=True)
    def patch(self, request: Request, passkey_id: UUID) -> HttpResponse:
        """Give a passkey another name."""
        self.unchanged(own_passkey(self.actor, passkey_id), _body)
        return self.single(_body(passkey_rename(actor=self.actor, passkey_id=passkey_id, name=self.sent["name"])))

    @endpoint(status=204, step_up=True, errors=(FactorRequired,))
    def delete(self, request: Request, passkey_id: UUID) -> HttpResponse:
        """Remove a passkey: it lets nobody in any more."""
        passkey_remove(actor=self.actor, session_id=self.who.session_id, passkey_id=passkey_id)
        return HttpResponse(status=204)


def _body(passkey: Passkey) -> dict[str, Any]:
    return {
        "id": passkey.pk,
        "name": passkey.name,
        "syncs": passkey.syncs,
        "backed_up": passkey.backed_up,
        "transports": [way for way in passkey.transports.split(",") if way],
        "created_at": passkey.created_at,
        "last_used_at": passkey.last_used_at,
    }
