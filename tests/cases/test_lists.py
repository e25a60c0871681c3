"""The declared lists, each by the same case."""

import pytest

from accounts.models import User
from portal.kit import registry
from tests.accounts.organisation_world import House, join, make_house, organisation
from tests.audit.support import ago, plant, plant_activity
from tests.cases.listing import ListCase
from tests.factories import World, person


class TestPeople(ListCase):
    name = "accounts.people"

    def make(self, number: int) -> None:
        for _ in range(number):
            person()


class TestOrganisations(ListCase):
    name = "accounts.organisations"

    def make(self, number: int) -> None:
        for _ in range(number):
            organisation()


class TestMembers(ListCase):
    name = "accounts.members"
    stranger_status = 404  # An organisation that one is no member of is told like one that does not exist.
    house: House

    @pytest.fixture(autouse=True)
    def _house(self, world: World) -> None:
        make_house("Elsewhere")
        self.house = make_house("Harbour")

    def address(self, world: World) -> str:
        return self.house.url("members")

    def who(self, world: World) -> User:
        return self.house.viewer

    def make(self, number: int) -> None:
        for _ in range(number):
            join(self.house.organisation, "viewer")


class TestEvents(ListCase):
    name = "audit.events"
    grows = True

    def make(self, number: int) -> None:
        for minute in range(number):
            plant(ago(minutes=minute + 1))


class TestActivity(ListCase):
    name = "audit.activity"

    def make(self, number: int) -> None:
        for minute in range(number):
            plant_activity(ago(minutes=minute + 1))


def test_every_declared_list_has_its_case() -> None:
    covered = {case.name for case in ListCase.__subclasses__()}
    assert {declared.name for declared in registry.lists} == covered
