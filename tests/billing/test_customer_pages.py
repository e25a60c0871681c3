"""Pages of customers and of who sells to them: what their forms do, and what each of them shows to whom."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from billing.models import BillingContact, Customer, TaxId, TaxRate
from billing.models import TestClock as Stopped
from billing.services.clocks import clock_start
from billing.services.dunning import dunning_start
from maintenance import publisher
from maintenance.models import JobRun
from portal.kit import clock, context
from tests.accounts.organisation_world import House, make_house, organisation
from tests.billing.document_world import buyer, final
from tests.billing.money_world import customer_of, seller
from tests.billing.payment_world import card, collected, provider
from tests.billing.subscription_world import plan as priced
from tests.billing.subscription_world import subscribed
from tests.billing.usage_world import plan as given
from tests.factories import World

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _quiet_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)


def sandbox(house: House) -> Customer:
    """The organisation as a sandbox customer with a clock."""
    customer = customer_of(house.organisation, sandbox=True)
    with context.system("a test") as current:
        clock_start(actor=current.actor, customer=customer)
    return Customer.objects.get(pk=customer.pk)


def test_staff_adds_rates_ends_one_and_is_told_what_is_wrong(world: World, browser_of: Browser) -> None:
    client, here = (
        browser_of(world.admin),
        f"/platform/legal-entities/{seller(regime='gst', region='29', country='IN').pk}",
    )
    page = f"{here}?tab=rates"
    assert "No rates yet" in client.get(page).content.decode()
    assert client.post(page, {"do": "load"}).status_code == 302
    assert TaxRate.objects.count() == 3
    sent = {
        "do": "add",
        "code": "cess",
        "name": "Cess",
        "percent": "1",
        "category": "standard",
        "valid_from": "2030-01-01",
    }
    assert client.post(page, sent | {"percent": "101"}).status_code == 422
    assert client.post(page, sent | {"valid_from": "never"}).status_code == 422
    assert client.post(page, sent).status_code == 302
    assert client.post(page, sent).status_code == 409
    rate = TaxRate.objects.get(code="cess")
    assert f"end-{rate.pk}" in client.get(page).content.decode()
    for until in ("", "2029-01-01"):
        assert client.post(page, {"do": "end", "rate": rate.pk, "valid_until": until}).status_code == 409
    assert client.post(page, {"do": "end", "rate": rate.pk, "valid_until": "2031-01-01"}).status_code == 302
    assert client.post(page, {"do": "nonsense"}).status_code == 400
    rate.refresh_from_db()
    assert str(rate.valid_until) == "2031-01-01"
    assert browser_of(world.manager).post(page, sent | {"code": "x"}).status_code == 403
    assert TaxRate.objects.count() == 4


def test_staff_makes_a_customer_of_an_organisation_once(world: World, browser_of: Browser) -> None:
    entity, where, client = seller(), organisation("Meadow"), browser_of(world.admin)
    page = "/platform/customers/new"
    assert where.name in client.get(page).content.decode()
    sent = {
        "organisation": str(where.pk),
        "entity": str(entity.pk),
        "currency": "EUR",
        "language": "en",
        "time_zone": "UTC",
        "tax_status": "taxable",
        "sandbox": "on",
    }
    assert client.post(page, sent | {"country": "QQ"}).status_code == 422
    assert client.post(page, sent).status_code == 302
    assert client.post(page, sent).status_code == 422
    made = Customer.objects.get()
    assert (made.name, made.sandbox) == (where.name, True)
    assert browser_of(world.manager).get(page).status_code == 403


def test_the_page_of_a_customer_shows_it_whole(world: World, browser_of: Browser) -> None:
    house = make_house("Harbour")
    customer = sandbox(house)
    client = browser_of(world.admin)
    here = f"/platform/customers/{customer.pk}"
    text = client.get(here).content.decode()
    for words in ("This is a sandbox", "Settling in", str(house.owner), "An API key was made", "4 members"):
        assert words in text, words
    for tab in ("details", "clock", "notes", "history"):
        assert client.get(f"{here}?tab={tab}").status_code == 200
    assert browser_of(world.manager).get(f"{here}?tab=notes").status_code == 403
    assert client.post(f"{here}?tab=notes", {"text": "Pays by transfer."}).status_code == 302
    assert "Pays by transfer." in client.get(f"{here}?tab=notes").content.decode()
    assert client.post(f"{here}?tab=details", {"do": "contact-add", "email": "a@example.com"}).status_code == 302
    assert client.post(f"{here}?tab=details", {"do": "contact-add", "email": "a@example.com"}).status_code == 422
    assert client.post(f"{here}?tab=clock", {"do": "start"}).status_code == 409


def test_an_owner_keeps_its_own_details_and_an_administrator_sees_them(world: World, browser_of: Browser) -> None:
    seller()
    house = make_house("Harbour")
    page, owner, admin = house.url("billing/details"), browser_of(house.owner), browser_of(house.admin)
    assert "No billing details yet" in admin.get(page).content.decode()
    sent = {"do": "save", "name": "Harbour SA", "country": "FR", "language": "en", "time_zone": "Europe/Paris"}
    assert admin.post(page, sent).status_code == 403
    assert owner.post(page, {"do": "contact-add", "email": "a@example.com"}).status_code == 404
    assert owner.post(page, sent | {"name": ""}).status_code == 422
    assert not Customer.objects.exists()
    assert owner.post(page, sent).status_code == 302
    assert owner.post(page, {"do": "contact-add", "email": "a@example.com", "name": "A"}).status_code == 302
    wrong = owner.post(page, {"do": "tax-id-add", "kind": "eu_vat", "value": "FR40303265046"})
    assert wrong.status_code == 422
    assert owner.post(page, {"do": "tax-id-add", "kind": "eu_vat", "value": "FR40303265045"}).status_code == 302
    seen = admin.get(page).content.decode()
    assert "FR40303265045" in seen
    assert "contact-remove" not in seen
    for todo, name, model in (("contact-remove", "contact", BillingContact), ("tax-id-remove", "tax_id", TaxId)):
        key = model.objects.get().pk
        assert admin.post(page, {"do": todo, name: key}).status_code == 403
        assert owner.post(page, {"do": todo, name: key}).status_code == 302
        assert not model.objects.exists()
    assert owner.post(page, {"do": "nonsense"}).status_code == 400
    assert browser_of(house.viewer).get(page).status_code == 403
    assert browser_of(world.stranger).get(page).status_code == 404


def test_nobody_sells_yet_and_the_page_says_so(world: World, browser_of: Browser) -> None:
    house = make_house("Harbour")
    sent = {"do": "save", "name": "Harbour SA", "language": "en", "time_zone": "UTC"}
    reply = browser_of(house.owner).post(house.url("billing/details"), sent)
    assert reply.status_code == 409
    assert "Nobody sells here yet" in reply.content.decode()
    assert not Customer.objects.exists()


def test_the_clock_of_a_sandbox_is_sent_forward_by_its_owner(world: World, browser_of: Browser) -> None:
    house, real = make_house("Harbour"), make_house("Real")
    customer_of(house.organisation, sandbox=True)
    customer_of(real.organisation)
    page, owner = house.url("billing/clock"), browser_of(house.owner)
    assert "No clock yet" in owner.get(page).content.decode()
    assert browser_of(house.admin).post(page, {"do": "start"}).status_code == 403
    assert owner.post(page, {"do": "start"}).status_code == 302
    assert owner.post(page, {"do": "start"}).status_code == 409
    to = (clock.now() + timedelta(days=40)).strftime("%Y-%m-%dT%H:%M")
    assert owner.post(page, {"do": "advance", "to": "yesterday"}).status_code == 422
    assert owner.post(page, {"do": "advance", "to": "2001-01-01T00:00"}).status_code == 422
    assert not JobRun.objects.exists()
    assert owner.post(page, {"do": "advance", "to": to}).status_code == 302
    assert owner.post(page, {"do": "nonsense"}).status_code == 400
    assert (Stopped.objects.get().run_id, JobRun.objects.count()) == (JobRun.objects.get().pk, 1)
    assert "is on its way" in browser_of(house.admin).get(page).content.decode()
    assert browser_of(real.owner).get(real.url("billing/clock")).status_code == 404


def test_the_api_of_details_and_clock(world: World, browser_of: Browser) -> None:
    seller()
    house = make_house("Harbour")
    client = browser_of(house.owner)
    client.defaults["HTTP_STEWARD_ORGANISATION"] = str(house.id)
    base, kind = f"/api/v1/organisations/{house.id}/billing", "application/json"
    assert client.get(f"{base}/details").status_code == 404
    saved = client.patch(f"{base}/details", {"name": "Harbour SA", "country": "FR"}, content_type=kind)
    assert (saved.status_code, saved.json()["country"]) == (200, "FR")
    assert client.patch(f"{base}/details", {"tax_status": "exempt"}, content_type=kind).status_code == 422
    assert client.get(f"{base}/details").json()["name"] == "Harbour SA"
    assert client.post(f"{base}/clock", {}, content_type=kind).status_code == 409
    assert client.get(f"{base}/clock").status_code == 404
    other = make_house("Sand")
    customer_of(other.organisation, sandbox=True)
    staff, inside = browser_of(world.admin), f"/api/v1/organisations/{other.id}/billing"
    started = staff.post(f"{inside}/clock", {"at": "2026-01-31T08:30:00Z"}, content_type=kind)
    assert started.status_code == 201
    sent = staff.post(f"{inside}/clock/advance", {"to": "2026-03-01T00:00:00Z"}, content_type=kind)
    assert (sent.status_code, sent.json()["advancing_to"][:10]) == (202, "2026-03-01")
    assert staff.get(f"{inside}/clock").json()["at"][:10] == "2026-01-31"
    for act in ("default", "archive", "restore"):
        reply = staff.post(f"/api/v1/legal-entities/{seller().pk}/{act}", content_type=kind)
        assert reply.status_code == 200, (act, reply.content)
    assert client.get(f"{inside}/details").status_code == 404


def test_every_money_page_of_a_sandbox_says_so_and_leads_to_its_clock(world: World, browser_of: Browser) -> None:
    house, real = make_house("Harbour"), make_house("Real")
    sandbox(house)
    customer_of(real.organisation)
    owner, clock_page = browser_of(house.owner), house.url("billing/clock")
    for page in ("billing/plan", "billing/methods", "billing/invoices", "billing/details", "billing/clock"):
        text = owner.get(house.url(page)).content.decode()
        assert text.count("This is a sandbox.") == 1, page
        assert text.count(f'href="{clock_page}"') >= 2, page
    assert "This is a sandbox." not in owner.get(house.url()).content.decode()
    assert "This is a sandbox." not in browser_of(house.editor).get(house.url("billing/usage")).content.decode()
    text = browser_of(real.owner).get(real.url("billing/plan")).content.decode()
    assert "This is a sandbox." not in text
    assert real.url("billing/clock") not in text


def test_the_page_of_a_customer_shows_its_money_to_whom_it_is_open(world: World, browser_of: Browser) -> None:
    house = make_house("Harbour")
    provider()
    customer = buyer(where=house.organisation)
    card(customer)
    subscribed(customer, priced(1000, name="Team", model="per_seat"), "2026-11-01", quantity=10)
    given({"calls": (80, 100)})
    with clock.at(clock.now() - timedelta(days=60)):
        late = final(customer, 70_00)
    paid = final(customer, 20_00)
    collected(paid)
    with context.system("a test") as current:
        dunning_start(actor=current.actor, invoice=late, at=clock.now())
    here = f"/platform/customers/{customer.pk}"
    text = browser_of(world.admin).get(here).content.decode()
    for words in (
        *("Team", "€100.00 a month", "4 of 10 seats used", "€70.00", "late", str(paid.number)),
        *("Reminded of what is owed in EUR", "Test card ending in 4242", "A first payment came in", "Subscribe"),
    ):
        assert words in text, words
    seen = browser_of(world.manager).get(here).content.decode()
    assert "€100.00 a month" in seen
    assert "Charged automatically" not in seen
    assert f"{here}/subscribe" not in seen
    bare = browser_of(world.admin).get(f"/platform/customers/{customer_of(organisation('Bare')).pk}").content.decode()
    for words in ("No plan yet", "No invoices yet", "In good standing", "Use against limits"):
        assert words in bare, words
