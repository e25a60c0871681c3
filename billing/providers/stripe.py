"""Stripe by its official SDK: Checkout Sessions, PaymentIntents on saved methods, webhooks with tolerance, refunds.

Unverified: written and tested against the shapes of the public documentation, never called for real (docs/payments.md).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final, TypeVar

import stripe
from django.utils.translation import gettext_lazy as _

from billing.providers.base import (
    TIMEOUT_SECONDS,
    Checkout,
    DisputeFact,
    DisputeState,
    Fact,
    Order,
    PaymentFact,
    PaymentState,
    Provider,
    ProviderAway,
    ProviderRefused,
    RefundFact,
    RefundKeyReused,
    RefundRunning,
    RefundState,
    SavedMethod,
    Told,
    WebhookUnreadable,
    parsed_body,
    verify_timed,
)

T = TypeVar("T")
SIGNATURE: Final = "Stripe-Signature"
_INTENTS: Final[Mapping[str, PaymentState]] = {
    "requires_payment_method": "pending",
    "requires_confirmation": "pending",
    "requires_action": "pending",
    "processing": "pending",
    "requires_capture": "authorised",
    "succeeded": "succeeded",
    "canceled": "cancelled",
}
_REFUNDS: Final[Mapping[str, RefundState]] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}
_DISPUTES: Final[Mapping[str, DisputeState]] = {
    "warning_needs_response": "open",
    "warning_under_review": "open",
    "warning_closed": "won",
    "needs_response": "open",
    "under_review": "open",
    "won": "won",
    "lost": "lost",
}
_EXPAND: Final = ["latest_charge.balance_transaction", "payment_method"]


class StripeProvider(Provider):
    """An account of Stripe: `public` is its publishable key, `api` its secret key."""

    code = "stripe"
    off_session = True
    headers = (SIGNATURE,)

    def client(self) -> stripe.StripeClient:
        """The SDK's client with our time limit; it does not try again by itself."""
        http = stripe.RequestsClient(timeout=TIMEOUT_SECONDS)
        return stripe.StripeClient(
            self.keys.api,
            http_client=http,
            base_addresses={"api": self.keys.api_base.rstrip("/")} if self.keys.api_base else None,
            max_network_retries=0,
        )

    def checkout_start(self, order: Order) -> Checkout:
        """A hosted Checkout Session."""
        asked: dict[str, Any] = {
            "mode": "payment",
            "client_reference_id": order.reference,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": order.currency.lower(),
                        "unit_amount": order.amount,
                        "product_data": {"name": order.description},
                    },
                }
            ],
            "payment_intent_data": {"metadata": {"reference": order.reference}},
            "success_url": order.return_url,
            "cancel_url": order.cancel_url or order.return_url,
        }
        if order.customer_email:
            asked["customer_email"] = order.customer_email
        if order.save_method:
            asked["customer_creation"] = "always"
            asked["payment_intent_data"]["setup_future_usage"] = "off_session"
        made = self._called(
            lambda: self.client().v1.checkout.sessions.create(
                asked,  # type: ignore[arg-type] # A TypedDict of the SDK, put together in steps.
                {"idempotency_key": f"checkout:{order.reference}"},
            )
        )
        return Checkout(ref=str(made.id), url=str(made.url))

    def charge(self, order: Order) -> PaymentFact:
        """A PaymentIntent that is confirmed at once; a decline is an answer, not an error."""
        asked = {
            "amount": order.amount,
            "currency": order.currency.lower(),
            "customer": order.provider_customer,
            "payment_method": order.method_ref,
            "off_session": True,
            "confirm": True,
            "description": order.description,
            "metadata": {"reference": order.reference},
            "expand": _EXPAND,
        }
        try:
            made = self._called(
                lambda: self.client().v1.payment_intents.create(
                    asked,  # type: ignore[arg-type] # As above.
                    {"idempotency_key": f"charge:{order.reference}"},
                )
            )
        except _Declined as declined:
            intent = declined.intent
            return PaymentFact(
                ref=str(intent.get("id", "")) or f"declined_{order.reference}",
                state="failed",
                amount=order.amount,
                currency=order.currency,
                reference=order.reference,
                failure_code=declined.reason,
                failure_text=declined.text,
            )
        return _intent(made.to_dict())

    def payment_fetch(self, *, ref: str = "", checkout_ref: str = "") -> PaymentFact | None:
        """A PaymentIntent, or the one of a Checkout Session."""
        client = self.client()
        if not ref:
            session = self._called(lambda: client.v1.checkout.sessions.retrieve(checkout_ref)).to_dict()
            ref = str(session.get("payment_intent") or "")
            if not ref:
                return None
        found = self._called(lambda: client.v1.payment_intents.retrieve(ref, {"expand": _EXPAND}))
        return _intent(found.to_dict(), checkout_ref=checkout_ref)

    def refund(self, *, payment_ref: str, amount: int, currency: str, key: str) -> RefundFact:
        """Pay back; the key is Stripe's own Idempotency-Key."""
        made = self._called(
            lambda: self.client().v1.refunds.create(
                {"payment_intent": payment_ref, "amount": amount, "metadata": {"key": key}},
                {"idempotency_key": f"refund:{key}"},
            )
        )
        return _refund(made.to_dict())

    def payments_since(self, moment: datetime) -> Iterable[PaymentFact]:
        """All PaymentIntents made since, a hundred at a time."""
        asked: stripe.params.PaymentIntentListParams = {"created": {"gte": int(moment.timestamp())}, "limit": 100}
        while True:
            page = self._called(partial(self.client().v1.payment_intents.list, asked)).to_dict()
            items = page.get("data", [])
            yield from map(_intent, items)
            if not page.get("has_more") or not items:
                return
            asked = {**asked, "starting_after": items[-1]["id"]}

    def refunds_since(self, moment: datetime) -> Iterable[RefundFact]:
        """All refunds of PaymentIntents made since, a hundred at a time."""
        asked: stripe.params.RefundListParams = {"created": {"gte": int(moment.timestamp())}, "limit": 100}
        while True:
            page = self._called(partial(self.client().v1.refunds.list, asked)).to_dict()
            items = page.get("data", [])
            yield from (_refund(item) for item in items if item.get("payment_intent"))
            if not page.get("has_more") or not items:
                return
            asked = {**asked, "starting_after": items[-1]["id"]}

    def refund_fetch(self, *, ref: str) -> RefundFact | None:
        """A refund by its id."""
        return _refund(self._called(lambda: self.client().v1.refunds.retrieve(ref)).to_dict())

    def verify(self, body: bytes, headers: Mapping[str, str], now: datetime) -> None:
        """As `stripe.WebhookSignature` does, by our clock and with every present secret."""
        verify_timed(self.keys.webhook, body, headers.get(SIGNATURE, ""), now)

    def read(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """An event with the object that it is about."""
        found = parsed_body(body)
        try:
            kind, item = str(found["type"]), found["data"]["object"]
            return Told(
                ref=str(found["id"])[:120],
                kind=kind[:80],
                at=datetime.fromtimestamp(int(found["created"]), UTC),
                facts=_facts(kind, item),
            )
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            raise WebhookUnreadable from None

    def _called(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except stripe.CardError as error:
            raise _Declined(error) from None
        except stripe.IdempotencyError:
            raise RefundKeyReused from None
        except (stripe.APIConnectionError, stripe.RateLimitError) as error:
            raise ProviderAway from error
        except stripe.StripeError as error:
            if error.http_status == 409:
                raise RefundRunning from None
            if error.http_status is not None and error.http_status < 500:
                raise ProviderRefused(str(error.user_message or "")[:200] or None) from None
            raise ProviderAway from error


class _Declined(ProviderRefused):
    """A card said no."""

    def __init__(self, error: stripe.CardError) -> None:
        body = error.json_body if isinstance(error.json_body, dict) else {}
        told = body.get("error", {})
        self.intent: Mapping[str, Any] = told.get("payment_intent") or {}
        self.reason = str(told.get("decline_code") or error.code or "card_declined")[:60]
        self.text = str(error.user_message or _("The card was declined."))[:200]
        super().__init__(self.text)


def _facts(kind: str, item: Mapping[str, Any]) -> list[Fact]:
    noun = str(item.get("object", ""))
    if noun == "payment_intent":
        fact = _intent(item)
        failed = kind == "payment_intent.payment_failed"
        return [_failed(fact, item) if failed else fact]
    if noun == "checkout.session" and item.get("payment_intent") and item.get("payment_status") == "paid":
        return [
            PaymentFact(
                ref=str(item["payment_intent"]),
                checkout_ref=str(item["id"]),
                state="succeeded",
                amount=int(item["amount_total"]),
                currency=str(item["currency"]).upper(),
                reference=str(item.get("client_reference_id") or ""),
            )
        ]
    if noun == "refund":
        return [_refund(item)]
    if noun == "dispute":
        return [_dispute(item)]
    return []


def _intent(item: Mapping[str, Any], *, checkout_ref: str = "") -> PaymentFact:
    charge = item.get("latest_charge")
    balance = charge.get("balance_transaction") if isinstance(charge, dict) else None
    state = _INTENTS[str(item["status"])]
    fact = PaymentFact(
        ref=str(item["id"]),
        checkout_ref=checkout_ref,
        state=state,
        amount=int(item.get("amount_received") or item["amount"]),
        currency=str(item["currency"]).upper(),
        reference=str((item.get("metadata") or {}).get("reference", "")),
        fee=int(balance.get("fee") or 0) if isinstance(balance, dict) else 0,
        method=_method(item),
    )
    # An intent whose last try was declined waits for another method; for us that try has failed.
    return _failed(fact, item) if state == "pending" and item.get("last_payment_error") else fact


def _failed(fact: PaymentFact, item: Mapping[str, Any]) -> PaymentFact:
    error = item.get("last_payment_error") or {}
    return PaymentFact(
        ref=fact.ref,
        state="failed",
        amount=fact.amount,
        currency=fact.currency,
        checkout_ref=fact.checkout_ref,
        reference=fact.reference,
        failure_code=str(error.get("decline_code") or error.get("code") or "")[:60],
        failure_text=str(error.get("message") or "")[:200],
    )


def _method(item: Mapping[str, Any]) -> SavedMethod | None:
    method = item.get("payment_method")
    if not isinstance(method, dict) or not item.get("setup_future_usage") or not item.get("customer"):
        return None
    card = method.get("card") or {}
    label = f"{str(card.get('brand', method.get('type', 'card'))).title()} •••• {card.get('last4', '')}"
    expires = ""
    if card.get("exp_year"):
        year, month = int(card["exp_year"]), int(card["exp_month"])
        last = date(year + month // 12, month % 12 + 1, 1).toordinal() - 1
        expires = date.fromordinal(last).isoformat()
    return SavedMethod(
        ref=str(method["id"]),
        label=label,
        kind=str(method.get("type", "card")),
        provider_customer=str(item["customer"]),
        expires=expires,
    )


def _refund(item: Mapping[str, Any]) -> RefundFact:
    return RefundFact(
        ref=str(item["id"]),
        payment_ref=str(item["payment_intent"]),
        state=_REFUNDS[str(item["status"])],
        amount=int(item["amount"]),
        currency=str(item["currency"]).upper(),
        key=str((item.get("metadata") or {}).get("key", "")),
    )


def _dispute(item: Mapping[str, Any]) -> DisputeFact:
    fees = [int(one.get("fee") or 0) for one in item.get("balance_transactions") or ()]
    return DisputeFact(
        ref=str(item["id"]),
        payment_ref=str(item["payment_intent"]),
        state=_DISPUTES[str(item["status"])],
        amount=int(item["amount"]),
        currency=str(item["currency"]).upper(),
        fee=max(fees, default=0),
        reason=str(item.get("reason") or "")[:120],
    )
