"""The list of people: search, states, keyset pages, cost."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portal.kit import context, ids
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


def test_search_finds_parts_of_name_user_name_and_address_and_the_id(world: World, browser_of: Browser) -> None:
    (found,) = _crowd(1, name="Søren Kierkegaard", username="aabye", email="Forfatter@example.dk")
    _crowd(5)
    client = browser_of(world.manager)
    for text in ("kierke", "SØREN", "aby", "forfatter@", str(found.pk), "  aabye  "):
        assert _names(client.get("/platform/people", {"q": text})) == [str(found.pk)], text
    for text in ("nobody-has-this", "%", "_", "'; --", "\0", "x" * 5000):
        response = client.get("/platform/people", {"q": text})
        assert response.status_code == 200
        assert str(found.pk) not in _names(response) or text == "\0"


def test_states_narrow_the_list_and_carry_their_counts(world: World, browser_of: Browser) -> None:
    _crowd(3, is_active=False)
    client = browser_of(world.manager)
    response = client.get("/platform/people", {"state": "inactive"})
    assert len(_names(response)) == 3
    text = text_of(response)
    total = User.objects.count()
    for words in (f"All {total}", f"Active {total - 3}", "Inactive 3"):
        assert words in text
    assert _names(client.get("/platform/people", {"state": "nonsense"})) == _names(client.get("/platform/people"))


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
    two, twenty = "/platform/people?q=@two.example.org", "/platform/people?q=crowd"
    with context.system("a test"), writing():
        User.objects.filter(username__in=["crowd0003", "crowd0011"]).update(
            email=Concat("username", Value("@two.example.org"))
        )
    assert len(_names(client.get(two))) == 2
    assert len(_names(client.get(twenty))) == 20
    assert _queries(client, twenty) == _queries(client, two) <= 8
    part = {"HX-Request": "true"}
    assert _queries(client, twenty, **part) == _queries(client, two, **part) < _queries(client, two)


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
