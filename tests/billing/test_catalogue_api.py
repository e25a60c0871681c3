"""The catalogue over the API: everything that the console edits, by right, and nothing after a refusal."""

from typing import Any

import pytest

from audit.models import Event
from billing.models import Coupon, Feature, Meter, Plan, PlanVersion, Price, Product
from tests.billing.api_world import called, named
from tests.billing.catalogue_world import feature, flat, meter, new_plan, product, sold
from tests.cases.api import NOWHERE
from tests.factories import make_world, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]


def _rows() -> tuple[int, ...]:
    events = Event.objects.filter(code__startswith="billing.").count()
    made = (model._default_manager.count() for model in (Product, Meter, Feature, Coupon, PlanVersion, Price))
    return (*made, events)


def test_meters_features_and_coupons_are_made_changed_and_put_away() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    new_plan("pro")
    status, calls = called(admin, "POST", "meters", {"code": "calls", "name": "Calls", "unit": "call"})
    assert (status, calls["aggregation"], calls["archived_at"]) == (201, "sum", None)
    body: dict[str, Any] = {"code": "calls-a-month", "name": "Calls", "kind": "limit", "meter": "calls"}
    status, limit = called(admin, "POST", "features", body)
    assert (status, limit["meter"], limit["kind"]) == (201, "calls", "limit")
    body = {"code": "spring-20", "name": "Spring", "amount_off": {"amount": 500, "currency": "EUR"}, "plans": ["pro"]}
    status, coupon = called(admin, "POST", "coupons", body)
    assert (status, coupon["code"], coupon["amount_off"]["amount"], coupon["plans"]) == (201, "SPRING-20", 500, ["pro"])
    status, share = called(admin, "POST", "coupons", {"code": "HALF", "name": "Half", "percent_off": "33.25"})
    assert (status, share["percent_off"], share["amount_off"], share["plans"]) == (201, "33.25", None, [])
    for path, change in (
        (f"meters/{calls['id']}", {"name": "Calls of the API"}),
        (f"features/{limit['id']}", {"name": "Calls in a month"}),
        (f"coupons/{coupon['id']}", {"name": "Spring offer", "max_redemptions": 5}),
    ):
        status, after = called(admin, "PATCH", path, change)
        assert (status, {name: after[name] for name in change}) == (200, change)
        assert called(admin, "PATCH", path, {"archived": True})[1]["archived_at"] is not None
        assert called(admin, "GET", path)[1]["archived_at"] is not None
        assert called(admin, "PATCH", path, {"archived": False})[1]["archived_at"] is None
    told = Event.objects.filter(code__startswith="billing.coupon.").order_by("id").values_list("code", flat=True)
    assert list(told) == [
        "billing.coupon.created", "billing.coupon.limited", "billing.coupon.created", "billing.coupon.updated",
        "billing.coupon.archived", "billing.coupon.restored",
    ]  # fmt: skip
    listed = called(admin, "GET", "coupons?state=archived")[1]["items"]
    assert listed == []


def test_what_is_wrong_with_a_thing_is_named_and_nothing_is_made() -> None:
    world = make_world()
    admin, manager = signed_in(world.admin), signed_in(world.manager)
    known, limit = meter("calls"), feature("seats", kind="limit")
    before = _rows()
    amount = {"amount": 500, "currency": "EUR"}
    for path, body, field in (
        ("meters", {"code": "calls", "name": "Again"}, "code"),
        ("meters", {"code": "Big Code", "name": "Spaces"}, "code"),
        ("meters", {"code": "who", "name": "Who", "aggregation": "unique"}, "property"),
        ("meters", {"code": "who", "name": "Who", "aggregation": "median"}, "aggregation"),
        ("features", {"code": "calls", "name": "Calls", "meter": "nothing", "kind": "limit"}, "meter"),
        ("features", {"code": "calls", "name": "Calls", "meter": "calls"}, "meter"),
        ("coupons", {"code": "TWO", "name": "Two", "percent_off": "5", "amount_off": amount}, "amount_off"),
        ("coupons", {"code": "NONE", "name": "None"}, "amount_off"),
        ("coupons", {"code": "MUCH", "name": "Much", "percent_off": "101"}, "amount_off"),
        ("coupons", {"code": "SOME", "name": "Some", "percent_off": "5", "duration": "repeating"}, "repeats"),
        ("coupons", {"code": "PLAN", "name": "Plan", "percent_off": "5", "plans": ["nothing"]}, "plans"),
        ("coupons", {"code": "GOLD", "name": "Gold", "amount_off": {"amount": 1, "currency": "XAU"}},
         "amount_off.currency"),
    ):  # fmt: skip
        status, problem = called(admin, "POST", path, body)
        assert (status, named(problem)) == (422, [field]), (body, problem)
    assert called(admin, "PATCH", f"meters/{known.pk}", {"code": "other"})[0] == 422
    assert called(admin, "PATCH", f"features/{limit.pk}", {"kind": "switch"})[0] == 422
    for path in ("meters", "features", "coupons", "products"):
        assert called(admin, "GET", f"{path}/{NOWHERE}")[0] == 404
        assert called(admin, "PATCH", f"{path}/{NOWHERE}", {"name": "Nobody"})[0] == 404
        assert called(manager, "POST", path, {"code": "ANY", "name": "Any"})[0] == 403
    assert _rows() == before


