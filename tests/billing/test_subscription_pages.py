"""Subscriptions in the console, and an organisation's own plan."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from billing.models import Subscription
from portal.kit import context
from tests.accounts.organisation_world import House, make_house
from tests.billing.money_world import customer_of, seller
from tests.billing.subscription_world import plan, product, subscribed
from tests.billing.test_subscription_changes import traces
from tests.factories import World

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


@pytest.fixture
def house() -> House:
    """An organisation that could buy."""
    made = make_house("Harbour")
    seller(regime="none")
    return made


def test_an_owner_chooses_a_plan_sees_what_it_costs_and_cancels_without_asking_anybody(
    house: House, browser_of: Browser
) -> None:
    of = product()
    small, large = plan(1000, of=of, name="Small"), plan(3000, of=of, name="Large")
    client = browser_of(house.owner)
    address = house.url("billing/plan")
    before = traces()
    assert "No plan yet" in client.get(address).content.decode()
    shown = client.get(f"{address}/subscribe?plan={small.plan_id}").content.decode()
    assert "€10.00" in shown
    assert traces() == before
    assert client.post(f"{address}/subscribe", {"plan": str(small.plan_id)}).status_code == 302
    found = Subscription.objects.get()
    assert found.state == "active"
    assert client.post(f"{address}/subscribe", {"plan": str(small.plan_id)}).status_code == 409
    shown = client.get(f"{address}/change-plan?plan={large.plan_id}").content.decode()
    assert "€20.00" in shown or "€30.00" in shown
    assert client.post(f"{address}/change-plan", {"plan": str(large.plan_id)}).status_code == 302
    assert "Large" in client.get(address).content.decode()
    assert client.post(f"{address}/cancel", {"note": "Too large"}).status_code == 302
    assert Subscription.objects.get().cancel_at is not None
    assert client.post(f"{address}/reactivate").status_code == 302
    assert Subscription.objects.get().cancel_at is None
    assert client.get(f"{address}/pause").status_code == 404


def test_who_only_reads_sees_the_plan_and_changes_nothing(house: House, browser_of: Browser) -> None:
    version = plan(1000)
    subscribed(customer_of(house.organisation), version, "2026-11-01")
    client = browser_of(house.admin)
    page = client.get(house.url("billing/plan"))
    assert page.status_code == 200
    assert "Next invoice" in page.content.decode()
    assert client.get(house.url("billing/plan/cancel")).status_code == 403
    assert client.post(house.url("billing/plan/cancel")).status_code == 403
    assert browser_of(house.editor).get(house.url("billing/plan")).status_code == 403
    assert Subscription.objects.get().cancel_at is None


def test_staff_sees_a_subscription_with_what_comes_next_and_acts_on_it(
    house: House, world: World, browser_of: Browser
) -> None:
    found, _ = subscribed(customer_of(house.organisation), plan(1000, name="Small"), "2026-11-01")
    client = browser_of(world.admin)
    address = f"/platform/subscriptions/{found.pk}"
    assert "Small" in client.get("/platform/subscriptions").content.decode()
    page = client.get(address).content.decode()
    assert "Next invoice" in page
    assert "€10.00" in page
    assert "Began" in client.get(f"{address}?tab=timeline").content.decode()
    for act in ("pause", "cancel", "end", "set-quantity", "apply-coupon"):
        assert client.get(f"{address}/{act}").status_code == 200
    assert client.get(f"{address}/nothing").status_code == 404
    assert client.post(f"{address}/apply-coupon", {"code": "NONE"}).status_code == 409
    assert client.post(f"{address}/set-quantity", {"quantity": "0"}).status_code == 422
    assert client.post(f"{address}/pause", {"note": "Asked by phone"}).status_code == 302
    assert Subscription.objects.get().state == "paused"
    assert client.get(address).status_code == 200
    assert client.post(f"{address}/resume").status_code == 302
    manager = browser_of(world.manager)
    assert manager.get(address).status_code == 200
    assert manager.post(f"{address}/end").status_code == 403
    with context.system("a test"):
        assert Subscription.objects.get().state == "active"


def test_a_choice_names_the_plan_with_its_interval_and_what_is_there_to_change(
    house: House, browser_of: Browser
) -> None:
    of = product()
    monthly, tried = plan(1000, of=of, name="Pro"), plan(2000, of=of, name="Team", trial_days=14)
    yearly, pack = plan(9000, of=of, name="Pro", interval_unit="year"), plan(300, of=of, name="Storage", addon=True)
    client, address = browser_of(house.owner), house.url("billing/plan")
    assert "14 days free" in client.get(address).content.decode()
    chosen = client.get(f"{address}/subscribe?plan={tried.plan_id}").content.decode()
    assert "Team, per month" in chosen
    assert "14 days free" in chosen
    assert client.post(f"{address}/subscribe", {"plan": str(monthly.plan_id)}).status_code == 302
    asked = client.get(f"{address}/change-plan?plan={yearly.plan_id}").content.decode()
    assert asked.count("Pro, per year") == 2, "In the list, and in what the preview is of."
    quantity = client.get(f"{address}/set-quantity").content.decode()
    assert 'value="1"' in quantity
    assert "The plan has 1 now." in quantity
    assert "The plan itself" not in quantity, "There is nothing else to choose."
    page = client.get(address).content.decode()
    assert "/plan/drop-change" not in page
    assert "/plan/remove-addon" not in page
    assert client.post(f"{address}/add-addon", {"plan": str(pack.plan_id), "quantity": "2"}).status_code == 302
    assert client.post(f"{address}/remove-addon", {"plan": str(pack.plan_id)}).status_code == 302
    page = client.get(address).content.decode()
    assert "/plan/drop-change" in page
    assert "/plan/remove-addon" in page
    assert "The plan itself" in client.get(f"{address}/set-quantity").content.decode()
