"""What is done to many at once: rule by rule as for one; the refused are left alone with the reason, the rest is done."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services import bulk
from portal.kit import context, errors, ids
from portal.kit.lists import Outcome
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from rbac.errors import CannotDelegate
from rbac.models import Permission, Role, RolePermission
from rbac.selectors import holders_of
from tests.accounts.helpers import denials, events, footprint, roles
from tests.factories import World, actor_of, person

Act = Callable[..., Outcome]
ACTS = [bulk.users_activate_bulk, bulk.users_deactivate_bulk, bulk.roles_give_bulk, bulk.roles_take_bulk]


def _as(user: User, act: Act, people: list[User] | list[UUID], *, reason: str = "", role: str | None = None) -> Outcome:
    wanted = Role.objects.get(catalogue="platform", code=role) if role else None
    keys = [one.pk if isinstance(one, User) else one for one in people]
    with context.acting(actor_of(user)):
        return act(actor=actor_of(user), ids=keys, reason=reason, role=wanted)


def _skipped(outcome: Outcome) -> dict[UUID, str]:
    return dict(outcome.skipped)


def test_each_person_of_a_deactivation_has_its_event_with_the_reason(world: World) -> None:
    people = [person() for _ in range(5)]
    outcome = _as(world.admin, bulk.users_deactivate_bulk, people, reason="season is over")
    assert set(outcome.done) == {user.pk for user in people}
    assert outcome.skipped == ()
    assert not User.objects.filter(pk__in=outcome.done, is_active=True).exists()
    found = events("accounts.user.deactivated")
    assert {event.target_id for event in found} == set(outcome.done)
    assert {(event.actor_id, event.reason, str(event.changes)) for event in found} == {
        (world.admin.pk, "season is over", "{'is_active': [True, False]}")
    }


def test_the_refused_are_left_alone_with_the_reason_and_the_rest_is_done(world: World) -> None:
    boss, idle = person("Boss", role="super_admin"), person("Idle", is_active=False)
    nobody = ids.uuid7()
    asked = [world.root.pk, boss.pk, world.admin.pk, idle.pk, nobody, world.clerk.pk]
    before = [footprint(user)[:-5] for user in (world.root, boss, world.admin, idle)]
    outcome = _as(world.admin, bulk.users_deactivate_bulk, asked)
    assert outcome.done == (world.clerk.pk,)
    assert _skipped(outcome) == {
        world.root.pk: "The root administrator cannot be changed by others",
        boss.pk: "That person ranks above you",
        world.admin.pk: "You cannot do that to yourself",
        idle.pk: "Inactive already.",
        nobody: "Not there any more.",
    }
    assert [footprint(user)[:-5] for user in (world.root, boss, world.admin, idle)] == before
    assert [event.target_id for event in events("accounts.user.deactivated")] == [world.clerk.pk]
    assert OutboundMessage.objects.count() == 0


def test_a_refusal_by_rule_is_on_record_with_whom_it_protected(world: World) -> None:
    boss = person("Boss", role="super_admin")
    _as(world.admin, bulk.users_deactivate_bulk, [world.root, boss, world.clerk])
    assert sorted(denials()) == ["accounts.outranked", "accounts.root_protected"]
    assert {event.target_id for event in events("kit.access.denied")} == {world.root.pk, boss.pk}


def test_the_deactivated_are_out_at_their_next_request(world: World, browser_of: Callable[[User], object]) -> None:
    client = browser_of(world.manager)
    _as(world.admin, bulk.users_deactivate_bulk, [world.manager, world.clerk])
    assert client.get("/api/v1/auth/session").status_code == 403  # type: ignore[attr-defined]
    _as(world.admin, bulk.users_activate_bulk, [world.manager, world.clerk])
    assert client.get("/api/v1/auth/session").status_code == 200  # type: ignore[attr-defined]
    assert len(events("accounts.user.activated")) == 2


def test_nobody_is_done_twice_when_named_twice(world: World) -> None:
    outcome = _as(world.admin, bulk.users_deactivate_bulk, [world.clerk, world.clerk, world.clerk])
    assert outcome.done == (world.clerk.pk,)
    assert outcome.skipped == ()
    assert len(events("accounts.user.deactivated")) == 1


def test_the_last_super_administrator_stays_when_all_are_named(db: None) -> None:
    first, second = person("First", role="super_admin"), person("Second", role="super_admin")
    with context.system("a test") as current:
        outcome = bulk.users_deactivate_bulk(actor=current.actor, ids=[first.pk, second.pk])
    assert outcome.done == (first.pk,)
    assert _skipped(outcome) == {second.pk: "The last administrator stays"}
    assert holders_of("super_admin") == [second.pk]


def test_the_last_super_administrator_keeps_the_role_when_it_is_taken_from_all(db: None) -> None:
    first, second = person("First", role="super_admin"), person("Second", role="super_admin")
    role = Role.objects.get(catalogue="platform", code="super_admin")
    with context.system("a test") as current:
        outcome = bulk.roles_take_bulk(actor=current.actor, ids=[first.pk, second.pk], role=role)
    assert outcome.done == (first.pk,)
    assert _skipped(outcome) == {second.pk: "The last administrator stays"}
    assert roles(second) == ["super_admin"]


def test_a_role_is_given_to_who_lacks_it_and_taken_from_who_has_it(world: World) -> None:
    given = _as(
        world.root, bulk.roles_give_bulk, [world.clerk, world.stranger, world.manager], reason="team", role="manager"
    )
    assert set(given.done) == {world.clerk.pk, world.stranger.pk}
    assert _skipped(given) == {world.manager.pk: "Holds this role already."}
    last = events("rbac.binding.granted")[-2:]
    assert {(event.target_id, event.reason, event.data["role"]) for event in last} == {
        (world.clerk.pk, "team", "manager"),
        (world.stranger.pk, "team", "manager"),
    }
    taken = _as(world.root, bulk.roles_take_bulk, [world.clerk, world.admin], role="manager")
    assert taken.done == (world.clerk.pk,)
    assert _skipped(taken) == {world.admin.pk: "Does not hold this role."}
    assert (roles(world.clerk), roles(world.stranger), roles(world.admin)) == (["user"], ["manager"], ["admin"])
    assert [event.target_id for event in events("rbac.binding.revoked")] == [world.clerk.pk]


def test_root_keeps_its_roles_even_from_itself(world: World) -> None:
    person("Second", role="super_admin")
    outcome = _as(world.root, bulk.roles_take_bulk, [world.root], role="super_admin")
    assert outcome.done == ()
    assert _skipped(outcome) == {world.root.pk: "The root administrator cannot be changed by others"}
    assert roles(world.root) == ["super_admin"]


def test_nobody_gives_many_what_they_lack(world: World) -> None:
    rival = person("Rival", role="admin")
    with context.system("a test") as current, writing():
        assistant = Role.objects.create(catalogue="platform", code="assistant", label="Assistant", rank=45)
        _give_codes(assistant, "role:admin")
        bulk.roles_give_bulk(actor=current.actor, ids=[rival.pk], role=assistant)
    before = roles(world.clerk)
    with pytest.raises(CannotDelegate):
        _as(rival, bulk.roles_give_bulk, [world.clerk], role="super_admin")
    assert roles(world.clerk) == before


def _give_codes(role: Role, *codes: str) -> None:
    for code in codes:
        RolePermission.objects.create(role=role, permission=Permission.objects.get(code=code))


def test_a_role_must_be_named(world: World) -> None:
    for act in (bulk.roles_give_bulk, bulk.roles_take_bulk):
        with pytest.raises(errors.Invalid):
            _as(world.root, act, [world.clerk])
    assert not events("rbac.binding.revoked")


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["manager", "clerk", "stranger"])
def test_who_lacks_the_right_does_nothing_to_anybody(world: World, act: Act, who: str) -> None:
    victims = [person("Victim", role="user"), person("Idle", is_active=False)]
    before = [footprint(user) for user in victims]
    with pytest.raises(errors.Forbidden):
        _as(getattr(world, who), act, victims, role="user")
    assert [footprint(user) for user in victims] == before
    assert not events("accounts.user.deactivated") + events("accounts.user.activated") + events("rbac.binding.revoked")


def test_the_work_of_a_deactivation_grows_by_a_stamp_a_person(world: World) -> None:
    few, many = [person() for _ in range(2)], [person() for _ in range(20)]

    def statements(people: list[User]) -> int:
        with CaptureQueriesContext(connection) as queries:
            _as(world.admin, bulk.users_deactivate_bulk, people)
        return len([query for query in queries if "rbac_stamp" not in query["sql"]])

    statements([person()])  # What is asked once and remembered is asked now.
    assert statements(many) == statements(few)
