"""The case of what lies below one organisation."""

from collections.abc import Callable
from itertools import count
from typing import ClassVar

import pytest
from django.db.models import Model
from django.test import Client

from accounts.models import Invitation, Membership, User
from tests.accounts.organisation_world import House, make_house
from tests.cases.api import NOWHERE, ApiCase
from tests.factories import World

_numbers = count(1)


def new(field: str) -> Callable[[], str]:
    """Makes a value of a field that nothing has yet."""
    return lambda: f"new{next(_numbers)}@example.com" if field == "email" else f"new{next(_numbers)}"


class Inside(ApiCase):
    """What is below one organisation, called by its members, who name it in the header."""

    __test__ = False
    collection = f"/api/v1/organisations/{NOWHERE}/members"
    below = "members"
    stranger = 404  # An organisation that one is no member of is told like one that does not exist.
    stranger_item = 404
    models: ClassVar[tuple[type[Model], ...]] = (Membership, Invitation)
    house: House

    @pytest.fixture(autouse=True)
    def _house(self, world: World) -> None:
        self.house = make_house("Harbour")
        self.collection = f"/api/v1/organisations/{self.house.id}/{self.below}"

    def browser(self, world: World, browser_of: Callable[[User], Client], who: str) -> Client:
        client = browser_of(world.stranger if who == "stranger" else getattr(self.house, who))
        client.defaults["HTTP_STEWARD_ORGANISATION"] = str(self.house.id)
        return client
