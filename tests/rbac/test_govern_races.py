"""Decisions about roles for a while and separated duties that come at once, in a database of their own."""

import threading
from collections.abc import Callable

from django.db import connections

from accounts.models import User
from portal.kit import context
from rbac import services
from rbac.duties import conflicts_of, rules_at
from rbac.govern_errors import DutiesConflict, ElevationGone, GlassOpen
from rbac.holders import Holder
from rbac.models import Binding, Elevation, GlassBreak, Role
from tests.accounts.organisation_world import House, join, make_house
from tests.factories import person
from tests.rbac.govern_world import act, approve, ask, broken, rule_of
from tests.rbac.roles_world import make_role, scope_of


def _at_once(*acts: Callable[[], object]) -> list[Exception]:
    """Do all of these at the same moment, each on a connection of its own; what was refused."""
    start = threading.Barrier(len(acts))
    refused: list[Exception] = []

    def run(act: Callable[[], object]) -> None:
        start.wait(timeout=20)
        try:
            act()
        except Exception as error:  # noqa: BLE001 - each test says which it expects
            refused.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return refused


def test_of_two_who_approve_at_once_one_is_told_that_it_is_decided(own_database: dict[str, str]) -> None:
    house = make_house()
    second = join(house.organisation, "owner")
    row = ask(house, house.viewer)
    refused = _at_once(lambda: approve(house, house.owner, row), lambda: approve(house, second, row))
    assert [type(error) for error in refused] == [ElevationGone]
    assert Binding.objects.filter(user=house.viewer, origin="elevation").count() == 1


def test_what_is_withdrawn_while_it_is_approved_either_counts_or_was_never_given(own_database: dict[str, str]) -> None:
    house = make_house()
    row = ask(house, house.viewer)
    refused = _at_once(lambda: approve(house, house.owner, row), lambda: act(house, house.viewer, "withdraw", row))
    assert [type(error) for error in refused] == [ElevationGone]
    state = Elevation.objects.get(pk=row.pk).state
    assert Binding.objects.filter(origin="elevation").exists() is (state == "approved")
    assert state in {"approved", "withdrawn"}


def test_two_halves_of_a_conflict_that_come_at_once_do_not_both_stay(own_database: dict[str, str]) -> None:
    house = make_house()
    rule_of(house.id, ("audit:read",), ("team:admin",))
    halves = make_role(house, "audit:read"), make_role(house, "team:admin")

    def give(role: Role) -> None:
        with context.acting(house.inside(house.owner)) as current:
            services.access_give(
                actor=current.actor, holder=Holder(person_id=house.viewer.pk), role=role, scope=scope_of(house)
            )

    refused = _at_once(lambda: give(halves[0]), lambda: give(halves[1]))
    assert [type(error) for error in refused] == [DutiesConflict]
    assert house.viewer.pk not in {one.person_id for one in conflicts_of(rules_at(house.id), house.id)}


def test_the_glass_breaks_once_however_often_somebody_strikes(own_database: dict[str, str]) -> None:
    house, root = make_house(), person("Root", role="super_admin")

    def strike(user: User, where: House) -> Callable[[], object]:
        return lambda: broken(user, where)

    refused = _at_once(strike(root, house), strike(root, house))
    assert [type(error) for error in refused] == [GlassOpen]
    assert GlassBreak.objects.count() == 1
