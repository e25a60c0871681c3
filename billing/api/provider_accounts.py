"""Accounts at payment providers, over the API. Their secrets go in and never come out."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from billing.errors.payments import NotTheSandbox
from billing.lists.payments import provider_accounts
from billing.models import ProviderAccount, ProviderSecret
from billing.selectors import payments as selectors
from billing.services import provider_accounts as services
from billing.services.sandbox import webhook_test
from portal.kit import limits
from portal.kit.api import ApiView, Body, Reply, endpoint, json, row_body
from portal.kit.api.listing import page_of, parameters_of

_ID = "01890000-0000-7000-8000-0000000000c7"
_MOMENT = "2026-01-31T08:30:00Z"
ACCOUNT = (
    *("id", "code", "provider", "label", "live", "public_key", "is_default", "is_active", "reconciled_at"),
    "created_at",
)
SECRET = ("id", "kind", "tail", "created_at", "expires_at")


class ProviderAccountReply(Reply):
    """An account at a payment provider."""

    id = serializers.UUIDField()
    code = serializers.CharField(help_text="Stands in the address of its webhooks.")
    provider = serializers.ChoiceField(choices=[one.value for one in ProviderAccount.Provider])
    label = serializers.CharField()  # type: ignore[assignment] # A field of the reply, as serializers declare them.
    live = serializers.BooleanField(help_text="Whether it moves real money.")
    public_key = serializers.CharField(allow_blank=True)
    is_default = serializers.BooleanField()
    is_active = serializers.BooleanField()
    reconciled_at = serializers.DateTimeField(allow_null=True, help_text="When it was compared last.")
    created_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "code": "stripe",
        "provider": "stripe",
        "label": "Stripe",
        "live": True,
        "public_key": "pk_live_1",
        "is_default": True,
        "is_active": True,
        "reconciled_at": _MOMENT,
        "created_at": _MOMENT,
    }


class ProviderAccountBody(Body):
    """An account to set up; the first of its kind of money is the default. Its secrets follow by a call of their own."""

    provider = serializers.ChoiceField(choices=[one.value for one in ProviderAccount.Provider])
    code = serializers.CharField(max_length=40, help_text="Stands in the address of its webhooks.")
    label = serializers.CharField(max_length=80)  # type: ignore[assignment] # As above.
    live = serializers.BooleanField(default=False, help_text="Whether it moves real money.")
    public_key = serializers.CharField(max_length=120, required=False, allow_blank=True)
    example = {"provider": "stripe", "code": "stripe", "label": "Stripe", "live": True, "public_key": "pk_live_1"}


class ProviderAccountChangeBody(Body):
    """What can be changed about an account."""

    label = serializers.CharField(max_length=80)  # type: ignore[assignment] # As above.
    public_key = serializers.CharField(max_length=120, allow_blank=True)
    is_default = serializers.BooleanField()
    is_active = serializers.BooleanField()
    example = {"is_active": False}


class ProviderSecretBody(Body):
    """A secret of an account. The former one of webhooks stays right for a day; one for calls is gone at once."""

    kind = serializers.ChoiceField(choices=[one.value for one in ProviderSecret.Kind])
    secret = serializers.CharField(max_length=200, write_only=True, trim_whitespace=False)
    example = {"kind": "webhook", "secret": "whsec_" + "x" * 32}


class ProviderSecretReply(Reply):
    """Which secret an account has; what it is stays sealed."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=[one.value for one in ProviderSecret.Kind])
    tail = serializers.CharField(allow_blank=True, help_text="Its last characters, to tell it from others.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text="So long a former one is right.")
    example = {"id": _ID, "kind": "webhook", "tail": "x7Qa", "created_at": _MOMENT, "expires_at": None}


class TestWebhookReply(Reply):
    """A webhook that is on its way."""

    event_ref = serializers.CharField(help_text="By which it stands among the provider events.")
    example = {"event_ref": "sbxe_4f1Zq0bN7tW2kXcV9sLm3a"}


class AccountsView(ApiView):
    """Accounts at payment providers."""

    access = "payment:admin"

    @endpoint(items=ProviderAccountReply, query=parameters_of(provider_accounts))
    def get(self, request: Request) -> HttpResponse:
        """List them, with the orders of the console."""
        page = page_of(provider_accounts, self.actor, self.asked, *ACCOUNT)
        return self.listed((row.body for row in page.items), page.next)

    @endpoint(body=ProviderAccountBody, reply=ProviderAccountReply, status=201, step_up=True)
    def post(self, request: Request) -> HttpResponse:
        """Set up an account at a payment provider."""
        made = services.provider_account_create(actor=self.actor, **self.sent)
        reply = json(account_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/payment-providers/{made.pk}"
        return reply


class AccountView(ApiView):
    """One account at a payment provider."""

    access = "payment:admin"
    volatile = ("reconciled_at",)  # The comparison of every day is no other state of it.

    @endpoint(reply=ProviderAccountReply, etag=True)
    def get(self, request: Request, account_id: UUID) -> HttpResponse:
        """Read an account."""
        return self.single(account_body(selectors.account(self.actor, account_id)))

    @endpoint(body=ProviderAccountChangeBody, partial=True, reply=ProviderAccountReply, etag=True, step_up=True)
    def patch(self, request: Request, account_id: UUID) -> HttpResponse:
        """Change its name or public key, make it the default, or switch it off."""
        target = self.unchanged(selectors.account(self.actor, account_id), account_body)
        changed = services.provider_account_update(actor=self.actor, account=target, values=dict(self.sent))
        return self.single(account_body(changed))


class AccountTestView(ApiView):
    """The webhook door, tried."""

    access = "payment:admin"

    @endpoint(reply=TestWebhookReply, status=202, errors=(NotTheSandbox,))
    def post(self, request: Request, account_id: UUID) -> HttpResponse:
        """Have the sandbox send a webhook that tells of nothing; it will stand among the provider events."""
        target = selectors.account(self.actor, account_id)
        return json({"event_ref": webhook_test(actor=self.actor, account=target)}, status=202)


class SecretsView(ApiView):
    """The secrets of an account."""

    access = "payment:admin"

    @endpoint(items=ProviderSecretReply)
    def get(self, request: Request, account_id: UUID) -> HttpResponse:
        """List which secrets there are, without what they are; always one page."""
        found = selectors.secrets_of(self.actor, selectors.account(self.actor, account_id))
        return self.listed((row_body(row, SECRET) for row in found), None)

    @endpoint(body=ProviderSecretBody, reply=ProviderSecretReply, status=201, limit=limits.SENSITIVE, step_up=True)
    def post(self, request: Request, account_id: UUID) -> HttpResponse:
        """Give the account a secret. It is sealed, and no call tells it again."""
        target = selectors.account(self.actor, account_id)
        made = services.provider_secret_set(actor=self.actor, account=target, **self.sent)
        return json(row_body(made, SECRET), status=201)


def account_body(account: ProviderAccount) -> dict[str, Any]:
    """The reply of an account."""
    return row_body(account, ACCOUNT)