def test_a_draft_is_edited_in_parts_and_sold_when_it_is_complete() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    feature("seats", kind="limit")
    plan = sold(flat(), code="pro").plan
    where = f"plans/{plan.pk}/draft"
    assert called(admin, "GET", where)[0] == 404
    status, started = called(admin, "POST", where)
    assert (status, started["number"], started["published_at"], len(started["prices"])) == (201, 2, None, 1)
    assert called(admin, "POST", where)[1]["code"] == "billing.draft_exists"
    status, after = called(admin, "PATCH", where, {"trial_days": 7})
    assert (status, after["trial_days"], after["prices"]) == (200, 7, started["prices"])
    status, after = called(admin, "PATCH", where, {"entitlements": [{"feature": "seats", "hard_limit": 5}]})
    assert (after["trial_days"], after["entitlements"][0]["hard_limit"]) == (7, 5)
    dollars = started["prices"][0] | {"currency": "USD", "unit_amount": "3100"}
    status, after = called(admin, "PATCH", where, {"prices": [*started["prices"], dollars]})
    assert (status, [one["currency"] for one in after["prices"]]) == (200, ["EUR", "USD"])
    before = _rows()
    for body, field in (
        ({"prices": [dollars | {"currency": "XXX"}]}, "prices.0.currency"),
        ({"prices": [{"code": "base"}]}, "prices.0.name"),
        ({"entitlements": [{"feature": "nothing"}]}, "entitlements.0.feature"),
        ({"trial_days": -1}, "trial_days"),
        ({"number": 9}, "number"),
    ):
        status, problem = called(admin, "PATCH", where, body)
        assert (status, field in named(problem)) == (422, True), problem
    assert _rows() == before
    status, problem = called(admin, "PATCH", where, {"minimums": [{"amount": 900, "currency": "GBP"}]})
    assert status == 200
    assert called(admin, "POST", f"{where}/publish")[1]["code"] == "billing.version_incomplete"
    assert called(admin, "PATCH", where, {"minimums": []})[0] == 200
    manager = signed_in(world.manager)
    for method, path in (
        ("GET", where),
        ("POST", where),
        ("PATCH", where),
        ("DELETE", where),
        ("POST", f"{where}/publish"),
    ):
        assert called(manager, method, path, {} if method == "PATCH" else None)[0] == 403
    status, published = called(admin, "POST", f"{where}/publish")
    assert (status, published["published_at"] is not None, len(published["prices"])) == (200, True, 2)
    assert called(admin, "GET", where)[0] == 404
    assert called(admin, "POST", f"{where}/publish")[0] == 404
    assert Event.objects.filter(
        code="billing.plan_version.published", target_id=PlanVersion.objects.latest("number").pk
    ).exists()


def test_a_draft_that_another_has_changed_is_refused_and_one_can_be_thrown_away() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    plan = sold(flat(), code="pro").plan
    where = f"plans/{plan.pk}/draft"
    called(admin, "POST", where)
    tag = admin.get(f"/api/v1/{where}")["ETag"]
    assert called(admin, "PATCH", where, {"trial_days": 3})[0] == 200
    assert called(admin, "PATCH", where, {"trial_days": 4}, **{"If-Match": tag})[0] == 412
    assert called(admin, "GET", where)[1]["trial_days"] == 3
    assert called(admin, "DELETE", where)[0] == 204
    assert (plan.versions.count(), Event.objects.filter(code="billing.plan_version.discarded").count()) == (1, 1)
    assert called(admin, "DELETE", where)[0] == 404
    assert called(admin, "PATCH", f"plans/{plan.pk}", {"archived": True})[0] == 200
    assert called(admin, "POST", where)[1]["code"] == "billing.plan_archived"


def test_plans_stand_in_the_order_that_is_sent() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    first, second, third = (sold(flat(), code=code).plan for code in ("one", "two", "three"))

    def order() -> list[str]:
        return [row["code"] for row in called(admin, "GET", "plans?sort=plan")[1]["items"]]

    assert order() == ["one", "two", "three"]
    assert called(admin, "PUT", "plans/order", {"plans": [str(third.pk), str(first.pk)]})[0] == 204
    assert order() == ["three", "one", "two"]
    assert Event.objects.filter(code="billing.plan.moved").count() == 3
    for body, status in (
        ({"plans": [str(second.pk), str(second.pk)]}, 422),
        ({"plans": [NOWHERE]}, 404),
        ({"plans": []}, 422),
        ({"plans": ["two"]}, 422),
    ):
        assert called(admin, "PUT", "plans/order", body)[0] == status
    assert called(signed_in(world.manager), "PUT", "plans/order", {"plans": [str(second.pk)]})[0] == 403
    assert order() == ["three", "one", "two"]


def test_a_product_that_is_put_away_takes_no_plans() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    where = f"products/{product(code='cloud').pk}"
    assert called(admin, "PATCH", where, {"name": "Cloud services", "archived": True})[1]["name"] == "Cloud services"
    status, problem = called(admin, "POST", "plans", {"product": "cloud", "code": "late", "name": "Late"})
    assert (status, named(problem), Plan.objects.filter(code="late").exists()) == (422, ["product"], False)
    assert called(admin, "PATCH", where, {"archived": False})[1]["archived_at"] is None
    assert called(admin, "POST", "plans", {"product": "cloud", "code": "late", "name": "Late"})[0] == 201
