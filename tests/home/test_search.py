"""The page of the search, the palette, and the search over the API: what they show, keep and refuse."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import resolve

from accounts.models import User
from accounts.services.erasure import user_anonymise
from portal.kit import context, registry
from portal.kit.access import SignedIn
from portal.kit.decision import can
from portal.kit.lists.search import LIMIT
from portal.kit.models import RecentSearch, SavedSearch
from portal.kit.search import commands, jumps, kept
from portal.kit.search.kept import RECENT, SAVED
from tests.accounts.helpers import text_of
from tests.accounts.organisation_world import ROLES, House, make_house
from tests.billing import document_world as documents
from tests.factories import World, actor_of, person

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
URL = "/platform/search"


def recents(user: User) -> list[str]:
    """What a person searched for on the platform, the latest first."""
    with context.system("a test"):
        rows = RecentSearch.objects.filter(person=user, organisation=None)
        return list(rows.order_by("-searched_at", "-pk").values_list("text", flat=True))


def test_the_page_shows_what_was_found_by_kind_with_the_way_to_the_list(world: World, browser_of: Browser) -> None:
    for number in range(7):
        person(f"Manifold {number}")
    text = text_of(browser_of(world.manager).get(f"{URL}?q=manifold"))
    assert "Manifold 0" in text
    assert "/platform/people?q=manifold" in browser_of(world.manager).get(f"{URL}?q=manifold").content.decode()
    alone = browser_of(world.manager).get(f"{URL}?q=manifold&kind=people").content.decode()
    assert alone.count('class="who"') - alone.count("Searched for last") >= 7


def test_an_exact_match_is_gone_to_unless_all_is_asked_for(world: World, browser_of: Browser) -> None:
    ada = person("Ada Quill", email="ada.quill@example.org")
    client = browser_of(world.manager)
    for text in (str(ada.pk), "ada.quill@example.org", ada.username):
        reply = client.get(URL, {"q": text})
        assert (reply.status_code, reply["Location"]) == (302, f"/platform/people/{ada.pk}")
        shown = client.get(URL, {"q": text, "all": "1"})
        assert shown.status_code == 200
        assert "Exact" in text_of(shown)


def test_a_number_jumps_inside_its_organisation_and_is_nothing_in_another(browser_of: Browser) -> None:
    here, there = make_house("Here"), make_house("There")
    invoice = documents.final(documents.buyer(where=here.organisation), 5_00)
    reply = browser_of(here.owner).get(here.url("search"), {"q": str(invoice.number)})
    assert reply["Location"] == here.url(f"billing/invoices/{invoice.pk}")
    for house, user in ((there, there.owner), (here, here.viewer)):
        for text in (str(invoice.number), str(invoice.pk)):
            reply = browser_of(user).get(house.url("search"), {"q": text})
            assert reply.status_code == 200
            assert "Nothing is called" in text_of(reply)
    assert browser_of(there.owner).get(here.url("search"), {"q": "invoice"}).status_code == 404


@pytest.mark.parametrize("text", ["a", "x" * (LIMIT + 1)])
def test_a_refused_text_says_why_and_is_not_kept(world: World, browser_of: Browser, text: str) -> None:
    reply = browser_of(world.root).get(URL, {"q": text})
    assert reply.status_code == 422
    assert 'role="alert"' in reply.content.decode()
    assert recents(world.root) == []


def test_a_kind_that_is_not_open_or_not_there_is_not_found(world: World, browser_of: Browser) -> None:
    for name in ("mails", "nothing"):
        assert browser_of(world.manager).get(URL, {"q": "ada", "kind": name}).status_code == 404


def test_whoever_holds_nothing_on_the_platform_searches_its_own_organisations(browser_of: Browser) -> None:
    house = make_house("Anchorage")
    page = text_of(browser_of(house.viewer).get(URL, {"q": "anchor"}))
    assert "Anchorage" in page
    assert "Viewer" in page
    assert "Nothing is called" in text_of(browser_of(house.viewer).get(URL, {"q": house.owner.email}))


def test_what_was_searched_for_is_kept_once_the_latest_first_and_can_be_cleared(
    world: World, browser_of: Browser
) -> None:
    client = browser_of(world.root)
    for text in ("first thing", "second thing", "FIRST thing"):
        client.get(URL, {"q": text})
    assert recents(world.root) == ["FIRST thing", "second thing"]
    assert "second thing" in text_of(client.get(URL))
    assert "second thing" not in text_of(browser_of(world.admin).get(URL))
    for number in range(RECENT + 2):
        client.get(URL, {"q": f"thing {number}"})
    assert recents(world.root) == [f"thing {number}" for number in reversed(range(2, RECENT + 2))]
    assert client.post(f"{URL}/forget").status_code == 302
    assert recents(world.root) == []


def test_suggestions_and_pages_that_are_fetched_ahead_keep_nothing(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    assert client.get(f"{URL}/suggest", {"q": "ada"}).status_code == 200
    client.get(URL, {"q": "ada"}, headers={"Sec-Purpose": "prefetch"})
    assert recents(world.root) == []


def test_searches_of_an_organisation_stay_in_it(browser_of: Browser) -> None:
    here, there = make_house("Here"), make_house("There")
    client = browser_of(here.owner)
    client.get(here.url("search"), {"q": "something here"})
    client.post(here.url("search/save"), {"q": "something here", "name": "Ours", "kind": "teams"})
    assert "Ours" in text_of(client.get(here.url("search")))
    assert "something here" not in text_of(client.get(URL))
    assert "Ours" not in text_of(client.get(URL))
    assert "something here" not in text_of(browser_of(there.owner).get(there.url("search")))


def test_a_search_is_saved_under_a_name_found_again_and_deleted(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    reply = client.post(f"{URL}/save", {"q": "ada quill", "name": " My  people ", "kind": "people"})
    assert reply.status_code == 302
    with context.system("a test"):
        made = SavedSearch.objects.get()
    assert (made.name, made.text, made.kind, made.organisation_id) == ("My people", "ada quill", "people", None)
    assert "My people" in text_of(client.get(URL))
    other = browser_of(world.admin)
    assert "My people" not in text_of(other.get(URL))
    assert other.post(f"{URL}/saved/{made.pk}/delete").status_code == 404
    assert client.post(f"{URL}/saved/{uuid4()}/delete").status_code == 404
    assert client.post(f"{URL}/saved/{made.pk}/delete").status_code == 302
    with context.system("a test"):
        assert not SavedSearch.objects.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"name": "x" * 61},
        {"name": "TAKEN"},
        {"q": "x"},
        {"q": "x" * (LIMIT + 1)},
        {"kind": "nothing"},
        {"name": "line\nbreak\x07"},
    ],
)
def test_a_refused_name_is_asked_for_again_and_nothing_is_kept(
    world: World, browser_of: Browser, values: dict[str, str]
) -> None:
    client = browser_of(world.root)
    client.post(f"{URL}/save", {"q": "something", "name": "Taken", "kind": ""})
    reply = client.post(f"{URL}/save", {"q": "something", "name": "New", "kind": "", **values})
    assert reply.status_code == 422
    with context.system("a test"):
        assert SavedSearch.objects.count() == 1


def test_nobody_keeps_more_searches_than_the_page_shows(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    for number in range(SAVED):
        client.post(f"{URL}/save", {"q": "something", "name": f"Search {number}"})
    assert client.post(f"{URL}/save", {"q": "something", "name": "One more"}).status_code == 409
    with context.system("a test"):
        assert SavedSearch.objects.count() == SAVED


def test_an_erased_person_leaves_no_search_behind(world: World) -> None:
    house = make_house()
    for actor in (actor_of(house.viewer), house.inside(house.viewer)):
        with context.use(context.Context(actor=actor, source="request")):
            kept.search_remember(actor=actor, text="my ex")
            kept.search_save(actor=actor, name="Mine", text="my ex")
    root = actor_of(world.root)
    with context.use(context.Context(actor=root, source="request", platform=True)):
        user_anonymise(actor=root, user=house.viewer)
    with context.system("a test"):
        assert not RecentSearch.objects.exists()
        assert not SavedSearch.objects.exists()


def test_the_palette_offers_what_the_pages_open(world: World, browser_of: Browser) -> None:
    house = make_house()
    for user in (world.root, world.manager, world.clerk):
        text = browser_of(user).get(f"{URL}/palette").content.decode()
        assert ('href="/platform/people"' in text) is can(actor_of(user), "user:read").allowed
        assert ('href="/platform/people/new"' in text) is can(actor_of(user), "user:admin").allowed
        assert 'href="/me/preferences"' in text
    for code in ROLES:
        user = getattr(house, code)
        text = browser_of(user).get(house.url("search/palette")).content.decode()
        assert f'href="{house.url("members")}"' in text
        assert (f'href="{house.url("roles/new")}"' in text) is can(house.inside(user), "role:create").allowed
        assert (f'href="{house.url("invitations/many")}"' in text) is can(house.inside(user), "member:create").allowed
        assert "{slug}" not in text


def test_each_command_asks_for_the_right_of_the_page_it_leads_to(world: World, browser_of: Browser) -> None:
    house = make_house()
    for command in commands:
        url = command.url.replace("{slug}", house.organisation.slug)
        page: Any = resolve(url.partition("?")[0]).func
        demanded = page.view_class.access
        assert (command.code or SignedIn) == (demanded if command.code else type(demanded)), command.name
        user = house.owner if command.realm == "organisation" else world.root
        assert browser_of(user).get(url).status_code == 200, command.name


def test_letters_are_unique_where_they_work_and_lead_to_entries() -> None:
    for realm in ("platform", "organisation"):
        letters = [jump.letter for jump in jumps if registry.menu.get(jump.entry).realm in {realm, "self"}]
        assert len(set(letters)) == len(letters), sorted(letters)
        assert all(len(letter) == 1 and letter.isalpha() and letter.islower() for letter in letters)


def test_the_header_leads_to_the_search_of_where_one_stands(world: World, browser_of: Browser) -> None:
    house = make_house()
    assert f'data-palette="{URL}/palette"' in browser_of(world.root).get("/").content.decode()
    inside = browser_of(house.owner).get(house.url()).content.decode()
    assert f'data-palette="{house.url("search/palette")}"' in inside
    newcomer = person("New Comer", must_change_password=True)
    assert "data-palette" not in browser_of(newcomer).get("/me/password").content.decode()


class TestApi:
    """GET /api/v1/search."""

    url = "/api/v1/search"

    def found(self, client: Client, house: House | None = None, **query: str) -> list[dict[str, object]]:
        headers = {"Steward-Organisation": str(house.id)} if house else {}
        reply = client.get(self.url, query, headers=headers)
        assert reply.status_code == 200, reply.content
        body = reply.json()
        assert body["next_cursor"] is None
        items: list[dict[str, object]] = body["items"]
        return items

    def test_it_finds_what_the_page_finds(self, world: World, browser_of: Browser) -> None:
        ada = person("Ada Quill", email="ada.quill@example.org")
        (item,) = self.found(browser_of(world.manager), q="quill", kind="people")
        url = f"/platform/people/{ada.pk}"
        assert item == {
            "kind": "people",
            "id": str(ada.pk),
            "title": "Ada Quill",
            "note": ada.email,
            "url": url,
            "exact": False,
        }
        assert self.found(browser_of(world.manager), q="ada.quill@example.org")[0]["exact"] is True
        assert self.found(browser_of(world.stranger), q="quill") == []

    def test_inside_an_organisation_it_finds_that_one_alone(self, browser_of: Browser) -> None:
        here, there = make_house("Here"), make_house("There")
        client = browser_of(here.owner)
        assert [item["title"] for item in self.found(client, here, q=here.viewer.email)] == [str(here.viewer)]
        assert self.found(client, here, q=there.viewer.email) == []
        reply = client.get(self.url, {"q": "there"}, headers={"Steward-Organisation": str(there.id)})
        assert reply.status_code == 404

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ({}, "q"),
            ({"q": "a"}, "q"),
            ({"q": "x" * (LIMIT + 1)}, "q"),
            ({"q": "ada", "kind": "nothing"}, "kind"),
            ({"q": "ada", "limit": "0"}, "limit"),
            ({"q": "ada", "other": "1"}, "other"),
        ],
    )
    def test_a_question_that_it_does_not_understand_is_refused_by_name(
        self, world: World, browser_of: Browser, query: dict[str, str], name: str
    ) -> None:
        reply = browser_of(world.root).get(self.url, query)
        assert reply.status_code == (400 if query else 422)
        assert [one["field"] for one in reply.json()["errors"]] == [name]

    def test_it_gives_no_more_than_is_asked_for(self, world: World, browser_of: Browser) -> None:
        for number in range(4):
            person(f"Manifold {number}")
        assert len(self.found(browser_of(world.root), q="manifold", limit="3")) == 3
