"""Navigation and features over the API: from the decision that the shell of the console asks."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.organisation_world import House, make_house
from tests.factories import World

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


def _get(client: Client, what: str, house: House | None = None) -> Any:
    headers = {"Steward-Organisation": str(house.id)} if house else {}
    reply = client.get(f"/api/v1/users/me/{what}", headers=headers)
    assert reply.status_code == 200
    return reply.json()


def _urls(page: str) -> list[str]:
    """The addresses of the side navigation."""
    return re.findall(r'<a\s+href="([^"]+)"', page.split('<nav class="nav"', 1)[1].split("</nav>", 1)[0])


@pytest.mark.parametrize("who", ["root", "manager", "clerk", "stranger"])
def test_the_platform_shows_what_the_api_lists(world: World, browser_of: Browser, who: str) -> None:
    client = browser_of(getattr(world, who))
    listed = _get(client, "navigation")["items"]
    shown = _urls(client.get("/").content.decode())
    assert {row["url"] for row in listed} <= set(shown) | {"/"}
    assert listed == _get(client, "session-info")["navigation"]


@pytest.mark.parametrize("who", ["owner", "viewer"])
def test_an_organisation_shows_what_the_api_lists(browser_of: Browser, who: str) -> None:
    house = make_house()
    client = browser_of(getattr(house, who))
    listed = _get(client, "navigation", house)["items"]
    shown = set(_urls(client.get(house.url()).content.decode()))
    assert {row["url"] for row in listed} == {url for url in shown if url.startswith(house.url())}
    assert all("{slug}" not in row["url"] for row in listed)
    assert listed == _get(client, "session-info", house)["navigation"]


def test_features_tell_the_open_and_the_closed_parts(world: World, browser_of: Browser) -> None:
    house = make_house()
    told = _get(browser_of(house.viewer), "features", house)["features"]
    assert told["rbac.workspaces"] is True
    assert told["accounts.organisation_invitations"] is False
    assert told == _get(browser_of(house.viewer), "session-info", house)["features"]
    outside = _get(browser_of(world.manager), "features")["features"]
    assert (outside["jobs"], outside["backups"]) == (True, False)
    assert "rbac.workspaces" not in outside


def test_nobody_has_no_navigation() -> None:
    for what in ("navigation", "features"):
        assert Client().get(f"/api/v1/users/me/{what}").status_code == 401
