"""The whole surface, swept: routes, events, permissions, tables."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from audit.models import Event
from portal.kit import context, registry, services
from portal.kit.access import Public, SignedIn
from portal.kit.api import ApiView
from portal.kit.decision import can
from portal.kit.tenancy import behind_the_wall
from portal.kit.views import PageView
from tests.accounts.organisation_world import ROLES, House, make_house
from tests.factories import World

Browser = Callable[[User], Client]

ROOT = Path(__file__).resolve().parent.parent.parent
# Plain functions: they answer when the database is away, so no base class of ours may run before them.
TECHNICAL = {"health/live", "health/ready", "metrics"}
# What nobody did is an empty list, not a missing one.
EMPTY_LISTS = {"api/v1/admin/activity-logs/<uuid:user_id>"}
# The page of the inactive sends everybody else home, a fragment that is opened by itself to its page, and what is only
# there while something is being set up to where that begins.
ONWARD = {"inactive", "me/notifications/newest", "me/second-factor/app"}
# Forms whose page is another, and the page of who leaves.
ONWARD |= {"me/avatar", "me/preferences/sample", "me/privacy/copy", "me/privacy/delete", "me/leaving"}
# Calls without an id that are about an organisation, which the header names; the last one needs the name of a meter.
IN_ORGANISATIONS = {"api/v1/offers", "api/v1/usage/quotas", "api/v1/usage/days"}
UNNAMED = {"api/v1/usage/days", "api/v1/search"}  # The search needs a text.
NOTHING_YET = {"api/v1/users/me/picture", "api/v1/users/me/copy", "api/v1/users/me/copy/file"}  # Of one's own.
UUID_SAMPLE = "01890000-0000-7000-8000-000000000000"


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback


# The admin has one gate of its own, tested in tests/home/test_admin.py and test_admin_classes.py.
ROUTES = [(route, view) for route, view in _routes(get_resolver().url_patterns) if not route.startswith("admin/")]


def _access(callback: Any) -> Any:
    view = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
    return getattr(view, "access", None)


def _url(route: str) -> str:
    filled = re.sub(r"<uuid:\w+>", UUID_SAMPLE, route)
    filled = re.sub(r"<int:\w+>", "1", filled)
    filled = re.sub(r"<\w+:\w+>", "sample", filled)
    return "/" + re.sub(r"\^\.\*\$|[\^$]", "", filled)


def _door(route: str) -> str:
    depth = 3 if route.startswith("api/") else 1
    return "/".join(route.split("/")[:depth])


def _inside(route: str, house: House) -> str:
    return _url(route).replace("/o/sample/", f"/o/{house.organisation.slug}/")


def _sources(*, without: str, package: str = "") -> str:
    folders = ("accounts", "rbac", "audit", "billing", "maintenance", "portal")
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    # A room that is split by noun has a package instead of the file.
    kept = (path for path in paths if path.name != without and path.parent.name != package)
    return "\n".join(path.read_text("utf-8") for path in kept)


def test_every_route_declares_who_may_reach_it() -> None:
    undeclared = [route for route, callback in ROUTES if _access(callback) is None and route not in TECHNICAL]
    assert undeclared == []


GUARDED = [route for route, callback in ROUTES if isinstance(_access(callback), str | SignedIn)]


# One test for each door of the portal, not for each of some hundred routes: what they share is set up once.
@pytest.mark.django_db
@pytest.mark.parametrize("door", sorted({_door(route) for route in GUARDED}))
def test_nothing_answers_without_a_session(door: str) -> None:
    client = Client()
    for route in (route for route in GUARDED if _door(route) == door):
        for method in ("get", "post", "put", "patch", "delete"):
            client.cookies.clear()
            reply = getattr(client, method)(_url(route))
            if route.startswith("api/"):
                assert reply.status_code == 401, (method, route)
                assert reply["Content-Type"] == "application/problem+json", (method, route)
            else:
                assert reply.status_code == 302, (method, route)
                assert reply["Location"].startswith("/sign-in"), (method, route)


@pytest.mark.django_db
def test_a_stranger_is_refused_wherever_a_right_is_demanded(world: World, browser_of: Browser) -> None:
    client = browser_of(world.stranger)
    for route, callback in ROUTES:
        if isinstance(_access(callback), str):
            # An organisation that one is no member of is told like one that does not exist.
            expected = 404 if route.startswith("o/") else 403
            assert client.get(_url(route)).status_code == expected, route
            assert client.post(_url(route)).status_code == expected, route


INSIDE = [(route, callback) for route, callback in ROUTES if route.startswith("o/")]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_owner_of_another_organisation_finds_nothing_of_this_one(browser_of: Browser, method: str) -> None:
    here, there = make_house("Here"), make_house("There")
    client = browser_of(there.owner)
    for route, _callback in INSIDE:
        assert getattr(client, method)(_inside(route, here)).status_code == 404, route


@pytest.mark.django_db
def test_a_member_without_the_right_is_refused_and_with_it_let_in(browser_of: Browser) -> None:
    here = make_house("Here")
    clients = {code: browser_of(getattr(here, code)) for code in ROLES}
    for route, callback in INSIDE:
        code = str(_access(callback))
        for role, client in clients.items():
            may = can(here.inside(getattr(here, role)), code).allowed
            found = {client.get(_inside(route, here)).status_code, client.post(_inside(route, here)).status_code}
            assert (found == {403}) is not may, (route, role, found)
            assert may or found == {403}, (route, role, found)
    assert {can(here.inside(here.viewer), str(_access(callback))).allowed for _route, callback in INSIDE} == {
        True,
        False,
    }


@pytest.mark.django_db
def test_every_page_without_an_id_opens_for_whom_may(world: World, browser_of: Browser) -> None:
    here = make_house("Here")
    root, owner = browser_of(world.root), browser_of(here.owner)
    seen = 0
    for route, callback in ROUTES:
        view = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
        if not hasattr(view, "get") or "get" not in getattr(view, "http_method_names", ("get",)):
            continue
        if re.search("<(uuid|str|slug|int):", route) or isinstance(_access(callback), Public):
            continue
        client, url = (owner, _inside(route, here)) if route.startswith("o/") else (root, _url(route))
        headers: dict[str, str] = {}
        if route in IN_ORGANISATIONS:
            client, headers = owner, {"Steward-Organisation": str(here.id)}
        reply = client.get(url, headers=headers)
        expected = {302} if route in ONWARD else {422} if route in UNNAMED else {200, 204}
        expected = {404} if route in NOTHING_YET else expected
        assert reply.status_code in expected, (route, reply.status_code)
        seen += 1
    assert seen > 30


@pytest.mark.django_db
def test_ids_of_nothing_are_not_found_by_whom_may_look(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    for route, callback in ROUTES:
        if (
            "<uuid:" in route
            and _access(callback) is not None
            and not route.startswith("o/")
            and route not in EMPTY_LISTS
            and hasattr(getattr(callback, "view_class", None) or getattr(callback, "cls", None), "get")
        ):
            assert client.get(_url(route)).status_code == 404, route


@pytest.mark.django_db
def test_ids_of_another_organisation_are_not_found_inside_one(world: World, browser_of: Browser) -> None:
    here, there = make_house("Here"), make_house("There")
    with context.system("a test"), behind_the_wall():
        ids = [
            there.membership(there.viewer).pk,
            *Event.objects.filter(organisation_id=there.id).values_list("id", flat=True),
        ]
    client = browser_of(here.owner)
    assert len(ids) > 1
    for route, callback in INSIDE:
        if "<uuid:" in route:
            for one in ids:
                url = _inside(route, here).replace(UUID_SAMPLE, str(one))
                methods = ("get", "post") if hasattr(callback.view_class, "get") else ("post",)
                for method in methods:
                    assert getattr(client, method)(url).status_code in {404, 405}, (method, route)


def test_public_routes_say_why() -> None:
    assert all(access.reason for _, callback in ROUTES if isinstance(access := _access(callback), Public | SignedIn))


@pytest.mark.parametrize("base", [PageView, ApiView])
def test_a_view_that_declares_nothing_stops_the_start(base: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="declares no access"):
        type("Undeclared", (base,), {})
    with pytest.raises(ImproperlyConfigured, match="which no room declares"):
        type("Unknown", (base,), {"access": "nothing:whatever"})


def test_every_declared_permission_is_demanded_somewhere() -> None:
    text = _sources(without="permissions.py", package="permissions")
    assert [spec.code for spec in registry.permissions if f'"{spec.code}"' not in text] == []


def test_every_registered_event_is_recorded_somewhere() -> None:
    text = _sources(without="events.py", package="events")

    def recorded(code: str) -> bool:
        stem, _dot, what = code.rpartition(".")  # Some are put together of their noun and what was done.
        return f'"{code}"' in text or (f'f"{stem}.{{' in text and f'"{what}"' in text)

    assert [spec.code for spec in registry.events if not recorded(spec.code)] == []


@pytest.mark.django_db
def test_the_application_may_use_every_table_of_a_model_and_owns_none() -> None:
    tables = {model._meta.db_table for model in apps.get_models() if model._meta.managed}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute("SELECT has_table_privilege('steward_app', %s, 'SELECT, INSERT')", [table])
            assert cursor.fetchone()[0], table
        cursor.execute("SELECT tablename FROM pg_tables WHERE tableowner IN ('steward_app', 'steward_platform')")
        assert cursor.fetchall() == []


@pytest.mark.django_db
def test_a_write_outside_the_door_is_refused_for_every_table_of_ours() -> None:
    for table in services.guarded_tables():
        with pytest.raises(services.UnguardedWrite), connection.cursor() as cursor:
            cursor.execute(f'DELETE FROM "{table}"')
