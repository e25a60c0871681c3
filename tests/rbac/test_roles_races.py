"""Changes of roles that come at once, in a database of their own."""

import threading
from collections.abc import Callable
from dataclasses import replace

from django.db import connection, connections

from accounts.models import Membership, User
from accounts.services import memberships
from portal.kit import context
from portal.kit.errors import Forbidden
from rbac import services
from rbac.errors import HeldAlready, LastOwner, NotAMember, RoleCycle, RoleInUse
from rbac.holders import Holder
from rbac.models import Binding, Role
from tests.accounts.organisation_world import House, join, make_house, role_of
from tests.rbac.roles_world import make_role, ready, scope_of


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


def _inherit(house: House, role: Role, below: Role) -> None:
    with context.acting(house.inside(house.owner)) as current:
        draft = replace(services.draft_of(role=role), inherits=below)
        services.role_update(actor=current.actor, role=role, draft=draft)


def test_two_roles_that_are_made_to_inherit_each_other_at_once_make_no_cycle(own_database: dict[str, str]) -> None:
    house = make_house()
    first, second = make_role(house), make_role(house)
    refused = _at_once(lambda: _inherit(house, first, second), lambda: _inherit(house, second, first))
    assert [type(error) for error in refused] == [RoleCycle]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM rbac_role WHERE inherits_id IS NOT NULL AND organisation_id IS NOT NULL")
        assert cursor.fetchone()[0] == 1


def test_two_owners_who_demote_each_other_at_once_leave_one(own_database: dict[str, str]) -> None:
    house = make_house()
    second = join(house.organisation, "owner")

    def demote(by: User, whom: User) -> None:
        with context.acting(house.inside(by)) as current:
            memberships.membership_role_set(
                actor=current.actor, membership=house.membership(whom), role=ready("viewer")
            )

    refused = _at_once(lambda: demote(house.owner, second), lambda: demote(second, house.owner))
    assert len(refused) == 1
    assert isinstance(refused[0], LastOwner | Forbidden)
    assert sorted(role_of(house.owner, house.organisation) + role_of(second, house.organisation)) == ["owner", "viewer"]


def test_a_role_that_is_given_while_it_is_deleted_is_either_held_or_gone(own_database: dict[str, str]) -> None:
    house = make_house()
    role, scope = make_role(house, "member:read"), scope_of(house)

    def give() -> None:
        with context.acting(house.inside(house.owner)) as current:
            holder = Holder(person_id=house.viewer.pk)
            services.access_give(actor=current.actor, holder=holder, role=role, scope=scope)

    def delete() -> None:
        with context.acting(house.inside(house.owner)) as current:
            services.role_delete(actor=current.actor, role=role)

    refused = _at_once(give, delete)
    there, held = Role.objects.filter(pk=role.pk).exists(), Binding.objects.filter(role_id=role.pk).exists()
    assert len(refused) == 1
    assert there == held
    assert isinstance(refused[0], RoleInUse) == there


def test_who_leaves_while_a_role_is_given_keeps_none(own_database: dict[str, str]) -> None:
    house = make_house()
    role, scope = make_role(house, "member:read"), scope_of(house)

    def give() -> None:
        with context.acting(house.inside(house.owner)) as current:
            holder = Holder(person_id=house.viewer.pk)
            services.access_give(actor=current.actor, holder=holder, role=role, scope=scope)

    def leave() -> None:
        with context.acting(house.inside(house.viewer)) as current:
            memberships.membership_leave(actor=current.actor, organisation_id=house.id)

    refused = _at_once(give, leave)
    assert [type(error) for error in refused] in ([], [NotAMember])
    assert not Membership.objects.filter(user=house.viewer).exists()
    assert not Binding.objects.filter(user=house.viewer).exists()


def test_the_same_role_given_twice_at_once_is_held_once(own_database: dict[str, str]) -> None:
    house = make_house()
    role, scope = make_role(house, "member:read"), scope_of(house)

    def give() -> None:
        with context.acting(house.inside(house.owner)) as current:
            holder = Holder(person_id=house.viewer.pk)
            services.access_give(actor=current.actor, holder=holder, role=role, scope=scope)

    refused = _at_once(give, give)
    assert [type(error) for error in refused] == [HeldAlready]
    assert Binding.objects.filter(role=role).count() == 1
