"""Lists of roles for a while and of broken glass, and their endpoints: the inherited cases."""

from itertools import count

import pytest

from accounts.models import User
from rbac.models import Binding, DutyRule, Elevation, GlassBreak
from tests.accounts.organisation_world import House, join, make_house
from tests.cases.api import NOWHERE, ApiCase
from tests.cases.inside import Inside
from tests.cases.listing import ListCase
from tests.factories import World, person
from tests.rbac.govern_world import ask, ask_platform, broken, rule_of
from tests.rbac.roles_world import make_role, ready

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


class TestPlatformElevations(ApiCase):
    """Everybody of the staff asks; who may give roles of the installation decides."""

    collection = "/api/v1/admin/elevations"
    reader = "clerk"
    reader_may = frozenset({"post"})
    holder = "root"
    models = (Elevation, Binding)
    changed = {"decision": "approve", "words": "For the audit"}

    @pytest.fixture(autouse=True)
    def _valid(self, world: World) -> None:
        roles = iter(["admin", "manager"] * 10)
        self.valid = {  # type: ignore[misc]
            "role_id": lambda: str(ready(next(roles), "platform").pk),
            "minutes": 30,
            "reason": "The yearly audit",
        }

    def existing(self, world: World) -> str:
        return f"{self.collection}/{ask_platform(person('Clerk', role='user')).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            ask_platform(person("Clerk", role="user"))

    # As in an organisation.
    test_a_reader_reads_and_changes_nothing = None  # type: ignore[assignment]


class TestPlatformDutyRules(ApiCase):
    collection = "/api/v1/admin/duty-rules"
    reader = "root"  # Who may look makes them as well.
    reader_may = frozenset({"post", "patch", "delete"})
    holder = "root"
    valid = {"name": lambda: f"Rule {next(_numbers)}", "one_codes": ["role:admin"], "other_codes": ["audit:read"]}
    changed = {"description": "One gives them, another one looks."}
    models = (DutyRule,)

    def existing(self, world: World) -> str:
        sides = ("role:admin",), ("audit:read",)
        return f"{self.collection}/{rule_of(None, *sides, name=f'Apart {next(_numbers)}').pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            rule_of(None, ("role:admin",), ("audit:read",), name=f"Apart {next(_numbers)}")


class TestPlatformGlass(ApiCase):
    """Super administrators break it; another one than who broke it reviews."""

    collection = "/api/v1/admin/glass-breaks"
    reader = "root"
    reader_may = frozenset({"post", "patch"})
    holder = "root"
    valid = {"organisation_id": lambda: str(make_house("Quay").id), "reason": "Nobody can sign in there"}
    changed = {"act": "end"}
    models = (GlassBreak, Binding)

    @pytest.fixture(autouse=True)
    def _second(self, world: World) -> None:
        self.second = person("Second", role="super_admin")

    def existing(self, world: World) -> str:
        return f"{self.collection}/{broken(self.second, make_house('Harbour')).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            broken(self.second, make_house("Quay"))


class TestGlass(Inside):
    """What the people of an organisation see of it."""

    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/glass-breaks"
    below = "glass-breaks"
    reader = "admin"
    holder = "owner"
    models = (GlassBreak, Binding)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{broken(person('Super', role='super_admin'), self.house).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            broken(person("Super", role="super_admin"), self.house)
