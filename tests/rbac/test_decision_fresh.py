"""A revoke is visible to the very next check: through the pages, and while others ask at the same time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection

from accounts.models import Membership
from portal.kit import context, tenancy
from portal.kit.context import Context
from portal.kit.decision import can
from portal.kit.services import writing
from rbac.models import Binding, Role
from tests.accounts.organisation_world import make_house
from tests.factories import person, signed_in
from tests.rbac.tree_world import plant

READ = "product/project:read"


@pytest.mark.django_db
def test_what_everybody_is_given_and_loses_shows_on_the_next_page() -> None:
    house = make_house()
    newcomer = person("Newcomer")
    with context.system("a test"), writing(), tenancy.within(house.id):
        Membership.objects.create(organisation=house.organisation, user=newcomer)
    client = signed_in(newcomer)
    page = house.url("members")
    assert client.get(page).status_code == 403
    with context.system("a test"), writing():
        viewer = Role.objects.get(catalogue="organisation", code="viewer")
        binding = Binding.objects.create(scope_id=house.id, role=viewer, everyone=True)
    assert client.get(page).status_code == 200
    with context.system("a test"), writing():
        binding.delete()
    assert client.get(page).status_code == 403


def test_no_check_that_begins_after_a_revoke_allows(own_database: dict[str, str]) -> None:
    tree = plant(
        {
            "people": ["anna"],
            "teams": {"crew": {"members": ["anna"]}},
            "resources": {"orders": {}},
            "roles": {"reader": {"allow": [READ]}},
        }
    )
    anna, orders = tree.actor("anna"), tree.resources["orders"]
    over = Event()
    revoked = [0]  # The number of the round whose revoke is done; 0 while the right is held, or may be.
    stale: list[int] = []

    def ask(number: int) -> int:
        asked = 0
        try:
            while not over.is_set():
                before = revoked[0]
                with context.use(Context(actor=anna)):  # A request: it reads the stamps anew.
                    allowed = can(anna, READ, orders).allowed
                if before and allowed and revoked[0] == before:
                    stale.append(number)
                asked += 1
        finally:
            connection.close()
        return asked

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask, number) for number in range(3)]
        for number in range(1, 61):
            with context.system("a test"), writing():
                binding = Binding.objects.create(
                    scope_id=tree.organisation.pk, role=tree.roles["reader"], team=tree.teams["crew"]
                )
            with context.use(Context(actor=anna)):
                assert can(anna, READ, orders)
            with context.system("a test"), writing():
                binding.delete()
            revoked[0] = number
            for _again in range(3):
                with context.use(Context(actor=anna)):
                    assert not can(anna, READ, orders)
            revoked[0] = 0
        over.set()
        counts = [one.result(timeout=30) for one in asking]
    assert all(counts)
    assert stale == []
