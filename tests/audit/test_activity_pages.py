"""The pages of the activity: what they show, of whom, and what each filter finds."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services.erasure import user_anonymise
from audit.lists import activity
from audit.models import Activity
from audit.selectors import activity as selectors
from audit.services.activity import activity_write
from portal.kit import clock, context
from portal.kit.activity import Seen
from portal.kit.context import Actor
from portal.kit.paging import Cursor
from tests.accounts.organisation_world import House, make_house
from tests.audit.support import ago, plant, plant_activity
from tests.factories import World, actor_of, person

pytestmark = pytest.mark.django_db
BrowserOf = Callable[[User], Client]
URL = "/platform/activity"
SYSTEM = Actor("system", None, "system")


def shown(client: Client, query: str = "", at: str = URL) -> str:
    """The page as a reader meets it."""
    reply = client.get(f"{at}{query}")
    assert reply.status_code == 200, reply.content
    return str(reply.content.decode())


def ids_of(page: str) -> list[UUID]:
    """The requests that a page lists."""
    return [
        UUID(text) for text in re.findall(r'<th scope="row"[^>]*>\s*<a class="who" href="[^"]*/([0-9a-f-]{36})"', page)
    ]


def found(**query: str) -> list[UUID]:
    """What the list finds for the whole installation."""
    page = activity.page(SYSTEM, activity.parse(query))
    return [row.id for row in page.items]


def test_a_request_is_a_row_with_who_asked_and_how_it_ended(world: World, browser_of: BrowserOf) -> None:
    plant_activity(
        ago(minutes=2), route="platform/jobs/<uuid:run_id>", status=503, actor_id=world.clerk.pk, duration_ms=12_345.0
    )
    page = shown(browser_of(world.manager))
    for text in ("/platform/jobs/&lt;uuid:run_id&gt;", world.clerk.name, "503 Failed", "12.3 s", "192.0.2.0/24"):
        assert text in page, text
    assert f'href="/platform/people/{world.clerk.pk}"' in page


def test_who_is_erased_stays_unnamed(world: World, browser_of: BrowserOf) -> None:
    gone = person("Vera Quist")
    plant_activity(ago(minutes=2), actor_id=gone.pk)
    admin = actor_of(world.admin)
    with context.acting(admin):
        user_anonymise(actor=admin, user=gone)
    page = shown(browser_of(world.manager))
    assert "Vera" not in page
    assert f"Erased person {gone.pk.hex[-8:]}" in page


@pytest.mark.parametrize(("kind", "words"), [("anonymous", "Nobody signed in"), ("key", "API key")])
def test_who_is_no_person_is_told_as_what_it_is(world: World, browser_of: BrowserOf, kind: str, words: str) -> None:
    plant_activity(ago(minutes=2), actor_kind=kind, actor_id=uuid4() if kind == "key" else None)
    assert words in shown(browser_of(world.manager))


# --- filters ---


@pytest.fixture
def many(world: World) -> dict[str, UUID]:
    """One request of each sort, the newest first."""
    sorts: dict[str, dict[str, Any]] = {
        "page": {"actor_id": world.clerk.pk},
        "refused": {"status": 404, "route": "platform/jobs"},
        "api": {"channel": "api", "route": "api/v1/users", "status": 201},
        "failed": {"channel": "api", "route": "api/v1/users", "status": 500, "actor_id": world.clerk.pk},
        "admin": {"channel": "admin", "route": "admin/", "status": 302},
    }
    return {
        name: plant_activity(ago(minutes=place + 1), **values) for place, (name, values) in enumerate(sorts.items())
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "page refused api failed admin"),
        ({"channel": "api"}, "api failed"),
        ({"answer": "5"}, "failed"),
        ({"channel": "page", "answer": "5"}, ""),
        ({"channel": "api", "answer": "2"}, "api"),
        ({"route": "api/v1/users"}, "api failed"),
        ({"route": "/api/v1/users", "answer": "5"}, "failed"),
        ({"route": "api/v1"}, ""),
        ({"person": "clerk"}, "page failed"),
        ({"person": "clerk", "channel": "api"}, "failed"),
        ({"person": "nobody-of-that-name"}, ""),
        ({"channel": "api", "sort": "time"}, "failed api"),
        ({"date": "1d", "channel": "admin"}, "admin"),
        ({"date_to": "2020-01-01"}, ""),
        ({"date_to": "2020-01-01", "channel": "api"}, ""),
    ],
)
def test_each_filter_finds_its_own(world: World, many: dict[str, UUID], query: dict[str, str], names: str) -> None:
    given = {name: world.clerk.username if value == "clerk" else value for name, value in query.items()}
    assert found(**given) == [many[name] for name in names.split()]


def test_several_answers_are_found_together(many: dict[str, UUID]) -> None:
    page = activity.page(SYSTEM, activity.parse("answer=4&answer=5"))
    assert [row.id for row in page.items] == [many["refused"], many["failed"]]


def test_days_are_those_of_the_reader_and_bound_by_what_is_kept() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_activity_ensure((now() - interval '45 days')::date, 45)")
    old, recent = plant_activity(ago(days=40)), plant_activity(ago(days=20))
    day = ago(days=20).date().isoformat()
    assert found() == [recent]
    assert found(date_from=ago(days=44).date().isoformat()) == [recent]
    assert found(date_from=day, date_to=day) == [recent]
    assert found(date_to=day, channel="page") == [recent]
    assert found(date="7d") == []
    assert Activity.objects.filter(pk=old).exists()


def test_a_walk_pages_through_everything_in_both_directions() -> None:
    wanted = [
        plant_activity(ago(minutes=number + 1), channel=("page", "api")[number % 2], status=(200, 404, 500)[number % 3])
        for number in range(70)
    ]
    wanted = [one for number, one in enumerate(wanted) if number % 3]
    for sort, expected in (("-time", wanted), ("time", wanted[::-1])):
        walked: list[UUID] = []
        cursor: Cursor | None = None
        while True:
            query = f"answer=4&answer=5&limit=25&sort={sort}" + (f"&cursor={cursor}" if cursor else "")
            page = activity.page(SYSTEM, activity.parse(query))
            walked += [row.id for row in page.items]
            if page.next is None:
                break
            cursor = page.next
        assert walked == expected
        back = activity.page(SYSTEM, activity.parse(f"answer=4&answer=5&limit=25&sort={sort}&cursor={page.previous}"))
        assert len(back.items) == 25


def test_only_the_partitions_of_the_days_are_read(many: dict[str, UUID]) -> None:
    rows = activity.rows(SYSTEM, activity.parse({"date": "1d"}))
    with connection.cursor() as cursor:
        sql, values = rows.order_by("-id")[:51].query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    read = set(re.findall(r" on audit_activity_(\d{4}_\d\d_\d\d)", plan))
    assert f"{datetime.now(UTC):%Y_%m_%d}" in read
    assert f"{datetime.now(UTC) - timedelta(days=3):%Y_%m_%d}" not in read


# --- one request ---


def test_a_request_shows_what_it_did(world: World, browser_of: BrowserOf) -> None:
    activity_id = plant_activity(
        ago(minutes=1), request_id="one-request", actor_id=world.clerk.pk, object_id=world.clerk.pk
    )
    plant(ago(minutes=1), request_id="one-request", target_type="x", target_label="the thing")
    other = plant(ago(minutes=1), request_id="another")
    page = shown(browser_of(world.manager), at=f"{URL}/{activity_id}")
    assert "200 Answered" in page
    assert 'href="/platform/audit?request_id=one-request"' in page
    assert str(world.clerk.pk) in page
    assert str(other) not in page


def test_a_request_that_changed_nothing_says_so(world: World, browser_of: BrowserOf) -> None:
    page = shown(browser_of(world.manager), at=f"{URL}/{plant_activity(ago(minutes=1), bytes=None)}")
    assert "It left no event" in page


# --- charts ---


def test_the_charts_count_the_hours_and_name_the_slowest(world: World, browser_of: BrowserOf) -> None:
    now = clock.now()
    assert "No numbers for this time yet" in shown(browser_of(world.manager))
    activity_write(
        seen=[
            Seen(now - timedelta(hours=back), "page", "GET", route, None, 200, took, 1, SYSTEM, None, None, "request")
            for back, route, took in (
                (0, "quick", 0.001),
                (0, "slow", 0.5),
                (5, "slow", 1.5),
                (47, "quick", 0.003),
                (60, "old", 9),
            )
        ]
    )
    hours = selectors.hours(SYSTEM)
    assert (len(hours), [number for _hour, number in hours if number], hours[-1][1]) == (48, [1, 1, 2], 2)
    assert selectors.slowest_routes(SYSTEM) == [
        selectors.Slow("slow", 2, 1000.0, 1500.0),
        selectors.Slow("quick", 2, 2.0, 3.0),
    ]
    page = shown(browser_of(world.manager))
    assert page.index("/slow") < page.index("/quick")
    assert "1,000 ms" in page


def test_a_fragment_asks_for_no_chart(world: World, browser_of: BrowserOf) -> None:
    client = browser_of(world.manager)
    client.get(URL)
    with CaptureQueriesContext(connection) as caught:
        client.get(URL, headers={"HX-Request": "true"})
    assert not [one for one in caught if "audit_activity_hour" in one["sql"]]


# --- organisations ---


@pytest.fixture
def houses() -> tuple[House, House]:
    """Two organisations with a request each, and one that is nobody's."""
    here, there = make_house("Here"), make_house("There")
    for house in (here, there):
        plant_activity(
            ago(minutes=1), organisation_id=house.id, actor_id=house.owner.pk, route=f"of-{house.organisation.slug}"
        )
    plant_activity(ago(minutes=1), route="of-nobody")
    return here, there


