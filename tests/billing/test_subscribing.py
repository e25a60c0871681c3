"""Beginning a subscription: by staff for a customer, and of plans that wait for their first payment."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from billing.errors.subscriptions import MoveRefused
from billing.ledger import chart
from billing.models import CouponRedemption, CreditNote, Invoice, Payment, Subscription
from billing.plan_drafts import VersionDraft, wrong_in
from billing.services import subscription_life as life
from billing.services.settlements import credit_put
from portal.kit import clock, context
from rbac.standing import standing_on
from tests.accounts.organisation_world import House, make_house
from tests.billing.catalogue_world import draft, flat, new_plan
from tests.billing.document_world import credit
from tests.billing.money_world import customer_of, seller
from tests.billing.payment_world import card, provider, worked
from tests.billing.subscription_world import buyer, change, fresh, on, plan, product, step, subscribed
from tests.billing.test_subscription_changes import coupon, traces
from tests.factories import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]
Browser = Callable[[User], Client]
FIRST = {"retries": [1], "stages": [], "first_payment": True}


@pytest.fixture
def house() -> House:
    """An organisation that could buy."""
    made = make_house("Harbour")
    seller(regime="none")
    return made


# --- staff ---


def test_staff_sees_what_a_subscription_bills_and_begins_it(house: House, world: World, browser_of: Browser) -> None:
    client, customer = browser_of(world.admin), customer_of(house.organisation)
    version = plan(1000, name="Small", visibility="hidden", model="per_seat")
    plan(9900, name="Dollars", currency="USD")
    coupon("HALF")
    new, address = "/platform/subscriptions/new", f"/platform/customers/{customer.pk}/subscribe"
    assert customer.name in client.get(new).content.decode()
    assert client.get(new, {"customer": str(customer.pk)})["Location"] == address
    assert client.get(new, {"customer": "nobody"}).status_code == 422
    for page, link in (("/platform/subscriptions", new), (f"/platform/customers/{customer.pk}", address)):
        assert link in client.get(page).content.decode()
        assert link not in browser_of(world.manager).get(page).content.decode()
    form = client.get(address).content.decode()
    assert "Small: €10.00" in form
    assert "Dollars" not in form
    before = traces()
    asked = {"plan": str(version.plan_id), "quantity": "3", "coupon": "HALF"}
    assert "€15.00" in client.get(address, asked).content.decode()
    assert client.get(address, asked | {"quantity": "0"}).status_code == 422
    assert client.get(address, asked | {"starts_at": "2999-01-01T00:00"}).status_code == 422
    assert client.get(address, asked | {"coupon": "NONE"}).status_code == 409
    assert client.post(address, asked | {"trial_days": "1000"}).status_code == 422
    assert traces() == before
    reply = client.post(address, asked | {"trial_days": "", "first_payment": "no"})
    found = Subscription.objects.get()
    assert (reply.status_code, reply["Location"]) == (302, f"/platform/subscriptions/{found.pk}")
    assert (found.state, Invoice.objects.get().total) == ("active", 1500)
    assert client.post(address, asked).status_code == 409
    manager = browser_of(world.manager)
    assert (manager.get(address).status_code, manager.get(new).status_code) == (403, 403)
    assert manager.post(address, asked).status_code == 403
    assert Subscription.objects.count() == 1


def test_staff_subscribes_one_that_began_elsewhere_from_its_next_period_on(
    house: House, world: World, browser_of: Browser
) -> None:
    customer = customer_of(house.organisation)
    version, start = plan(1000), clock.now() - timedelta(days=10)
    until = clock.now() - timedelta(days=5)
    sent = {
        "plan": str(version.plan_id),
        "quantity": "1",
        "trial_days": "0",
        "starts_at": f"{start:%Y-%m-%dT%H:%M}",
        "charges_from": f"{until:%Y-%m-%dT%H:%M}",
    }
    assert browser_of(world.admin).post(f"/platform/customers/{customer.pk}/subscribe", sent).status_code == 302
    found = Subscription.objects.get()
    assert (found.started_at.date(), found.charges_from) == (start.date(), until.replace(second=0, microsecond=0))
    assert 0 < Invoice.objects.get().total < 1000


# --- with the first payment ---


def test_a_plan_says_that_it_begins_with_its_first_payment(world: World, browser_of: Browser) -> None:
    made = new_plan("pro")
    draft(made, flat(2900))
    client, page = browser_of(world.admin), f"/platform/plans/{made.pk}/terms"
    shown = client.get(page).content.decode()
    assert "It begins with its first payment" in shown
    sent = {
        "interval_count": "1",
        "interval_unit": "month",
        "billing": "advance",
        "anchor": "anniversary",
        "proration": "day_ratio",
        "trial_days": "0",
        "on_upgrade": "now",
        "on_downgrade": "period_end",
        "first_payment": "on",
        "retries": "1, 3",
    }
    assert client.post(page, sent).status_code == 302
    version = made.versions.get()
    assert version.dunning == {"retries": [1, 3], "stages": [], "first_payment": True}
    assert "checked" in client.get(page).content.decode()
    assert client.post(page, {k: v for k, v in sent.items() if k != "first_payment"}).status_code == 302
    assert "first_payment" not in made.versions.get().dunning
    for wrong in ("yes", 1, None):
        told = wrong_in(VersionDraft({"dunning": FIRST | {"first_payment": wrong}}, [flat()]))
        assert list(told) == ["dunning"]
    assert wrong_in(VersionDraft({"dunning": FIRST}, [flat()])) == {}


def test_an_owner_pays_first_and_then_its_plan_begins(house: House, browser_of: Browser) -> None:
    provider()
    version = plan(1000, name="Small", dunning=FIRST)
    client, address = browser_of(house.owner), house.url("billing/plan")
    reply = client.post(f"{address}/subscribe", {"plan": str(version.plan_id)})
    invoice = Invoice.objects.get()
    assert reply["Location"] == house.url(f"billing/invoices/{invoice.pk}/pay")
    found = Subscription.objects.get()
    assert (found.state, found.mrr) == ("incomplete", 0)
    shown = client.get(address).content.decode()
    assert "waits for its first payment" in shown
    assert reply["Location"] in shown
    assert "Pay now" not in browser_of(house.admin).get(address).content.decode()
    page = client.post(reply["Location"])["Location"]
    client.post(page, {"do": "pay", "number": "4000 0000 0000 0002"})
    worked()
    assert fresh(found).state == "incomplete"
    page = client.post(reply["Location"])["Location"]
    client.post(page, {"do": "pay", "number": "4242 4242 4242 4242"})
    worked()
    assert (fresh(found).state, fresh(found).mrr) == ("active", 1000)
    assert "waits for its first payment" not in client.get(address).content.decode()


def test_who_has_a_card_is_charged_and_who_owes_nothing_begins_at_once(house: House, browser_of: Browser) -> None:
    provider()
    card(customer_of(house.organisation))
    version = plan(1000, dunning=FIRST)
    reply = browser_of(house.owner).post(house.url("billing/plan/subscribe"), {"plan": str(version.plan_id)})
    assert reply["Location"] == house.url("billing/plan")
    assert Subscription.objects.get().state == "incomplete"
    worked()
    assert (Subscription.objects.get().state, Payment.objects.get().state) == ("active", "succeeded")
    trial, _ = subscribed(buyer(), plan(1000, dunning=FIRST, trial_days=7), "2024-04-01")
    free, _ = subscribed(buyer(), plan(0, dunning=FIRST), "2024-04-01")
    assert (trial.state, fresh(free).state) == ("trialing", "active")


def test_what_is_not_paid_in_23_hours_closes_and_can_be_chosen_again(house: House, browser_of: Browser) -> None:
    customer, version = customer_of(house.organisation), plan(1000, name="Small", dunning=FIRST)
    coupon("HALF")
    found, done = subscribed(customer, version, "2024-04-01", quantity=3, coupon="HALF")
    assert (found.next_at, step(found, "2024-04-01T22:59")) == (on("2024-04-01T23:00"), 0)
    assert step(found, "2024-04-02") == 1
    closed = fresh(found)
    assert (closed.state, closed.ended_at) == ("incomplete_expired", on("2024-04-01T23:00"))
    assert not found.items.filter(ends_at=None).exists()
    assert not CouponRedemption.objects.filter(ended_at=None).exists()
    assert Invoice.objects.get(pk=done.bill.invoice.pk).state == "void"  # type: ignore[union-attr] # it owes
    with pytest.raises(MoveRefused):
        change(life.subscription_cancel, closed, "2024-04-03")
    client = browser_of(house.owner)
    shown = client.get(house.url("billing/plan")).content.decode()
    assert "This plan never began." in shown
    assert client.post(house.url("billing/plan/reactivate")).status_code == 302
    anew = Subscription.objects.latest("id")
    assert (anew.state, anew.items.get().quantity) == ("incomplete", 3)


def test_credit_that_was_spent_on_what_never_began_comes_back() -> None:
    customer, version = buyer(), plan(1000, dunning=FIRST)
    with context.system("a test") as current, clock.at(on("2024-03-01")), standing_on(customer.organisation_id):
        credit_put(actor=current.actor, customer=customer, amount=400, key="gift", of=chart.bank("test", "EUR"))
    found, done = subscribed(customer, version, "2024-04-01")
    assert (fresh(found).state, done.bill.invoice.due) == ("incomplete", 600)  # type: ignore[union-attr] # it owes
    step(found, "2024-04-02")
    assert fresh(found).state == "incomplete_expired"
    assert (CreditNote.objects.get().total, credit(customer)) == (1000, 400)
    assert Invoice.objects.get().due == 0


def test_who_waits_for_its_first_payment_can_only_end_it(house: House, world: World, browser_of: Browser) -> None:
    with clock.at(datetime(2026, 11, 20, 9, tzinfo=UTC)):
        found, _ = subscribed(customer_of(house.organisation), plan(1000, dunning=FIRST), "2026-11-20")
        page = browser_of(world.admin).get(f"/platform/subscriptions/{found.pk}").content.decode()
        assert "Closes unless paid by" in page
        for act, offered in (("end", True), ("cancel", False), ("drop-change", False), ("pause", False)):
            assert (f"/platform/subscriptions/{found.pk}/{act}" in page) is offered, act
        client = browser_of(house.owner)
        assert client.post(house.url("billing/plan/end")).status_code == 302
        assert (fresh(found).state, Invoice.objects.get().state) == ("cancelled", "void")


def test_two_plans_of_one_product_do_not_wait_beside_each_other(house: House, browser_of: Browser) -> None:
    of = product()
    first, second = plan(1000, of=of, dunning=FIRST), plan(2000, of=of, dunning=FIRST)
    client, address = browser_of(house.owner), house.url("billing/plan/subscribe")
    assert client.post(address, {"plan": str(first.plan_id)}).status_code == 302
    before = traces()
    assert client.post(address, {"plan": str(second.plan_id)}).status_code == 409
    assert traces() == before
