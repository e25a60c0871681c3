"""Webhooks of an organisation: the inherited cases of their list and of their endpoints."""

from itertools import count

import pytest

from accounts.models import User
from billing.models import WebhookDelivery, WebhookEndpoint
from portal.kit import context
from portal.kit.ids import uuid7
from portal.kit.services import writing
from tests.accounts.organisation_world import House, make_house
from tests.billing.test_webhooks import hook
from tests.cases.api import NOWHERE
from tests.cases.inside import Inside
from tests.cases.listing import ListCase
from tests.factories import World

_numbers = count(1)


def _hooks(house: House, number: int) -> None:
    # Past the service, which stops at twenty.
    with context.system("a test"), writing():
        for _ in range(number):
            WebhookEndpoint.objects.create(
                organisation=house.organisation,
                url=f"https://hooks{next(_numbers):04d}.example.com/",
                types=["member.added"],
                secret_key_id="k",
                secret_sealed=b"sealed",
            )


class TestWebhookList(ListCase):
    name = "billing.webhooks"
    stranger_status = 404  # An organisation that one is no member of is told like one that does not exist.
    house: House

    @pytest.fixture(autouse=True)
    def _house(self, world: World) -> None:
        hook(make_house("Elsewhere"))
        self.house = make_house("Harbour")

    def address(self, world: World) -> str:
        return self.house.url("webhooks")

    def who(self, world: World) -> User:
        return self.house.admin

    def make(self, number: int) -> None:
        _hooks(self.house, number)


class TestWebhooks(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/webhooks"
    below = "webhooks"
    reader = "admin"  # Who sees webhooks may change them, too: there is no lesser right.
    reader_may = frozenset({"post", "patch", "delete"})
    holder = "owner"
    valid = {"url": "https://hooks.example.com/steward", "types": ["member.added"]}
    changed = {"description": "Order desk"}
    models = (WebhookEndpoint,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{hook(self.house)[0].pk}"

    def make(self, number: int) -> None:
        _hooks(self.house, number)


class TestDeliveries(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/webhooks/{NOWHERE}/deliveries"
    reader = "admin"
    holder = "owner"
    models = (WebhookDelivery,)
    endpoint: WebhookEndpoint

    @pytest.fixture(autouse=True)
    def _endpoint(self, _house: None) -> None:
        self.endpoint = hook(self.house)[0]
        self.collection = f"/api/v1/organisations/{self.house.id}/webhooks/{self.endpoint.pk}/deliveries"

    def _sent(self) -> WebhookDelivery:
        with context.system("a test"), writing():
            return WebhookDelivery.objects.create(
                organisation=self.house.organisation,
                endpoint=self.endpoint,
                message_id=uuid7(),
                type="member.added",
                body="{}",
            )

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._sent().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self._sent()
