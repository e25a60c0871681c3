"""Entity tags, replies that did not change, changes that came second; endpoints that will go."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import Organisation, User
from portal.kit import context
from portal.kit.api import tag_of
from portal.kit.services import writing
from tests.factories import World
from tests.kit.test_api_routes import ROUTES

BrowserOf = Callable[[User], Client]
URL = "/api/v1/things/one"
EARLIER, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)


@pytest.fixture
def caller(settings: Settings, world: World, browser_of: BrowserOf) -> Client:
    settings.ROOT_URLCONF = ROUTES
    with context.system("a test"), writing():
        Organisation.objects.create(slug="one", name="One", created_at=EARLIER)
    return browser_of(world.clerk)


def rename(**values: Any) -> None:
    with context.system("a test"), writing():
        Organisation.objects.filter(slug="one").update(**values)


def patch(caller: Client, name: str, **headers: str) -> Any:
    return caller.patch(URL, f'{{"slug": "{name}"}}', content_type="application/json", headers=headers)


def name() -> str:
    return Organisation.objects.get(slug="one").name


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["{tag}", '"other", {tag}', "*", "{strong}"])
def test_who_has_the_present_state_is_told_that_and_no_more(caller: Client, given: str) -> None:
    tag = caller.get(URL)["ETag"]
    known = given.format(tag=tag, strong=tag.removeprefix("W/"))

    reply = caller.get(URL, headers={"If-None-Match": known})

    assert (reply.status_code, reply.content, reply["ETag"]) == (304, b"", tag)


@pytest.mark.django_db
@pytest.mark.parametrize("given", ['W/"other"', "", "garbage", '"', ",,,"])
def test_who_has_another_state_gets_the_present_one(caller: Client, given: str) -> None:
    assert caller.get(URL, headers={"If-None-Match": given}).json()["name"] == "One"


@pytest.mark.django_db
def test_a_tag_is_weak_and_changes_with_all_but_volatile_fields(caller: Client) -> None:
    tag = caller.get(URL)["ETag"]
    assert tag.startswith('W/"')

    rename(created_at=LATER)
    assert caller.get(URL)["ETag"] == tag
    rename(name="Two")
    assert caller.get(URL)["ETag"] != tag


def test_a_tag_is_of_the_content_and_not_of_the_process() -> None:
    assert tag_of({"a": 1, "at": 2}, {"at"}) == tag_of({"a": 1, "at": 3}, {"at"}) == tag_of({"a": 1})
    assert tag_of({"a": 1}) != tag_of({"a": 2})


@pytest.mark.django_db
def test_a_change_of_the_state_that_was_read_is_made_and_answers_the_new_tag(caller: Client) -> None:
    reply = patch(caller, "two", **{"If-Match": caller.get(URL)["ETag"]})

    assert (reply.status_code, name()) == (200, "two")
    assert reply["ETag"] == caller.get(URL)["ETag"]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["patch", "delete"])
def test_a_change_of_an_older_state_is_refused_and_nothing_is_changed(caller: Client, method: str) -> None:
    tag = caller.get(URL)["ETag"]
    rename(name="Meanwhile")

    reply = (
        patch(caller, "two", **{"If-Match": tag})
        if method == "patch"
        else caller.delete(URL, headers={"If-Match": tag})
    )

    assert (reply.status_code, reply.json()["code"]) == (412, "kit.precondition_failed")
    assert name() == "Meanwhile"


@pytest.mark.django_db
def test_without_a_condition_a_change_is_made(caller: Client) -> None:
    assert patch(caller, "two").status_code == 200
    assert caller.delete(URL, headers={"If-Match": "*"}).status_code == 204
    assert not Organisation.objects.exists()


def test_of_two_changes_of_one_state_at_once_only_one_is_made(
    own_database: dict[str, str], caller: Client, django_db_blocker: DjangoDbBlocker
) -> None:
    tag = caller.get(URL)["ETag"]
    statuses: dict[str, int] = {}
    ready = threading.Barrier(2)

    def change(wanted: str) -> None:
        with django_db_blocker.unblock():
            other = Client()
            other.cookies = caller.cookies
            ready.wait(20)
            statuses[wanted] = patch(other, wanted, **{"If-Match": tag}).status_code
            connection.close()

    both = [threading.Thread(target=change, args=(wanted,)) for wanted in ("a", "b")]
    for one in both:
        one.start()
    for one in both:
        one.join(30)

    assert sorted(statuses.values()) == [200, 412]
    assert statuses[name()] == 200


@pytest.mark.django_db
def test_an_endpoint_that_will_go_says_when_and_what_to_call_instead(caller: Client) -> None:
    reply = caller.get("/api/v1/old")

    assert reply["Deprecation"] == "@1767225600"
    assert reply["Sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
    assert reply["Link"] == '</api/v1/things>; rel="successor-version"'


@pytest.mark.django_db
def test_other_endpoints_say_nothing_of_the_kind(caller: Client) -> None:
    assert not {"Deprecation", "Sunset"} & set(caller.get(URL).headers)
