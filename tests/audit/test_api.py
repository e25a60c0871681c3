"""The trail over the API."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from tests.audit.support import ago, plant, told_of, unsaved
from tests.audit.test_filters import HOSTILE
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db
URL = "/api/v1/audit/events"
BrowserOf = Callable[[User], Client]


def walked(browser: Client, **query: str) -> list[str]:
    """The ids of every page, in order."""
    ids: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        body: dict[str, Any] = browser.get(URL, {**query, "cursor": cursor}).json()
        ids += [item["id"] for item in body["items"]]
        cursor = body["next_cursor"]
    return ids


def test_the_list_walks_through_every_event_once(world: World, browser_of: BrowserOf) -> None:
    ids = [str(plant(ago(hours=index + 1), request_id="a-walk")) for index in range(7)]
    assert walked(browser_of(world.manager), request_id="a-walk", limit="3") == ids


def test_an_event_tells_everything_but_secrets(world: World, browser_of: BrowserOf) -> None:
    user = unsaved("Nora Quist")
    changes = {"is_active": (True, False), "name": (None, "Nora Quist"), "password": ("old-secret", "new-secret")}
    event_id = told_of(user, changes, by=actor_of(world.admin), data={"rows": 3}, reason="a test")
    reply = browser_of(world.manager).get(f"{URL}/{event_id}")
    body = reply.json()
    assert body["id"] == str(event_id)
    assert body["actor"] == {"kind": "person", "id": str(world.admin.pk), "label": "Admin"}
    assert body["target"] == {"type": "accounts.user", "id": str(user.pk), "label": "Nora Quist"}
    assert {change["field"]: (change["before"], change["after"], change["hidden"]) for change in body["changes"]} == {
        "is_active": (True, False, False),
        "password": (None, None, True),
        "name": (None, "Nora Quist", False),
    }
    assert (body["data"], body["reason"], body["outcome"]) == ({"rows": 3}, "a test", "ok")
    assert (body["erased"], body["altered"], body["on_behalf_of"]) == (False, False, None)
    assert body["occurred_at"].endswith("Z")
    assert "secret" not in reply.content.decode()


def test_the_list_takes_the_filters_of_the_console(world: World, browser_of: BrowserOf) -> None:
    wanted = plant(datetime(2026, 3, 10, 12, tzinfo=UTC), outcome="denied", address="192.0.2.7")
    plant(datetime(2026, 3, 10, 13, tzinfo=UTC), outcome="ok", address="192.0.2.7")
    query = {"date_from": "2026-03-10", "date_to": "2026-03-10", "outcome": "denied", "address": "192.0.2.7"}
    assert walked(browser_of(world.manager), **query) == [str(wanted)]


def test_nobody_signed_in_is_unauthenticated() -> None:
    for path in (URL, f"{URL}/{uuid4()}"):
        reply = Client().get(path)
        assert (reply.status_code, reply["Content-Type"]) == (401, "application/problem+json")


@pytest.mark.parametrize("name", ["clerk", "stranger"])
def test_without_the_right_it_is_forbidden(world: World, browser_of: BrowserOf, name: str) -> None:
    event_id = told_of(unsaved())
    for path in (URL, f"{URL}/{event_id}"):
        reply = browser_of(getattr(world, name)).get(path)
        assert (reply.status_code, reply.json()["code"]) == (403, "kit.forbidden")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_trail_takes_no_orders(world: World, browser_of: BrowserOf, method: str) -> None:
    event_id = told_of(unsaved())
    for path in (URL, f"{URL}/{event_id}"):
        assert getattr(browser_of(world.root), method)(path).status_code == 405


@pytest.mark.parametrize("limit", ["0", "201", "-1", "ten", "1.5", "\u0663", "99999999999999999999", "1 1"])
def test_a_senseless_limit_is_named(world: World, browser_of: BrowserOf, limit: str) -> None:
    reply = browser_of(world.manager).get(URL, {"limit": limit})
    assert reply.status_code == 400
    assert (reply.json()["code"], reply.json()["errors"][0]["field"]) == ("kit.parameter_malformed", "limit")


@pytest.mark.parametrize("limit", ["1", "200"])
def test_a_limit_within_bounds_is_taken(world: World, browser_of: BrowserOf, limit: str) -> None:
    assert len(browser_of(world.manager).get(URL, {"limit": limit}).json()["items"]) >= 1


@pytest.mark.parametrize("cursor", HOSTILE[:7] + HOSTILE[8:], ids=str)
def test_a_hostile_cursor_is_refused_with_its_code(world: World, browser_of: BrowserOf, cursor: str) -> None:
    reply = browser_of(world.manager).get(URL, {"cursor": cursor})
    assert (reply.status_code, reply.json()["code"]) == (400, "kit.cursor_malformed")


def test_a_misspelt_filter_is_refused_instead_of_ignored(world: World, browser_of: BrowserOf) -> None:
    reply = browser_of(world.manager).get(URL, {"actors": "nora"})
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["field"] == "actors"


def test_an_event_that_is_not_there_is_not_found(world: World, browser_of: BrowserOf) -> None:
    reply = browser_of(world.manager).get(f"{URL}/{uuid4()}")
    assert (reply.status_code, reply.json()["code"]) == (404, "kit.not_found")


def test_an_event_that_was_read_is_not_sent_again(world: World, browser_of: BrowserOf) -> None:
    caller, path = browser_of(world.manager), f"{URL}/{told_of(unsaved())}"
    first = caller.get(path)
    again = caller.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert caller.get(path, headers={"If-None-Match": 'W/"another"'}).json() == first.json()


def test_what_is_answered_is_what_the_document_says(world: World, browser_of: BrowserOf) -> None:
    from tests.home.test_api_reference import DOCUMENT, fits

    event_id = told_of(unsaved("Nora Quist"), {"name": (None, "Nora Quist")}, by=actor_of(world.admin))
    body = browser_of(world.manager).get(f"{URL}/{event_id}").json()
    replies = DOCUMENT["paths"]["/api/v1/audit/events/{event_id}"]["get"]["responses"]
    fits(replies["200"]["content"]["application/json"]["schema"], body)
    listed = browser_of(world.manager).get(URL).json()
    replies = DOCUMENT["paths"][URL]["get"]["responses"]
    fits(replies["200"]["content"]["application/json"]["schema"], listed)


def test_several_values_may_come_one_by_one(world: World, browser_of: BrowserOf) -> None:
    wanted = [
        str(plant(ago(hours=hour), outcome=outcome, request_id="one-by-one"))
        for hour, outcome in ((1, "denied"), (2, "failed"))
    ]
    plant(ago(hours=3), outcome="ok", request_id="one-by-one")
    reply = browser_of(world.manager).get(f"{URL}?request_id=one-by-one&outcome=denied&outcome=failed")
    assert [event["id"] for event in reply.json()["items"]] == wanted
