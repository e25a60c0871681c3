"""Activity on its way: what is noted of a request, what is not, and what happens when it cannot be written."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client import REGISTRY

from accounts.models import User
from audit.models import Activity, ActivityHour
from audit.services.activity import activity_days_ensure, activity_write
from portal.kit import activity, clock
from portal.kit.activity import Seen
from portal.kit.context import Actor
from tests.accounts.organisation_world import make_house
from tests.factories import World, person

BrowserOf = Callable[[User], Client]
NOBODY = Actor("anonymous", None, "anonymous")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noted(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Requests are noted, and handed on when the test says so and not by the thread, which has a connection of its own."""
    settings.STEWARD_ACTIVITY = True
    monkeypatch.setattr(activity, "_wake", lambda: None)
    empty()
    yield
    empty()


def empty() -> None:
    """Forget what waits."""
    activity._waiting.clear()
    activity._held.clear()


def kept() -> list[Activity]:
    """Everything that is written once what waits is handed on, in its order."""
    assert activity.flush()
    return list(Activity.objects.order_by("id"))


def seen(route: str = "platform/people", **values: Any) -> Seen:
    """A request that was answered just now."""
    given: dict[str, Any] = {
        "moment": clock.now(),
        "channel": activity.channel_of(route),
        "method": "GET",
        "route": route,
        "object_id": None,
        "status": 200,
        "seconds": 0.0125,
        "bytes": 4096,
        "actor": NOBODY,
        "session_id": None,
        "address": "192.0.2.0/24",
        "request_id": uuid4().hex,
    }
    return Seen(**given | values)


def dropped(reason: str) -> float:
    """What the counter says."""
    return REGISTRY.get_sample_value("steward_kit_activity_dropped_total", {"reason": reason}) or 0.0


# --- what is kept ---


def test_a_page_is_kept_with_who_asked_and_how_it_was_answered(world: World, browser_of: BrowserOf) -> None:
    client = browser_of(world.admin)
    empty()
    reply = client.get("/platform/people", {"q": "secret words"}, REMOTE_ADDR="192.0.2.77")
    (row,) = kept()
    assert (row.channel, row.method, row.route, row.status, row.family) == ("page", "GET", "platform/people", 200, 2)
    assert (row.actor_kind, row.actor_id, row.organisation_id) == ("person", world.admin.pk, None)
    assert row.session_id is not None
    assert row.request_id == reply["X-Request-ID"]
    assert row.address == "192.0.2.0/24"
    assert row.bytes == len(reply.content)
    assert row.duration_ms > 0
    assert row.id.int >> 80 == int(row.occurred_at.timestamp() * 1000)


def test_the_route_stands_for_the_address_and_the_one_id_beside_it(world: World, browser_of: BrowserOf) -> None:
    client = browser_of(world.admin)
    empty()
    client.get(f"/platform/people/{world.clerk.pk}")
    client.get(f"/api/v1/users/{world.clerk.pk}")
    client.get("/admin/")
    page, endpoint, admin = kept()
    assert (page.route, page.object_id) == ("platform/people/<uuid:key>", world.clerk.pk)
    assert (endpoint.channel, endpoint.route) == ("api", "api/v1/users/<uuid:person_id>")
    assert (admin.channel, admin.object_id) == ("admin", None)


def test_a_request_that_names_an_organisation_belongs_to_it(browser_of: BrowserOf) -> None:
    house = make_house("Harbour")
    client = browser_of(house.owner)
    empty()
    client.get(house.url("members"))
    (row,) = kept()
    assert (row.organisation_id, row.actor_id) == (house.id, house.owner.pk)
    assert row.route == "o/<slug:slug>/members"


def test_refusals_are_kept_and_who_is_not_signed_in_has_no_id(world: World, browser_of: BrowserOf) -> None:
    client = browser_of(world.stranger)
    empty()
    client.get("/platform/people")
    Client().get("/api/v1/users")
    forbidden, unknown = kept()
    assert (forbidden.status, forbidden.actor_id) == (403, world.stranger.pk)
    assert (unknown.status, unknown.actor_kind, unknown.actor_id) == (401, "anonymous", None)


