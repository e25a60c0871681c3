"""`ListCase`: what every declared list must do, whatever its rows are."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from portal.kit import registry
from portal.kit.lists import Choice, List
from portal.kit.paging import Cursor
from tests.factories import World

Browser = Callable[[User], Client]
NEXT = re.compile(r'rel="next"\s+href="([^"]+)"')
PICKED = re.compile(r'name="ids" value="([0-9a-f-]{36})"')
LINKED = re.compile(r'<th scope="row"[^>]*>(?:(?!</th>).)*?href="[^"]*?([0-9a-f-]{36})', re.DOTALL)
NOWHERE = "01890000-0000-7000-8000-000000000000"
QUERIES = 8  # SQL of a list page, whatever it holds (budget of the design).
# What the navigation counts is remembered under the stamps; a transaction that changes rights, as that of a test does,
# remembers nothing. Nor do savepoints count.
UNCOUNTED = ("SAVEPOINT", 'SELECT COUNT(*) FROM (SELECT "rbac_review_item"', 'SELECT "rbac_elevation"."user_id"')
BYTES = 60_000  # Of its HTML before compression, rows and frame.


def ids_of(text: str) -> list[str]:
    """The ids of the rows of a page: of their boxes, or of their links for whom may do nothing with many at once."""
    return PICKED.findall(text) or LINKED.findall(text)


# Each case asks them all in one test, whose world costs more than the asking.
HOSTILE = (
    {"sort": "password"},
    {"sort": "--"},
    {"sort": "id; DROP TABLE accounts_user"},
    {"limit": "1000000"},
    {"limit": "0"},
    {"limit": "NaN"},
    {"cursor": "A" * 24},
    {"cursor": "../../etc/passwd"},
    {"columns": "password"},
    {"format": "exe"},
    {"view": "nonsense"},
    {"no_such_filter": "1"},
    {"password__startswith": "a"},
)
TEXTS = ("'", "%", "_", "\\", "\0", "\N{SNOWMAN}", "a" * 5000, "<script>", "a b c d e f g h")


class ListCase:
    """Inherit it and name the list. `make(number)` adds so many rows; `holder` of the world, or `who(world)`, may see it.

    `grows`: looking at the list adds rows to it, as to the trail.
    """

    name: ClassVar[str]
    holder: ClassVar[str] = "admin"
    stranger_status: ClassVar[int] = 403
    grows: ClassVar[bool] = False

    def make(self, number: int) -> None:
        """Add so many rows."""
        raise NotImplementedError

    def who(self, world: World) -> User:
        """Who may see it."""
        found: User = getattr(world, self.holder)
        return found

    @property
    def declared(self) -> List:
        """The declaration."""
        found: List = registry.lists.get(self.name)
        return found

    def address(self, world: World) -> str:
        """Where the list is."""
        return self.declared.url

    @pytest.fixture
    def client(self, world: World, browser_of: Browser) -> Client:
        """The browser of whom may see it."""
        return browser_of(self.who(world))

    def lines(self, client: Client, address: str, query: dict[str, Any] | None = None) -> list[list[str]]:
        """The lines of the list as a file, without the head."""
        reply = client.get(address, {**(query or {}), "format": "csv"})
        assert reply.status_code == 200, (query, reply.status_code)
        return list(csv.reader(io.StringIO(self.read(reply).removeprefix("\ufeff"))))[1:]

    def read(self, reply: Any) -> str:
        """The text of a reply, streamed or not."""
        body: bytes = b"".join(reply.streaming_content) if getattr(reply, "streaming", False) else reply.content
        return body.decode()

    def walk(self, client: Client, address: str, query: dict[str, Any]) -> Iterator[list[str]]:
        """The ids on each page, forwards."""
        reply: Any = client.get(address, query)
        for _ in range(100):
            assert reply.status_code == 200
            text = reply.content.decode()
            yield ids_of(text)
            following = NEXT.search(text)
            if following is None:
                return
            reply = client.get(following[1].replace("&amp;", "&"))
        raise AssertionError("The pages never end.")

    # --- who may ---

    def test_it_is_not_for_everybody(self, world: World, browser_of: Browser) -> None:
        address = self.address(world)
        assert Client().get(address).status_code == 302
        stranger = browser_of(world.stranger)
        for query in ({}, {"format": "csv"}, {"q": "a"}, {"view": "all"}):
            assert stranger.get(address, query).status_code == self.stranger_status
        for todo in ("act", "run", "undo", "columns", "view-save"):
            assert stranger.post(address, {"do": todo}).status_code == self.stranger_status

    # --- what an address may ask ---

    def test_a_hostile_question_is_a_typed_refusal(self, world: World, client: Client) -> None:
        for query in HOSTILE:
            reply = client.get(self.address(world), query)
            assert reply.status_code in {400, 404, 422}, (query, reply.status_code)
            assert "X-Error-Id" in reply, query

    def test_any_text_can_be_looked_for(self, world: World, client: Client) -> None:
        for text in TEXTS if self.declared.search is not None else ():
            reply = client.get(self.address(world), {"q": text})
            assert reply.status_code in {200, 400}, text
            assert "<script>" not in reply.content.decode().split("<main", 1)[1], text

    def test_each_filter_takes_its_options_and_no_others(self, world: World, client: Client) -> None:
        for each in self.declared.filters:
            reply = client.get(self.address(world), {each.name: "no-such-option-\N{SNOWMAN}"})
            assert reply.status_code in {200, 400}, each.name
            options = getattr(each, "options", ())
            for option in options() if callable(options) else options:
                assert client.get(self.address(world), {each.name: option.value}).status_code == 200

    # --- order and pages ---

    def test_every_order_holds_every_row_once_in_both_directions(self, world: World, client: Client) -> None:
        self.make(30)
        address = self.address(world)
        whole = {row for page in self.walk(client, address, {"limit": "200"}) for row in page}
        assert len(whole) >= 30
        for name in self.declared.orders:
            found: list[list[str]] = []
            for sort in (name, f"-{name}"):
                pages = list(self.walk(client, address, {"sort": sort, "limit": "25"}))
                assert all(len(page) <= 25 for page in pages)
                found.append([row for page in pages for row in page if row in whole])
                assert len(found[-1]) == len(set(found[-1])) == len(whole), (sort, len(found[-1]), len(whole))
            if not self.declared.orders[name].order.nullable:  # What is empty comes last in both directions.
                assert found[0] == found[1][::-1], name

    # --- what narrows ---

    def test_a_search_finds_a_row_by_its_name_and_by_its_id_and_nothing_by_nonsense(
        self, world: World, client: Client
    ) -> None:
        if self.declared.search is None:
            return
        self.make(3)
        address = self.address(world)
        name = self.lines(client, address)[0][0]
        assert name in [line[0] for line in self.lines(client, address, {"q": name})]
        assert name in [line[0] for line in self.lines(client, address, {"q": name.split()[0][:3].upper()})]
        for nothing in ("zqxjkvb", f"{name} zqxjkvb", NOWHERE):
            assert self.lines(client, address, {"q": nothing}) == [], nothing

    def test_the_options_of_a_choice_share_out_the_rows(self, world: World, client: Client) -> None:
        self.make(3)
        address = self.address(world)
        for each in self.declared.filters:
            if type(each) is Choice and not self.grows:
                options = each.options() if callable(each.options) else each.options
                found = [len(self.lines(client, address, {each.name: option.value})) for option in options]
                assert sum(found) == len(self.lines(client, address)), (each.name, found)

    def test_a_cursor_that_names_no_row_of_the_list_shows_the_beginning(self, world: World, client: Client) -> None:
        self.make(3)
        address = self.address(world)
        (first,) = self.walk(client, address, {"limit": "200"})
        reply = client.get(address, {"limit": "200", "cursor": str(Cursor(UUID(NOWHERE)))})
        assert reply.status_code == 200
        if any(by.order.fields for by in self.declared.orders.values()) and not self.grows:
            assert ids_of(reply.content.decode()) == first

    def test_a_fragment_is_the_part_and_not_the_frame(self, world: World, client: Client) -> None:
        reply = client.get(self.address(world), headers={"HX-Request": "true"})
        assert reply.status_code == 200
        assert "HX-Request" in reply["Vary"]
        assert "<html" not in reply.content.decode()

    # --- files ---

    def test_the_files_hold_what_the_list_shows(self, world: World, client: Client) -> None:
        self.make(3)
        address = self.address(world)
        rows = [row for page in self.walk(client, address, {"limit": "200"}) for row in page]
        before = Event.objects.filter(code="kit.list.exported").count()
        lines = list(csv.reader(io.StringIO(self.read(client.get(address, {"format": "csv"})).removeprefix("\ufeff"))))
        assert len(lines[0]) == len(self.declared.shown(()))
        assert len(lines) - 1 >= len(rows) if self.grows else len(lines) - 1 == len(rows)
        assert all(len(line) == len(lines[0]) and line[0] for line in lines[1:])
        book = client.get(address, {"format": "xlsx"})
        body = b"".join(book.streaming_content)  # type: ignore[attr-defined]
        assert "xl/worksheets/sheet1.xml" in zipfile.ZipFile(io.BytesIO(body)).namelist()
        assert Event.objects.filter(code="kit.list.exported").count() == before + 2

    def test_no_cell_of_a_file_is_a_formula(self, world: World, client: Client) -> None:
        self.make(3)
        text = self.read(client.get(self.address(world), {"format": "csv"})).removeprefix("\ufeff")
        for line in csv.reader(io.StringIO(text)):
            assert not [value for value in line if value[:1] in {"=", "+", "@", "\t", "\r"}]

    # --- acts ---

    def test_an_act_that_is_not_offered_is_refused_and_changes_nothing(self, world: World, client: Client) -> None:
        address = self.address(world)
        before = Event.objects.exclude(code__startswith="kit.access").count()
        for sent in (
            {"do": "act", "action": "no-such-action"},
            {"do": "run", "action": "delete"},
            {"do": "undo", "token": "nonsense"},
            {"do": "nonsense"},
            {},
        ):
            assert client.post(address, sent).status_code in {400, 403, 404, 409, 422}, sent
        assert Event.objects.exclude(code__startswith="kit.access").count() == before

    # --- cost ---

    def test_a_page_costs_few_queries_and_no_more_for_more_rows(self, world: World, client: Client) -> None:
        address = self.address(world)
        client.get(address)
        self.make(2)
        with CaptureQueriesContext(connection) as few:
            client.get(address)
        self.make(18)
        with CaptureQueriesContext(connection) as many:
            reply = client.get(address)
        assert len(many) <= len(few)
        assert len([one for one in many if not any(part in one["sql"] for part in UNCOUNTED)]) <= QUERIES, "\n".join(
            query["sql"][:150] for query in many
        )
        assert len(reply.content) <= 4 * BYTES
