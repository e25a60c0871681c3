"""A refused request leaves its evidence and nothing else."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from accounts.models import User
from audit import selectors
from audit.models import Event
from portal.conf.urls import handler400, handler403, handler404, handler500  # noqa: F401 - this module is a urlconf
from portal.conf.urls import urlpatterns as project
from portal.kit.access import SignedIn
from portal.kit.context import Actor
from portal.kit.errors import Forbidden
from portal.kit.record import record
from portal.kit.services import writing
from portal.kit.views import PageView
from tests.audit.support import CODE, newest
from tests.factories import World

BrowserOf = Callable[[User], Client]
SYSTEM = Actor("system", None, "system")


class RenameThenRefuse(PageView):
    """Writes a change with its event, and is refused only then: the worst order."""

    access = SignedIn("A page of this test.")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Change every name, then refuse."""
        with writing():
            user = User.objects.get_queryset().get(name=self.actor.label)
            User.objects.get_queryset().update(name="Written before the refusal")
            record(CODE, target=user, changes={"name": (user.name, "Written before the refusal")})
        raise Forbidden


urlpatterns = [path("a-page-of-this-test", RenameThenRefuse.as_view()), *project]


def test_a_refused_post_leaves_its_denial_and_no_change(
    own_database: dict[str, str], world: World, browser_of: BrowserOf, settings: Settings
) -> None:
    settings.ROOT_URLCONF = __name__
    changed = Event.objects.get_queryset().filter(code=CODE).count()
    reply = browser_of(world.clerk).post("/a-page-of-this-test", headers={"X-Request-ID": "the-refused-one"})
    assert reply.status_code == 403
    assert not User.objects.get_queryset().filter(name="Written before the refusal").exists()
    assert Event.objects.get_queryset().filter(code=CODE).count() == changed
    event = selectors.event(SYSTEM, newest().id)
    assert (event.code, event.row.outcome, event.row.reason) == ("kit.access.denied", "denied", "kit.forbidden")
    assert (event.actor_label, event.row.request_id) == ("Clerk", "the-refused-one")
    assert event.row.data == {"method": "POST", "route": "a-page-of-this-test"}


@pytest.mark.django_db
def test_a_page_without_the_right_to_it_is_a_recorded_denial(world: World, browser_of: BrowserOf) -> None:
    assert browser_of(world.stranger).get("/platform/audit").status_code == 403
    event = newest()
    assert (event.code, event.actor_id, event.data["route"]) == (
        "kit.access.denied",
        world.stranger.pk,
        "platform/audit",
    )


@pytest.mark.django_db
def test_an_api_call_without_the_right_to_it_is_a_recorded_denial(world: World, browser_of: BrowserOf) -> None:
    assert browser_of(world.stranger).get("/api/v1/audit/events").status_code == 403
    assert (newest().code, newest().actor_id) == ("kit.access.denied", world.stranger.pk)


@pytest.mark.django_db
def test_nobody_signed_in_leaves_no_denial() -> None:
    before = Event.objects.get_queryset().filter(code="kit.access.denied").count()
    assert Client().get("/platform/audit").status_code == 302
    assert Client().get(f"/api/v1/audit/events/{uuid4()}").status_code == 401
    assert Event.objects.get_queryset().filter(code="kit.access.denied").count() == before