def test_neither_a_token_nor_a_query_nor_a_name_is_written(world: World, browser_of: BrowserOf) -> None:
    client = browser_of(world.admin)
    empty()
    client.get("/password/a-very-secret-token", {"next": "hidden-query"})
    kept()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(r)::text FROM audit_activity r")
        text = "\n".join(row[0] for row in cursor.fetchall())
    assert "password/<str:token>" in text
    assert not [word for word in ("a-very-secret-token", "hidden-query", world.admin.name) if word in text]


def test_a_method_that_somebody_invented_is_one_of_all_others(world: World, browser_of: BrowserOf) -> None:
    client = browser_of(world.admin)
    empty()
    client.generic("BREW" * 20, "/platform/people")
    assert [row.method for row in kept()] == [activity.OTHER]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        (None, None),
    ],
)
def test_an_address_is_shortened_to_its_network(address: str | None, network: str | None) -> None:
    assert activity.shortened(address) == network


# --- what is not ---


@pytest.mark.parametrize(
    "path",
    [
        "/health/live",
        "/health/ready",
        "/health",
        "/metrics",
        "/no-such-page",
        "/me/notifications/count",
        "/platform/audit/tail",
    ],
)
def test_probes_unknown_addresses_and_what_asks_by_itself_are_not_kept(
    world: World, browser_of: BrowserOf, path: str
) -> None:
    client = browser_of(world.root)
    empty()
    client.get(path)
    assert kept() == []


def test_a_part_that_asks_by_itself_is_not_kept_and_its_page_is(world: World, browser_of: BrowserOf) -> None:
    client = browser_of(world.root)
    address = client.post("/platform/audit/exports", {"format": "csv"})["Location"]
    empty()
    client.get(address, headers={"HX-Request": "true"})
    assert kept() == []
    client.get(address)
    assert [row.route for row in kept()] == ["platform/audit/exports/<uuid:export_id>"]


def test_switched_off_nothing_is_noted(world: World, settings: Any) -> None:
    settings.STEWARD_ACTIVITY = False
    Client().get("/sign-in")
    assert not activity._waiting
    assert kept() == []


# --- sums ---


def test_the_sums_of_the_hours_are_those_of_the_rows() -> None:
    house = make_house("Harbour")
    inside, at = Actor("person", uuid4(), "x", house.id), datetime(2026, 3, 10, 12, 59, 59, tzinfo=UTC)
    activity_days_ensure(first=at.date(), days=1)
    activity_write(
        seen=[
            seen("a", moment=at, seconds=0.010, actor=inside),
            seen("a", moment=at, seconds=0.030),
            seen("a", moment=at + timedelta(seconds=2), seconds=0.020),
            seen("a", moment=at, status=503, seconds=1),
        ]
    )
    activity_write(seen=[seen("a", moment=at, seconds=0.050)])
    found = {
        (row.organisation_id, row.hour.hour, row.family): (row.requests, row.milliseconds, row.slowest_ms)
        for row in ActivityHour.objects.all()
    }
    assert found == {
        (None, 12, 2): (3, 90.0, 50.0),
        (None, 13, 2): (1, 20.0, 20.0),
        (None, 12, 5): (1, 1000.0, 1000.0),
        (house.id, 12, 2): (1, 10.0, 10.0),
    }
    assert Activity.objects.count() == 5


# --- days ---


def test_a_day_without_a_partition_gets_one_with_its_first_request() -> None:
    late = datetime(2050, 5, 31, 23, 59, 59, tzinfo=UTC)
    activity_write(seen=[seen(moment=late), seen(moment=late + timedelta(seconds=2))])
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM audit_activity ORDER BY id")
        assert [row[0] for row in cursor.fetchall()] == ["audit_activity_2050_05_31", "audit_activity_2050_06_01"]


