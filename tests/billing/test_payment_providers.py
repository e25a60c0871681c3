"""Providers: signature vectors, the official SDKs against a local server that answers as the documentation says, and
accounts with sealed secrets."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pytest
import stripe as stripe_sdk

from audit.models import Event
from billing import providers
from billing.models import ProviderAccount, ProviderSecret
from billing.providers.base import (
    Keys,
    Order,
    PaymentFact,
    ProviderAway,
    ProviderRefused,
    RefundKeyReused,
    RefundRunning,
    WebhookRefused,
    signed,
)
from billing.providers.manual import ManualProvider, qr_image, upi_address
from billing.providers.razorpay import EVENT_ID, SIGNATURE, RazorpayProvider, payment_link_signed, subscription_signed
from billing.providers.stripe import SIGNATURE as STRIPE_SIGNATURE
from billing.providers.stripe import StripeProvider
from billing.services.provider_accounts import (
    provider_account_create,
    provider_account_update,
    provider_secret_set,
)
from portal.kit import context
from portal.kit.errors import Forbidden, Invalid
from portal.kit.money import Money
from tests.factories import actor_of, person

SECRET = "EnLs21M47BllR3X8PSFtjtbd"  # Published in their own tests.
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


class Server:
    """Answers what a test lays down for it, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                path = self.path.split("?", 1)[0]
                outer.asked.append((self.command, path, dict(self.headers), body))
                status, found = outer.answers.get(
                    f"{self.command} {path}", (404, {"error": {"code": "BAD_REQUEST_ERROR"}})
                )
                sent = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST = _answer  # noqa: N815 - names of the standard library

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    """A provider of the test's own."""
    made = Server()
    yield made
    made.server.shutdown()
    made.server.server_close()


def _razorpay(server: Server | None = None) -> RazorpayProvider:
    return RazorpayProvider(
        Keys(
            uuid4(),
            "rzp",
            public="rzp_test_1",
            api=SECRET,
            webhook=("whsecret-1",),
            api_base=server.url if server else "",
        )
    )


def _stripe(server: Server | None = None) -> StripeProvider:
    return StripeProvider(
        Keys(
            uuid4(),
            "stripe",
            api="sk_test_local",
            webhook=("whsec_one", "whsec_two"),
            api_base=server.url if server else "",
        )
    )


def _order(**values: Any) -> Order:
    return Order(**{"reference": "ref-1", "amount": 24995, "currency": "INR", "description": "INV-1", **values})


# --- Razorpay ---


def test_h01_the_signature_of_a_subscriptions_payment_has_the_payment_first() -> None:
    given = "601f383334975c714c91a7d97dd723eb56520318355863dcf3821c0d07a17693"
    payment, subscription = "pay_IDZNwZZFtnjyym", "sub_ID6MOhgkcoHj9I"
    assert signed(SECRET, f"{payment}|{subscription}".encode()) == given
    assert subscription_signed(SECRET, payment=payment, subscription=subscription, signature=given)
    assert not subscription_signed(SECRET, payment=subscription, subscription=payment, signature=given)


def test_h03_the_signature_of_a_payment_link() -> None:
    values = {
        "link": "plink_IH3cNucfVEgV68",
        "reference": "TSsd1989",
        "status": "paid",
        "payment": "pay_IH3d0ara9bSsjQ",
        "signature": "07ae18789e35093e51d0a491eb9922646f3f82773547e5b0f67ee3f2d3bf7d5b",
    }
    assert payment_link_signed(SECRET, **values)
    assert not payment_link_signed(SECRET, **{**values, "status": "expired"})


def test_what_the_razorpay_page_brings_back_is_signed_over_order_and_payment() -> None:
    sent = {"razorpay_order_id": "order_1", "razorpay_payment_id": "pay_1"}
    good = sent | {"razorpay_signature": signed(SECRET, b"order_1|pay_1")}
    assert _razorpay().callback(good) == "pay_1"
    with pytest.raises(WebhookRefused):
        _razorpay().callback(good | {"razorpay_payment_id": "pay_2"})


def _rzp_payment(**values: Any) -> dict[str, Any]:
    return {
        "id": "pay_1",
        "entity": "payment",
        "amount": 24995,
        "currency": "INR",
        "status": "captured",
        "order_id": "order_1",
        "method": "card",
        "fee": 590,
        "tax": 90,
        "error_code": None,
        "notes": {"reference": "ref-1"},
        "created_at": 1769851800,
        **values,
    }


