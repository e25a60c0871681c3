"""Payments over the API: read by staff, paid back once per key."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any, ClassVar

import pytest
from django.test import Client

from accounts.models import User
from billing.models import Customer, Payment, Refund
from tests.billing.api_world import eur
from tests.billing.document_world import buyer, final
from tests.billing.payment_world import card, collected, provider
from tests.cases.api import ApiCase
from tests.factories import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]
_numbers = count(1)
Browser = Callable[[User], Client]


class TestPaymentCollection(ApiCase):
    collection = "/api/v1/payments"
    reader = "admin"  # Who sees payments may write them down, too: there is no lesser right.
    reader_may = frozenset({"post"})
    models = (Payment,)
    valid: ClassVar[Any] = {
        "customer_id": lambda: str((Customer.objects.first() or buyer()).pk),
        "account_id": lambda: str(provider("manual").pk),
        "amount": eur(5_00),
        "key": lambda: f"transfer-{next(_numbers):06}",
    }

    def existing(self, world: World) -> str:
        customer = buyer()
        card(customer)
        payment = collected(final(customer, 25_00))
        assert payment is not None
        return f"{self.collection}/{payment.pk}"

    def make(self, number: int) -> None:
        customer = buyer()
        card(customer)
        for _ in range(number):
            collected(final(customer, 5_00))


def test_a_refund_over_the_api_happens_once_per_key(world: World, browser_of: Browser) -> None:
    customer = buyer()
    card(customer)
    payment = collected(final(customer, 25_00))
    assert payment is not None
    where = f"/api/v1/payments/{payment.pk}/refunds"

    def send(client: Client, **values: Any) -> Any:
        body = {"amount": eur(10_00), "reason": "Too late", "key": "api-refund-1", **values}
        return client.post(where, json.dumps(body), content_type="application/json")

    admin = browser_of(world.admin)
    first, second = send(admin), send(admin)
    assert (first.status_code, second.json()["id"]) == (201, first.json()["id"])
    for values, status, code in (
        ({"amount": eur(11_00)}, 400, "billing.refund_key_reused"),
        ({"key": "short"}, 422, "billing.refund_key_short"),
        ({"key": "api-refund-2", "amount": eur(99_00)}, 409, "billing.refund_too_much"),
        ({"key": "api-refund-2", "amount": eur(-1)}, 422, "kit.invalid"),
        ({"key": "api-refund-2", "amount": eur(1.5)}, 422, "kit.invalid"),
    ):
        reply = send(admin, **values)
        assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert send(browser_of(world.manager)).status_code == 403
    assert send(Client()).status_code == 401
    assert Refund.objects.count() == 1
    assert [one["id"] for one in admin.get(where).json()["items"]] == [first.json()["id"]]
