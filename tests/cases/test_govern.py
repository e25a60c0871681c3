"""Lists of roles for a while and of broken glass, and their endpoints: the inherited cases."""

from itertools import count

import pytest

from accounts.models import User
from rbac.models import Binding, DutyRule, Elevation, GlassBreak
from tests.accounts.organisation_world import House, join, make_house
from tests.cases.api import NOWHERE
from tests.cases.inside import Inside
from tests.cases.listing import ListCase
from tests.factories import World, person
from tests.rbac.govern_world import ask, ask_platform, broken, rule_of
from tests.rbac.roles_world import make_role

_numbers = count(1)


class TestElevationList(ListCase):
    name = "rbac.elevations"
    stranger_status = 404
    house: House

    @pytest.fixture(autouse=True)
    def _house(self, world: World) -> None:
        elsewhere = make_house("Elsewhere")
        ask(elsewhere, elsewhere.viewer)
        self.house = make_house("Harbour")
        ask(self.house, self.house.viewer)

    def address(self, world: World) -> str:
        return self.house.url("elevations")

    def who(self, world: World) -> User:
        return self.house.owner

    def make(self, number: int) -> None:
        for _ in range(number):
            ask(self.house, join(self.house.organisation, "viewer"))


class TestPlatformElevationList(ListCase):
    name = "rbac.platform_elevations"
    holder = "root"

    @pytest.fixture(autouse=True)
    def _one(self, world: World) -> None:
        ask_platform(world.clerk)

    def make(self, number: int) -> None:
        for _ in range(number):
            ask_platform(person("Clerk", role="user"))


class TestGlassList(ListCase):
    name = "rbac.glass_breaks"
    holder = "root"

    @pytest.fixture(autouse=True)
    def _one(self, world: World) -> None:
        self.who_breaks = person("Second", role="super_admin")
        broken(self.who_breaks, make_house("Harbour"))

    def make(self, number: int) -> None:
        for _ in range(number):
            broken(self.who_breaks, make_house("Quay"))
        assert GlassBreak.objects.count() > number


class TestElevations(Inside):
    """Everybody who belongs there asks; who may hand on roles decides."""

    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/elevations"
    below = "elevations"
    reader = "editor"
    holder = "owner"
    reader_may = frozenset({"post"})
    stranger = 404
    models = (Elevation, Binding)
    changed = {"decision": "approve", "words": "Until the crane runs"}

    @pytest.fixture(autouse=True)
    def _valid(self, _house: None) -> None:
        self.valid = {  # type: ignore[misc]
            "role_id": lambda: str(make_role(self.house, "member:read").pk),
            "minutes": 30,
            "reason": "The crane stands still",
        }

    def existing(self, world: World) -> str:
        return f"{self.collection}/{ask(self.house, self.house.viewer, make_role(self.house, 'member:read')).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            ask(self.house, self.house.viewer, make_role(self.house, "member:read"))

    # A request of somebody else is not there for who cannot decide, so the common walk of a reader does not fit.
    test_a_reader_reads_and_changes_nothing = None  # type: ignore[assignment]


class TestDutyRules(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/duty-rules"
    below = "duty-rules"
    reader = "viewer"
    holder = "owner"
    valid = {
        "name": lambda: f"Rule {next(_numbers)}",
        "one_codes": ["role:update"],
        "other_codes": ["role:assign"],
    }
    changed = {"description": "One makes them, another one gives them."}
    models = (DutyRule,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{rule_of(self.house.id, name=f'Apart {next(_numbers)}').pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            rule_of(self.house.id, name=f"Apart {next(_numbers)}")