def test_razorpay_by_its_sdk_begins_fetches_lists_and_pays_back(server: Server) -> None:
    rfnd = {"id": "rfnd_1", "payment_id": "pay_1", "amount": 500, "currency": "INR", "status": "processed"}
    server.answers = {
        "POST /v1/orders": (200, {"id": "order_1", "amount": 24995, "currency": "INR", "status": "created"}),
        "GET /v1/payments/pay_1": (200, _rzp_payment()),
        "GET /v1/orders/order_1/payments": (
            200,
            {"items": [_rzp_payment(id="pay_0", status="failed"), _rzp_payment()]},
        ),
        "GET /v1/payments": (200, {"items": [_rzp_payment()]}),
        "POST /v1/payments/pay_1/refund": (200, rfnd),
        "GET /v1/refunds": (200, {"items": [rfnd]}),
        "GET /v1/refunds/rfnd_1": (200, rfnd),
    }
    provider = _razorpay(server)
    checkout = provider.checkout_start(_order())
    assert (checkout.ref, checkout.page and checkout.page["key"]) == ("order_1", "rzp_test_1")
    assert json.loads(server.asked[0][3])["notes"] == {"reference": "ref-1"}
    assert server.asked[0][2]["Authorization"].startswith("Basic ")
    fact = provider.payment_fetch(ref="pay_1")
    assert fact == PaymentFact("pay_1", "succeeded", 24995, "INR", checkout_ref="order_1", reference="ref-1", fee=590)
    assert provider.payment_fetch(checkout_ref="order_1") == fact
    assert list(provider.payments_since(NOW)) == [fact]
    refund = provider.refund(payment_ref="pay_1", amount=500, currency="INR", key="refund-key-1")
    assert (refund.ref, refund.state) == ("rfnd_1", "succeeded")
    assert server.asked[-1][2]["X-Refund-Idempotency"] == "refund-key-1"
    assert list(provider.refunds_since(NOW)) == [refund] == [provider.refund_fetch(ref="rfnd_1")]


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (409, "Refund request with this idempotency key is in progress", RefundRunning),
        (400, "Different request body for the same idempotency key", RefundKeyReused),
        (400, "The total refund amount is greater than the refund payment amount", ProviderRefused),
    ],
)
def test_h11_what_razorpay_says_of_a_refund_key(
    server: Server, status: int, text: str, expected: type[Exception]
) -> None:
    error = {"error": {"code": "BAD_REQUEST_ERROR", "description": text}}
    server.answers = {"POST /v1/payments/pay_1/refund": (status, error)}
    with pytest.raises(expected):
        _razorpay(server).refund(payment_ref="pay_1", amount=500, currency="INR", key="refund-key-1")


def test_razorpay_in_trouble_or_away_is_away(server: Server) -> None:
    server.answers = {"POST /v1/orders": (502, {"error": {"code": "GATEWAY_ERROR", "description": "later"}})}
    with pytest.raises(ProviderAway):
        _razorpay(server).checkout_start(_order())
    gone = Keys(uuid4(), "rzp", public="a", api="b", api_base="http://127.0.0.1:9")
    with pytest.raises(ProviderAway):
        RazorpayProvider(gone).checkout_start(_order())


def test_razorpay_webhooks_are_signed_over_the_raw_body_and_read() -> None:
    provider = _razorpay()
    body = json.dumps(
        {
            "entity": "event",
            "event": "payment.failed",
            "created_at": 1769851800,
            "payload": {
                "payment": {"entity": _rzp_payment(status="failed", error_code="BAD", error_description="Declined")}
            },
        },
        indent=1,
    ).encode()
    headers = {SIGNATURE: signed("whsecret-1", body), EVENT_ID: "evt_1"}
    provider.verify(body, headers, NOW)
    told = provider.read(body, headers)
    (fact,) = told.facts
    assert isinstance(fact, PaymentFact)
    assert (told.ref, told.kind, fact.state, fact.failure_text) == ("evt_1", "payment.failed", "failed", "Declined")
    with pytest.raises(WebhookRefused):
        provider.verify(body + b" ", headers, NOW)
    assert provider.read(body, {}).ref.startswith("sha256:")
    dispute = {
        "event": "payment.dispute.lost",
        "created_at": 1769851800,
        "payload": {
            "payment": {"entity": _rzp_payment()},
            "dispute": {
                "entity": {"id": "disp_1", "payment_id": "pay_1", "amount": 9, "currency": "INR", "status": "lost"}
            },
        },
    }
    (lost,) = provider.read(json.dumps(dispute).encode(), {}).facts
    assert (lost.ref, lost.state) == ("disp_1", "lost")  # type: ignore[union-attr]


