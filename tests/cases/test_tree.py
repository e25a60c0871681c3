"""Lists, pages and endpoints of teams, workspaces and resources, each by the same cases."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any, ClassVar

import pytest
from django.db.models import Model
from django.test import Client

from accounts.models import User
from portal.kit import context
from portal.kit.lists import List
from portal.kit.services import writing
from rbac.models import Resource, Scope, Team, TeamMember, Workspace
from rbac.tree_lists import of_type
from tests.accounts.organisation_world import House, join, make_house
from tests.cases.api import NOWHERE
from tests.cases.crud import CrudCase, traces
from tests.cases.inside import Inside
from tests.cases.listing import ListCase
from tests.factories import World
from tests.rbac.tree_house import kind, resource, team, workspace

_numbers = count(1)


def _slug() -> str:
    return f"made-{next(_numbers)}"


# --- lists ---


class _InsideList(ListCase):
    __test__ = False
    name = ""
    stranger_status = 404  # An organisation that one is no member of is told like one that does not exist.
    house: House
    rest = ""

    @pytest.fixture(autouse=True)
    def _house(self, world: World) -> None:
        self.house = make_house("Elsewhere")
        self.make(2)
        self.house = make_house("Harbour")

    def address(self, world: World) -> str:
        return self.house.url(self.rest)

    def who(self, world: World) -> User:
        return self.house.viewer


class TestTeamList(_InsideList):
    __test__ = True
    name = "rbac.teams"
    rest = "teams"

    def make(self, number: int) -> None:
        around = None
        for _ in range(number):
            made = team(self.house, inside=around)
            around = around or made


class TestWorkspaceList(_InsideList):
    __test__ = True
    name = "rbac.workspaces"
    rest = "workspaces"

    def make(self, number: int) -> None:
        for _ in range(number):
            resource(self.house, below=workspace(self.house).pk)


class TestResourceList(_InsideList):
    __test__ = True
    name = "rbac.resources"
    rest = "resources"

    def make(self, number: int) -> None:
        for place in range(number):
            resource(self.house, type_=("product/project", "platform_data/pipeline")[place % 2])


class TestResourceListOfOneType(TestResourceList):
    rest = "resources/product/project"

    @property
    def declared(self) -> List:
        return of_type(kind(), self.house.organisation.slug)

    def make(self, number: int) -> None:
        for _ in range(number):
            resource(self.house)

    def test_it_shows_no_other_type(self, client: Client, world: World) -> None:
        resource(self.house, "Mine")
        resource(self.house, "Other", type_="platform_data/pipeline")
        page = client.get(self.address(world)).content.decode()
        assert "Mine" in page
        assert "Other" not in page.split("<main", 1)[1]
        for nothing in ("product/nothing", "nothing/project", "platform_data/project"):
            assert client.get(self.house.url(f"resources/{nothing}")).status_code == 404


# --- pages ---


class _InsidePages(CrudCase):
    """Pages below an organisation, which are told to a stranger like those of one that does not exist."""

    __test__ = False
    model: ClassVar[type[Model]] = Team
    list_url = ""
    house: House
    rest = ""
    made = False

    @pytest.fixture
    def world(self, world: World) -> World:
        self.house = make_house("Harbour")
        self.list_url = self.house.url(self.rest)  # type: ignore[misc]
        self.new_url = self.house.url(f"{self.rest}/new") if self.made else ""  # type: ignore[misc]
        return replace(world, admin=self.house.owner, manager=self.house.viewer)

    def test_a_stranger_is_refused_and_leaves_nothing(self, world: World, browser_of: Callable[[User], Client]) -> None:
        client, acts, before = browser_of(world.stranger), self.acts(world), traces()
        for page in self.looks(world):
            assert client.get(page).status_code == 404, page
        for page, values in acts:
            assert client.post(page, values).status_code == 404, page
        assert traces()[1:] == before[1:]

    def test_what_is_not_there_is_not_found(self, world: World, browser_of: Callable[[User], Client]) -> None:
        client, acts = browser_of(world.admin), self.acts_on_one(world)
        key, before = acts[0][0].split("/")[4], self.kept()
        assert client.get(f"{self.list_url}/{NOWHERE}").status_code == 404
        for page, values in acts:
            assert client.post(page.replace(key, NOWHERE), values).status_code == 404, page
        assert self.kept() == before

    def test_the_owner_of_another_organisation_reaches_none_of_it(
        self, world: World, browser_of: Callable[[User], Client]
    ) -> None:
        elsewhere, acts = make_house("Elsewhere"), self.acts_on_one(world)
        client, before = browser_of(elsewhere.owner), self.kept()
        for page, values in acts:
            for address in (page, page.replace(self.house.url(), elsewhere.url())):
                assert client.post(address, values).status_code == 404, address
        assert self.kept() == before

    def acts_on_one(self, world: World) -> list[tuple[str, dict[str, Any]]]:
        """The forms of one thing's page, without that which makes another."""
        return [(page, values) for page, values in self.acts(world) if page != self.new_url]


