"""Roles of an organisation, who holds them, and rights on single objects: the inherited cases."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from portal.kit import clock, context
from rbac import services
from rbac.holders import Holder
from rbac.models import Binding, Role, UserGrant
from tests.accounts.organisation_world import House, join, make_house
from tests.cases.api import NOWHERE, ApiCase
from tests.cases.inside import Inside
from tests.cases.listing import ListCase
from tests.factories import World, actor_of, person
from tests.monitoring.world import make_backup
from tests.rbac.roles_world import bind, make_resource, make_role

_numbers = count(1)


class TestRoles(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/roles"
    below = "roles"
    reader = "viewer"
    holder = "owner"
    valid = {"label": lambda: f"Watch {next(_numbers)}", "allow": ["member:read"]}
    changed = {"description": "Looks after the quay."}
    models = (Role,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{make_role(self.house, 'member:read').pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            make_role(self.house, "member:read")


class TestBindings(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/bindings"
    below = "bindings"
    reader = "viewer"
    holder = "owner"
    changed = {"expires_at": "2038-01-31T08:30:00Z"}
    models = (Binding,)

    @pytest.fixture(autouse=True)
    def _valid(self, _house: None) -> None:
        role = make_role(self.house, "member:read")
        self.valid = {  # type: ignore[misc]
            "role_id": str(role.pk),
            "user_id": lambda: str(join(self.house.organisation, "viewer").pk),
        }

    def existing(self, world: World) -> str:
        return f"{self.collection}/{bind(self.house, self.house.viewer, make_role(self.house)).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            bind(self.house, self.house.viewer, make_role(self.house))


class TestGrants(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/grants"
    below = "grants"
    reader = "viewer"
    holder = "owner"
    changed = {"expires_at": "2038-01-31T08:30:00Z"}
    models = (UserGrant,)

    @pytest.fixture(autouse=True)
    def _valid(self, _house: None) -> None:
        self.valid = {  # type: ignore[misc]
            "permission": "product/project:read",
            "object_id": str(make_resource(self.house).pk),
            "user_id": lambda: str(join(self.house.organisation, "viewer").pk),
        }

    def _give(self) -> UserGrant:
        with context.acting(self.house.inside(self.house.owner)) as current:
            found = services.grant_give(
                actor=current.actor,
                holder=Holder(person_id=self.house.viewer.pk),
                code="product/project:read",
                target=make_resource(self.house),
            )
        assert isinstance(found, UserGrant)
        return found

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._give().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self._give()


class TestThingGrants(ApiCase):
    collection = "/api/v1/admin/grants"
    reader = "root"  # Who may look gives as well.
    reader_may = frozenset({"post", "patch", "delete"})
    holder = "root"
    changed = {"expires_at": "2038-01-31T08:30:00Z"}
    models = (UserGrant,)

    @pytest.fixture(autouse=True)
    def _valid(self, world: World) -> None:
        self.valid = {  # type: ignore[misc]
            "permission": "backup:execute",
            "object_id": str(make_backup(clock.now()).pk),
            "user_id": lambda: str(person().pk),
        }

    def _give(self) -> UserGrant:
        with context.acting(actor_of(User.objects.get(is_root=True))) as current:
            found = services.grant_give(
                actor=current.actor,
                holder=Holder(person_id=person().pk),
                code="backup:execute",
                target=make_backup(clock.now()),
            )
        assert isinstance(found, UserGrant)
        return found

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._give().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self._give()


class TestRoleList(ListCase):
    name = "rbac.roles"
    stranger_status = 404
    house: House

    @pytest.fixture(autouse=True)
    def _house(self, world: World) -> None:
        make_role(make_house("Elsewhere"), "member:read")
        self.house = make_house("Harbour")

    def address(self, world: World) -> str:
        return self.house.url("roles")

    def who(self, world: World) -> User:
        return self.house.viewer

    def make(self, number: int) -> None:
        for _ in range(number):
            make_role(self.house, "member:read")


def _client(house: House, browser_of: Callable[[User], Client], who: str) -> Any:
    client = browser_of(getattr(house, who))
    client.defaults["HTTP_STEWARD_ORGANISATION"] = str(house.id)
    return client


@pytest.mark.django_db
def test_a_body_names_exactly_one_holder(browser_of: Callable[[User], Client]) -> None:
    house = make_house()
    role, where = make_role(house, "member:read"), f"/api/v1/organisations/{house.id}/bindings"
    client = _client(house, browser_of, "owner")
    for holder in ({}, {"user_id": str(house.viewer.pk), "everyone": True}):
        reply = client.post(where, {"role_id": str(role.pk), **holder}, content_type="application/json")
        assert reply.status_code == 422, reply.content
    assert not Binding.objects.filter(role=role).exists()
    reply = client.post(where, {"role_id": str(role.pk), "everyone": True}, content_type="application/json")
    assert reply.status_code == 201
    assert Binding.objects.get(role=role).everyone


@pytest.mark.django_db
def test_the_api_refuses_what_the_caller_lacks_with_the_code_of_the_rule(browser_of: Callable[[User], Client]) -> None:
    house = make_house()
    where = f"/api/v1/organisations/{house.id}/roles"
    body = {"label": "Too strong", "allow": ["organisation:delete"]}
    reply = _client(house, browser_of, "admin").post(where, body, content_type="application/json")
    assert (reply.status_code, reply.json()["code"]) == (403, "rbac.cannot_delegate")
    assert not Role.objects.filter(label="Too strong").exists()
    assert _client(house, browser_of, "owner").post(where, body, content_type="application/json").status_code == 201
