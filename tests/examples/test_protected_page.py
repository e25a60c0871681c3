"""The page of docs/protecting_a_page.md: who gets in, who is refused, and what is left of a refusal."""

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from accounts.models import User
from audit.models import Event
from portal.kit.views import PageView
from tests.factories import World

BrowserOf = Callable[[User], Client]
ADDRESS = "/platform/counted"


pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.examples.protected_urls")]


def _counted() -> int:
    return Event.objects.filter(code="kit.list.exported").count()


def test_nobody_is_led_to_sign_in_and_who_lacks_the_right_is_refused(world: World, browser_of: BrowserOf) -> None:
    reply = Client().get(ADDRESS)
    assert (reply.status_code, unquote(reply["Location"])) == (302, f"/sign-in?next={ADDRESS}")
    assert browser_of(world.stranger).get(ADDRESS).status_code == 403
    assert browser_of(world.manager).get(ADDRESS).status_code == 200


def test_who_may_only_look_leaves_nothing_by_sending_and_who_may_leaves_an_event(
    world: World, browser_of: BrowserOf
) -> None:
    assert browser_of(world.manager).post(ADDRESS).status_code == 403
    assert _counted() == 0
    assert browser_of(world.admin).post(ADDRESS).status_code == 302
    assert _counted() == 1


def test_a_page_that_does_not_say_who_may_stops_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="declares no access"):
        type("Forgotten", (PageView,), {})
    with pytest.raises(ImproperlyConfigured, match="which no room declares"):
        type("Misspelt", (PageView,), {"access": "organisation:raed"})
