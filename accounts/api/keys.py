"""API keys over the API: one's own, and those of an organisation."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from accounts import key_selectors as selectors
from accounts.api.key_serializers import KEY, KeyBody, KeyMadeReply, KeyReply, OrganisationKeyBody, key_body, key_made
from accounts.api.organisations import OrganisationBase
from accounts.errors import KeyOfAnother, KeyOver, KeysTooMany, Outranked
from accounts.key_lists import keys
from accounts.models import Key, Organisation
from accounts.services.keys import key_create, key_revoke, key_rotate
from portal.kit import errors, limits
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, endpoint
from portal.kit.api.listing import page_of, parameters_of
from portal.kit.decision import authorise
from rbac.errors import CannotDelegate

OWN = SignedIn("One's own keys.")
REFUSED = (CannotDelegate, KeysTooMany)
USED = ("last_used_at", "last_address")  # Changes with every call, and is no other state of the key.


class OwnKeysView(ApiView):
    """The caller's own keys, wherever they work. Keys themselves are not answered here."""

    access = OWN

    @endpoint(items=KeyReply)
    def get(self, request: Request) -> HttpResponse:
        """List one's own keys, live ones first. There are few: they come in one page."""
        return self.listed(map(key_body, selectors.own_keys(self.person())), None)

    @endpoint(body=KeyBody, reply=KeyMadeReply, status=201, errors=REFUSED, step_up=True, limit=limits.SENSITIVE)
    def post(self, request: Request) -> HttpResponse:
        """Make a key of one's own: for the organisation that Steward-Organisation names, else for the installation.

        Its secret is in this reply alone. Sent again with its Idempotency-Key, the call answers without it.
        """
        made, secret = key_create(actor=self.actor, organisation_id=self.actor.organisation_id, **self.sent)
        return key_made(made, secret, f"/api/v1/users/me/keys/{made.pk}")

    def person(self) -> UUID:
        """The caller's id."""
        if self.actor.id is None:
            raise errors.Unauthenticated
        return self.actor.id


class OwnKeyBase(ApiView, abstract=True):
    """One of the caller's own keys."""

    def key(self, key_id: UUID) -> Key:
        """The key; `NotFound` for anybody else's."""
        if self.actor.id is None:
            raise errors.Unauthenticated
        return selectors.own_key(self.actor.id, key_id)


class OwnKeyView(OwnKeyBase):
    """One of the caller's own keys."""

    access = OWN
    volatile = USED

    @endpoint(reply=KeyReply, etag=True)
    def get(self, request: Request, key_id: UUID) -> HttpResponse:
        """Read one of one's own keys."""
        return self.single(key_body(self.key(key_id)))

    @endpoint(status=204)
    def delete(self, request: Request, key_id: UUID) -> HttpResponse:
        """Revoke one of one's own keys. Its next call is refused."""
        key_revoke(actor=self.actor, key=self.key(key_id))
        return HttpResponse(status=204)


class OwnKeyRotateView(OwnKeyBase):
    """The secret of one of the caller's own keys."""

    access = OWN

    @endpoint(reply=KeyMadeReply, status=201, errors=(KeyOver,), step_up=True, limit=limits.SENSITIVE)
    def post(self, request: Request, key_id: UUID) -> HttpResponse:
        """Replace it by a new key. The former secret goes on for 24 hours at most."""
        made, secret = key_rotate(actor=self.actor, key=self.key(key_id))
        return key_made(made, secret, f"/api/v1/users/me/keys/{made.pk}")


class KeyedBase(OrganisationBase, abstract=True):
    """What the endpoints of an organisation's keys and service accounts share."""

    def place(self, organisation_id: UUID, code: str = "apikey:read") -> Organisation:
        """The organisation of the address, in which the caller holds `code`; `NotFound`, or `Forbidden` without it.

        The gate lets in who sees the organisation, so that one that is not there is told like any other.
        """
        found = self.organisation(organisation_id)
        authorise(self.actor, code)
        return found


class OrganisationKeyBase(KeyedBase, abstract=True):
    """A key of an organisation."""

    def key(self, organisation_id: UUID, key_id: UUID) -> Key:
        """The key; `NotFound` where the caller may not see it."""
        return selectors.key_here(self.actor, key_id, self.place(organisation_id).pk)


class OrganisationKeysView(KeyedBase):
    """The keys of an organisation."""

    access = "organisation:read"

    @endpoint(items=KeyReply, query=parameters_of(keys), service="apikey:read")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List keys, with the filters, the search and the orders of the console."""
        self.place(organisation_id)
        page = page_of(keys, self.actor, self.asked, *KEY)
        return self.listed((row.body for row in page.items), page.next)

    @endpoint(
        service="apikey:create",
        body=OrganisationKeyBody,
        reply=KeyMadeReply,
        status=201,
        errors=REFUSED,
        step_up=True,
        limit=limits.SENSITIVE,
    )
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Make a key of one's own, or of a service account (which takes `apikey:admin`).

        Its secret is in this reply alone. Sent again with its Idempotency-Key, the call answers without it.
        """
        where = self.place(organisation_id, "apikey:create").pk
        given: dict[str, Any] = dict(self.sent)
        service_id = given.pop("service_account_id")
        service = None if service_id is None else selectors.service_account(self.actor, service_id)
        made, secret = key_create(actor=self.actor, organisation_id=where, service=service, **given)
        return key_made(made, secret, f"/api/v1/organisations/{where}/keys/{made.pk}")


class OrganisationKeyView(OrganisationKeyBase):
    """One key of an organisation."""

    access = "organisation:read"
    volatile = USED

    @endpoint(reply=KeyReply, etag=True, service="apikey:read")
    def get(self, request: Request, organisation_id: UUID, key_id: UUID) -> HttpResponse:
        """Read a key."""
        return self.single(key_body(self.key(organisation_id, key_id)))

    @endpoint(status=204, service="apikey:admin", errors=(Outranked,))
    def delete(self, request: Request, organisation_id: UUID, key_id: UUID) -> HttpResponse:
        """Revoke a key: one's own, or with `apikey:admin` anybody's. Its next call is refused."""
        key_revoke(actor=self.actor, key=self.key(organisation_id, key_id))
        return HttpResponse(status=204)


class OrganisationKeyRotateView(OrganisationKeyBase):
    """The secret of a key of an organisation."""

    access = "organisation:read"

    @endpoint(
        service="apikey:create",
        reply=KeyMadeReply,
        status=201,
        errors=(KeyOver, KeyOfAnother, CannotDelegate),
        step_up=True,
        limit=limits.SENSITIVE,
    )
    def post(self, request: Request, organisation_id: UUID, key_id: UUID) -> HttpResponse:
        """Replace one's own key, or that of a service account, by a new one. The former goes on for 24 hours at most."""
        self.place(organisation_id, "apikey:create")
        made, secret = key_rotate(actor=self.actor, key=self.key(organisation_id, key_id))
        return key_made(made, secret, f"/api/v1/organisations/{organisation_id}/keys/{made.pk}")
