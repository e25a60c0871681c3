"""Bodies of payments, refunds, means of payment and balances."""

from typing import Any

from rest_framework import serializers

from billing.models import Payment, PaymentMethod, Refund
from billing.selectors.invoices import Account
from portal.kit.api import Amount, Body, MoneyField, Reply, money_body, row_body

_ID, _ORGANISATION = "01890000-0000-7000-8000-0000000000c1", "01890000-0000-7000-8000-000000000001"
_CUSTOMER, _INVOICE = "01890000-0000-7000-8000-000000000002", "01890000-0000-7000-8000-000000000003"
_MOMENT = "2026-01-31T08:30:00Z"
_KEY = "Makes it happen once: 10 to 100 letters, digits, hyphens and underscores."
PAYMENT = (
    *("id", "organisation_id", "customer_id", "invoice_id", "provider", "provider_ref", "origin", "state"),
    *(Amount("amount"), Amount("applied"), Amount("fee"), Amount("refunded"), Amount("disputed")),
    *("attempt", "failure_code", "reference", "flag", "event_at", "created_at"),
)
OWN_PAYMENT = (
    *("id", "invoice_id", "provider", "origin", "state", Amount("amount"), Amount("refunded"), Amount("disputed")),
    *("failure_code", "event_at", "created_at"),
)
REFUND = (
    *("id", "payment_id", "key", "state", Amount("amount"), "reason", "credit_note_id", "provider_ref"),
    *("failure_text", "created_at", "settled_at"),
)


class PaymentReply(Reply):
    """A payment."""

    id = serializers.UUIDField()
    organisation_id = serializers.UUIDField()
    customer_id = serializers.UUIDField()
    invoice_id = serializers.UUIDField(allow_null=True)
    provider = serializers.CharField()
    provider_ref = serializers.CharField(allow_blank=True)
    origin = serializers.ChoiceField(choices=[one.value for one in Payment.Origin])
    state = serializers.ChoiceField(choices=[one.value for one in Payment.State])
    amount = MoneyField()
    applied = MoneyField(help_text="What of it settled the invoice; the rest is credit.")
    fee = MoneyField(help_text="What the provider kept.")
    refunded = MoneyField(help_text="What went back, or is on its way back.")
    disputed = MoneyField()
    attempt = serializers.IntegerField()
    failure_code = serializers.CharField(allow_blank=True)
    reference = serializers.CharField(allow_blank=True, help_text="What the bank's statement says.")
    flag = serializers.CharField(allow_blank=True, help_text="What a person has to look at.")
    event_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "organisation_id": _ORGANISATION,
        "customer_id": _CUSTOMER,
        "invoice_id": _INVOICE,
        "provider": "stripe",
        "provider_ref": "pi_3QZ",
        "origin": "checkout",
        "state": "succeeded",
        "amount": money_body(24995, "EUR"),
        "applied": money_body(24995, "EUR"),
        "fee": money_body(499, "EUR"),
        "refunded": money_body(0, "EUR"),
        "disputed": money_body(0, "EUR"),
        "attempt": 1,
        "failure_code": "",
        "reference": "",
        "flag": "",
        "event_at": _MOMENT,
        "created_at": _MOMENT,
    }


class OwnPaymentReply(Reply):
    """A payment of the organisation."""

    id = serializers.UUIDField()
    invoice_id = serializers.UUIDField(allow_null=True)
    provider = serializers.CharField()
    origin = serializers.ChoiceField(choices=[one.value for one in Payment.Origin])
    state = serializers.ChoiceField(choices=[one.value for one in Payment.State])
    amount = MoneyField()
    refunded = MoneyField()
    disputed = MoneyField()
    failure_code = serializers.CharField(allow_blank=True)
    event_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    example = {name: PaymentReply.example[name] for name in ("id", "invoice_id", "provider", "origin", "state")} | {
        **{name: PaymentReply.example[name] for name in ("amount", "refunded", "disputed", "failure_code")},
        **{name: PaymentReply.example[name] for name in ("event_at", "created_at")},
    }


