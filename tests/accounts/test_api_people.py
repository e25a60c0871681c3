"""People over the API: four actors on every call, and what each call leaves behind."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Session, User
from portal.kit import context
from portal.kit.models import KeptRequest, OutboundMessage
from portal.kit.rest import render
from portal.kit.services import writing
from tests.accounts.helpers import events
from tests.factories import World, person
from tests.home.test_api_reference import DOCUMENT, fits

pytestmark = pytest.mark.django_db
BrowserOf = Callable[[User], Client]
URL = "/api/v1/users"
NEW = {"name": "Nora Quist", "username": "nora.quist", "email": "nora@example.com"}


def call(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    return client.generic(
        method,
        path,
        b"" if body is None else render(body),
        content_type="application/json",
        headers=headers or None,
    )


def answer(path: str, method: str, reply: Any) -> Any:
    """The body of a reply, which must be what the OpenAPI document says."""
    declared = DOCUMENT["paths"][path][method]["responses"][str(reply.status_code)]
    content = declared.get("content")
    if content is None:
        assert reply.content == b""
        return None
    body = reply.json()
    fits(next(iter(content.values()))["schema"], body)
    return body


PERSON = f"{URL}/{{person_id}}"
CALLS = [
    ("GET", URL, None, "manager", 200),
    ("POST", URL, NEW, "admin", 201),
    ("GET", PERSON, None, "manager", 200),
    ("PATCH", PERSON, {"name": "Other Name"}, "manager", 200),
    ("DELETE", PERSON, None, "admin", 204),
    ("POST", f"{PERSON}/activate", None, "admin", 200),
    ("POST", f"{PERSON}/deactivate", {"reason": "a test"}, "admin", 200),
    ("POST", f"{PERSON}/reset-password", None, "admin", 202),
    ("POST", f"{PERSON}/unlock", None, "admin", 200),
    ("GET", "/api/v1/roles", None, "manager", 200),
    ("GET", "/api/v1/roles/{role}", None, "manager", 200),
    ("GET", "/api/v1/roles/{role}/permissions", None, "manager", 200),
]
NAMED = [f"{method} {path}" for method, path, *_rest in CALLS]


def state() -> list[Any]:
    return [list(User.objects.order_by("pk").values()), OutboundMessage.objects.count(), KeptRequest.objects.count()]


@pytest.mark.parametrize("given", CALLS, ids=NAMED)
def test_four_actors_call(world: World, browser_of: BrowserOf, given: tuple[str, str, Any, str, int]) -> None:
    method, path, body, who, status = given
    target = person("Target Person", role="user")
    url = path.format(person_id=target.pk, role="manager")
    before = state()

    nobody = call(Client(), method, url, body)
    stranger = call(browser_of(world.stranger), method, url, body)
    clerk = call(browser_of(world.clerk), method, url, body)
    elsewhere = call(browser_of(world.root), method, url, body, **{"Steward-Organisation": str(uuid4())})

    codes = [(reply.status_code, reply.json()["code"]) for reply in (nobody, stranger, clerk, elsewhere)]
    assert codes == [
        (401, "kit.unauthenticated"),
        (403, "kit.forbidden"),
        (403, "kit.forbidden"),
        (404, "kit.not_found"),
    ]
    assert [row["id"] for row in before[0]] == [row["id"] for row in state()[0]]
    assert state()[1:] == before[1:]
    reply = call(browser_of(getattr(world, who)), method, url, body)
    assert reply.status_code == status
    answer(path, method.lower(), reply)


@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for method, path, *_rest in CALLS if "{person_id}" in path]
)
def test_a_person_that_is_not_there_is_not_found(world: World, browser_of: BrowserOf, method: str, path: str) -> None:
    reply = call(browser_of(world.root), method, path.format(person_id=uuid4()), {} if method == "PATCH" else None)
    assert (reply.status_code, reply.json()["code"]) == (404, "kit.not_found")


def test_the_list_walks_through_everybody_once_by_name(world: World, browser_of: BrowserOf) -> None:
    made = {str(person(f"Walker {number % 3}").pk) for number in range(7)}
    caller, found = browser_of(world.manager), list[Any]()
    cursor: str | None = ""
    while cursor is not None:
        page = caller.get(URL, {"q": "walker", "limit": "3", "cursor": cursor}).json()
        found += page["items"]
        cursor = page["next_cursor"]
    assert [row["name"] for row in found] == sorted(row["name"] for row in found)
    assert ({row["id"] for row in found}, len(found)) == (made, 7)


def test_the_list_is_narrowed_by_state_and_tells_no_secret(world: World, browser_of: BrowserOf) -> None:
    idle = person("Idle Person", is_active=False)
    reply = browser_of(world.manager).get(URL, {"state": "inactive"})
    assert [row["id"] for row in reply.json()["items"]] == [str(idle.pk)]
    assert "argon2" not in reply.content.decode()
    assert "password" not in reply.json()["items"][0]


def test_the_list_has_the_filters_and_orders_of_the_console(world: World, browser_of: BrowserOf) -> None:
    caller = browser_of(world.manager)
    several = caller.get(f"{URL}?role=manager&role=admin").json()["items"]
    assert {row["id"] for row in several} == {str(world.manager.pk), str(world.admin.pk)}
    assert caller.get(f"{URL}?role=manager,admin").json()["items"] == several
    names = [row["name"] for row in caller.get(URL, {"sort": "-person"}).json()["items"]]
    assert names == sorted(names, reverse=True)
    for query, field in (("role=emperor", "role"), ("sort=password", "sort"), ("state=on", "state"), ("a=1", "a")):
        refused = caller.get(f"{URL}?{query}")
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, field)


def test_a_list_costs_the_same_statements_with_two_rows_and_with_twenty(world: World, browser_of: BrowserOf) -> None:
    for _ in range(20):
        person()
    caller = browser_of(world.manager)
    caller.get(URL)
    counts = []
    for limit in ("2", "20"):
        with CaptureQueriesContext(connection) as captured:
            assert len(caller.get(URL, {"limit": limit}).json()["items"]) == int(limit)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 6


def test_a_person_is_created_with_a_password_that_only_this_call_tells(world: World, browser_of: BrowserOf) -> None:
    caller = browser_of(world.root)
    reply = call(caller, "POST", URL, {**NEW, "role": "user"}, **{"Idempotency-Key": "make-nora"})
    made = answer(URL, "post", reply)
    user = User.objects.get(username="nora.quist")

    assert reply["Location"] == f"{URL}/{user.pk}"
    assert made["user"]["roles"] == ["user"]
    assert user.check_password(made["temporary_password"])
    assert user.must_change_password
    again = call(caller, "POST", URL, {**NEW, "role": "user"}, **{"Idempotency-Key": "make-nora"})
    assert (again.json(), again["Idempotency-Replayed"]) == (made, "true")
    assert len(events("accounts.user.created")) == 1
    assert made["temporary_password"].encode() not in bytes(KeptRequest.objects.get().sealed)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["email", "name", "username"]),
        ({**NEW, "is_root": True, "password": "x", "id": "1"}, ["id", "is_root", "password"]),
        ({**NEW, "email": "no address"}, ["email"]),
        ({**NEW, "username": "No Name!"}, ["username"]),
        ({**NEW, "name": "Nora\u202e"}, ["name"]),
        ({**NEW, "role": "emperor"}, ["role"]),
        ({**NEW, "name": ["Nora"]}, ["name"]),
        ({**NEW, "name": "x" * 121}, ["name"]),
    ],
)
def test_a_person_that_cannot_be_is_refused_by_field_and_nothing_is_made(
    world: World, browser_of: BrowserOf, body: Any, fields: list[str]
) -> None:
    before = User.objects.count()
    reply = call(browser_of(world.root), "POST", URL, body)
    assert (reply.status_code, reply.json()["code"]) == (422, "kit.invalid")
    assert sorted(one["field"] for one in reply.json()["errors"]) == fields
    assert User.objects.count() == before


def test_an_administrator_does_not_give_a_role_above_its_own(world: World, browser_of: BrowserOf) -> None:
    before = User.objects.count()
    reply = call(browser_of(world.admin), "POST", URL, {**NEW, "role": "super_admin"})
    assert reply.status_code == 403
    assert User.objects.count() == before


def test_a_change_is_made_only_in_the_state_that_was_read(world: World, browser_of: BrowserOf) -> None:
    target = person("Target Person")
    caller, url = browser_of(world.manager), f"{URL}/{target.pk}"
    tag = caller.get(url)["ETag"]
    with context.system("a test"), writing():
        User.objects.filter(pk=target.pk).update(last_seen_at=target.created_at)
    assert caller.get(url, headers={"If-None-Match": tag}).status_code == 304

    assert call(caller, "PATCH", url, {"name": "First"}, **{"If-Match": tag}).status_code == 200
    late = call(caller, "PATCH", url, {"name": "Second"}, **{"If-Match": tag})

    assert (late.status_code, late.json()["code"]) == (412, "kit.precondition_failed")
    target.refresh_from_db()
    assert target.name == "First"
    assert len(events("accounts.user.updated")) == 1


@pytest.mark.parametrize("field", ["is_root", "is_active", "password", "id", "theme", "must_change_password"])
def test_what_a_patch_may_not_change_is_refused_by_name(world: World, browser_of: BrowserOf, field: str) -> None:
    target = person("Target Person")
    reply = call(browser_of(world.root), "PATCH", f"{URL}/{target.pk}", {"name": "New", field: True})
    assert (reply.status_code, [one["field"] for one in reply.json()["errors"]]) == (422, [field])
    target.refresh_from_db()
    assert target.name == "Target Person"


@pytest.mark.parametrize("action", ["deactivate", "reset-password", "unlock", "activate"])
def test_nobody_touches_the_root_administrator(world: World, browser_of: BrowserOf, action: str) -> None:
    before = state()
    reply = call(browser_of(world.admin), "POST", f"{URL}/{world.root.pk}/{action}")
    assert (reply.status_code, reply.json()["code"]) == (403, "accounts.root_protected")
    assert state()[1:] == before[1:]


def test_a_person_is_shut_out_and_let_in_again(world: World, browser_of: BrowserOf) -> None:
    url = f"{URL}/{world.clerk.pk}"
    caller, theirs = browser_of(world.admin), browser_of(world.clerk)

    assert call(caller, "POST", f"{url}/deactivate", {"reason": "left"}).json()["is_active"] is False
    assert theirs.get("/api/v1/users/me/permissions").json()["code"] == "kit.account_inactive"
    assert events("accounts.user.deactivated")[0].reason == "left"
    assert call(caller, "POST", f"{url}/activate").json()["is_active"] is True
    assert theirs.get("/api/v1/users/me/permissions").status_code == 200
    assert call(caller, "POST", f"{URL}/{world.admin.pk}/deactivate").json()["code"] == "accounts.not_yourself"


def test_a_reset_mails_a_link_and_tells_it_to_nobody_else(world: World, browser_of: BrowserOf) -> None:
    reply = call(browser_of(world.admin), "POST", f"{URL}/{world.clerk.pk}/reset-password")
    mail = OutboundMessage.objects.get(person_id=world.clerk.pk)
    assert "/password/" in mail.text
    assert list(reply.json()) == ["expires_at"]
    assert Session.objects.filter(user=world.clerk).count() == 0


def test_an_erased_person_is_gone_from_its_own_page_on(world: World, browser_of: BrowserOf) -> None:
    target = person("Target Person")
    caller, url = browser_of(world.admin), f"{URL}/{target.pk}"
    assert call(caller, "DELETE", url, **{"If-Match": 'W/"another"'}).status_code == 412
    target.refresh_from_db()
    assert target.name == "Target Person"

    assert call(caller, "DELETE", url).status_code == 204
    target.refresh_from_db()
    assert "Target" not in target.name
    assert not target.is_active
    assert call(caller, "DELETE", url).status_code == 409


def test_one_sets_ones_own_preferences_and_no_others(world: World, browser_of: BrowserOf) -> None:
    url = "/api/v1/users/me/preferences"
    caller = browser_of(world.stranger)
    assert answer(url, "get", caller.get(url))["theme"] == "system"
    assert answer(url, "patch", call(caller, "PATCH", url, {"theme": "dark"}))["theme"] == "dark"
    assert call(caller, "PATCH", url, {}).json()["theme"] == "dark"
    assert call(caller, "PATCH", url, {"theme": "pink"}).status_code == 422
    assert call(caller, "PATCH", url, {"is_root": True}).status_code == 422
    stale = call(caller, "PATCH", url, {"theme": "light"}, **{"If-Match": 'W/"another"'})
    assert stale.status_code == 412
    world.stranger.refresh_from_db()
    assert (world.stranger.preferences, world.stranger.is_root) == ({"theme": "dark"}, False)


def test_one_sees_ones_own_permissions(world: World, browser_of: BrowserOf) -> None:
    url = "/api/v1/users/me/permissions"
    assert answer(url, "get", browser_of(world.stranger).get(url)) == {"permissions": []}
    assert "user:read" in browser_of(world.manager).get(url).json()["permissions"]
    assert Client().get(url).status_code == 401


@pytest.mark.parametrize("url", ["/api/v1/auth/session", "/api/v1/users/me/session-info"])
def test_what_is_said_about_the_session_is_as_described(world: World, browser_of: BrowserOf, url: str) -> None:
    answer(url, "get", browser_of(world.manager).get(url))


def test_a_role_has_its_own_permissions_and_those_it_inherits(world: World, browser_of: BrowserOf) -> None:
    caller = browser_of(world.manager)
    roles = caller.get("/api/v1/roles", {"catalogue": "platform"}).json()["items"]
    assert roles[0]["code"] == "super_admin"
    assert {role["catalogue"] for role in caller.get("/api/v1/roles").json()["items"]} == {"platform", "organisation"}

    held = caller.get("/api/v1/roles/manager/permissions").json()
    assert "user:read" in held["own"]
    assert set(held["own"]) < set(held["effective"])
    assert caller.get("/api/v1/roles/emperor").status_code == 404
    assert caller.get("/api/v1/roles/owner", {"catalogue": "organisation"}).json()["code"] == "owner"
    assert caller.get("/api/v1/roles/admin/permissions", {"catalogue": "nowhere"}).status_code == 400


def test_ids_of_people_are_uuids(world: World, browser_of: BrowserOf) -> None:
    caller = browser_of(world.manager)
    assert caller.get(f"{URL}/1").status_code == 404
    assert caller.get(f"{URL}/{UUID(int=0)}' OR 1=1").status_code == 404
