"""Bodies of what is given, taken off, asked for and begun: credit, prepaid money, rests given up, links, checkouts."""

from typing import Any

from rest_framework import serializers

from billing.models import Payment
from billing.providers.base import Checkout
from billing.services.payment_mails import absolute
from portal.kit.api import Body, MoneyField, Reply, money_body

KEY = "Makes it happen once, for ever: 10 to 100 letters, digits, hyphens and underscores."
FORM = r"^[A-Za-z0-9_-]{10,100}\Z"
_ID = "01890000-0000-7000-8000-0000000000c1"
_MOMENT, _LATER = "2026-01-31T08:30:00Z", "2026-07-30T08:30:00Z"


class CreditBody(Body):
    """Credit as a courtesy. It pays what is open at once, the oldest due first; the rest waits for the next invoice."""

    amount = MoneyField(least=1)
    reason = serializers.CharField(max_length=200)
    key = serializers.RegexField(FORM, help_text=KEY)
    example = {"amount": money_body(5000, "EUR"), "reason": "An outage in January", "key": "courtesy-2026-0001"}


class PrepaidBody(Body):
    """What the prepaid balance grows by, or shrinks by where the amount is below 0."""

    amount = MoneyField()
    reason = serializers.CharField(max_length=200)
    key = serializers.RegexField(FORM, help_text=KEY)
    funding = serializers.ChoiceField(
        choices=["courtesy", "credit"],
        required=False,
        default="courtesy",
        help_text="At our expense, or out of the customer's credit, to which money goes that came without an invoice.",
    )
    example = {
        "amount": money_body(50000, "EUR"),
        "reason": "Paid in advance for 2026",
        "key": "prepaid-2026-0001",
        "funding": "credit",
    }


class WriteOffBody(Body):
    """A rest of what is due that is given up as a bad debt."""

    amount = MoneyField(least=1)
    key = serializers.RegexField(FORM, help_text=KEY)
    example = {"amount": money_body(3, "EUR"), "key": "write-off-2026-0001"}


class PaymentLinkReply(Reply):
    """A link to pay. Its address is told once, when it is made."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    example = {"id": _ID, "created_at": _MOMENT, "expires_at": _LATER, "revoked_at": None}


class PaymentLinkAddressReply(Reply):
    """The address of a new link. It is in this reply and nowhere else, ever."""

    address = serializers.URLField()
    example = {"address": "https://steward.example.com/pay/7Hc2mQ"}


class CheckoutBody(Body):
    """What is to be paid on a page of the provider."""

    amount = MoneyField(least=1, required=False, help_text="All that is due if absent.")
    save_method = serializers.BooleanField(required=False, default=False, help_text="Keep the card for later charges.")
    example = {"save_method": True}


class HostedPageReply(Reply):
    """Where a payer is sent."""

    url = serializers.CharField(
        allow_blank=True, help_text="Where to send the payer. Empty: the provider has no page of its own."
    )
    order_ref = serializers.CharField(help_text="The checkout or order at the provider, for its own script.")
    public_key = serializers.CharField(allow_blank=True, help_text="What the provider's script is opened with.")
    example = {"url": "https://checkout.stripe.com/c/pay/cs_1", "order_ref": "cs_1", "public_key": ""}


class CheckoutReply(HostedPageReply):
    """A payment that was begun, and where it is made."""

    payment_id = serializers.UUIDField()
    provider = serializers.CharField()
    amount = MoneyField()
    example = {"payment_id": _ID, "provider": "stripe", "amount": money_body(24995, "EUR"), **HostedPageReply.example}


def page_body(checkout: Checkout) -> dict[str, Any]:
    """The reply of a page that a payer is sent to."""
    return {
        "url": absolute(path=checkout.url) if checkout.url.startswith("/") else checkout.url,
        "order_ref": checkout.ref,
        "public_key": str((checkout.page or {}).get("key", "")),
    }


def checkout_body(payment: Payment, checkout: Checkout) -> dict[str, Any]:
    """The reply of a checkout that was begun."""
    amount = money_body(payment.amount, payment.currency)
    return {"payment_id": payment.pk, "provider": payment.provider, "amount": amount, **page_body(checkout)}
