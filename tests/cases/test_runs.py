"""Lists, pages and endpoints of runs, modules and host products, each by the same cases."""

from collections.abc import Callable
from itertools import count
from typing import Any, ClassVar

import pytest
from django.test import Client

from accounts.models import User
from portal.kit import context
from rbac.models import Application, Module, ModuleSwitch, ResourceType, Run, RunLine
from rbac.services import runs as services
from rbac.services.products import application_put, module_put, type_put
from rbac.services.runs import Line
from tests.accounts.organisation_world import House, make_house
from tests.cases.api import NOWHERE, ApiCase
from tests.cases.inside import Inside
from tests.cases.listing import ListCase
from tests.factories import World, actor_of
from tests.rbac.run_house import run_of
from tests.rbac.tree_house import resource

_numbers = count(1)


def _code() -> str:
    return f"made_{next(_numbers)}"


class TestRunList(ListCase):
    __test__ = True
    name = "rbac.runs"
    stranger_status = 404  # An organisation that one is no member of is told like one that does not exist.
    house: House

    @pytest.fixture(autouse=True)
    def _house(self, world: World) -> None:
        self.house = make_house("Elsewhere")
        self.make(2)
        self.house = make_house("Harbour")

    def address(self, world: World) -> str:
        return self.house.url("runs")

    def who(self, world: World) -> User:
        return self.house.viewer

    def make(self, number: int) -> None:
        thing = resource(self.house, type_="platform_data/pipeline")
        for place in range(number):
            run_of(self.house, thing, name=f"Run {place}", total=place)


class TestRuns(Inside):
    __test__ = True
    collection = "/api/v1/runs"
    reader = "viewer"
    holder = "editor"
    stranger = stranger_item = 404
    changed: ClassVar[dict[str, Any]] = {"state": "succeeded", "done": 3}
    models = (Run, RunLine)

    @pytest.fixture(autouse=True)
    def _collection(self, _house: None) -> None:
        self.collection = "/api/v1/runs"
        self.thing = resource(self.house, type_="platform_data/pipeline")

    def body(self) -> dict[str, Any]:
        known = {"type": "platform_data/pipeline", "resource_external_id": self.thing.external_id}
        return known | {"external_id": f"made-{next(_numbers)}", "name": "Intake"}

    def existing(self, world: World) -> str:
        return f"{self.collection}/{run_of(self.house, self.thing).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            run_of(self.house, self.thing)


class TestOrganisationModules(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/modules"
    below = "modules"
    paged = False
    reader = "viewer"
    holder = "admin"
    valid: ClassVar[dict[str, Any]] = {"is_on": False}
    models = (ModuleSwitch,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{Module.objects.get(code='translations').pk}"


class _Products(ApiCase):
    __test__ = False
    collection = "/api/v1/applications"
    reader = "manager"
    holder = "root"
    # PUT makes what is not there; tests/rbac/test_runs_api.py.
    test_what_is_not_there_is_not_found = None  # type: ignore[assignment]

    @pytest.fixture(autouse=True)
    def _root(self, world: World) -> None:
        self.actor = actor_of(world.root)

    def made(self, act: Callable[..., Any], **values: Any) -> Any:
        with context.acting(self.actor):
            return act(actor=self.actor, **values)[0]


class TestApplications(_Products):
    __test__ = True
    valid: ClassVar[dict[str, Any]] = {"label": "Shop"}
    models = (Application,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self.made(application_put, code=_code(), label='Made').code}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self.made(application_put, code=_code(), label="Made")


class _Parts(_Products):
    __test__ = False
    act: ClassVar[Callable[..., Any]]
    stated: ClassVar[dict[str, Any]]

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._one().code}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self._one()

    def _one(self) -> Any:
        product = Application.objects.get(code="product")
        return self.made(type(self).act, application=product, code=_code(), values=self.stated)


class TestHostTypes(_Parts):
    __test__ = True
    collection = "/api/v1/applications/product/resource-types"
    act = staticmethod(type_put)
    stated: ClassVar[dict[str, Any]] = {"label": "Made", "label_plural": "Made ones"}
    valid: ClassVar[dict[str, Any]] = {"label": "Order", "label_plural": "Orders", "icon": "invoice"}
    models = (ResourceType,)


class TestHostModules(_Parts):
    __test__ = True
    collection = "/api/v1/applications/product/modules"
    act = staticmethod(module_put)
    stated: ClassVar[dict[str, Any]] = {"label": "Made"}
    valid: ClassVar[dict[str, Any]] = {"label": "Orders", "on_by_default": False}
    models = (Module,)


def _pages(house: House) -> list[str]:
    run = run_of(house)
    return [
        house.url("runs"),
        house.url(f"runs/{run.pk}"),
        house.url(f"runs/{run.pk}/live"),
        house.url(f"resources/{run.resource_id}?tab=runs"),
        house.url("modules"),
    ]


def test_the_pages_of_runs_are_shown_to_members_and_to_nobody_else(
    world: World, browser_of: Callable[[User], Client]
) -> None:
    house, other = make_house("Harbour"), make_house("Meadow")
    for page in _pages(house):
        assert browser_of(house.viewer).get(page).status_code == 200, page
        assert browser_of(world.stranger).get(page).status_code == 404, page
        assert browser_of(other.owner).get(page).status_code == 404, page
        elsewhere = page.replace(house.url(), other.url())
        if elsewhere.rsplit("/", 1)[1] not in {"runs", "modules"}:
            assert browser_of(other.owner).get(elsewhere).status_code == 404, elsewhere


def test_a_run_is_asked_to_stop_by_its_page(world: World, browser_of: Callable[[User], Client]) -> None:
    house = make_house("Harbour")
    run, actor = run_of(house, name="Intake"), house.inside(house.editor)
    with context.acting(actor):
        services.run_lines_add(actor=actor, run=run, lines=[Line("<b>bold</b>", "error")])
    page, stop = house.url(f"runs/{run.pk}"), house.url(f"runs/{run.pk}/cancel")
    assert b"Ask to stop" not in browser_of(house.viewer).get(page).content
    assert browser_of(house.viewer).post(stop).status_code == 403
    assert Run.objects.get(pk=run.pk).cancel_asked_at is None
    client = browser_of(house.editor)
    shown = client.get(page).content
    assert b"Ask to stop" in shown
    assert b"&lt;b&gt;bold" in shown
    assert client.post(stop).status_code == 302
    assert b"The product was asked to stop this run." in client.get(f"{page}/live").content
    with context.acting(actor):
        services.run_report(actor=actor, run=run, values={"state": "cancelled"})
    assert client.post(stop).status_code == 409
