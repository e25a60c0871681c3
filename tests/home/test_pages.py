"""Home, navigation, outbox, health for people."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.home.shell import initials
from portal.kit import context
from portal.kit.notify import notify
from tests.factories import World, person

pytestmark = pytest.mark.django_db
Browse = Callable[..., Client]


@pytest.mark.parametrize(
    ("who", "sees", "misses"),
    [
        (
            "root",
            ["/platform/people", "/platform/audit", "/platform/jobs", "/platform/cleanups", "/platform/outbox"],
            [],
        ),
        ("admin", ["/platform/people", "/platform/audit", "/platform/cleanups"], ["/platform/outbox"]),
        (
            "manager",
            ["/platform/people", "/platform/audit", "/platform/jobs"],
            ["/platform/cleanups", "/platform/schedules"],
        ),
        ("clerk", [], ["/platform/people", "/platform/audit", "/platform/jobs"]),
        ("stranger", [], ["/platform/people", "/platform/audit", "/platform/jobs", "/platform/cleanups"]),
    ],
)
def test_everybody_sees_just_what_they_may_open(
    world: World, browser_of: Browse, who: str, sees: list[str], misses: list[str]
) -> None:
    client = browser_of(getattr(world, who))
    page = client.get("/").content.decode()
    for url in sees:
        assert f'href="{url}"' in page, url
        assert client.get(url).status_code == 200
    for url in misses:
        assert f'href="{url}"' not in page, url
        assert client.get(url).status_code == 403


def test_the_navigation_folds_what_is_opened_seldom_and_comes_as_it_was_left(world: World, browser_of: Browse) -> None:
    browser = browser_of(world.root)

    def open_folds(path: str) -> dict[str, bool]:
        text = browser.get(path).content.decode()
        return {key: bool(is_open) for key, is_open in re.findall(r'data-fold="(\w+)"( open)?>', text)}

    shut = {"receivables": False, "catalogue": False, "books": False, "billing_setup": False}
    assert open_folds("/platform/invoices") == shut, "what is daily stands by itself"
    assert open_folds("/platform/coupons") == shut | {"catalogue": True}, "the page's own group is open"
    browser.cookies["nav"] = "books|billing_setup|no%20such%20group|<script>"
    assert open_folds("/platform/invoices") == shut | {"books": True, "billing_setup": True}
    assert "no such group" not in browser.get("/platform/invoices").content.decode()


def test_a_group_of_one_entry_is_no_group(world: World, browser_of: Browse) -> None:
    text = browser_of(world.admin).get("/platform/people").content.decode()
    for inner in re.findall(r'<details class="fold".*?</details>', text, re.DOTALL):
        assert inner.count("<li>") > 1


def test_somebody_without_a_role_is_told_whom_to_ask(world: World, browser_of: Browse) -> None:
    assert "Ask an administrator" in browser_of(world.stranger).get("/").content.decode()


def test_the_home_page_costs_the_same_with_many_people_and_few(world: World, browser_of: Browse) -> None:
    client = browser_of(world.root)
    client.get("/")
    with CaptureQueriesContext(connection) as few:
        client.get("/")
    for _ in range(20):
        person()
    with CaptureQueriesContext(connection) as many:
        client.get("/")
    assert len(many) == len(few)


def test_the_outbox_shows_what_was_written_and_only_to_whom_runs_the_installation(
    world: World, browser_of: Browse
) -> None:
    with context.system("a test"):
        mail = notify(world.clerk.pk, "security", "password_issued", {"user": world.clerk})
    assert mail is not None
    root, admin = browser_of(world.root), browser_of(world.admin)
    assert mail.address in root.get("/platform/outbox").content.decode()
    assert mail.subject in root.get(f"/platform/outbox/{mail.pk}").content.decode()
    assert admin.get(f"/platform/outbox/{mail.pk}").status_code == 403
    assert root.get(f"/platform/outbox/{UUID(int=5)}").status_code == 404


def test_health_names_each_dependency_for_administrators_only(world: World, browser_of: Browse) -> None:
    report = browser_of(world.root).get("/health").json()
    assert report["status"] == "degraded"  # No worker runs in this test, and that is not vital.
    assert {check["name"]: check["state"] for check in report["checks"]}["database"] == "ok"
    assert browser_of(world.admin).get("/health").status_code == 403


def test_an_address_under_the_api_that_nobody_owns_answers_with_a_problem(world: World, browser_of: Browse) -> None:
    for client in (Client(), browser_of(world.root)):
        for method in ("get", "post", "delete"):
            reply = getattr(client, method)("/api/v1/no/such/thing")
            assert reply.status_code == 404
            assert reply.json()["code"] == "kit.not_found"
            assert reply["Content-Type"] == "application/problem+json"


def test_initials_stand_for_any_name() -> None:
    assert initials("Ada Lindqvist") == "AL"
    assert initials("Ada Maria de Lindqvist") == "AL"
    assert initials("ada") == "A"
    assert initials("  ") == "?"
    assert initials("\N{PARTY POPPER} !") == "?"