def test_the_days_ahead_stand_already_and_are_made_once() -> None:
    assert activity_days_ensure() == 0
    assert activity_days_ensure(first=datetime(2051, 2, 27, tzinfo=UTC).date(), days=3) == 3
    assert activity_days_ensure(first=datetime(2051, 2, 26, tzinfo=UTC).date(), days=4) == 1


def test_hostile_words_in_a_batch_are_words(world: World) -> None:
    hostile = "a\"b\\c{d},NULL'); DROP TABLE audit_activity; --\N{SNOWMAN}"
    activity_write(seen=[seen(hostile, request_id="NULL", bytes=2**40), seen(r"^x/(?P<a>\w+)$", object_id=uuid4())])
    # Two of one moment have no order.
    first, second = sorted(Activity.objects.all(), key=lambda row: row.object_id is not None)
    assert (first.route, first.request_id, first.bytes) == (hostile, "NULL", 2**31 - 1)
    assert (second.route, isinstance(second.object_id, UUID)) == (r"^x/(?P<a>\w+)$", True)


# --- when it cannot be written ---


def test_while_the_database_is_away_requests_wait_and_none_is_lost(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Client().get("/sign-in")

    def away(*, seen: Any) -> None:
        raise OperationalError("the server closed the connection")

    fill = activity.write._function
    monkeypatch.setattr(activity.write, "_function", away)
    assert not activity.flush()
    assert "waits for the database" in caplog.text
    Client().get("/sign-in")
    assert not activity.flush()
    assert Activity.objects.count() == 0
    monkeypatch.setattr(activity.write, "_function", fill)
    assert [row.route for row in kept()] == ["sign-in", "sign-in"]


def test_beyond_the_bound_the_oldest_go_and_it_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(activity, "BOUND", 3)
    monkeypatch.setattr(activity, "_waiting", type(activity._waiting)(maxlen=3))
    before = dropped("full")
    for name in "abcde":
        Client().get("/sign-in", headers={"X-Request-ID": f"request-{name}"})
    assert [row.request_id for row in kept()] == ["request-c", "request-d", "request-e"]
    assert dropped("full") == before + 2
    assert "2 requests left no activity" in caplog.text
    caplog.clear()
    activity.flush()
    assert caplog.text == "", "Told once."


def test_a_batch_that_is_refused_does_not_hold_up_the_next(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = dropped("refused")
    activity._held.append(seen(status=999))
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT refused")
        assert activity.flush()
        cursor.execute("ROLLBACK TO refused")
    assert dropped("refused") == before + 1
    assert "their batch was refused" in caplog.text
    Client().get("/sign-in")
    assert len(kept()) == 1


def test_a_batch_is_bounded_and_the_rest_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "BATCH", 2)
    for _ in range(3):
        Client().get("/sign-in")
    assert activity.flush(whole=False)
    assert (Activity.objects.count(), len(activity._waiting)) == (2, 1)
    assert len(kept()) == 3


def test_a_request_is_answered_whatever_becomes_of_its_activity(
    world: World, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*, seen: Any) -> None:
        raise RuntimeError("nobody writes")

    monkeypatch.setattr(activity.write, "_function", broken)
    client = browser_of(person("Reader", role="manager"))
    assert client.get("/platform/people").status_code == 200
    assert activity.flush()
    assert Activity.objects.count() == 0


def test_what_an_administrator_opens_as_somebody_else_is_the_administrators_activity(
    world: World, browser_of: BrowserOf
) -> None:
    client = browser_of(world.admin)
    client.post(f"/platform/people/{world.manager.pk}/view", {"reason": "Ticket 4711"})
    empty()
    assert client.get("/platform/people").status_code == 200
    assert [(row.route, row.actor_id) for row in kept()] == [("platform/people", world.admin.pk)]
