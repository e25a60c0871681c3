"""`ApiCase`: what every collection of the API must do, for four callers and each operation that it has."""

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import uuid4

from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from accounts.models import User
from audit.models import Event
from maintenance.models import JobRun
from portal.kit.api import ApiView
from portal.kit.models import OutboundMessage
from tests.factories import World

Browser = Callable[[User], Client]
JSON = "application/json"
UNSETTABLE = {"is_root", "id", "organisation_id", "password", "created_at", "__class__"}
NOWHERE = "01890000-0000-7000-8000-000000000000"


def denials() -> int:
    """How many refusals the trail holds."""
    return Event.objects.filter(code="kit.access.denied").count()


def view_at(path: str) -> type[ApiView]:
    """The endpoint that answers at `path`."""
    found = resolve(path).func
    view: type[ApiView] = getattr(found, "cls", None) or getattr(found, "view_class")  # noqa: B009 - either of the two
    return view


# Bodies and questions that are refused whatever they are sent to; each case asks them all in one test, whose world costs
# more than the asking.
BROKEN = (
    b"{",
    b'{"a": NaN}',
    b'{"a": "\\ud800"}',
    b"[" * 100 + b"]" * 100,
    b'{"a": 1, "a": 2}',
    b"\xff\xfe",
    b"[]",
    b"null",
)
HOSTILE: tuple[dict[str, Any], ...] = (
    {"limit": "0"},
    {"limit": "201"},
    {"limit": "-1"},
    {"limit": "1e3"},
    {"limit": "\N{ARABIC-INDIC DIGIT FIVE}"},
    {"cursor": "nonsense"},
    {"cursor": "A" * 24},
    {"cursor": "' OR 1=1 --"},
    {"no_such_parameter": "1"},
    {"order_by": "password"},
    {"password__startswith": "a"},
    {"limit": ["1", "2"]},
)


