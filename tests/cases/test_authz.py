"""What products call the people of an organisation: the inherited case."""

from itertools import count

import pytest

from rbac.models import ExternalPerson
from tests.accounts.organisation_world import join
from tests.cases.inside import Inside
from tests.factories import World
from tests.rbac.authz_world import call_them

_numbers = count(1)


class TestExternalPeople(Inside):
    __test__ = True
    collection = "/api/v1/people/product"
    key = "external_id"
    reader = "viewer"
    holder = "owner"
    models = (ExternalPerson,)
    # PUT makes what is not there; tests/rbac/test_authz_changes.py.
    test_what_is_not_there_is_not_found = None  # type: ignore[assignment]

    @pytest.fixture(autouse=True)
    def _collection(self, _house: None) -> None:
        self.collection = "/api/v1/people/product"
        self.valid = {  # type: ignore[misc]
            "user_id": lambda: str(join(self.house.organisation, "viewer").pk),
        }

    def existing(self, world: World) -> str:
        self.make(1)
        return f"{self.collection}/{ExternalPerson.objects.latest('created_at').external_id}"

    def make(self, number: int) -> None:
        for _ in range(number):
            call_them(self.house, join(self.house.organisation, "viewer"), f"u-{next(_numbers)}")
