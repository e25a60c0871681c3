"""`CrudCase`: what the pages of a thing must do, for four people and each of its pages and forms."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import Resolver404, resolve

from accounts.models import User
from audit.models import Event
from maintenance.models import JobRun
from portal.kit.models import OutboundMessage
from tests.factories import World

Browser = Callable[[User], Client]
INPUT = re.compile(r"<(?:input|select|textarea)[^>]*>")
NOWHERE = "01890000-0000-7000-8000-000000000000"
UNBELIEVABLE = {
    "is_root": "True",
    "id": NOWHERE,
    "pk": NOWHERE,
    "organisation_id": NOWHERE,
    "state": "closed",
    "is_active": "False",
    "password": "plain",
    "created_at": "2001-01-01 00:00:00+00:00",
    "must_change_password": "sometimes",
    "_method": "DELETE",
}
BASELINE = Path(__file__).parent / "queries.json"


def denials() -> int:
    """How many refusals the trail holds."""
    return Event.objects.filter(code="kit.access.denied").count()


def traces() -> tuple[int, int, int]:
    """What a refused act must not add to: events (but denials), mails, jobs."""
    events = Event.objects.exclude(code__in=["kit.access.denied", "accounts.session.entered_platform"])
    return events.count(), OutboundMessage.objects.count(), JobRun.objects.count()


class CrudCase:
    """Inherit it and name the pages. `existing(world)` is the address of one thing's page.

    `model` is what they show. `reader` may look, `holder` may do all of it. `valid` and `changed` are forms; `invalid`
    names for each field a value that must be refused. `actions` are further forms below the thing's page: path and
    what is sent, done one after the other. A value of a form may be a function of nothing.
    """

    model: ClassVar[type[Model]]

    list_url: ClassVar[str]
    new_url: ClassVar[str] = ""
    edit_path: ClassVar[str] = ""
    reader: ClassVar[str] = "manager"
    holder: ClassVar[str] = "admin"
    valid: ClassVar[Mapping[str, Any]] = {}
    changed: ClassVar[Mapping[str, Any]] = {}
    invalid: ClassVar[Mapping[str, Any]] = {}
    actions: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def existing(self, world: World) -> str:
        """The address of a thing's page."""
        raise NotImplementedError

    def kept(self) -> object:
        """What a refusal must leave as it is: every row, and events (but denials), mails and jobs."""
        return list(self.model._default_manager.order_by("pk").values()), traces()

    def row(self, here: str) -> dict[str, Any]:
        """The row of the thing whose page is at `here`, as it is stored."""
        found: dict[str, Any] = self.model._default_manager.filter(pk=here.rsplit("/", 1)[1]).values().get()
        return found

    def make(self, number: int) -> None:
        """Add so many."""
        raise NotImplementedError

    @staticmethod
    def filled(form: Mapping[str, Any]) -> dict[str, Any]:
        """A form with its values."""
        return {name: value() if callable(value) else value for name, value in form.items()}

    def looks(self, world: World) -> list[str]:
        """The pages that only show."""
        return [self.list_url, self.existing(world)]

    def acts(self, world: World) -> list[tuple[str, dict[str, Any]]]:
        """The forms that change something: address and what is sent."""
        here = self.existing(world)
        found = [(f"{here}/{path}", self.filled(values)) for path, values in self.actions.items()]
        return [*self.forms(here), *found]

    def forms(self, here: str) -> list[tuple[str, dict[str, Any]]]:
        """The forms with fields: the new one's and that of the thing at `here`."""
        found = [(f"{here}/{self.edit_path}", self.filled(self.changed))] if self.edit_path else []
        return [(self.new_url, self.filled(self.valid)), *found] if self.new_url else found

    # --- who may ---

    def test_nobody_is_led_to_sign_in(self, world: World) -> None:
        for page in self.looks(world):
            reply = Client().get(page)
            assert reply.status_code == 302
            assert reply["Location"].startswith("/sign-in")
        for page, values in self.acts(world):
            assert Client().post(page, values).status_code == 302

    def test_a_stranger_is_refused_and_leaves_nothing(self, world: World, browser_of: Browser) -> None:
        client = browser_of(world.stranger)
        acts = self.acts(world)
        for page in [*self.looks(world), *(page for page, _values in self.forms(self.existing(world)))]:
            assert client.get(page).status_code == 403, page
        before, told = self.kept(), denials()
        for page, values in acts:
            assert client.post(page, values).status_code == 403, page
        assert self.kept() == before
        assert denials() == told + len(acts)

    def test_a_reader_sees_and_changes_nothing(self, world: World, browser_of: Browser) -> None:
        client = browser_of(getattr(world, self.reader))
        for page in self.looks(world):
            assert client.get(page).status_code == 200, page
        acts = [one for one in self.acts(world) if not self.reader_may(one[0])]
        assert acts, "a reader who may do everything is no reader"
        before, told = self.kept(), denials()
        for page, values in acts:
            assert client.post(page, values).status_code == 403, page
        assert self.kept() == before
        assert denials() == told + len(acts)

    def reader_may(self, page: str) -> bool:
        """Whether the reader may use this form after all."""
        return False

    def test_who_may_does_all_of_it_and_each_act_leaves_its_event(self, world: World, browser_of: Browser) -> None:
        client = browser_of(getattr(world, self.holder))
        for page in self.looks(world):
            assert client.get(page).status_code == 200, page
        acts = self.acts(world)
        for page, values in acts:
            self.before_act(page)
            before = traces()
            reply = client.post(page, values)
            assert reply.status_code in {200, 302}, (page, reply.status_code)
            assert traces()[0] > before[0], page

    def before_act(self, page: str) -> None:
        """What must be so for the act at `page` to change anything."""

    def test_the_forms_save_what_they_are_sent(self, world: World, browser_of: Browser) -> None:
        client, here = browser_of(getattr(world, self.holder)), self.existing(world)
        keys = {row["id"] for row in self.model._default_manager.values("id")}
        for page, values in self.forms(here):
            assert client.get(page).status_code == 200, page
            assert client.post(page, values).status_code in {200, 302}, page
            new = [row for row in self.model._default_manager.values() if row["id"] not in keys]
            row = new[0] if page == self.new_url else self.row(here)
            assert {name: row[name] for name in values if name in row} == {n: values[n] for n in values if n in row}
            assert set(values) & set(row), "a form that saves nothing"
        assert len(new) == bool(self.new_url)

    def test_a_form_sent_twice_makes_one(self, world: World, browser_of: Browser) -> None:
        if self.new_url:
            client, values = browser_of(getattr(world, self.holder)), self.filled(self.valid)
            assert client.post(self.new_url, values).status_code in {200, 302}
            before = self.kept()
            assert client.post(self.new_url, values).status_code == 422
            assert self.kept() == before

    def test_what_is_not_there_is_not_found(self, world: World, browser_of: Browser) -> None:
        client = browser_of(getattr(world, self.holder))
        here = self.existing(world)
        nowhere = here.rsplit("/", 1)[0] + f"/{NOWHERE}"
        assert client.get(nowhere).status_code == 404
        acts = [(page.replace(page.split("/")[3], NOWHERE), values) for page, values in self.acts(world)]
        before = self.kept()
        for page, values in acts:
            if NOWHERE in page and self.new_url != page:
                assert client.post(page, values).status_code == 404, page
        assert self.kept() == before

    def test_ids_that_are_none_lead_nowhere(self, world: World, browser_of: Browser) -> None:
        client = browser_of(getattr(world, self.holder))
        base = self.existing(world).rsplit("/", 1)[0]
        for text in ("0", "-1", "null", "..%2f..%2fadmin", "1%27%20OR%201=1", "%00", "\N{SNOWMAN}", "a" * 2000):
            reply = client.get(f"{base}/{text}")
            assert reply.status_code in {400, 404}, (text, reply.status_code)

    def test_a_form_of_another_site_changes_nothing(self, world: World, browser_of: Browser) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = browser_of(getattr(world, self.holder)).cookies
        acts = self.acts(world)
        before = self.kept()
        for page, values in acts:
            assert strict.post(page, values).status_code == 403, page
        assert self.kept() == before

    # --- forms ---

    def test_a_value_that_cannot_be_is_named_and_nothing_is_kept(self, world: World, browser_of: Browser) -> None:
        client = browser_of(getattr(world, self.holder))
        forms = self.forms(self.existing(world))
        before = self.kept()
        for name, value in self.invalid.items():
            for page, values in forms:
                reply = client.post(page, values | {name: value})
                assert reply.status_code == 422, (page, name, reply.status_code)
                field = next(tag for tag in INPUT.findall(reply.content.decode()) if f'name="{name}"' in tag)
                assert 'aria-invalid="true"' in field, field
        assert self.kept() == before

    def test_a_field_that_is_not_in_the_form_is_not_believed(self, world: World, browser_of: Browser) -> None:
        client = browser_of(getattr(world, self.holder))
        here = self.existing(world)
        before = self.row(here)
        keys = set(self.model._default_manager.values_list("pk", flat=True))
        for page, values in self.forms(here):
            assert client.post(page, UNBELIEVABLE | values).status_code in {200, 302}, page
        after = self.row(here)
        assert {name for name in after if after[name] != before[name]} <= set(self.changed)
        for made in self.model._default_manager.exclude(pk__in=keys).values():
            assert [name for name, value in UNBELIEVABLE.items() if str(made.get(name)) == value] == []
        assert User.objects.filter(is_root=True).count() == 1

    # --- cost ---

    def test_the_pages_cost_as_many_queries_as_written_down(self, world: World, browser_of: Browser) -> None:
        client = browser_of(getattr(world, self.holder))
        found = {}
        for name, page in zip(("list", "detail"), self.looks(world), strict=True):
            client.get(page)
            with CaptureQueriesContext(connection) as caught:
                assert client.get(page).status_code == 200
            # Savepoints are the test's own: a request has one transaction.
            found[name] = sum("SAVEPOINT" not in query["sql"] for query in caught)
        written = json.loads(BASELINE.read_text("utf-8")).get(type(self).__name__)
        assert found == written, f"{found}. Fewer: write the numbers into tests/cases/queries.json. More: find out why."

    def test_more_rows_cost_no_more_queries(self, world: World, browser_of: Browser) -> None:
        client = browser_of(getattr(world, self.holder))
        client.get(self.list_url)
        self.make(2)
        with CaptureQueriesContext(connection) as few:
            client.get(self.list_url)
        self.make(18)
        with CaptureQueriesContext(connection) as many:
            reply: Any = client.get(self.list_url)
        assert reply.status_code == 200
        assert len(many) <= len(few)

    def test_every_address_of_the_case_is_a_route(self, world: World) -> None:
        for page in [*self.looks(world), *(page for page, _values in self.acts(world))]:
            try:
                resolve(page)
            except Resolver404:
                raise AssertionError(f"{page} is no route") from None