class PaymentBody(Body):
    """Money that came by hand. What is due on the invoice is settled, more becomes credit."""

    customer_id = serializers.UUIDField()
    account_id = serializers.UUIDField(help_text="A provider account for payments by hand.")
    amount = MoneyField(least=1)
    key = serializers.RegexField(r"^[A-Za-z0-9_-]{10,100}\Z", help_text=_KEY)
    invoice_id = serializers.UUIDField(required=False)
    fee = MoneyField(least=0, required=False, help_text="What the bank kept of it.")
    reference = serializers.CharField(max_length=120, required=False, allow_blank=True)
    event_at = serializers.DateTimeField(required=False, help_text="When it came; now if absent.")
    example = {
        "customer_id": _CUSTOMER,
        "account_id": _ID,
        "amount": money_body(24995, "EUR"),
        "key": "transfer-2026-0001",
        "invoice_id": _INVOICE,
        "reference": "INV-2026-0001",
    }


class RefundBody(Body):
    """What goes back."""

    amount = MoneyField(least=1)
    reason = serializers.CharField(max_length=200)
    key = serializers.CharField(max_length=100, help_text=_KEY)
    credit_note = serializers.BooleanField(required=False, default=True, help_text="False: the invoice is owed again.")
    example = {"amount": money_body(1000, "EUR"), "reason": "Ordered twice", "key": "refund-0001-2026"}


class RefundReply(Reply):
    """A refund."""

    id = serializers.UUIDField()
    payment_id = serializers.UUIDField()
    key = serializers.CharField()
    state = serializers.ChoiceField(choices=[one.value for one in Refund.State])
    amount = MoneyField()
    reason = serializers.CharField(allow_blank=True)
    credit_note_id = serializers.UUIDField(allow_null=True)
    provider_ref = serializers.CharField(allow_blank=True)
    failure_text = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
    example = {
        "id": "01890000-0000-7000-8000-0000000000d1",
        "payment_id": _ID,
        "key": "refund-0001-2026",
        "state": "created",
        "amount": money_body(1000, "EUR"),
        "reason": "Ordered twice",
        "credit_note_id": None,
        "provider_ref": "",
        "failure_text": "",
        "created_at": _MOMENT,
        "settled_at": None,
    }


METHOD = ("id", "kind", "label", "expires", "is_default", "created_at")


class MethodReply(Reply):
    """A means of payment that may be charged. The provider has its numbers; this is a name for it."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # A field of the reply, as serializers declare them.
    expires = serializers.DateField(allow_null=True, help_text="The last day on which it is good.")
    is_default = serializers.BooleanField(help_text="Whether it is the one that is charged by itself.")
    created_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "kind": "card",
        "label": "Visa ending in 4242",
        "expires": "2028-01-31",
        "is_default": True,
        "created_at": _MOMENT,
    }


class MethodBody(Body):
    """Which of the means of payment is charged by itself."""

    is_default = serializers.ChoiceField(choices=[True], help_text="Only true: make another one the default instead.")
    example = {"is_default": True}


class BalanceReply(Reply):
    """What stands between a customer and us, from the ledger."""

    owed = MoneyField(help_text="Of its final invoices, due or not yet.")
    credit = MoneyField(help_text="Pays the next invoice.")
    prepaid = MoneyField(help_text="What was paid in advance; it pays once there is no credit.")
    net = MoneyField(help_text="What is owed after the credit; below 0: what the customer has.")
    example = {
        "owed": money_body(11900, "EUR"),
        "credit": money_body(1900, "EUR"),
        "prepaid": money_body(0, "EUR"),
        "net": money_body(10000, "EUR"),
    }


def balance_body(account: Account, currency: str) -> dict[str, Any]:
    """The reply of a balance."""
    return {name: money_body(getattr(account, name), currency) for name in ("owed", "credit", "prepaid", "net")}


def payment_body(payment: Payment) -> dict[str, Any]:
    """The reply of a payment."""
    return row_body(payment, PAYMENT)


def own_payment_body(payment: Payment) -> dict[str, Any]:
    """The reply of a payment, for who paid."""
    return row_body(payment, OWN_PAYMENT)


def refund_body(refund: Refund) -> dict[str, Any]:
    """The reply of a refund."""
    return row_body(refund, REFUND)


def method_body(method: PaymentMethod) -> dict[str, Any]:
    """The reply of a means of payment."""
    return row_body(method, METHOD)