class ApiCase:
    """Inherit it and name the collection; operations that the endpoint does not have are expected to answer 405.

    `existing(world)` is the address of one item. `reader` may look and not write (but `reader_may`), `holder` may do
    all of it. `valid` makes an item (a value may be a function of nothing, for what must be new each time), `changed`
    changes one. `make(number)` adds so many items, for pages and for the slope of queries. A collection that is
    always one page is not `paged`. `stranger_item` is what a stranger is told of an item (404 where its being there
    is a secret), `stranger` of the collection.
    """

    collection: str
    paged: ClassVar[bool] = True
    key: ClassVar[str] = "id"
    stranger: ClassVar[int] = 403
    stranger_item: ClassVar[int] = 403
    reader: ClassVar[str] = "manager"
    reader_may: ClassVar[frozenset[str]] = frozenset()
    holder: ClassVar[str] = "admin"
    valid: ClassVar[Mapping[str, Any]] = {}
    changed: ClassVar[Mapping[str, Any]] = {}
    models: ClassVar[tuple[type[Model], ...]] = ()
    queries: ClassVar[int] = 8

    def __init_subclass__(cls) -> None:
        """Leave out the tests of operations that the collection does not have."""
        whole, item = (view_at(path).endpoints for path in (cls.collection, f"{cls.collection}/{NOWHERE}"))
        left = []
        if "post" not in whole:
            left.append("test_a_call_sent_twice_with_its_key_happens_once")
        if "patch" not in item:
            left.append("test_a_change_of_an_older_state_is_refused")
        if "get" not in item or not item["get"].etag:
            left.append("test_a_client_that_knows_it_gets_nothing_again")
        if not any(known.body for known in (*whole.values(), *item.values())):
            left += ["test_fields_that_nobody_may_set_are_named", "test_only_json_is_taken"]
            left.append("test_a_broken_body_is_refused_before_anything_happens")
        if not cls.paged:
            left += ["test_pages_hold_every_item_once", "test_more_items_cost_no_more_queries"]
        for name in left:
            setattr(cls, name, None)

    def existing(self, world: World) -> str:
        """The address of an item that is there."""
        raise NotImplementedError

    def make(self, number: int) -> None:
        """Add so many items."""
        raise NotImplementedError

    def kept(self) -> object:
        """What a refusal must leave as it is: rows of the collection, mails, jobs."""
        found = [list(model._default_manager.order_by("pk").values()) for model in self.models]
        return found, OutboundMessage.objects.count(), JobRun.objects.count()

    # --- helpers ---

    def browser(self, world: World, browser_of: Browser, who: str) -> Client:
        """A client of one of the callers, by the name that `reader`, `holder` or the world has for it."""
        return browser_of(getattr(world, who))

    def body(self) -> dict[str, Any]:
        """A body that makes an item."""
        return {name: value() if callable(value) else value for name, value in self.valid.items()}

    def has(self, path: str, method: str) -> bool:
        """Whether the endpoint at `path` has the method."""
        return method in view_at(path).endpoints

    def send(self, client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A call with a JSON body."""
        data = b"" if body is None else json.dumps(body).encode()
        kind = JSON if body is not None else "application/octet-stream"
        return client.generic(method.upper(), path, data, content_type=kind, headers=headers)

    def refused(self, reply: Any, status: int) -> dict[str, Any]:
        """The problem that a refusal answers."""
        assert reply.status_code == status, reply.content[:500]
        assert reply["Content-Type"] == "application/problem+json"
        problem: dict[str, Any] = json.loads(reply.content)
        assert problem["status"] == status
        assert problem["code"].count(".") == 1
        assert problem["detail"]
        assert problem["error_id"]
        return problem

    def operations(self, world: World) -> list[tuple[str, str, Any]]:
        """Each operation of collection and item: method, address, body."""
        item = self.existing(world)
        every = [
            ("get", self.collection, None),
            ("post", self.collection, self.body()),
            ("get", item, None),
            ("patch", item, dict(self.changed)),
            ("put", item, self.body()),
            ("delete", item, None),
        ]
        return [one for one in every if self.has(one[1], one[0])]

    # --- who may ---

    def test_nobody_is_told_to_sign_in(self, world: World) -> None:
        for method, path, body in self.operations(world):
            reply = self.send(Client(), method, path, body)
            self.refused(reply, 401)
            assert "WWW-Authenticate" in reply

    def test_a_stranger_is_refused_everywhere_and_it_is_recorded(self, world: World, browser_of: Browser) -> None:
        client = self.browser(world, browser_of, "stranger")
        for method, path, body in self.operations(world):
            before, kept = denials(), self.kept()
            expected = self.stranger if path == self.collection else self.stranger_item
            self.refused(self.send(client, method, path, body), expected)
            assert denials() == before + (expected == 403), "A refusal is in the trail; what is not there is none."
            assert self.kept() == kept

    def test_a_reader_reads_and_changes_nothing(self, world: World, browser_of: Browser) -> None:
        client = self.browser(world, browser_of, self.reader)
        for method, path, body in self.operations(world):
            before, kept = denials(), self.kept()
            reply = self.send(client, method, path, body)
            if method == "get" or method in self.reader_may:
                assert reply.status_code == view_at(path).endpoints[method].status, (method, path, reply.content[:300])
            else:
                self.refused(reply, 403)
                assert denials() == before + 1
                assert self.kept() == kept

    def test_who_may_do_all_does_all(self, world: World, browser_of: Browser) -> None:
        client = self.browser(world, browser_of, self.holder)
        for method, path, body in self.operations(world):
            told = Event.objects.exclude(code="kit.access.denied").count()
            reply = self.send(client, method, path, body)
            assert reply.status_code == view_at(path).endpoints[method].status, (method, path, reply.content[:500])
            if method != "get":
                assert Event.objects.exclude(code="kit.access.denied").count() > told, (method, path)

    def test_what_is_not_there_is_not_found(self, world: World, browser_of: Browser) -> None:
        client = self.browser(world, browser_of, self.holder)
        item = self.existing(world)
        nowhere = item.rsplit("/", 1)[0] + f"/{NOWHERE}"
        for method, path, body in self.operations(world):
            if path == item:
                self.refused(self.send(client, method, nowhere, body), 404)

    def test_a_method_that_does_not_exist_is_named_so(self, world: World, browser_of: Browser) -> None:
        client = self.browser(world, browser_of, self.holder)
        for path in (self.collection, self.existing(world)):
            for method in ("post", "patch", "put", "delete"):
                if not self.has(path, method):
                    self.refused(self.send(client, method, path, {}), 405)

    def test_a_form_of_another_site_cannot_call_it(self, world: World, browser_of: Browser) -> None:
        signed = self.browser(world, browser_of, self.holder)
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = signed.cookies
        for method, path, body in self.operations(world):
            if method != "get":
                self.refused(self.send(strict, method, path, body), 403)

    # --- bodies ---

    def test_fields_that_nobody_may_set_are_named(self, world: World, browser_of: Browser) -> None:
        client = self.browser(world, browser_of, self.holder)
        for method, path, body in self.operations(world):
            if body is not None:
                kept = self.kept()
                reply = self.send(client, method, path, {**body, **dict.fromkeys(UNSETTABLE, NOWHERE)})
                problem = self.refused(reply, 422)
                assert UNSETTABLE - set(body) <= {error["field"] for error in problem["errors"]}
                assert self.kept() == kept

    def test_a_broken_body_is_refused_before_anything_happens(self, world: World, browser_of: Browser) -> None:
        client = self.browser(world, browser_of, self.holder)
        operations = self.operations(world)
        before = Event.objects.count(), self.kept()
        for raw in BROKEN:
            for method, path, body in operations:
                if body is not None:
                    reply = client.generic(method.upper(), path, raw, content_type=JSON)
                    assert reply.status_code in {400, 422}, (raw, reply.content[:300])
                    self.refused(reply, reply.status_code)
            assert (Event.objects.count(), self.kept()) == before, raw

    def test_only_json_is_taken(self, world: World, browser_of: Browser) -> None:
        client = self.browser(world, browser_of, self.holder)
        for method, path, body in self.operations(world):
            if body is not None:
                reply = client.generic(method.upper(), path, b"a=1", content_type="application/x-www-form-urlencoded")
                self.refused(reply, 415)

    def test_another_method_cannot_be_smuggled_in(self, world: World, browser_of: Browser) -> None:
        client = self.browser(world, browser_of, self.holder)  # Who could delete it, were the method believed.
        item = self.existing(world)
        path = item if self.has(item, "get") else self.collection
        kept = self.kept()
        reply = client.get(path, headers={"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE"})
        assert reply.status_code == 200
        assert self.send(client, "get", f"{path}?_method=DELETE").status_code == 400
        assert client.get(path).status_code == 200
        assert self.kept() == kept

    # --- idempotency ---

    def test_a_call_sent_twice_with_its_key_happens_once(self, world: World, browser_of: Browser) -> None:
        client, key, body = self.browser(world, browser_of, self.holder), str(uuid4()), self.body()
        first = self.send(client, "post", self.collection, body, **{"Idempotency-Key": key})
        events = Event.objects.count()
        again = self.send(client, "post", self.collection, body, **{"Idempotency-Key": key})
        assert first.status_code == again.status_code == view_at(self.collection).endpoints["post"].status
        assert first.content == again.content
        assert again["Idempotency-Replayed"] == "true"
        assert Event.objects.count() == events
        other = self.send(client, "post", self.collection, self.body() | {"name": "Other"}, **{"Idempotency-Key": key})
        assert self.refused(other, 422)["code"] == "kit.idempotency_conflict"

    # --- one item ---

    def test_a_client_that_knows_it_gets_nothing_again(self, world: World, browser_of: Browser) -> None:
        item = self.existing(world)
        client = self.browser(world, browser_of, self.holder)
        tag = client.get(item)["ETag"]
        assert client.get(item, headers={"If-None-Match": tag}).status_code == 304
        assert client.get(item, headers={"If-None-Match": 'W/"other"'}).status_code == 200

    def test_a_change_of_an_older_state_is_refused(self, world: World, browser_of: Browser) -> None:
        item = self.existing(world)
        client = self.browser(world, browser_of, self.holder)
        before = client.get(item).content
        reply = self.send(client, "patch", item, dict(self.changed), **{"If-Match": 'W/"older"'})
        assert self.refused(reply, 412)["code"] == "kit.precondition_failed"
        assert client.get(item).content == before

    # --- pages ---

    def test_pages_hold_every_item_once(self, world: World, browser_of: Browser) -> None:
        self.make(7)
        client = self.browser(world, browser_of, self.holder)
        whole = json.loads(client.get(self.collection, {"limit": 200}).content)
        expected = [item[self.key] for item in whole["items"]]
        found: list[str] = []
        query: dict[str, Any] = {"limit": 3}
        while True:
            page = json.loads(client.get(self.collection, query).content)
            assert len(page["items"]) <= 3
            found += [item[self.key] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        # Looking adds events of its own to the trail, so what was there first is what must come in order.
        assert [one for one in found if one in set(expected)] == expected
        assert len(found) == len(set(found))

    def test_hostile_parameters_are_refused_by_name(self, world: World, browser_of: Browser) -> None:
        client = self.browser(world, browser_of, self.holder)
        for query in HOSTILE:
            problem = self.refused(client.get(self.collection, query), 400)
            if problem["errors"]:
                assert {error["field"] for error in problem["errors"]} == set(query), query

    def test_more_items_cost_no_more_queries(self, world: World, browser_of: Browser) -> None:
        client = self.browser(world, browser_of, self.holder)
        client.get(self.collection)
        self.make(2)
        with CaptureQueriesContext(connection) as few:
            client.get(self.collection)
        self.make(18)
        with CaptureQueriesContext(connection) as many:
            client.get(self.collection)
        assert len(many) <= len(few)
        assert len(many) <= self.queries
