"""The editor of a draft as a person uses it, what customers see, and the same over the API."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from billing.models import Coupon, Plan, PlanVersion, Price, Product
from billing.plan_drafts import draft_of
from billing.presenters import thing_uses
from billing.presenters.plan_cards import cards
from billing.presenters.thing_uses import coupon_uses
from billing.selectors import catalogue as selectors
from billing.services.demo_catalogue import demo_catalogue_load
from billing.services.subscriptions import Terms, subscription_create
from billing.services.versions import version_publish
from portal.kit import context
from tests.accounts.organisation_world import make_house
from tests.billing.api_world import called
from tests.billing.catalogue_world import coupon, draft, feature, flat, meter, new_plan, sold
from tests.billing.money_world import customer_of
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
TERMS = {
    "interval_count": "3", "interval_unit": "month", "billing": "arrears", "anchor": "calendar",
    "proration": "day_counts", "fixed_days": "30", "trial_days": "14", "on_upgrade": "now",
    "on_downgrade": "now", "retries": "8, 16, 24", "warn": "30", "restrict": "40", "suspend": "50",
}  # fmt: skip
TIERS = {
    "name": "API calls", "code": "calls", "currency": "EUR", "model": "graduated", "meter": "calls",
    "up_to_0": "1000", "unit_0": "0.005", "unit_2": "0.0025", "flat_2": "10",
}  # fmt: skip


def test_a_plan_is_written_priced_and_published_on_the_pages(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    meter("calls", unit="call")
    seats, audit = feature("seats", name="Seats", kind="limit"), feature("audit")
    made = client.post(
        "/platform/plans/new",
        {
            "name": "Pro",
            "code": "pro",
            "kind": "base",
            "visibility": "public",
            "product": "new",
            "product_name": "Cloud",
        },
    )
    here = made["Location"]
    assert client.post(f"{here}/start")["Location"] == f"{here}?tab=draft"
    assert "A free plan has a flat fee of 0" in client.get(f"{here}?tab=draft").content.decode()
    assert client.post(f"{here}/publish").status_code == 422
    base = {"name": "Base fee", "code": "base", "currency": "EUR", "model": "flat", "amount": "29"}
    assert client.post(f"{here}/prices/new", base).status_code == 302
    assert client.post(f"{here}/prices/new", TIERS).status_code == 302
    copied = client.get(f"{here}/prices/new?like=calls/EUR").content.decode()
    assert 'value="0.0025"' in copied
    assert client.post(f"{here}/prices/base/EUR", base | {"amount": "39.50"}).status_code == 302
    assert client.post(f"{here}/terms", TERMS | {"minimum_EUR": "50"}).status_code == 302
    gives = {f"given_{seats.pk}": "on", f"hard_{seats.pk}": "50", f"given_{audit.pk}": "on"}
    assert client.post(f"{here}/gives", gives).status_code == 302
    for page in ("terms", "gives", "prices/base/EUR"):
        assert client.get(f"{here}/{page}").status_code == 200
    shown = client.get(f"{here}?tab=draft").content.decode()
    for text in ("€39.50", "every 3 months", "up to 1,000: €0.005 per call", "Seats: 50", "at least €50.00"):
        assert text in shown, text
    assert client.post(f"{here}/publish").status_code == 302
    said = draft_of(selectors.on_sale().get())
    assert [(one.key, int(one.unit_amount)) for one in said.prices] == [(("base", "EUR"), 3950), (("calls", "EUR"), 0)]
    assert [(one.up_to, one.unit_amount, one.flat_amount) for one in said.prices[1].tiers] == [
        (Decimal(1000), Decimal("0.5"), Decimal(0)),
        (None, Decimal("0.25"), Decimal(1000)),
    ]
    assert said.terms["dunning"] == {
        "retries": [8, 16, 24],
        "stages": [{"day": 30, "do": "warn"}, {"day": 40, "do": "restrict"}, {"day": 50, "do": "suspend"}],
    }
    assert (said.minimums, said.terms["fixed_days"], said.terms["trial_days"]) == ({"EUR": 5000}, 30, 14)
    assert "€39.50" in client.get(here).content.decode()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"currency": "XAU"}, "Select a valid choice"),
        ({"model": "graduated"}, "Leave the end of the last tier empty"),
        ({"model": "percentage"}, "A percentage is of something"),
        ({"model": "package"}, "how many units"),
        ({"code": "base"}, "There is a price with this code"),
    ],
)
def test_a_price_that_cannot_be_is_told_at_its_field(
    values: dict[str, str], told: str, world: World, browser_of: Browser
) -> None:
    made = draft(new_plan(), flat())
    before = draft_of(made), Event.objects.filter(code__startswith="billing.").count()
    price = {"name": "More", "code": "more", "currency": "EUR", "model": "flat", "amount": "5", **values}
    reply = browser_of(world.admin).post(f"/platform/plans/{made.plan_id}/prices/new", price)
    assert reply.status_code == 422
    assert told in reply.content.decode()
    assert (draft_of(made), Event.objects.filter(code__startswith="billing.").count()) == before


def test_a_price_leaves_the_draft_with_the_minimum_of_its_currency(world: World, browser_of: Browser) -> None:
    made = draft(new_plan(), flat(), flat(1000, "JPY"), minimums={"EUR": 500, "JPY": 50})
    client, here = browser_of(world.admin), f"/platform/plans/{made.plan_id}"
    assert client.post(f"{here}/prices/base/JPY/remove").status_code == 302
    assert client.post(f"{here}/prices/base/JPY/remove").status_code == 404
    assert (draft_of(made).currencies, draft_of(made).minimums) == (["EUR"], {"EUR": 500})
    for wrong, field in (({"retries": "soon"}, "retries"), ({"trial_days": "9999"}, "trial_days")):
        reply = client.post(f"{here}/terms", TERMS | wrong)
        assert reply.status_code == 422
        assert f'name="{field}"' in reply.content.decode()
    reply = client.post(f"{here}/terms", TERMS | {"interval_unit": "week"})
    assert reply.status_code == 422, "Months of 30 days are for months."
    assert client.post(f"{here}/move", {"do": "sideways"}).status_code == 400
    plain = f"/platform/plans/{sold().plan_id}"
    for page in ("terms", "gives", "prices/new"):
        assert client.get(f"{plain}/{page}").status_code == 404, "Nothing that is published has an editor."
    assert client.post(f"{plain}/publish").status_code == 404
    assert client.post(f"{here}/start").status_code == 409


def test_a_coupon_of_an_amount_is_made_in_minor_units(world: World, browser_of: Browser) -> None:
    plan, client = sold().plan, browser_of(world.admin)
    values = {"name": "Five off", "code": "five", "amount": "5.50", "duration": "once", "plans": [str(plan.pk)]}
    assert client.post("/platform/coupons/new", values).status_code == 422
    assert client.post("/platform/coupons/new", values | {"currency": "JPY"}).status_code == 422
    assert not Coupon.objects.exists()
    assert client.post("/platform/coupons/new", values | {"currency": "EUR"}).status_code == 302
    made = Coupon.objects.get()
    assert (made.code, made.amount_off, made.currency) == ("FIVE", 550, "EUR")
    assert [one.plan_id for one in made.plans.all()] == [plan.pk]


def test_a_meter_a_feature_and_a_coupon_say_where_they_are_used(
    world: World, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, log = meter("calls"), feature("audit-log")
    written = draft(new_plan(name="Harbour Pro"), flat(), entitlements=[("audit-log",)])
    client, where = browser_of(world.admin), f"/platform/features/{log.pk}"
    assert "No plan gives it yet." in client.get(where).content.decode(), "A draft gives nothing."
    with context.system("a test") as current:
        version_publish(actor=current.actor, version=written)
    written = PlanVersion.objects.select_related("plan").get(pk=written.pk)
    assert "Harbour Pro" in client.get(where).content.decode()
    assert "No plan has a price for it yet." in client.get(f"/platform/meters/{calls.pk}").content.decode()
    buyer = customer_of(make_house("Harbour").organisation)
    used = coupon("WELCOME")
    page = f"/platform/coupons/{used.pk}"
    assert "Nobody has used it yet." in client.get(page).content.decode()
    with context.system("a test") as current:
        subscription_create(actor=current.actor, customer=buyer, version=written, terms=Terms(coupon=used.code))
    shown = client.get(page).content.decode()
    assert buyer.name in shown
    assert "Running" in shown
    hidden = coupon_uses(actor_of(world.stranger), used)
    assert (hidden.rows, "may read subscriptions" in hidden.nothing) == ([], True), "no name, and no lie either"
    assert "are shown" not in shown
    for module in (selectors, thing_uses):
        monkeypatch.setattr(module, "MOST_SHOWN", 0)
    assert coupon_uses(actor_of(world.admin), used).rest == "The latest 0 are shown."


def test_what_the_demonstration_sells_reads_well_in_each_currency() -> None:
    with context.system("a test") as current:
        plans = demo_catalogue_load(actor=current.actor)
        assert demo_catalogue_load(actor=current.actor) == plans
    assert (Product.objects.count(), Plan.objects.filter(state="active").count()) == (1, 6)
    for currency, base in (("EUR", "€29.00"), ("USD", "$31.90"), ("INR", "₹2,610.00")):
        free, pro, enterprise = cards(selectors.offers(currency=currency, kind="base"), currency)
        assert (free.name, free.offers[0].trial, pro.offers[0].headline) == ("Free", "", base)
        assert [offer.per for offer in pro.offers] == ["per month", "per year"]
        assert pro.offers[0].trial == "14 days free"
        assert enterprise.offers[0].minimum.startswith("at least")
        assert free.gives == ["Seats: 3", "Projects: 3", "API calls: 10,000 calls"]
        assert "Projects: unlimited" in pro.gives
    storage, payments = cards(selectors.offers(currency="EUR", kind="addon"), "EUR")
    assert storage.offers[0].usage == ["Storage: €5.00 per 50 × GB, 10 free"]
    assert payments.offers[0].usage == ["Payment fee: 1.4% of the amount + €0.25 each, €1,000.00 free"]
    assert (storage.is_addon, storage.offers[0].headline) == (True, "By use")
    assert cards(selectors.offers(), "CHF") == []


def test_versions_are_written_and_published_over_the_api(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    meter("calls")
    feature("seats", kind="limit")
    status, plan = called(client, "POST", "plans", {"product": "cloud", "code": "pro", "name": "Pro"})
    assert (status, plan["state"], plan["family"]) == (201, "draft", "pro")
    where = f"plans/{plan['id']}/versions"
    calls = {
        "code": "calls", "name": "Calls", "currency": "EUR", "model": "volume", "meter": "calls",
        "tiers": [{"up_to": "1000", "unit_amount": "0.5"}, {"up_to": None, "unit_amount": "0.25"}],
    }  # fmt: skip
    base = {"code": "base", "name": "Base", "currency": "EUR", "model": "flat", "unit_amount": "2900"}
    body = {
        "prices": [base, calls], "entitlements": [{"feature": "seats", "hard_limit": 5}], "minimums": [{"amount": 3000, "currency": "EUR"}],
        "trial_days": 7, "publish": True,
    }  # fmt: skip
    before = PlanVersion.objects.count(), Price.objects.count(), Event.objects.count()
    for wrong, code in (
        ({"prices": [base | {"currency": "XXX"}]}, "kit.invalid"),
        ({"prices": []}, "billing.version_incomplete"),
        ({"prices": [base], "entitlements": [{"feature": "nothing"}]}, "kit.invalid"),
        ({"prices": [base], "is_root": True}, "kit.invalid"),
    ):
        status, problem = called(client, "POST", where, body | wrong)
        assert (status, problem["code"]) == (422, code)
    assert (PlanVersion.objects.count(), Price.objects.count(), Event.objects.count()) == before
    status, version = called(client, "POST", where, body)
    assert (status, version["number"], version["trial_days"]) == (201, 1, 7)
    assert version["prices"][1]["tiers"][1] == {"up_to": None, "unit_amount": "0.25", "flat_amount": "0"}
    assert called(client, "POST", where, body | {"publish": False})[1]["published_at"] is None
    status, problem = called(client, "POST", where, body)
    assert (status, problem["code"]) == (409, "billing.draft_exists")
    assert [one["number"] for one in called(client, "GET", where)[1]["items"]] == [2, 1]
    assert called(client, "PATCH", f"plans/{plan['id']}", {"archived": True})[1]["state"] == "archived"
    assert called(client, "PATCH", f"plans/{plan['id']}", {"archived": False})[1]["state"] == "active"
    for who, status in ((world.manager, 403), (world.stranger, 403)):
        assert called(browser_of(who), "POST", where, body)[0] == status
    assert called(browser_of(world.manager), "GET", where)[0] == 200


def test_an_organisation_sees_what_is_offered_and_nothing_else(browser_of: Browser) -> None:
    house = make_house("Harbour")
    sold(flat(), flat(3100, "USD"), code="pro")
    sold(flat(), code="hidden", plan_values={"visibility": "hidden"})
    sold(flat(), code="extra", plan_values={"kind": "addon"})
    draft(new_plan("later"), flat())
    inside = {"Steward-Organisation": str(house.organisation.pk)}
    admin = browser_of(house.admin)

    def codes(query: str) -> list[str]:
        reply = admin.get(f"/api/v1/offers{query}", headers=inside)
        assert reply.status_code == 200, reply.content
        return [one["plan"]["code"] for one in json.loads(reply.content)["items"]]

    assert codes("") == ["pro", "extra"]
    assert codes("?currency=USD") == ["pro"]
    assert codes("?kind=addon&currency=EUR") == ["extra"]
    assert admin.get("/api/v1/offers?kind=all", headers=inside).status_code in {400, 422}
    assert browser_of(house.viewer).get("/api/v1/offers", headers=inside).status_code == 403
    assert admin.get("/api/v1/plans", headers=inside).status_code == 403