# --- Stripe ---


def _intent(**values: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 24995,
        "amount_received": 24995,
        "currency": "eur",
        "status": "succeeded",
        "metadata": {"reference": "ref-1"},
        "latest_charge": {
            "id": "ch_1",
            "object": "charge",
            "balance_transaction": {"object": "balance_transaction", "fee": 399},
        },
        "customer": "cus_1",
        "setup_future_usage": "off_session",
        "payment_method": {
            "id": "pm_1",
            "object": "payment_method",
            "type": "card",
            "card": {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2030},
        },
        **values,
    }


def test_stripe_by_its_sdk_begins_charges_fetches_lists_and_pays_back(server: Server) -> None:
    session = {
        "id": "cs_1",
        "object": "checkout.session",
        "url": "https://checkout.example/cs_1",
        "payment_intent": "pi_1",
    }
    refund = {
        "id": "re_1",
        "object": "refund",
        "payment_intent": "pi_1",
        "amount": 5,
        "currency": "eur",
        "status": "succeeded",
    }
    server.answers = {
        "POST /v1/checkout/sessions": (200, session),
        "GET /v1/checkout/sessions/cs_1": (200, session),
        "POST /v1/payment_intents": (200, _intent()),
        "GET /v1/payment_intents/pi_1": (200, _intent()),
        "GET /v1/payment_intents": (200, {"object": "list", "data": [_intent()], "has_more": False}),
        "POST /v1/refunds": (200, refund),
        "GET /v1/refunds": (
            200,
            {"object": "list", "data": [refund, {**refund, "payment_intent": None}], "has_more": False},
        ),
        "GET /v1/refunds/re_1": (200, refund),
    }
    provider = _stripe(server)
    order = _order(currency="EUR", return_url="https://here.example/back", save_method=True)
    checkout = provider.checkout_start(order)
    assert (checkout.ref, checkout.url) == ("cs_1", "https://checkout.example/cs_1")
    assert server.asked[0][2]["Idempotency-Key"] == "checkout:ref-1"
    fact = provider.charge(_order(currency="EUR", method_ref="pm_1", provider_customer="cus_1"))
    assert (fact.ref, fact.state, fact.amount, fact.currency, fact.fee) == ("pi_1", "succeeded", 24995, "EUR", 399)
    assert fact.method is not None
    assert (fact.method.ref, fact.method.label, fact.method.expires) == ("pm_1", "Visa •••• 4242", "2030-12-31")
    assert server.asked[1][2]["Idempotency-Key"] == "charge:ref-1"
    found = provider.payment_fetch(checkout_ref="cs_1")
    assert found is not None
    assert (found.ref, found.checkout_ref) == ("pi_1", "cs_1")
    assert [one.ref for one in provider.payments_since(NOW)] == ["pi_1"]
    assert provider.refund(payment_ref="pi_1", amount=5, currency="EUR", key="refund-key-1").ref == "re_1"
    found_refunds = list(provider.refunds_since(NOW))
    assert [one.ref for one in found_refunds] == ["re_1"]
    assert provider.refund_fetch(ref="re_1") == found_refunds[0]


def test_a_card_that_stripe_declines_is_an_answer_and_its_trouble_is_away(server: Server) -> None:
    declined = {
        "error": {
            "type": "card_error",
            "code": "card_declined",
            "decline_code": "insufficient_funds",
            "message": "Your card has insufficient funds.",
            "payment_intent": {"id": "pi_2", "object": "payment_intent"},
        }
    }
    server.answers = {"POST /v1/payment_intents": (402, declined)}
    fact = _stripe(server).charge(_order(currency="EUR", method_ref="pm_1", provider_customer="cus_1"))
    assert (fact.ref, fact.state, fact.failure_code) == ("pi_2", "failed", "insufficient_funds")
    server.answers = {"POST /v1/payment_intents": (500, {"error": {"type": "api_error", "message": "x"}})}
    with pytest.raises(ProviderAway):
        _stripe(server).charge(_order(currency="EUR"))
    server.answers = {"POST /v1/refunds": (400, {"error": {"type": "idempotency_error", "message": "other body"}})}
    with pytest.raises(RefundKeyReused):
        _stripe(server).refund(payment_ref="pi_1", amount=5, currency="EUR", key="refund-key-1")


