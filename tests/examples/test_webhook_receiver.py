"""The sample host product hears of money: what Steward sends is proven, kept once, and has its amounts with currencies."""

import base64
from typing import Any

import pytest
from flask.testing import FlaskClient

from billing.models import WebhookDelivery, WebhookEndpoint
from docs.examples.host_product import create_app
from docs.examples.host_product.store import Store
from docs.examples.steward_client import Steward
from maintenance import publisher
from portal.kit import clock
from portal.kit.webhooks import signed_headers
from tests.accounts.organisation_world import make_house
from tests.billing.api_world import eur
from tests.billing.document_world import buyer, final
from tests.billing.payment_world import begun, payment_data, told, worked
from tests.billing.test_credit_notes import note
from tests.billing.test_webhooks import hook

pytestmark = pytest.mark.django_db
TYPES = ["invoice.issued", "invoice.paid", "credit_note.issued", "payment.succeeded"]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody but the test executes runs."""
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)


def _host(secret: str) -> tuple[FlaskClient, Store]:
    store = Store()
    steward = Steward("http://steward.example", "sk_test_key", application="product")
    return create_app(steward, store, lambda request: "", webhook_secret=secret).test_client(), store


def _sent(delivery: WebhookDelivery, secret: bytes) -> tuple[bytes, dict[str, str]]:
    """The message as Steward sends it."""
    body = delivery.body.encode()
    return body, signed_headers([secret], delivery.message_id, clock.now(), body)


def test_a_host_product_hears_of_money_once_and_believes_nobody_else() -> None:
    house = make_house("Harbour")
    _endpoint, secret = hook(house, types=TYPES)
    host, store = _host(secret)
    customer = buyer("19", where=house.organisation)
    invoice = final(customer, 100_00)
    payment = begun(invoice)
    assert told("payment.succeeded", payment_data(payment)).status_code == 200
    worked("billing.process_provider_event")
    note(invoice, amount=1_19)

    key = base64.b64decode(secret.removeprefix("whsec_"))
    deliveries = list(WebhookDelivery.objects.order_by("created_at", "id"))
    for delivery in deliveries * 2:
        body, headers = _sent(delivery, key)
        assert host.post("/steward-webhooks", data=body, headers=headers).status_code == 204
    assert sorted(one["type"] for one in store.news.values()) == sorted(TYPES)
    data = {one["type"]: one["data"] for one in store.news.values()}
    assert data["invoice.issued"]["changes"]["total"] == eur(119_00)
    assert data["credit_note.issued"]["changes"]["total"] == eur(1_19)
    assert (data["payment.succeeded"]["facts"]["amount"], data["payment.succeeded"]["changes"]["applied"]) == (
        eur(119_00),
        eur(119_00),
    )
    assert _bare(list(store.news.values())) == []

    body, headers = _sent(deliveries[0], key)
    for wrong_body, wrong_headers in (
        (body.replace(b"100", b"900"), headers),
        (body, {**headers, "webhook-signature": "v1,AAAA"}),
        (body, {**headers, "webhook-timestamp": "1"}),
        (body, {}),
        (body, signed_headers([b"another secret of thirty-two byte"], deliveries[0].message_id, clock.now(), body)),
    ):
        assert host.post("/steward-webhooks", data=wrong_body, headers=wrong_headers).status_code == 401
    deaf, nothing = _host("")
    forged = signed_headers([b""], deliveries[0].message_id, clock.now(), body)
    assert (deaf.post("/steward-webhooks", data=body, headers=forged).status_code, nothing.news) == (401, {})
    assert (len(store.news), WebhookEndpoint.objects.get().organisation_id) == (len(TYPES), house.id)


def _bare(found: Any) -> list[str]:
    """Names of numbers that stand outside of money, in a message and all below it."""
    if isinstance(found, list):
        return [name for one in found for name in _bare(one)]
    if not isinstance(found, dict) or found.keys() == {"amount", "currency"}:
        return []
    numbers = [name for name, value in found.items() if isinstance(value, int) and not isinstance(value, bool)]
    return [*numbers, *_bare(list(found.values()))]
