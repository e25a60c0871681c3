"""Razorpay by its official SDK: orders and their checkout, saved tokens, signatures, webhooks, refunds.

Unverified: written and tested against the shapes of the public documentation, never called for real (docs/payments.md).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar

import razorpay  # type: ignore[import-untyped]
import requests
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
    WebhookRefused,
    WebhookUnreadable,
    body_ref,
    is_signed,
    parsed_body,
)

T = TypeVar("T")
SIGNATURE: Final = "X-Razorpay-Signature"
EVENT_ID: Final = "X-Razorpay-Event-Id"
REFUND_KEY: Final = "X-Refund-Idempotency"
SCRIPT: Final = "https://checkout.razorpay.com"  # Whose script the checkout page loads; CSP of that one page names it.
# Documented, newest change first: created, authorized, captured, refunded, failed.
_PAYMENTS: Final[Mapping[str, PaymentState]] = {
    "created": "pending",
    "authorized": "authorised",
    "captured": "succeeded",
    "refunded": "succeeded",
    "failed": "failed",
}
_REFUNDS: Final[Mapping[str, RefundState]] = {"pending": "pending", "processed": "succeeded", "failed": "failed"}
_DISPUTES: Final[Mapping[str, DisputeState]] = {
    "open": "open",
    "under_review": "open",
    "action_required": "open",
    "won": "won",
    "lost": "lost",
    "closed": "won",
}


class RazorpayProvider(Provider):
    """An account of Razorpay: `public` is its key id, `api` its key secret."""

    code = "razorpay"
    off_session = True
    headers = (SIGNATURE, EVENT_ID)

    def client(self) -> Any:
        """The SDK's client, with time limits of ours and without its own retries."""
        session = _Session()
        options = {"base_url": self.keys.api_base.rstrip("/")} if self.keys.api_base else {}
        made = razorpay.Client(session=session, auth=(self.keys.public, self.keys.api), **options)
        if self.keys.api_base.startswith("http://"):
            made.cert_path = False
        return made

    def checkout_start(self, order: Order) -> Checkout:
        """Make an order; our page then opens Razorpay's own script with it."""
        made = self._called(
            lambda: self.client().order.create(
                {
                    "amount": order.amount,
                    "currency": order.currency,
                    "receipt": order.reference[:40],
                    "notes": {"reference": order.reference},
                }
            )
        )
        page = {
            "road": "razorpay",
            "key": self.keys.public,
            "order": made["id"],
            "amount": order.amount,
            "currency": order.currency,
            "name": order.customer_name,
            "email": order.customer_email,
            "description": order.description,
        }
        return Checkout(ref=str(made["id"]), page=page)

    def charge(self, order: Order) -> PaymentFact:
        """Charge a saved token: an order, then a recurring payment on it."""
        client = self.client()
        made = self._called(
            lambda: client.order.create(
                {
                    "amount": order.amount,
                    "currency": order.currency,
                    "receipt": order.reference[:40],
                    "payment_capture": True,
                    "notes": {"reference": order.reference},
                }
            )
        )
        paid = self._called(
            lambda: client.payment.createRecurring(
                {
                    "email": order.customer_email,
                    "amount": order.amount,
                    "currency": order.currency,
                    "order_id": made["id"],
                    "customer_id": order.provider_customer,
                    "token": order.method_ref,
                    "recurring": "1",
                    "description": order.description,
                    "notes": {"reference": order.reference},
                }
            )
        )
        ref = str(paid["razorpay_payment_id"])
        found = self.payment_fetch(ref=ref)
        if found is not None:
            return found
        return PaymentFact(
            ref=ref,
            checkout_ref=str(made["id"]),
            state="pending",
            amount=order.amount,
            currency=order.currency,
            reference=order.reference,
        )

    def payment_fetch(self, *, ref: str = "", checkout_ref: str = "") -> PaymentFact | None:
        """A payment by its id, or the best one of an order."""
        if ref:
            return _payment(self._called(lambda: self.client().payment.fetch(ref)))
        found = self._called(lambda: self.client().order.payments(checkout_ref))
        facts = [_payment(item) for item in found.get("items", ())]
        best = ("succeeded", "authorised", "pending", "failed")
        return min(facts, key=lambda fact: best.index(fact.state), default=None)

    def refund(self, *, payment_ref: str, amount: int, currency: str, key: str) -> RefundFact:
        """Pay back with the documented idempotency header, whose key has at least 10 characters."""
        made = self._called(
            lambda: self.client().payment.refund(
                payment_ref, {"amount": amount, "notes": {"key": key}}, headers={REFUND_KEY: key}
            ),
            refund=True,
        )
        return _refund(made)

    def payments_since(self, moment: datetime) -> Iterable[PaymentFact]:
        """All payments made since, a hundred at a time."""
        skip = 0
        while True:
            asked = {"from": int(moment.timestamp()), "count": 100, "skip": skip}
            found = self._called(partial(self.client().payment.all, asked))
            items = found.get("items", ())
            yield from map(_payment, items)
            skip += len(items)
            if len(items) < 100:
                return

    def refunds_since(self, moment: datetime) -> Iterable[RefundFact]:
        """All refunds made since, a hundred at a time."""
        skip = 0
        while True:
            asked = {"from": int(moment.timestamp()), "count": 100, "skip": skip}
            items = self._called(partial(self.client().refund.all, asked)).get("items", ())
            yield from map(_refund, items)
            skip += len(items)
            if len(items) < 100:
                return

    def refund_fetch(self, *, ref: str) -> RefundFact | None:
        """A refund by its id."""
        return _refund(self._called(lambda: self.client().refund.fetch(ref)))

    def callback(self, sent: Mapping[str, str]) -> str:
        """The payment that the checkout's script brings back: signed over `order|payment` with the key secret."""
        order, payment = sent.get("razorpay_order_id", ""), sent.get("razorpay_payment_id", "")
        if not is_signed([self.keys.api], f"{order}|{payment}".encode(), sent.get("razorpay_signature", "")):
            raise WebhookRefused(_("What the payment page brought back is not signed by the provider."))
        return payment

    def verify(self, body: bytes, headers: Mapping[str, str], now: datetime) -> None:
        """The raw body, signed with the webhook's secret; the time is not signed, so repetition is met by the id."""
        if not is_signed(self.keys.webhook, body, headers.get(SIGNATURE, "")):
            raise WebhookRefused

    def read(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """An event with its entities."""
        found = parsed_body(body)
        try:
            kind = str(found["event"])
            payload = found.get("payload", {})
            facts: list[Fact] = []
            # A refund or dispute brings its payment along, whose state tells nothing new then.
            if "refund" in payload and kind.startswith("refund."):
                facts.append(_refund(payload["refund"]["entity"]))
            elif "dispute" in payload:
                facts.append(_dispute(payload["dispute"]["entity"]))
            elif "payment" in payload and kind.startswith(("payment.", "order.")):
                facts.append(_payment(payload["payment"]["entity"]))
            return Told(
                ref=(headers.get(EVENT_ID) or body_ref(body))[:120],
                kind=kind[:80],
                at=datetime.fromtimestamp(int(found["created_at"]), UTC),
                facts=facts,
            )
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            raise WebhookUnreadable from None

    def _called(self, call: Callable[[], T], *, refund: bool = False) -> T:
        try:
            return call()
        except (razorpay.errors.GatewayError, razorpay.errors.ServerError, requests.RequestException) as error:
            raise ProviderAway from error
        except razorpay.errors.BadRequestError as error:
            text = str(error)[:200]
            if refund and "in progress" in text.lower():
                raise RefundRunning from None
            if refund and "idempotency" in text.lower():
                raise RefundKeyReused from None
            raise ProviderRefused(text or None) from None
        except json.JSONDecodeError as error:  # An error page of something in between.
            raise ProviderAway from error


class _Session(requests.Session):
    """The SDK sets no time limit."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """As ever, but not for ever."""
        kwargs.setdefault("timeout", TIMEOUT_SECONDS)
        return super().request(*args, **kwargs)


def payment_link_signed(secret: str, *, link: str, reference: str, status: str, payment: str, signature: str) -> bool:
    """Whether a payment link's return is signed: link, reference, status and payment, in this order (H03)."""
    return is_signed([secret], f"{link}|{reference}|{status}|{payment}".encode(), signature)


def subscription_signed(secret: str, *, payment: str, subscription: str, signature: str) -> bool:
    """Whether the first payment of a subscription of theirs is signed; the payment's id comes first (H01)."""
    return is_signed([secret], f"{payment}|{subscription}".encode(), signature)


def _payment(item: Mapping[str, Any]) -> PaymentFact:
    notes = item.get("notes") or {}
    token = item.get("token_id")
    card = item.get("card") or {}
    name = f"{card.get('network', 'Card')} •••• {card.get('last4', '')}" if card else str(item.get("method", "token"))
    return PaymentFact(
        ref=str(item["id"]),
        checkout_ref=str(item.get("order_id") or ""),
        state=_PAYMENTS[item["status"]],
        amount=int(item["amount"]),
        currency=str(item["currency"]),
        reference=str(notes.get("reference", "")) if isinstance(notes, dict) else "",
        fee=int(item.get("fee") or 0),
        failure_code=str(item.get("error_code") or "")[:60],
        failure_text=str(item.get("error_description") or "")[:200],
        method=SavedMethod(
            ref=str(token),
            label=name,
            kind=str(item.get("method", "card")),
            provider_customer=str(item.get("customer_id") or ""),
        )
        if token
        else None,
    )


def _refund(item: Mapping[str, Any]) -> RefundFact:
    notes = item.get("notes") or {}
    return RefundFact(
        ref=str(item["id"]),
        payment_ref=str(item["payment_id"]),
        state=_REFUNDS.get(str(item.get("status", "processed")), "pending"),
        amount=int(item["amount"]),
        currency=str(item["currency"]),
        key=str(notes.get("key", "")) if isinstance(notes, dict) else "",
    )


def _dispute(item: Mapping[str, Any]) -> DisputeFact:
    return DisputeFact(
        ref=str(item["id"]),
        payment_ref=str(item["payment_id"]),
        state=_DISPUTES[str(item["status"])],
        amount=int(item["amount"]),
        currency=str(item["currency"]),
        reason=str(item.get("reason_code") or "")[:120],
    )
