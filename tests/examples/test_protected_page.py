"""The page of docs/protecting_a_page.md: who gets in, who is refused, and what is left of a refusal."""

import types
from collections.abc import Callable

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings

from accounts.models import User
from audit.models import Event
from docs.examples import protected_page
from portal.conf import urls
from portal.kit.views import PageView
from tests.factories import World

BrowserOf = Callable[[User], Client]
ADDRESS = "/platform/counted"


class Routes(types.ModuleType):
    """The routes of the project, and the example's."""

    urlpatterns = [*protected_page.urlpatterns, *urls.urlpatterns]
    handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


pytestmark = [pytest.mark.django_db, pytest.mark.urls(Routes)]


def _counted() -> int:
    return Event.objects.filter(code="kit.list.exported").count()


def test_nobody_is_led_to_sign_in_and_who_lacks_the_right_is_refused(world: World, browser_of: BrowserOf) -> None:
    reply = Client().get(ADDRESS)
    assert (reply.status_code, reply["Location"]) == (302, f"/sign-in?next={ADDRESS}")
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


def test_the_example_stands_at_its_address() -> None:
    with override_settings(ROOT_URLCONF=Routes):
        assert protected_page.urlpatterns[0].resolve("platform/counted") is not None
