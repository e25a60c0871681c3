"""Organisations over the API: staff, members of each role, strangers and members of another organisation."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Invitation, Membership, Organisation, User
from portal.kit.models import OutboundMessage
from portal.kit.rest import render
from tests.accounts.helpers import events
from tests.accounts.organisation_world import House, make_house, role_of
from tests.factories import World
from tests.home.test_api_reference import DOCUMENT, fits

pytestmark = pytest.mark.django_db
BrowserOf = Callable[[User], Client]
URL = "/api/v1/organisations"
ONE = f"{URL}/{{organisation_id}}"
MEMBER = f"{ONE}/members/{{membership_id}}"
INVITATION = f"{ONE}/invitations/{{invitation_id}}"


def call(client: Client, method: str, path: str, body: Any = None, *, to: House | None = None, **headers: str) -> Any:
    named = {"Steward-Organisation": str(to.id)} if to is not None else {}
    sent = b"" if body is None else render(body)
    return client.generic(method, path, sent, content_type="application/json", headers={**named, **headers})


def answer(path: str, method: str, reply: Any) -> None:
    """Raise unless a reply is what the OpenAPI document says."""
    content = DOCUMENT["paths"][path][method.lower()]["responses"][str(reply.status_code)].get("content")
    if content is None:
        assert reply.content == b""
    else:
        fits(next(iter(content.values()))["schema"], reply.json())


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


@pytest.fixture
def other(world: World) -> House:
    return make_house("Meadow")


def invited(house: House, browser: Client) -> Invitation:
    body = {"addresses": ["guest@example.com"], "role": "viewer"}
    assert call(browser, "POST", f"{URL}/{house.id}/invitations", body, to=house).status_code == 200
    return Invitation.objects.get(organisation=house.organisation)


def state() -> list[Any]:
    return [
        list(Organisation.objects.order_by("pk").values()),
        list(Membership.objects.order_by("pk").values()),
        list(Invitation.objects.order_by("pk").values()),
        OutboundMessage.objects.count(),
    ]


# Method, address, body, the role that may, the status that it gets, the highest role that may not.
CALLS = [
    ("GET", ONE, None, "viewer", 200, None),
    ("PATCH", ONE, {"name": "Harbour Works"}, "admin", 200, "editor"),
    ("GET", f"{ONE}/members", None, "viewer", 200, None),
    ("GET", MEMBER, None, "viewer", 200, None),
    ("PATCH", MEMBER, {"role": "editor"}, "owner", 200, "editor"),
    ("PATCH", MEMBER, {"state": "suspended", "reason": "a test"}, "admin", 200, "editor"),
    ("DELETE", MEMBER, None, "admin", 204, "editor"),
    ("GET", f"{ONE}/invitations", None, "admin", 200, None),
    ("POST", f"{ONE}/invitations", {"addresses": ["new@example.com"], "role": "viewer"}, "admin", 200, "editor"),
    ("DELETE", INVITATION, None, "admin", 204, None),
]


@pytest.mark.parametrize("given", CALLS, ids=[f"{method} {path} {body}" for method, path, body, *_rest in CALLS])
def test_members_call_within_their_rights_and_nobody_else(
    house: House, other: House, world: World, browser_of: BrowserOf, given: tuple[str, str, Any, str, int, str | None]
) -> None:
    method, path, body, may, status, may_not = given
    invitation = invited(house, browser_of(house.owner))
    ids = {"membership_id": house.membership(house.viewer).pk, "invitation_id": invitation.pk}
    url = path.format(organisation_id=house.id, **ids)
    before = state()

    nobody = call(Client(), method, url, body, to=house)
    stranger = call(browser_of(world.stranger), method, url, body, to=house)
    outside = call(browser_of(house.owner), method, url, body)
    elsewhere = call(browser_of(other.owner), method, url, body, to=other)
    refused = [nobody.status_code, stranger.status_code, outside.status_code, elsewhere.status_code]
    if may_not is not None:
        assert call(browser_of(getattr(house, may_not)), method, url, body, to=house).status_code == 403

    assert refused == [401, 404, 403, 404]
    assert state() == before
    reply = call(browser_of(getattr(house, may)), method, url, body, to=house)
    assert reply.status_code == status
    answer(path, method, reply)


@pytest.mark.parametrize("path", [MEMBER, INVITATION])
def test_things_of_another_organisation_are_not_found_under_ones_own_address(
    house: House, other: House, browser_of: BrowserOf, path: str
) -> None:
    ids = {
        "membership_id": other.membership(other.viewer).pk,
        "invitation_id": invited(other, browser_of(other.owner)).pk,
    }
    before = state()
    reply = call(browser_of(house.owner), "DELETE", path.format(organisation_id=house.id, **ids), to=house)
    assert (reply.status_code, state()) == (404, before)


def test_staff_lists_all_organisations_and_a_member_its_own(
    house: House, other: House, world: World, browser_of: BrowserOf
) -> None:
    all_of_them = call(browser_of(world.manager), "GET", URL)
    answer(URL, "GET", all_of_them)
    own = call(browser_of(house.viewer), "GET", URL, to=house).json()["items"]
    assert {str(house.id), str(other.id)} <= {row["id"] for row in all_of_them.json()["items"]}
    assert [row["id"] for row in own] == [str(house.id)]
    assert call(browser_of(house.viewer), "GET", URL).status_code == 403
    assert call(browser_of(house.viewer), "GET", URL, to=other).status_code == 404
    assert Client().get(URL).status_code == 401


def test_only_administrators_of_the_installation_create_and_suspend(
    house: House, world: World, browser_of: BrowserOf
) -> None:
    body, suspend = {"name": "Orchard", "slug": "orchard"}, f"{URL}/{house.id}/suspend"
    before = state()
    for who, to in ((world.manager, None), (world.stranger, None), (house.owner, house)):
        assert call(browser_of(who), "POST", URL, body, to=to).status_code == 403
        assert call(browser_of(who), "POST", suspend, {}, to=to).status_code == 403
    assert state() == before

    made = call(browser_of(world.admin), "POST", URL, body)
    answer(URL, "POST", made)
    assert made["Location"] == f"{URL}/{made.json()['id']}"
    assert call(browser_of(world.admin), "POST", URL, body).status_code == 422
    assert call(browser_of(world.admin), "POST", suspend, {"reason": "unpaid"}).json()["state"] == "suspended"
    assert events("accounts.organisation.suspended")[0].reason == "unpaid"
    shut = call(browser_of(house.owner), "GET", f"{URL}/{house.id}", to=house)
    assert (shut.status_code, shut.json()["code"]) == (403, "accounts.organisation_suspended")
    assert call(browser_of(world.admin), "POST", f"{URL}/{house.id}/resume", {}).json()["state"] == "active"


def test_a_change_of_an_older_state_is_refused(house: House, browser_of: BrowserOf) -> None:
    caller, url = browser_of(house.owner), f"{URL}/{house.id}"
    tag = call(caller, "GET", url, to=house)["ETag"]
    assert call(caller, "PATCH", url, {"name": "First"}, to=house, **{"If-Match": tag}).status_code == 200
    late = call(caller, "PATCH", url, {"name": "Second"}, to=house, **{"If-Match": tag})
    assert (late.status_code, Organisation.objects.get(pk=house.id).name) == (412, "First")
    assert call(caller, "PATCH", url, {"state": "closed"}, to=house).status_code == 422


def test_the_last_owner_stays_and_unknown_roles_are_refused(house: House, browser_of: BrowserOf) -> None:
    url = f"{URL}/{house.id}/members/{house.membership(house.owner).pk}"
    caller = browser_of(house.owner)
    assert call(caller, "PATCH", url, {"role": "viewer"}, to=house).status_code == 409
    assert call(caller, "PATCH", url, {"role": "emperor"}, to=house).status_code == 422
    assert call(caller, "PATCH", url, {"is_root": True}, to=house).status_code == 422
    assert role_of(house.owner, house.organisation) == ["owner"]


def test_who_is_there_already_is_not_invited_again(house: House, browser_of: BrowserOf) -> None:
    caller, url = browser_of(house.owner), f"{URL}/{house.id}/invitations"
    body = {"addresses": [house.viewer.email, "guest@example.com"], "role": "viewer"}
    reply = call(caller, "POST", url, body, to=house)
    answer(f"{ONE}/invitations", "POST", reply)
    assert [one["email"] for one in reply.json()["sent"]] == ["guest@example.com"]
    assert [one["email"] for one in reply.json()["skipped"]] == [house.viewer.email]
    assert "/invitations/" not in reply.content.decode()
    assert call(caller, "POST", url, {"addresses": [], "role": "viewer"}, to=house).status_code == 422
    assert call(caller, "POST", url, {"addresses": "a@example.com", "role": "viewer"}, to=house).status_code == 422


def test_members_come_page_by_page_in_one_number_of_statements(house: House, browser_of: BrowserOf) -> None:
    caller, url = browser_of(house.viewer), f"{URL}/{house.id}/members"
    first = call(caller, "GET", f"{url}?limit=3", to=house).json()
    second = call(caller, "GET", f"{url}?limit=3&cursor={first['next_cursor']}", to=house).json()
    assert [row["role"] for row in first["items"] + second["items"]] == ["owner", "admin", "editor", "viewer"]
    assert second["next_cursor"] is None


def test_an_organisation_that_is_not_there_is_not_found(world: World, browser_of: BrowserOf) -> None:
    for path in (ONE, f"{ONE}/members", f"{ONE}/invitations"):
        assert browser_of(world.root).get(path.format(organisation_id=uuid4())).status_code == 404