def test_stripe_webhooks_are_accepted_as_its_own_library_signs_them() -> None:
    provider = _stripe()
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": 1769851800,
        "data": {"object": _intent()},
    }
    body = json.dumps(event).encode()
    seconds = int(NOW.timestamp())
    for secret in ("whsec_one", "whsec_two"):
        header = stripe_sdk.WebhookSignature.generate_signature_header(body.decode(), secret, seconds)
        provider.verify(body, {STRIPE_SIGNATURE: header}, NOW)
    told = provider.read(body, {})
    assert (told.ref, told.facts[0].ref) == ("evt_1", "pi_1")  # type: ignore[union-attr]
    late = datetime.fromtimestamp(seconds + 301, UTC)
    for bad, moment in (
        (header, late),
        ("t=1,v1=00", NOW),
        ("", NOW),
        (f"t={seconds},t={seconds},v1=0", NOW),
        ("t=x,v1=", NOW),
    ):
        with pytest.raises(WebhookRefused):
            provider.verify(body, {STRIPE_SIGNATURE: bad}, moment)
    failed = event | {
        "type": "payment_intent.payment_failed",
        "data": {
            "object": _intent(
                status="requires_payment_method", last_payment_error={"code": "card_declined", "message": "No."}
            )
        },
    }
    (fact,) = provider.read(json.dumps(failed).encode(), {}).facts
    assert (fact.state, fact.failure_code) == ("failed", "card_declined")  # type: ignore[union-attr]


# --- by hand ---


def test_a_transfer_shows_where_to_pay_and_a_code_for_rupees() -> None:
    provider = ManualProvider(Keys(uuid4(), "bank"))
    assert provider.checkout_start(_order()).page == {"road": "manual"}
    with pytest.raises(ProviderRefused):
        provider.charge(_order())
    address = upi_address(upi_id="harbour@bank", name="Harbour Software", amount=Money(249950, "INR"), note="INV-1")
    assert address == "upi://pay?pa=harbour@bank&pn=Harbour%20Software&am=2499.50&cu=INR&tn=INV-1"
    assert qr_image(address).startswith("data:image/png;base64,")
    with pytest.raises(ValueError, match="rupees"):
        upi_address(upi_id="a@b", name="x", amount=Money(1, "EUR"), note="")


# --- accounts ---


@pytest.mark.django_db
def test_secrets_are_sealed_opened_for_calls_and_in_no_event() -> None:
    with context.system("a test") as current:
        account = provider_account_create(
            actor=current.actor, provider="stripe", code="main", label="Stripe", live=True
        )
        provider_secret_set(actor=current.actor, account=account, kind="api", secret="sk_test_0123456789abcdef")
        provider_secret_set(actor=current.actor, account=account, kind="api", secret="sk_test_second_0123456789")
        provider_account_update(actor=current.actor, account=account, values={"label": "Stripe EU"})
    assert providers.of(account).keys.api == "sk_test_second_0123456789"
    row = ProviderSecret.objects.get()
    assert b"sk_test" not in bytes(row.sealed)
    told = str(list(Event.objects.filter(code__startswith="billing.provider").values()))
    assert "sk_test" not in told
    assert "billing.provider.updated" in told


@pytest.mark.django_db
def test_bad_accounts_and_secrets_are_refused_and_nothing_is_made() -> None:
    with context.system("a test") as current:
        actor = current.actor
        account = provider_account_create(actor=actor, provider="sandbox", code="box", label="Sandbox")
        bad: list[Any] = [
            lambda: provider_account_create(actor=actor, provider="sandbox", code="real", label="x", live=True),
            lambda: provider_account_create(actor=actor, provider="sandbox", code="box", label="Again"),
            lambda: provider_account_create(actor=actor, provider="unheard", code="odd", label="x"),
            lambda: provider_secret_set(actor=actor, account=account, kind="api", secret="short"),
            lambda: provider_secret_set(actor=actor, account=account, kind="other", secret="long-enough-0123"),
            lambda: provider_account_update(actor=actor, account=account, values={"live": True}),
            lambda: provider_account_update(actor=actor, account=account, values={"is_active": False}),
        ]
        for call in bad:
            with pytest.raises(Invalid):
                call()
    with context.acting(actor_of(person("Clerk", role="user"))) as current, pytest.raises(Forbidden):
        provider_account_create(actor=current.actor, provider="manual", code="bank", label="Bank")
    assert list(ProviderAccount.objects.values_list("code", "is_default")) == [("box", True)]
    assert ProviderSecret.objects.count() == 1
