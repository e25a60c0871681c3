"""One's own e-mail address over the API: what it is, and a change to which both addresses have to agree."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from accounts.address_selectors import own_address
from accounts.services.addresses import address_change_ask, address_change_cancel
from portal.kit import limits
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, Body, Reply, endpoint, json

_CHANGE = {
    "email": "ada@example.org",
    "old_confirmed": False,
    "new_confirmed": True,
    "expires_at": "2026-02-01T08:30:00Z",
}


class AddressChangeReply(Reply):
    """A change that waits for the links that were mailed to both addresses."""

    email = serializers.EmailField(help_text="The address to be.")
    old_confirmed = serializers.BooleanField()
    new_confirmed = serializers.BooleanField()
    expires_at = serializers.DateTimeField()


class AddressReply(Reply):
    """One's own address."""

    email = serializers.EmailField()
    verified_at = serializers.DateTimeField(allow_null=True)
    change = AddressChangeReply(allow_null=True)
    example = {"email": "ada@example.com", "verified_at": "2026-01-31T08:30:00Z", "change": _CHANGE}


class AddressBody(Body):
    """The address to be."""

    email = serializers.CharField(max_length=254)
    example = {"email": "ada@example.org"}


class OwnAddressView(ApiView):
    """One's own e-mail address."""

    access = SignedIn("One's own address.")

    @endpoint(reply=AddressReply)
    def get(self, request: Request) -> HttpResponse:
        """Read one's own address, whether it is verified, and the change that waits."""
        return self._told()

    @endpoint(body=AddressBody, reply=AddressReply, status=202, step_up=True, limit=limits.SENSITIVE)
    def post(self, request: Request) -> HttpResponse:
        """Ask for another address. Both are mailed; nothing changes until both have agreed, and a former change ends.

        The tokens of the mails are used at PUT /auth/verify-email; who did not ask objects at PUT /auth/object-email.
        """
        address_change_ask(actor=self.actor, email=self.sent["email"])
        return self._told(status=202)

    @endpoint(reply=AddressReply)
    def delete(self, request: Request) -> HttpResponse:
        """Call one's own change off. Does nothing when none waits."""
        address_change_cancel(actor=self.actor)
        return self._told()

    def _told(self, *, status: int = 200) -> HttpResponse:
        own = own_address(self.actor)
        change: dict[str, Any] | None = None
        if own.change is not None:
            change = {
                "email": own.change.email,
                "old_confirmed": own.change.old_confirmed_at is not None,
                "new_confirmed": own.change.new_confirmed_at is not None,
                "expires_at": own.change.expires_at,
            }
        return json({"email": own.email, "verified_at": own.verified_at, "change": change}, status=status)
