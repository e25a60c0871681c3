"""The list and the endpoints of subscriptions, by the same cases as all others."""

from typing import ClassVar

import pytest
from django.db.models import Model

from accounts.models import User
from billing.models import BilledLine, Invoice, PlanVersion, Subscription, SubscriptionItem
from tests.accounts.organisation_world import make_house, organisation
from tests.billing.money_world import customer_of, seller
from tests.billing.subscription_world import buyer, plan, subscribed
from tests.cases.api import JSON, ApiCase, Browser
from tests.cases.inside import Inside
from tests.cases.listing import ListCase
from tests.factories import World

STARTED = "2026-11-01"


class TestSubscriptionList(ListCase):
    name = "billing.subscriptions"

    def make(self, number: int) -> None:
        version = plan(1000)
        entity = seller(regime="none")
        for place in range(number):
            subscribed(buyer(entity=entity), version, STARTED, trial_days=60 * (place % 2))

    def who(self, world: World) -> User:
        return world.manager


class TestSubscriptions(ApiCase):
    collection = "/api/v1/subscriptions"
    models: ClassVar[tuple[type[Model], ...]] = (Subscription, SubscriptionItem, Invoice, BilledLine)
    version: PlanVersion

    @pytest.fixture(autouse=True)
    def _offer(self, world: World) -> None:
        self.version = plan(1000)
        type(self).valid = {
            "customer_id": lambda: str(customer_of(organisation("Buyer"), entity=seller(regime="none")).pk),
            "plan": self.version.plan.code,
        }

    def existing(self, world: World) -> str:
        found, _ = subscribed(buyer(), self.version, STARTED)
        return f"{self.collection}/{found.pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            subscribed(buyer(), self.version, STARTED)


def test_an_owner_previews_changes_and_cancels_by_the_api(world: World, browser_of: Browser) -> None:
    case = Inside()
    case.house = make_house("Harbour")
    seller(regime="none")
    small = plan(1000)
    large = plan(3000, of=small.plan.product)
    owner = case.browser(world, browser_of, "owner")
    address = f"/api/v1/organisations/{case.house.id}/subscription"
    assert owner.get(address).status_code == 404
    made = owner.post(address, {"plan": small.plan.code}, content_type=JSON)
    assert (made.status_code, made.json()["mrr"]) == (201, {"amount": 1000, "currency": "EUR"})
    assert (
        owner.post(address, {"plan": small.plan.code}, content_type=JSON).json()["code"] == "billing.already_subscribed"
    )
    seen = owner.post(
        f"{address}/changes", {"act": "change-plan", "plan": large.plan.code, "preview": True}, content_type=JSON
    )
    assert (seen.json()["done"], seen.json()["preview"]["state"]) == (False, "active")
    assert Subscription.objects.get().plan_version == small
    done = owner.post(f"{address}/changes", {"act": "change-plan", "plan": large.plan.code}, content_type=JSON).json()
    assert (done["done"], done["subscription"]["plan"], done["preview"]) == (True, large.plan.code, None)
    assert Invoice.objects.filter(pk=done["invoice_id"]).exists()
    assert owner.post(f"{address}/changes", {"act": "change-plan"}, content_type=JSON).status_code == 422
    assert owner.post(f"{address}/changes", {"act": "pause"}, content_type=JSON).status_code == 404
    assert owner.post(f"{address}/changes", {"act": "cancel"}, content_type=JSON).json()["subscription"]["cancel_at"]
    assert owner.get(address).json()["plan"] == large.plan.code
    viewer = case.browser(world, browser_of, "viewer")
    assert viewer.get(address).status_code == 403
    assert viewer.post(f"{address}/changes", {"act": "reactivate"}, content_type=JSON).status_code == 403


def test_staff_changes_any_subscription_by_the_api(world: World, browser_of: Browser) -> None:
    found, _ = subscribed(buyer(), plan(1000), STARTED)
    address = f"/api/v1/subscriptions/{found.pk}/changes"
    staff = browser_of(world.admin)
    assert staff.post(address, {"act": "pause"}, content_type=JSON).status_code == 200
    assert Subscription.objects.get().state == "paused"
    manager = browser_of(world.manager)
    assert manager.post(address, {"act": "resume"}, content_type=JSON).status_code == 403
    assert Subscription.objects.get().state == "paused"
