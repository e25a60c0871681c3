"""The declared lists, each by the same case."""

from importlib import import_module
from itertools import count

import pytest

from accounts.models import User
from portal.kit import context, registry
from portal.kit.mail import services
from tests.accounts.key_world import make_key, make_service
from tests.accounts.organisation_world import House, join, make_house, organisation
from tests.accounts.recovery_world import waiting
from tests.audit.support import ago, plant, plant_activity
from tests.cases.listing import ListCase
from tests.factories import World, person
from tests.home.mails import written

_numbers = count(1)


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


class TestKeys(ListCase):
    name = "accounts.keys"
    stranger_status = 404
    house: House

    @pytest.fixture(autouse=True)
    def _house(self, world: World) -> None:
        other = make_house("Elsewhere")
        make_key(other.editor, other)
        self.house = make_house("Harbour")

    def address(self, world: World) -> str:
        return self.house.url("keys")

    def who(self, world: World) -> User:
        return self.house.editor

    def make(self, number: int) -> None:
        for place in range(number):  # One person may hold only so many.
            owner = (self.house.owner, self.house.admin, self.house.editor)[place % 3]
            make_key(owner, self.house, name=f"Deployment {next(_numbers)}")


class TestServiceAccounts(ListCase):
    name = "accounts.service_accounts"
    stranger_status = 404
    house: House

    @pytest.fixture(autouse=True)
    def _house(self, world: World) -> None:
        make_service(make_house("Elsewhere"))
        self.house = make_house("Harbour")

    def address(self, world: World) -> str:
        return self.house.url("service-accounts")

    def who(self, world: World) -> User:
        return self.house.editor

    def make(self, number: int) -> None:
        for _ in range(number):
            make_service(self.house, handle=f"robot{next(_numbers)}")


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


class TestMails(ListCase):
    name = "home.mails"
    holder = "root"

    def make(self, number: int) -> None:
        for _ in range(number):
            written(person(), link=True)


class TestSuppressedAddresses(ListCase):
    name = "home.suppressed"
    holder = "root"

    def make(self, number: int) -> None:
        with context.system("a test"):
            for _ in range(number):
                services.address_suppress(address=person().email, reason="bounced", detail="550 no such mailbox")


class TestRecoveries(ListCase):
    name = "accounts.recoveries"

    @pytest.fixture(autouse=True)
    def _asker(self, world: World) -> None:
        self.asker = world.root

    def make(self, number: int) -> None:
        for minute in range(number):
            waiting(self.asker, minutes=minute)


def _below(case: type[ListCase]) -> set[type[ListCase]]:
    return {one for below in case.__subclasses__() for one in ({below} | _below(below))}


def test_every_declared_list_has_its_case() -> None:
    import_module("tests.cases.test_tree")
    covered = {case.name for case in _below(ListCase) if case.__dict__.get("__test__") is not False}
    assert {declared.name for declared in registry.lists} == covered
