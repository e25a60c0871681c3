"""Rate limits and the size of bodies as pages keep them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Session, User
from audit.models import Event
from portal.kit import limits
from portal.kit.limits import Limiter
from tests.factories import PASSWORD, World

Browser = Callable[[User], Client]


class _Away:
    """A store that nobody reaches: each process counts on its own."""

    def settle(self, told: object) -> list[float]:
        raise OSError


@pytest.fixture(autouse=True)
def _limited(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Limiter(_Away, 1)
    monkeypatch.setattr(Limiter, "_wake", lambda self: None)
    monkeypatch.setattr(limits, "limiter", lambda: made)
    settings.STEWARD_RATE_LIMITS = True
    settings.STEWARD_RATE_SENSITIVE = 3
    settings.STEWARD_RATE_CONSOLE = 5
    settings.STEWARD_RATE_ANONYMOUS = 50


def test_sign_ins_of_one_address_are_counted_and_told_when_to_come_again(world: World) -> None:
    client, sent = Client(), {"identifier": world.admin.username, "password": "wrong"}
    for _ in range(3):
        assert client.post("/sign-in", sent).status_code == 422
    before = (Event.objects.count(), Session.objects.count())

    refused = client.post("/sign-in", {**sent, "password": PASSWORD})

    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 1
    assert "Too many requests" in refused.content.decode()
    assert (Event.objects.count(), Session.objects.count()) == before
    assert client.get("/sign-in").status_code == 200


def test_the_console_counts_by_session(world: World, browser_of: Browser) -> None:
    first, second = browser_of(world.admin), browser_of(world.admin)
    assert [first.get("/").status_code for _ in range(6)] == [200] * 5 + [429]
    assert second.get("/").status_code == 200


def test_files_of_lists_and_of_the_trail_share_the_limit_of_exports(
    world: World, browser_of: Browser, settings: Settings
) -> None:
    settings.STEWARD_RATE_CONSOLE = 100
    client = browser_of(world.admin)
    found = [client.get("/platform/people", {"format": "csv"}).status_code for _ in range(4)]
    assert found == [200, 200, 200, 429]
    assert client.get("/platform/people").status_code == 200
    assert Event.objects.filter(code="kit.list.exported").count() == 3


def test_a_body_that_says_it_is_too_large_is_refused_unread(world: World, browser_of: Browser) -> None:
    class Unread:
        """A body that fails the test when it is read."""

        def read(self, size: int = -1) -> bytes:
            raise AssertionError("It was read.")

        def readline(self, size: int = -1) -> bytes:
            raise AssertionError("It was read.")

    extra: dict[str, Any] = {"CONTENT_LENGTH": "99999999", "wsgi.input": Unread()}
    reply = browser_of(world.admin).post("/platform/people/import", **extra)
    assert reply.status_code == 413
    assert "too large" in reply.content.decode()
