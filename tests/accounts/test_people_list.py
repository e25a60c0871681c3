"""The list of people: search, states, keyset pages, cost."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portal.kit import clock, context, ids
from portal.kit.paging import PAGE, Cursor
from portal.kit.services import writing
from tests.accounts.helpers import text_of
from tests.factories import World

Browser = Callable[[User], Client]


def _crowd(number: int, **values: Any) -> list[User]:
    """People with names in their order; every third shares its name with the one before."""
    people = []
    for place in range(number):
        handle = f"crowd{place:04}"
        people.append(
            User(
                **(
                    {
                        "id": ids.uuid7(),
                        "username": handle,
                        "email": f"{handle}@example.org",
                        "name": f"Crowd {place - (place % 3 == 2):04}",
                    }
                    | values
                )
            )
        )
    with context.system("a test"), writing():
        User.objects.bulk_create(people)
    return people


def _names(response: Any) -> list[str]:
    return re.findall(r'href="/platform/people/([0-9a-f-]{36})"', response.content.decode())


def _page(response: Any, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', response.content.decode())
    return found.group(1).replace("&amp;", "&") if found else None


def _queries(client: Client, url: str, **headers: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url, headers=headers).status_code == 200
    # The test's own transaction makes savepoints of what is BEGIN and COMMIT in production.
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in captured)


def test_forwards_and_backwards_show_everybody_once_in_one_order(world: World, browser_of: Browser) -> None:
    _crowd(2 * PAGE + 7)
    client = browser_of(world.manager)
    expected = [str(pk) for pk in User.objects.order_by("name", "id").values_list("pk", flat=True)]
    url: str | None = "/platform/people"
    pages, urls = [], []
    while url:
        response = client.get(url)
        pages.append(_names(response))
        urls.append(url)
        url = _page(response, "next")
    assert [name for page in pages for name in page] == expected
    assert [len(page) for page in pages] == [PAGE, PAGE, len(expected) - 2 * PAGE]
    back = _page(client.get(urls[-1]), "prev")
    assert back is not None
    assert _names(client.get(back)) == pages[1]
    first = _page(client.get(back), "prev")
    assert first is not None
    assert _names(client.get(first)) == pages[0]
    assert _page(client.get(first), "prev") is None
    assert _page(client.get(urls[0]), "prev") is None


def test_a_page_begins_where_the_former_ended_although_people_came_and_were_renamed(
    world: World, browser_of: Browser
) -> None:
    people = _crowd(PAGE + 10)
    client = browser_of(world.manager)
    start = client.get("/platform/people", {"q": "crowd"})
    following = _page(start, "next")
    _crowd(1, username="new", email="new@example.org", name="Crowd 0000 a newcomer")
    with context.system("a test"), writing():
        User.objects.filter(pk=people[0].pk).update(name="Zoe")
    assert following is not None
    expected = sorted(people, key=lambda user: (user.name, user.pk))[PAGE:] + people[:1]
    assert _names(client.get(following)) == [str(user.pk) for user in expected]


def test_search_finds_the_beginning_of_any_word_and_the_id(world: World, browser_of: Browser) -> None:
    (found,) = _crowd(1, name="Søren Åbye-Kierkegaard", username="aabye.s", email="Forfatter@hos.example.dk")
    _crowd(5)
    client = browser_of(world.manager)
    for text in (
        *("kierke", "SØREN", "søren k", "abye", "åbye-kierk", "aab", "aabye.s", "forfatter@", "hos.example"),
        *("k s", "forfatter@hos.example.dk", str(found.pk), "  aabye  ", "kierkegaard, søren"),
    ):
        assert _names(client.get("/platform/people", {"q": text})) == [str(found.pk)], text
    for text in ("nobody-has-this", "ierkegaard", "søren nobody", "%", "_", "'; --", "\\", "@", "x" * 5000):
        response = client.get("/platform/people", {"q": text})
        assert response.status_code == 200
        assert _names(response) == [], text
    assert str(found.pk) in _names(client.get("/platform/people", {"q": "\0"}))


def test_words_follow_the_person_who_is_renamed(world: World, browser_of: Browser) -> None:
    (found,) = _crowd(1, name="Before", username="handle", email="before@example.org")
    client = browser_of(world.manager)
    with context.system("a test"), writing():
        User.objects.filter(pk=found.pk).update(name="After Marriage", email="after@example.org")
    assert _names(client.get("/platform/people", {"q": "before"})) == []
    for text in ("after", "marri", "handle"):
        assert _names(client.get("/platform/people", {"q": text})) == [str(found.pk)]


def test_states_narrow_the_list_and_carry_their_counts(world: World, browser_of: Browser) -> None:
    _crowd(3, is_active=False)
    client = browser_of(world.manager)
    response = client.get("/platform/people", {"state": "inactive"})
    assert len(_names(response)) == 3
    text = text_of(response)
    total = User.objects.count()
    for words in (f"All {total}", f"Active {total - 3}", "Inactive 3"):
        assert words in text


def test_hostile_parameters_are_refused_by_name_and_never_an_error_of_ours(world: World, browser_of: Browser) -> None:
    client = browser_of(world.manager)
    for name, value in (
        *(("state", "nonsense"), ("role", "emperor"), ("sort", "password"), ("sort", "--person"), ("sort", "name__x")),
        *(("limit", "7"), ("limit", "-1"), ("limit", "1e9"), ("columns", "password"), ("created", "31d")),
        *(("created_from", "2026-02-30"), ("created_to", "9999999-01-01"), ("created_from", "0001-01-01")),
        *(("seen", "never' OR 1=1"), ("format", "exe"), ("view", "nonsense"), ("cursor", "nonsense"), ("is_root", "1")),
        *(("password__startswith", "argon2"), ("created_from", "\ud800"), ("state", "\0")),
    ):
        response = client.get("/platform/people", {name: value.encode("utf-8", "surrogatepass")})
        assert response.status_code == 400, (name, value)
        assert world.root.email not in response.content.decode()
    assert client.get("/platform/people", {"created": "7d", "created_from": "2026-01-01"}).status_code == 400
    assert client.get("/platform/people", {"created_from": "2026-02-01", "created_to": "2026-01-01"}).status_code == 400
    assert client.get("/platform/people", {"state": ["active", "inactive"]}).status_code == 400


def test_filters_narrow_and_show_themselves_as_removable_chips(world: World, browser_of: Browser) -> None:
    client = browser_of(world.manager)
    response = client.get("/platform/people", {"role": ["admin", "manager"], "q": "example"})
    assert set(_names(response)) == {str(world.admin.pk), str(world.manager.pk)}
    assert "Role: Admin or Manager" in text_of(response)
    away = re.search(r'class="chip"\s+href="([^"]+)"', response.content.decode())
    assert away is not None
    assert parse_qs(urlsplit(away.group(1)).query) == {"q": ["example"]}
    (old, new) = _crowd(2)
    with context.system("a test"), writing():
        User.objects.filter(pk=old.pk).update(created_at=datetime(2020, 5, 17, 23, 59, tzinfo=UTC))
        User.objects.filter(pk=new.pk).update(last_seen_at=clock.now() - timedelta(days=2))
    day = {"created_from": "2020-05-17", "created_to": "2020-05-17"}
    assert _names(client.get("/platform/people", day)) == [str(old.pk)]
    assert _names(client.get("/platform/people", {"created_to": "2020-05-16"})) == []
    assert _names(client.get("/platform/people", {"seen": "7d", "q": "crowd"})) == [str(new.pk)]
    assert _names(client.get("/platform/people", {"seen": "1d", "q": "crowd"})) == []
    assert _names(client.get("/platform/people", {"seen": "never", "q": "crowd"})) == [str(old.pk)]
    assert "Never signed in" in text_of(client.get("/platform/people", {"seen": "never"}))


@pytest.mark.parametrize(
    "sort", ["person", "-person", "state", "-state", "username", "-email", "seen", "-seen", "created"]
)
def test_every_order_pages_through_everybody_once_both_ways(world: World, browser_of: Browser, sort: str) -> None:
    people = _crowd(60)
    moment = clock.now()
    with context.system("a test"), writing():
        for place, user in enumerate(people):
            seen = None if place % 3 == 0 else moment - timedelta(hours=place // 6)
            User.objects.filter(pk=user.pk).update(
                last_seen_at=seen, is_active=place % 4 != 0, created_at=moment - timedelta(days=place // 10)
            )
    client = browser_of(world.manager)
    url: str | None = f"/platform/people?sort={sort}&limit=25"
    pages = []
    while url:
        response = client.get(url)
        pages.append(_names(response))
        last, url = url, _page(response, "next")
    shown = [name for page in pages for name in page]
    assert len(shown) == len(set(shown)) == User.objects.count()
    users = {str(user.pk): user for user in User.objects.all()}
    read = {
        "person": lambda user: (user.name, user.pk),
        "state": lambda user: (user.is_active, user.name, user.pk),
        "username": lambda user: (user.username, user.pk),
        "email": lambda user: (user.email, user.pk),
        "created": lambda user: (user.created_at, user.pk),
        "seen": lambda user: (user.last_seen_at or moment, user.pk),
    }[sort.removeprefix("-")]
    found = [users[name] for name in shown]
    if "seen" in sort:
        assert [user.last_seen_at is None for user in found] == sorted(user.last_seen_at is None for user in found)
        for part in ([user for user in found if user.last_seen_at], [user for user in found if not user.last_seen_at]):
            assert part == sorted(part, key=read, reverse=sort.startswith("-"))
    else:
        assert found == sorted(found, key=read, reverse=sort.startswith("-"))
    back = []
    at: str | None = last
    while at:
        response = client.get(at)
        back.append(_names(response))
        at = _page(response, "prev")
    # The first page that is reached backwards may be a full one where the forward walk began with another cut.
    assert [name for page in reversed(back) for name in page] == shown


def test_a_fragment_request_gets_the_table_alone(world: World, browser_of: Browser) -> None:
    client = browser_of(world.manager)
    whole = client.get("/platform/people", {"q": "root"})
    part = client.get("/platform/people", {"q": "root"}, headers={"HX-Request": "true"})
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert _names(part) == _names(whole) == [str(world.root.pk)]
    assert part["Vary"] == "HX-Request"
    restored = client.get("/platform/people", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in restored.content.decode()


def test_the_cost_does_not_grow_with_the_rows(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    _crowd(20)
    two, twenty = "/platform/people?q=two.example.org", "/platform/people?q=crowd"
    with context.system("a test"), writing():
        User.objects.filter(username__in=["crowd0003", "crowd0011"]).update(
            email=Concat("username", Value("@two.example.org"))
        )
    assert len(_names(client.get(two))) == 2
    assert len(_names(client.get(twenty))) == 20
    # A search that is typed comes as a part of the page; the whole page with one asks the tokens in addition.
    assert _queries(client, twenty) == _queries(client, two) <= 9
    assert _queries(client, "/platform/people") <= 8
    assert _queries(client, "/platform/people?sort=-created&limit=25") <= 8
    part = {"HX-Request": "true"}
    assert _queries(client, twenty, **part) == _queries(client, two, **part) <= 7


def test_a_row_shows_roles_by_their_labels(world: World, browser_of: Browser) -> None:
    text = text_of(browser_of(world.manager).get("/platform/people", {"q": world.root.email}))
    assert "Super admin" in text
    assert "Root" in text


def test_addresses_of_pages_carry_no_names(world: World, browser_of: Browser) -> None:
    _crowd(PAGE + 1)
    following = _page(browser_of(world.manager).get("/platform/people"), "next")
    assert following is not None
    assert set(parse_qs(urlsplit(following).query)) == {"cursor"}


def test_a_stale_cursor_starts_at_the_beginning_and_a_damaged_one_is_refused(world: World, browser_of: Browser) -> None:
    client = browser_of(world.manager)
    start = _names(client.get("/platform/people"))
    for cursor in ("", Cursor(ids.uuid7()), Cursor(ids.uuid7(), backwards=True)):
        assert _names(client.get(f"/platform/people?cursor={cursor}")) == start
    assert client.get("/platform/people?cursor=nonsense").status_code == 400


def test_who_may_not_see_people_sees_none(world: World, browser_of: Browser) -> None:
    for user in (world.clerk, world.stranger):
        client = browser_of(user)
        for url in ("/platform/people", f"/platform/people/{world.root.pk}"):
            response = client.get(url)
            assert response.status_code == 403
            assert world.root.email not in response.content.decode()
    assert Client().get("/platform/people").status_code == 302


def test_who_may_only_look_is_offered_nothing_more(world: World, browser_of: Browser) -> None:
    body = browser_of(world.manager).get("/platform/people").content.decode()
    assert "/platform/people/new" not in body
    assert "/platform/people/import" not in body
