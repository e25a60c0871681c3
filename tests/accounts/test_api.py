"""The two reads about one's own session, and preferences."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from maintenance import cleaning
from portal.kit import context, registry
from tests.accounts.helpers import events, sign_in
from tests.factories import World, actor_of

Browser = Callable[[User], Client]


def test_the_session_says_who_and_whether_people_may_be_listed(world: World, browser_of: Browser) -> None:
    for user, may in ((world.root, True), (world.manager, True), (world.clerk, False), (world.stranger, False)):
        assert browser_of(user).get("/api/v1/auth/session").json() == {
            "id": str(user.pk),
            "label": user.name,
            "may_read_people": may,
        }


def test_a_warm_session_read_is_one_query(world: World, browser_of: Browser) -> None:
    client = browser_of(world.manager)
    client.get("/api/v1/auth/session")
    with CaptureQueriesContext(connection) as captured:
        client.get("/api/v1/auth/session")
    assert [query["sql"] for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))] == [
        query["sql"] for query in captured if "FROM accounts_session" in query["sql"]
    ]


def test_session_info_holds_what_a_client_draws_its_frame_from(world: World, browser_of: Browser) -> None:
    info = browser_of(world.manager).get("/api/v1/users/me/session-info").json()
    assert info["user"] == {
        "id": str(world.manager.pk),
        "username": world.manager.username,
        "email": world.manager.email,
        "name": world.manager.name,
        "must_change_password": False,
    }
    assert {"user:read", "user:update", "audit:read"} <= set(info["permissions"])
    assert "user:admin" not in info["permissions"]
    entries = {item["name"]: item for item in info["navigation"]}
    assert entries["accounts.people"]["url"] == "/platform/people"
    assert {registry.menu.get(name).permission for name in entries} <= set(info["permissions"])
    assert info["features"]["accounts.people"] is True


@pytest.mark.django_db
def test_without_a_session_both_answer_401_as_problem_json() -> None:
    for url in ("/api/v1/auth/session", "/api/v1/users/me/session-info"):
        response = Client().get(url)
        assert response.status_code == 401
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "kit.unauthenticated"


def test_the_theme_follows_the_person_to_another_browser(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    response = client.post("/me/theme", {"theme": "dark"})
    assert (response.status_code, response.cookies["theme"].value) == (204, "dark")
    client.post("/me/theme", {"theme": "dark"})
    (event,) = events("accounts.user.updated")
    assert (event.target_id, event.changes) == (world.clerk.pk, {"theme": ["system", "dark"]})
    elsewhere = Client()
    sign_in(elsewhere, world.clerk.username)
    assert 'data-theme="dark"' in elsewhere.get("/me/password").content.decode()


def test_an_unknown_theme_is_refused(world: World, browser_of: Browser) -> None:
    response = browser_of(world.clerk).post("/me/theme", {"theme": "pink"})
    assert response.status_code == 422
    world.clerk.refresh_from_db()
    assert world.clerk.preferences == {}


@pytest.mark.parametrize(
    "name", ["accounts.expired_sessions", "accounts.abandoned_imports", "accounts.sign_in_counters"]
)
def test_what_accounts_lets_go_of_can_be_previewed(world: World, browser_of: Browser, name: str) -> None:
    browser_of(world.clerk)
    with context.acting(actor_of(world.admin)):
        preview = cleaning.preview(actor=actor_of(world.admin), name=name)
    assert preview.count == 0