@pytest.mark.parametrize("query", ["", "?channel=page", "?answer=2", "?date=1d", "?route=of-there", "?view=all"])
def test_an_organisation_sees_its_own_requests_whatever_is_asked(
    houses: tuple[House, House], browser_of: BrowserOf, query: str
) -> None:
    here, _there = houses
    page = shown(browser_of(here.owner), query, here.url("activity"))
    rows = page.split("<tbody", 1)[-1] if "<tbody" in page else ""
    assert "of-there" not in rows
    assert "of-nobody" not in rows
    assert ("/of-here" in rows) is (query != "?route=of-there")
    assert f"{here.url('activity')}?person={here.owner.pk}" in page or query == "?route=of-there"


def test_a_request_of_elsewhere_is_not_there(houses: tuple[House, House], browser_of: BrowserOf) -> None:
    here, there = houses
    of_there = Activity.objects.get(organisation_id=there.id).pk
    nobodys = Activity.objects.get(organisation_id=None).pk
    client = browser_of(here.owner)
    for one in (of_there, nobodys):
        assert client.get(f"{here.url('activity')}/{one}").status_code == 404
    assert client.get(f"{here.url('activity')}/{Activity.objects.get(organisation_id=here.id).pk}").status_code == 200


def test_the_charts_of_an_organisation_count_its_own(houses: tuple[House, House]) -> None:
    here, there = houses
    inside = Actor("person", here.owner.pk, "x", here.id)
    outside = Actor("person", there.owner.pk, "x", there.id)
    now = clock.now()
    activity_write(
        seen=[
            Seen(now, "page", "GET", "ours", None, 200, 0.1, 1, inside, None, None, "request"),
            Seen(now, "page", "GET", "theirs", None, 200, 0.1, 1, outside, None, None, "request"),
        ]
    )
    assert selectors.hours(here.inside(here.owner))[-1][1] == 1
    assert [one.route for one in selectors.slowest_routes(here.inside(here.owner))] == ["ours"]
    assert selectors.hours(SYSTEM)[-1][1] == 2
