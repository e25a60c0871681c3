"""Keys over the API: one's own from the console's session, and calls that make keys with a key."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Key, User
from audit.models import Event
from portal.kit import clock
from portal.kit.models import KeptRequest, OutboundMessage
from tests.accounts.key_world import call, make_key, make_service, row
from tests.accounts.organisation_world import House, make_house
from tests.accounts.test_api_organisations import answer
from tests.accounts.test_api_organisations import call as by_session
from tests.factories import World

pytestmark = pytest.mark.django_db
BrowserOf = Callable[[User], Client]
OWN = "/api/v1/users/me/keys"
ONCE: dict[str, Any] = {"Idempotency-Key": "once"}


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


def body(**values: Any) -> dict[str, Any]:
    until = (clock.now() + timedelta(days=30)).isoformat()
    return {"name": "Deployment", "scopes": ["user:read"], "expires_at": until, **values}


def kept() -> tuple[Any, ...]:
    told = Event.objects.exclude(code__in=["kit.access.denied", "accounts.session.started"]).count()
    return list(Key.objects.order_by("pk").values()), OutboundMessage.objects.count(), KeptRequest.objects.count(), told


def test_ones_own_keys_are_made_read_rotated_and_revoked(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.manager)
    made = by_session(browser, "POST", OWN, body())
    answer(OWN, "POST", made)
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    secret, path = made.json()["secret"], made["Location"]
    assert path == f"{OWN}/{made.json()['key']['id']}"
    assert call(secret, "/api/v1/users").status_code == 200
    answer(f"{OWN}/{{key_id}}", "GET", by_session(browser, "GET", path))
    listed = by_session(browser, "GET", OWN)
    answer(OWN, "GET", listed)
    assert secret not in listed.content.decode()
    rotated = by_session(browser, "POST", f"{path}/rotate", {})
    answer(f"{OWN}/{{key_id}}/rotate", "POST", rotated)
    assert by_session(browser, "POST", f"{path}/rotate", {}).status_code == 409
    assert by_session(browser, "DELETE", rotated["Location"]).status_code == 204
    assert [call(one).status_code for one in (secret, rotated.json()["secret"])] == [200, 401]


def test_nobody_elses_key_is_there(world: World, house: House, browser_of: BrowserOf) -> None:
    key, _secret = make_key(house.editor, house)
    before = kept()
    for who in (world.manager, house.owner, world.root):
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/rotate")):
            sent: Any = {} if method == "POST" else None
            assert by_session(browser_of(who), method, f"{OWN}/{key.pk}{path}", sent).status_code == 404
    assert by_session(browser_of(world.manager), "GET", f"{OWN}/{uuid4()}").status_code == 404
    assert kept() == before


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("owner_id", {"owner_id": str(uuid4())}),
        ("prefix", {"prefix": "sk_live_aaaaaaaa"}),
        ("created_by", {"created_by": str(uuid4())}),
        ("platform_at", {"platform_at": None}),
        ("organisation_id", {"organisation_id": str(uuid4())}),
        ("expires_at", {"expires_at": "2099-01-01T00:00:00Z"}),
        ("expires_at", {"expires_at": "never"}),
        ("scopes", {"scopes": ["key:admin"]}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": "user:read"}),
        ("name", {"name": "a\r\nSet-Cookie: x"}),
        ("addresses", {"addresses": ["0.0.0.0/99"]}),
        ("rate_limit", {"rate_limit": 1_000_000}),
    ],
)
def test_a_body_that_cannot_be_is_named_and_makes_nothing(
    world: World, browser_of: BrowserOf, field: str, values: dict[str, Any]
) -> None:
    browser, before = browser_of(world.manager), kept()
    reply = by_session(browser, "POST", OWN, body(**values), **ONCE)
    assert reply.status_code == 422
    assert {error["field"].split(".")[0] for error in reply.json()["errors"]} == {field}
    assert kept() == before


def test_a_repeated_call_gets_the_key_without_its_secret(world: World, browser_of: BrowserOf) -> None:
    browser, sent = browser_of(world.manager), body()
    first, again = (by_session(browser, "POST", OWN, sent, **ONCE) for _ in range(2))
    assert again["Idempotency-Replayed"] == "true"
    assert first.json()["secret"]
    assert again.json() == {**first.json(), "secret": None}
    assert Key.objects.count() == 1


def test_a_key_makes_keys_in_its_organisation_with_that_scope_and_no_more_than_its_own(house: House) -> None:
    path = f"/api/v1/organisations/{house.id}/keys"
    _key, secret = make_key(house.editor, house, scopes=["apikey:create", "organisation:read"])
    _poor, without = make_key(house.editor, house, scopes=["organisation:read"])
    before = kept()
    assert call(without, path, "POST", body(scopes=["organisation:read"])).status_code == 403
    assert call(secret, path, "POST", body(scopes=["member:read"])).status_code == 422
    assert call(secret, path, "POST", body(scopes=None)).status_code == 403
    assert kept()[:3] == before[:3]
    made = call(secret, path, "POST", body(scopes=["organisation:read"]))
    assert made.status_code == 201
    assert row(Key.objects.get(pk=made.json()["key"]["id"])).owner_id == house.editor.pk


def test_a_service_account_gets_its_key_over_the_api(house: House, browser_of: BrowserOf) -> None:
    path, service = f"/api/v1/organisations/{house.id}/keys", make_service(house)
    sent = body(scopes=["organisation:read"], service_account_id=str(service.pk))
    assert by_session(browser_of(house.editor), "POST", path, sent, to=house).status_code == 403
    made = by_session(browser_of(house.admin), "POST", path, sent, to=house)
    answer("/api/v1/organisations/{organisation_id}/keys", "POST", made)
    assert made.json()["key"]["owner_id"] == str(service.user_id)
    assert (
        by_session(
            browser_of(house.admin), "POST", path, {**sent, "service_account_id": str(uuid4())}, to=house
        ).status_code
        == 404
    )
    rotated = by_session(browser_of(house.admin), "POST", f"{made['Location']}/rotate", {}, to=house)
    assert rotated.status_code == 201
    answer("/api/v1/organisations/{organisation_id}/keys/{key_id}/rotate", "POST", rotated)