class TestTeamPages(_InsidePages):
    __test__ = True
    model = Team
    rest = "teams"
    made = True
    edit_path = "edit"
    valid = {"name": "Field research", "slug": _slug, "description": "Collects"}
    changed = {"name": "Field work", "slug": _slug, "description": "Collects and sorts"}
    invalid = {"name": "\u202enamreG", "slug": "Not a slug!"}

    def existing(self, world: World) -> str:
        return f"{self.list_url}/{team(self.house, people=(self.house.editor,)).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            team(self.house)

    def acts(self, world: World) -> list[tuple[str, dict[str, Any]]]:
        here, around = self.existing(world), team(self.house)
        slug = Team.objects.get(pk=here.rsplit("/", 1)[1]).slug
        return [
            (self.new_url, self.filled(self.valid)),
            (f"{here}/nest", {"parent": str(around.pk)}),
            (f"{here}/add", {"people": [str(self.house.viewer.pk), str(self.house.admin.pk)]}),
            (f"{here}/remove", {"person": str(self.house.editor.pk)}),
            (f"{here}/delete", {"confirm_word": slug}),
        ]


class TestWorkspacePages(_InsidePages):
    __test__ = True
    model = Workspace
    rest = "workspaces"
    made = True
    edit_path = "edit"
    valid = {"name": "North", "slug": _slug, "description": "All of it"}
    changed = {"name": "Far north", "slug": _slug, "description": "More of it"}
    invalid = {"name": "", "slug": "Not a slug!"}

    def existing(self, world: World) -> str:
        return f"{self.list_url}/{workspace(self.house).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            workspace(self.house)

    def acts(self, world: World) -> list[tuple[str, dict[str, Any]]]:
        here = self.existing(world)
        slug = Workspace.objects.get(pk=here.rsplit("/", 1)[1]).slug
        acts = [("archive", {}), ("restore", {}), ("delete", {"confirm_word": slug})]
        return [(self.new_url, self.filled(self.valid)), *((f"{here}/{path}", sent) for path, sent in acts)]


class TestResourcePages(_InsidePages):
    __test__ = True
    model = Resource
    rest = "resources"
    # The product registers them; people have no form for that.
    test_the_forms_save_what_they_are_sent = None  # type: ignore[assignment]

    def existing(self, world: World) -> str:
        return f"{self.list_url}/{resource(self.house, below=workspace(self.house).pk).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            resource(self.house, below=workspace(self.house).pk)

    def acts(self, world: World) -> list[tuple[str, dict[str, Any]]]:
        here = self.existing(world)
        known = Resource.objects.get(pk=here.rsplit("/", 1)[1]).external_id
        acts = [
            ("move", {"place": str(workspace(self.house).pk)}),
            ("publish", {}),
            ("unpublish", {}),
            ("delete", {"confirm_word": known}),
        ]
        return [(f"{here}/{path}", sent) for path, sent in acts]


# --- endpoints ---


class TestTeams(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/teams"
    below = "teams"
    reader = "viewer"
    holder = "owner"
    valid = {"name": "Field research", "slug": _slug}
    changed = {"name": "Field work"}
    models = (Team,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{team(self.house).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            team(self.house)


class TestTeamMembers(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/teams/{NOWHERE}/members"
    reader = "viewer"
    holder = "owner"
    models = (TeamMember,)

    @pytest.fixture(autouse=True)
    def _team(self, _house: None) -> None:
        self.team = team(self.house)
        self.collection = f"/api/v1/organisations/{self.house.id}/teams/{self.team.pk}/members"

    def body(self) -> dict[str, Any]:
        return {"user_id": str(join(self.house.organisation, "viewer").pk)}

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._add().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self._add()

    def _add(self) -> User:
        user = join(self.house.organisation, "viewer")
        with context.acting(self.house.inside(self.house.owner)), writing():
            TeamMember.objects.create(organisation=self.house.organisation, team=self.team, user=user)
        return user


class TestWorkspaces(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/workspaces"
    below = "workspaces"
    reader = "viewer"
    holder = "owner"
    valid = {"name": "North", "slug": _slug}
    changed = {"archived": True, "name": "Far north"}
    models = (Workspace, Scope)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{workspace(self.house).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            workspace(self.house)


class TestResources(Inside):
    __test__ = True
    collection = "/api/v1/resources/product/project"
    reader = "viewer"
    holder = "editor"
    stranger = stranger_item = 404
    valid = {"name": _slug, "attributes": {"region": "north"}}
    models = (Resource, Scope)
    # PUT makes what is not there; tests/rbac/test_tree_api.py.
    test_what_is_not_there_is_not_found = None  # type: ignore[assignment]

    @pytest.fixture(autouse=True)
    def _collection(self, _house: None) -> None:
        self.collection = "/api/v1/resources/product/project"

    def existing(self, world: World) -> str:
        return f"{self.collection}/{resource(self.house).external_id}"

    def make(self, number: int) -> None:
        for _ in range(number):
            resource(self.house)
