"""Use and entitlements over HTTP, as host products call them with a key."""

from typing import Any

import pytest

from billing.models import UsageEvent
from billing.services.usage import BATCH
from portal.kit import clock
from tests.accounts.key_world import call, make_key
from tests.accounts.organisation_world import House, make_house
from tests.billing.usage_world import meter, plan

EVENTS, CHECK = "/api/v1/usage/events", "/api/v1/entitlements/check"


@pytest.fixture
def house(db: None) -> House:
    return make_house("Harbour")


@pytest.fixture
def secret(house: House) -> str:
    return make_key(house.editor, house, scopes=["usage:create", "usage:read", "entitlement:check"])[1]


def _report(secret: str, *items: Any, **headers: str) -> Any:
    return call(secret, EVENTS, "POST", {"items": list(items)}, **headers)


def test_a_batch_is_judged_item_by_item_and_may_be_sent_again(house: House, secret: str) -> None:
    meter()
    items = [
        {"key": "a", "meter": "calls"},
        {"key": "b", "meter": "calls", "quantity": "2.5"},
        {"key": "c", "meter": "?"},
    ]
    first = _report(secret, *items).json()
    assert [one["status"] for one in first["items"]] == ["counted", "counted", "refused"]
    assert first["items"][2]["code"] == "billing.meter_unknown"
    assert first["items"][2]["detail"]
    again = _report(secret, *items).json()
    assert (again["counted"], again["duplicates"], again["refused"]) == (0, 2, 1)
    assert UsageEvent.objects.count() == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"items": [{"key": str(number), "meter": "calls"} for number in range(BATCH + 1)]},
        {"items": ["a"]},
        {"items": "a"},
        {"items": [{"key": "a", "meter": "calls"}], "extra": 1},
    ],
)
def test_a_batch_that_is_none_is_refused_as_a_whole(house: House, secret: str, body: dict[str, Any]) -> None:
    meter()
    reply = call(secret, EVENTS, "POST", body)
    assert reply.status_code == 422
    assert reply.json()["errors"]
    assert not UsageEvent.objects.exists()


def test_a_key_without_the_right_reports_and_asks_nothing(house: House) -> None:
    plan({"calls": (None, 5)})
    reader = make_key(house.editor, house, scopes=["usage:read"])[1]
    assert _report(reader, {"key": "a", "meter": "calls"}).status_code == 403
    assert call(reader, CHECK, "POST", {"feature": "calls"}).status_code == 403
    assert call(reader, "/api/v1/usage/quotas").status_code == 200
    assert not UsageEvent.objects.exists()


def test_a_check_says_how_much_is_left_and_follows_each_report(house: House, secret: str) -> None:
    plan({"calls": (3, 5), "sso": (None, None)})
    asked = {"feature": "calls", "quantity": "2"}
    assert call(secret, CHECK, "POST", asked).json() == {
        "feature": "calls",
        "allowed": True,
        "reason": "within_limit",
        "soft_limit": 3,
        "limit": 5,
        "used": "0",
        "remaining": "5",
    }
    _report(secret, {"key": "a", "meter": "calls", "quantity": "3.5"})
    refused = call(secret, CHECK, "POST", asked).json()
    assert (refused["allowed"], refused["reason"], refused["remaining"]) == (False, "over_hard_limit", "1.5")
    both = call(secret, "/api/v1/entitlements/batch-check", "POST", {"items": [asked, {"feature": "sso"}]}).json()
    assert [one["allowed"] for one in both["items"]] == [False, True]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"feature": "nothing"}, "billing.feature_unknown"),
        ({"feature": "calls", "quantity": "-1"}, "kit.invalid"),
        ({"feature": "calls", "quantity": "NaN"}, "kit.invalid"),
        ({"feature": "calls", "until": 1}, "kit.invalid"),
        ({}, "kit.invalid"),
    ],
)
def test_a_check_that_means_nothing_is_refused(house: House, secret: str, body: dict[str, Any], code: str) -> None:
    plan({"calls": (3, 5)})
    reply = call(secret, CHECK, "POST", body)
    assert (reply.status_code, reply.json()["code"]) == (422, code)


def test_use_is_read_by_quota_and_by_day(house: House, secret: str) -> None:
    meter("people", "unique")
    plan({"calls": (3, 5)})
    _report(secret, {"key": "a", "meter": "calls", "quantity": 4}, {"key": "b", "meter": "calls", "quantity": 1})
    _report(secret, *({"key": f"p{n}", "meter": "people", "properties": {"user": f"u{n % 2}"}} for n in range(3)))
    (quota,) = call(secret, "/api/v1/usage/quotas").json()["items"]
    assert (quota["feature"], quota["limit"], quota["used"]) == ("calls", 5, "5")
    days = call(secret, "/api/v1/usage/days?meter=calls&days=2").json()["items"]
    assert [(one["events"], one["quantity"]) for one in days] == [(0, "0"), (2, "5")]
    assert days[-1]["day"] == clock.now().date().isoformat()
    assert call(secret, "/api/v1/usage/days?meter=people&days=1").json()["items"][0]["quantity"] == "2"
    assert call(secret, "/api/v1/usage/days?meter=nothing").json()["code"] == "billing.meter_unknown"
    assert call(secret, "/api/v1/usage/days?days=900").status_code == 400


def test_another_organisation_sees_none_of_it(house: House, secret: str) -> None:
    plan({"calls": (3, 5)})
    _report(secret, {"key": "a", "meter": "calls", "quantity": 4})
    other = make_house("Elsewhere")
    theirs = make_key(other.editor, other)[1]
    assert call(theirs, "/api/v1/usage/quotas").json()["items"][0]["used"] == "0"
    assert call(theirs, CHECK, "POST", {"feature": "calls", "quantity": "5"}).json()["allowed"]
