"""The decision: fail closed, deny wins, never stale."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from portal.kit import clock, context, errors
from portal.kit.context import ANONYMOUS, Actor
from portal.kit.decision import can, check_many
from portal.kit.services import writing
from rbac import decision, selectors, services
from rbac.errors import CannotDelegate, LastAdministrator
from rbac.models import INSTALLATION, Binding, Permission, Role, RolePermission
from tests.factories import World, actor_of, person

pytestmark = pytest.mark.django_db


def _role(code: str) -> Role:
    return Role.objects.get(catalogue="platform", code=code)


def test_each_role_holds_its_own_codes_and_those_of_the_lower_ones(world: World) -> None:
    expected = {
        "root": {"role:admin": True, "user:admin": True, "user:read": True, "dashboard:read": True},
        "admin": {"role:admin": False, "user:admin": True, "user:read": True, "dashboard:read": True},
        "manager": {"role:admin": False, "user:admin": False, "user:read": True, "dashboard:read": True},
        "clerk": {"role:admin": False, "user:admin": False, "user:read": False, "dashboard:read": True},
        "stranger": {"role:admin": False, "user:admin": False, "user:read": False, "dashboard:read": False},
    }
    for name, codes in expected.items():
        actor = actor_of(getattr(world, name))
        assert {code: bool(can(actor, code)) for code in codes} == codes, name


def test_nobody_and_unknown_people_may_nothing(world: World) -> None:
    assert not can(ANONYMOUS, "user:read")
    assert not can(Actor("person", person().pk, "ghost"), "user:read")


def test_an_unknown_code_is_a_mistake_and_not_a_refusal(world: World) -> None:
    with pytest.raises(ImproperlyConfigured, match="not declared"):
        can(actor_of(world.root), "user:reed")


def test_an_inactive_person_holds_nothing(world: World) -> None:
    with context.system("a test"), writing():
        User.objects.filter(pk=world.admin.pk).update(is_active=False)
        services.stamp_bump(key=world.admin.pk)
    assert not can(actor_of(world.admin), "user:read")


def test_deny_wins_over_allow(world: World) -> None:
    with context.system("a test"), writing():
        denying = Role.objects.create(catalogue="platform", code="no_people", label="No people", rank=1)
        RolePermission.objects.create(
            role=denying, permission=Permission.objects.get(code="user:read"), effect=RolePermission.Effect.DENY
        )
        Binding.objects.create(user=world.admin, scope_id=INSTALLATION, role=denying)
        services.stamp_bump(key=world.admin.pk)
    assert not can(actor_of(world.admin), "user:read")
    assert can(actor_of(world.admin), "user:admin")


def test_a_binding_ends_by_itself(world: World) -> None:
    end = clock.now() + timedelta(minutes=5)
    with context.system("a test"), writing():
        Binding.objects.filter(user=world.manager).update(expires_at=end)
        services.stamp_bump(key=world.manager.pk)
    assert can(actor_of(world.manager), "user:read")
    with clock.at(end + timedelta(seconds=1)):
        assert not can(actor_of(world.manager), "user:read")


def test_the_very_next_check_after_a_revoke_refuses(world: World) -> None:
    actor = actor_of(world.manager)
    assert can(actor, "user:read")
    with context.system("a test") as current:
        services.binding_revoke(actor=current.actor, person_id=world.manager.pk, role=_role("manager"))
    assert not can(actor, "user:read")


def test_a_change_that_is_rolled_back_leaves_no_wrong_answer_behind(world: World) -> None:
    actor = actor_of(world.stranger)
    with context.system("a test") as current, pytest.raises(RuntimeError), transaction.atomic():
        services.binding_grant(actor=current.actor, person_id=world.stranger.pk, role=_role("manager"))
        assert can(actor, "user:read")
        raise RuntimeError
    assert not can(actor, "user:read")
    # The stamp that the rolled-back change had is taken by this one, which changes nothing about the right.
    with context.system("a test"), writing():
        services.stamp_bump(key=world.stranger.pk)
    assert not can(actor, "user:read")


def test_warm_checks_cost_no_query_and_many_cost_no_more_than_one(world: World) -> None:
    with context.acting(actor_of(world.manager)) as current:
        with CaptureQueriesContext(
            connection,
        ) as cold:
            check_many(current.actor, [("user:read", None), ("user:update", None), ("role:admin", None)])
        with CaptureQueriesContext(connection) as warm:
            answers = check_many(current.actor, [("user:read", None), ("user:update", None), ("role:admin", None)])
    assert len(warm) == 0
    assert len(cold) <= 5  # Stamps, the set, and once in the life of a process the number of each code.
    assert [bool(answer) for answer in answers] == [True, True, False]


def test_an_answer_names_its_reason_and_version(world: World) -> None:
    answer = can(actor_of(world.manager), "user:read")
    assert (answer.reason, answer.allowed) == ("role", True)
    assert answer.version == ".".join(str(part) for part in decision.stamps_of(world.manager.pk))


def test_rows_are_visible_to_whom_holds_the_code_and_to_nobody_else(world: World) -> None:
    assert User.objects.visible_to(actor_of(world.manager), "user:read").count() == User.objects.count()
    assert not User.objects.visible_to(actor_of(world.clerk), "user:read").exists()


def test_nobody_gives_what_they_lack(world: World) -> None:
    with pytest.raises(errors.Forbidden), context.acting(actor_of(world.admin)) as current:
        services.binding_grant(actor=current.actor, person_id=world.stranger.pk, role=_role("manager"))
    with context.system("a test"), writing():
        role_admin = Role.objects.create(catalogue="platform", code="giver", label="Giver", rank=15)
        RolePermission.objects.create(role=role_admin, permission=Permission.objects.get(code="role:admin"))
        Binding.objects.create(user=world.clerk, scope_id=INSTALLATION, role=role_admin)
        services.stamp_bump(key=world.clerk.pk)
    for code in ("super_admin", "admin", "manager"):
        with pytest.raises(CannotDelegate), context.acting(actor_of(world.clerk)) as current:
            services.binding_grant(actor=current.actor, person_id=world.clerk.pk, role=_role(code))
    assert selectors.roles_of(world.stranger.pk) == []
    assert {role.code for role in selectors.roles_of(world.clerk.pk)} == {"user", "giver"}


def test_giving_and_taking_a_role_is_recorded_once(world: World) -> None:
    with context.acting(actor_of(world.root)) as current:
        for _ in range(2):
            services.binding_grant(
                actor=current.actor, person_id=world.stranger.pk, role=_role("manager"), reason="joins"
            )
        services.binding_revoke(actor=current.actor, person_id=world.stranger.pk, role=_role("manager"))
        assert not services.binding_revoke(actor=current.actor, person_id=world.stranger.pk, role=_role("manager"))
    codes = (
        Event.objects.filter(target_id=world.stranger.pk, actor_id=world.root.pk)
        .order_by("id")
        .values_list("code", "reason")
    )
    assert list(codes) == [("rbac.binding.granted", "joins"), ("rbac.binding.revoked", "")]


def test_the_last_super_administrator_keeps_the_role(world: World) -> None:
    with pytest.raises(LastAdministrator), context.acting(actor_of(world.root)) as current:
        services.binding_revoke(actor=current.actor, person_id=world.root.pk, role=_role("super_admin"))
    assert selectors.holders_of("super_admin") == [world.root.pk]


def test_django_asks_the_same_decision(world: World) -> None:
    assert world.manager.has_perm("user:read")
    assert not world.manager.has_perm("user:admin")
    assert not world.manager.has_perm("accounts.change_user")
    assert world.root.is_staff
    assert not world.admin.is_staff
