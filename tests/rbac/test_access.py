"""Roles for people, teams and everybody on any part of an organisation, and what nobody can do with them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from accounts.services import memberships
from audit.models import Event
from portal.kit import clock, context, errors
from portal.kit.context import Actor
from portal.kit.models import OutboundMessage
from rbac import access_selectors, services
from rbac.errors import (
    CannotDelegate,
    EndPassed,
    HeldAlready,
    MembersRole,
    NotAMember,
    OwnerDenied,
    OwnerForever,
    RoleElsewhere,
    SuperiorTouched,
)
from rbac.holders import Holder
from rbac.models import INSTALLATION, Binding, Role, Scope
from rbac.tree_guards import guard_powers
from tests.accounts.organisation_world import House, join, make_house, role_of, traces
from tests.factories import World, actor_of, person
from tests.rbac.roles_world import bind, held, make_role, make_team, make_workspace, ready, scope_of

pytestmark = pytest.mark.django_db
EVERYBODY = Holder()


def _give(actor: Actor, holder: Holder | User, role: Role, scope: Scope, **values: object) -> Binding:
    who = Holder(person_id=holder.pk) if isinstance(holder, User) else holder
    with context.acting(actor) as current:
        return services.access_give(actor=current.actor, holder=who, role=role, scope=scope, **values)  # type: ignore[arg-type]


def _take(actor: Actor, binding: Binding) -> None:
    with context.acting(actor) as current:
        services.access_take(actor=current.actor, binding=binding)


def _limit(actor: Actor, binding: Binding, days: int | None) -> Binding:
    end = clock.now() + timedelta(days=days) if days is not None else None
    with context.acting(actor) as current:
        return services.access_limit(actor=current.actor, binding=binding, expires_at=end)


def _rows() -> list[Any]:
    return list(Binding.objects.order_by("pk").values())


def _refused(error: type[Exception], act: Callable[[], object]) -> None:
    """`act` is refused by that error, and every binding, event and mail is as it was."""
    before = traces(), _rows()
    with pytest.raises(error):
        act()
    assert (traces(), _rows()) == before


def _place(house: House) -> Scope:
    return Scope.objects.get(pk=make_workspace(house).pk)


def test_a_role_for_a_day_is_told_by_mail_and_in_the_trail_and_ends_by_itself() -> None:
    house = make_house()
    role, end = make_role(house, "member:create"), clock.now() + timedelta(days=1)
    _give(house.inside(house.admin), house.viewer, role, scope_of(house), expires_at=end, reason="Holidays")
    assert "member:create" in held(house.viewer, house)
    mail = OutboundMessage.objects.get(person_id=house.viewer.pk)
    assert role.label in mail.text
    event = Event.objects.get(code="rbac.binding.granted", target_id=house.viewer.pk, reason="Holidays")
    assert event.actor_id == house.admin.pk
    with clock.at(end + timedelta(seconds=1)):
        assert "member:create" not in held(house.viewer, house)
        again = _give(house.inside(house.admin), house.viewer, role, scope_of(house))
    assert Binding.objects.filter(user=house.viewer, role=role).get() == again


def test_a_team_and_everybody_hold_roles_on_parts_of_the_organisation() -> None:
    house = make_house()
    role, place, team = make_role(house, "member:read"), _place(house), make_team(house, house.viewer)
    admin = house.inside(house.admin)
    given = [_give(admin, Holder(team=team), role, place), _give(admin, EVERYBODY, role, scope_of(house))]
    assert [(row.team, row.everyone, row.scope_id) for row in given] == [
        (team, False, place.pk),
        (None, True, house.id),
    ]
    assert Event.objects.filter(code="rbac.binding.granted", target_id=team.pk).count() == 1
    assert Event.objects.filter(code="rbac.binding.granted", target_id=house.id).count() == 1
    seen = access_selectors.bindings_of_person(house.inside(house.viewer), house.viewer.pk)
    assert {row.pk for row in given} <= {row.pk for row in seen}
    for row in given:
        _take(admin, row)
    assert not Binding.objects.filter(role=role).exists()
    assert Event.objects.filter(code="rbac.binding.revoked", target_id=team.pk).count() == 1


def test_a_denial_is_an_event_of_its_own() -> None:
    house = make_house()
    role = make_role(house, "member:read")
    row = _give(house.inside(house.admin), house.viewer, role, scope_of(house), effect="deny")
    assert row.effect == "deny"
    assert Event.objects.filter(code="rbac.binding.denied", target_id=house.viewer.pk).count() == 1


def test_an_end_is_moved_once_and_told() -> None:
    house = make_house()
    binding = bind(house, house.viewer, make_role(house, "member:read"))
    with clock.at(clock.now()):
        for _ in range(2):
            binding = _limit(house.inside(house.admin), binding, 3)
    assert Event.objects.filter(code="rbac.binding.limited", target_id=house.viewer.pk).count() == 1
    assert _limit(house.inside(house.admin), binding, None).expires_at is None


@pytest.mark.parametrize("who", ["editor", "viewer"])
def test_it_takes_the_right_to_give_roles(who: str) -> None:
    house = make_house()
    role, actor = make_role(house, "member:read"), house.inside(getattr(house, who))
    binding = bind(house, house.viewer, role)
    _refused(errors.Forbidden, lambda: _give(actor, house.editor, role, scope_of(house)))
    _refused(errors.Forbidden, lambda: _take(actor, binding))
    _refused(errors.Forbidden, lambda: _limit(actor, binding, 1))


def test_another_organisations_people_teams_roles_and_places_are_not_here() -> None:
    house, other = make_house(), make_house("Other")
    role, owner = make_role(house, "member:read"), house.inside(house.owner)
    theirs, their_team, their_place = make_role(other, "member:read"), make_team(other, other.viewer), _place(other)
    their_binding, stranger = bind(other, other.viewer, theirs), person()
    _refused(NotAMember, lambda: _give(owner, other.viewer, role, scope_of(house)))
    _refused(NotAMember, lambda: _give(owner, stranger, role, scope_of(house)))
    _refused(NotAMember, lambda: _give(owner, Holder(team=their_team), role, scope_of(house)))
    _refused(RoleElsewhere, lambda: _give(owner, house.viewer, theirs, scope_of(house)))
    _refused(RoleElsewhere, lambda: _give(owner, house.viewer, ready("manager", "platform"), scope_of(house)))
    _refused(errors.NotFound, lambda: _give(owner, other.viewer, ready("viewer"), their_place))
    _refused(errors.NotFound, lambda: _take(owner, their_binding))
    _refused(RoleElsewhere, lambda: _give(owner, house.viewer, role, Scope.objects.get(pk=INSTALLATION)))


def test_a_suspended_or_inactive_member_is_given_nothing() -> None:
    house = make_house()
    role, guest = make_role(house, "member:read"), join(house.organisation, "viewer")
    owner = house.inside(house.owner)
    with context.acting(owner) as current:
        memberships.membership_suspend(actor=current.actor, membership=house.membership(guest))
    _refused(NotAMember, lambda: _give(owner, guest, role, scope_of(house)))
    assert _give(owner, house.viewer, role, scope_of(house)).user_id == house.viewer.pk


def test_an_end_that_has_passed_and_a_role_held_already_are_refused() -> None:
    house = make_house()
    role, admin = make_role(house, "member:read"), house.inside(house.admin)
    past = clock.now() - timedelta(seconds=1)
    _refused(EndPassed, lambda: _give(admin, house.viewer, role, scope_of(house), expires_at=past))
    _give(admin, house.viewer, role, scope_of(house))
    _refused(HeldAlready, lambda: _give(admin, house.viewer, role, scope_of(house)))


def test_ownership_and_the_members_own_role_are_a_matter_of_the_membership() -> None:
    house = make_house()
    owner, team = house.inside(house.owner), make_team(house, house.viewer)
    _refused(OwnerForever, lambda: _give(owner, Holder(team=team), ready("owner"), scope_of(house)))
    _refused(OwnerForever, lambda: _give(owner, house.viewer, ready("owner"), _place(house)))
    _refused(MembersRole, lambda: _give(owner, house.viewer, ready("editor"), scope_of(house)))
    own = Binding.objects.select_related("scope", "role").get(user=house.viewer, scope_id=house.id)
    _refused(MembersRole, lambda: _take(owner, own))
    for_a_day = clock.now() + timedelta(days=1)
    assert _give(owner, house.viewer, ready("editor"), scope_of(house), expires_at=for_a_day).expires_at == for_a_day


def test_a_role_for_a_day_neither_replaces_nor_becomes_the_members_own() -> None:
    house = make_house()
    owner, for_a_day = house.inside(house.owner), clock.now() + timedelta(days=1)
    _give(owner, house.viewer, ready("admin"), scope_of(house), expires_at=for_a_day)
    with context.acting(owner) as current:
        memberships.membership_role_set(
            actor=current.actor, membership=house.membership(house.viewer), role=ready("admin")
        )
    assert role_of(house.viewer, house.organisation) == ["admin"]
    with clock.at(for_a_day + timedelta(days=1)):
        assert "member:create" in held(house.viewer, house)


# --- attacks, each beside what is allowed ---


def test_nobody_gives_themselves_or_others_what_they_lack() -> None:
    house = make_house()
    strong, admin = make_role(house, "organisation:delete", "member:read"), house.inside(house.admin)
    for holder in (house.admin, house.viewer):
        _refused(CannotDelegate, lambda holder=holder: _give(admin, holder, strong, scope_of(house)))  # type: ignore[misc]
    assert _give(house.inside(house.owner), house.viewer, strong, scope_of(house)).role == strong


def test_nobody_gives_themselves_more_through_a_team() -> None:
    house = make_house()
    strong, admin = make_role(house, "organisation:delete"), house.inside(house.admin)
    team = make_team(house, house.admin)
    _refused(CannotDelegate, lambda: _give(admin, Holder(team=team), strong, scope_of(house)))
    _refused(CannotDelegate, lambda: _give(admin, EVERYBODY, strong, scope_of(house)))
    owner = house.inside(house.owner)
    assert _give(owner, Holder(team=team), strong, scope_of(house)).team == team


def test_nobody_puts_somebody_into_a_team_that_holds_more_than_they_do() -> None:
    house = make_house()
    outer = make_team(house)
    inner = make_team(house, inside=outer)
    bind(house, None, make_role(house, "organisation:delete"), team=outer)
    with context.acting(house.inside(house.admin)) as current, pytest.raises(CannotDelegate):
        guard_powers(current.actor, [inner.pk])
    with context.acting(house.inside(house.owner)) as current:
        guard_powers(current.actor, [inner.pk])
    with context.acting(house.inside(house.admin)) as current:
        guard_powers(current.actor, [make_team(house).pk])


def test_nobody_is_put_into_a_team_that_takes_from_them_by_whom_they_rank_above() -> None:
    house = make_house()
    team = make_team(house)
    bind(house, None, make_role(house, "audit:read"), team=team, effect="deny")
    with context.acting(house.inside(house.admin)) as current:
        services.check_denied_by_team(actor=current.actor, team=team, person_id=house.viewer.pk)
        with pytest.raises(SuperiorTouched):
            services.check_denied_by_team(actor=current.actor, team=team, person_id=house.owner.pk)


def test_nobody_gives_a_role_above_their_own_rank() -> None:
    house = make_house()
    high, admin = make_role(house, "member:read", rank=40), house.inside(house.admin)
    _refused(CannotDelegate, lambda: _give(admin, house.viewer, high, scope_of(house)))
    assert _give(house.inside(house.owner), house.viewer, high, scope_of(house)).role == high


def test_what_is_held_for_a_while_is_given_no_longer_than_that() -> None:
    house = make_house()
    end = clock.now() + timedelta(days=2)
    bind(house, house.editor, ready("admin"), expires_at=end)
    editor, role = house.inside(house.editor), make_role(house, "audit:read")
    _refused(CannotDelegate, lambda: _give(editor, house.viewer, role, scope_of(house)))
    later = end + timedelta(seconds=1)
    _refused(CannotDelegate, lambda: _give(editor, house.viewer, role, scope_of(house), expires_at=later))


def test_nobody_prolongs_what_they_hold_for_a_while() -> None:
    house = make_house()
    own = bind(house, house.editor, ready("admin"), expires_at=clock.now() + timedelta(days=2))
    _refused(CannotDelegate, lambda: _limit(house.inside(house.editor), own, 30))
    assert _limit(house.inside(house.owner), own, 30).expires_at is not None


def test_a_right_with_conditions_is_not_handed_on_without_them() -> None:
    house = make_house()
    giver = make_role(house, "role:assign", rank=20)
    bind(house, house.editor, giver)
    role = make_role(house, "audit:read")
    bind(house, house.editor, role, conditions={"second_factor": {"minutes": 5}})
    _refused(CannotDelegate, lambda: _give(house.inside(house.editor), house.viewer, role, scope_of(house)))
    plain = make_role(house, "member:read")
    assert _give(house.inside(house.editor), house.viewer, plain, scope_of(house)).role == plain


def test_who_is_denied_a_right_on_a_part_does_not_give_it_on_the_whole() -> None:
    house = make_house()
    role = make_role(house, "audit:read")
    bind(house, house.admin, role, effect="deny", scope_id=_place(house).pk)
    _refused(CannotDelegate, lambda: _give(house.inside(house.admin), house.viewer, role, scope_of(house)))
    second = join(house.organisation, "admin")
    assert _give(house.inside(second), house.viewer, role, scope_of(house)).role == role


def test_nobody_lifts_a_denial_from_themselves() -> None:
    house = make_house()
    own = bind(house, house.admin, make_role(house, "audit:read"), effect="deny")
    mixed = bind(house, house.admin, make_role(house, rights={"audit:export": "deny"}))
    for row in (own, mixed):
        _refused(CannotDelegate, lambda row=row: _take(house.inside(house.admin), row))  # type: ignore[misc]
        _refused(CannotDelegate, lambda row=row: _limit(house.inside(house.admin), row, 1))  # type: ignore[misc]
        _take(house.inside(house.owner), row)


def test_nobody_demotes_who_ranks_above_them() -> None:
    house = make_house()
    role, admin = make_role(house, "member:read"), house.inside(house.admin)
    binding = bind(house, house.owner, role)
    _refused(SuperiorTouched, lambda: _take(admin, binding))
    _refused(OwnerDenied, lambda: _limit(admin, binding, 1))
    place = _place(house)
    _refused(SuperiorTouched, lambda: _give(admin, house.owner, role, place, effect="deny"))
    team = make_team(house, house.owner)
    _refused(SuperiorTouched, lambda: _give(admin, Holder(team=team), role, place, effect="deny"))
    _refused(SuperiorTouched, lambda: _give(admin, EVERYBODY, role, place, effect="deny"))
    denying = make_role(house, rights={"member:read": "deny"})
    _refused(SuperiorTouched, lambda: _give(admin, Holder(team=team), denying, place))
    assert _give(admin, house.editor, role, place, effect="deny").effect == "deny"
    _take(house.inside(house.owner), binding)


def test_no_owner_is_denied_in_the_whole_organisation_not_even_by_an_owner() -> None:
    house = make_house()
    role, owner = make_role(house, "member:read"), house.inside(house.owner)
    team = make_team(house, house.owner)
    for holder in (Holder(person_id=house.owner.pk), Holder(team=team), EVERYBODY):
        _refused(
            OwnerDenied,
            lambda holder=holder: _give(owner, holder, role, scope_of(house), effect="deny"),  # type: ignore[misc]
        )
    assert _give(owner, EVERYBODY, role, _place(house), effect="deny").everyone


def test_who_manages_the_whole_is_not_locked_out_of_a_part_by_a_denial() -> None:
    house = make_house()
    owner, place = house.inside(house.owner), _place(house)
    denial = _give(owner, EVERYBODY, make_role(house, "member:read"), place, effect="deny")
    _take(owner, denial)
    assert not Binding.objects.filter(pk=denial.pk).exists()


def test_the_rights_of_a_product_are_given_by_owners_and_by_who_holds_them() -> None:
    house = make_house()
    product = ready("viewer", "product")
    _refused(CannotDelegate, lambda: _give(house.inside(house.admin), house.viewer, product, scope_of(house)))
    assert _give(house.inside(house.owner), house.admin, product, scope_of(house)).role == product
    assert _give(house.inside(house.admin), house.viewer, product, scope_of(house)).role == product
    more = ready("admin", "product")
    _refused(CannotDelegate, lambda: _give(house.inside(house.admin), house.viewer, more, scope_of(house)))


def test_stewards_own_right_never_gives_that_of_a_product_with_the_same_name() -> None:
    house = make_house()
    admin = house.inside(house.admin)  # Holds audit:read, which the product has as product/audit:read.
    role = make_role(house, "product/audit:read")
    _refused(CannotDelegate, lambda: _give(admin, house.viewer, role, scope_of(house)))
    assert "audit:read" in held(house.admin, house)


def test_a_key_gives_nothing_beyond_its_own_scopes() -> None:
    house = make_house()
    key = replace(house.inside(house.owner), scopes=frozenset({"role:assign", "member:read"}))
    wide = make_role(house, "audit:read")
    _refused(CannotDelegate, lambda: _give(key, house.viewer, wide, scope_of(house)))
    assert _give(key, house.viewer, make_role(house, "member:read"), scope_of(house)).user_id == house.viewer.pk


def test_leaving_takes_every_role_on_every_part_along() -> None:
    house = make_house()
    role, place = make_role(house, "member:read"), _place(house)
    bind(house, house.viewer, role, scope_id=place.pk)
    with context.acting(house.inside(house.viewer)) as current:
        memberships.membership_leave(actor=current.actor, organisation_id=house.id)
    assert not Binding.objects.filter(user=house.viewer).exists()
    assert Binding.objects.filter(user=house.editor).exists()


def test_roles_on_parts_rest_while_the_membership_is_suspended() -> None:
    house = make_house()
    row = bind(house, house.viewer, make_role(house, "member:read"), scope_id=_place(house).pk)
    for act, resting in ((memberships.membership_suspend, True), (memberships.membership_resume, False)):
        with context.acting(house.inside(house.owner)) as current:
            act(actor=current.actor, membership=house.membership(house.viewer))
        row.refresh_from_db()
        assert row.is_suspended is resting


def test_staff_gives_from_outside_and_other_staff_does_not(world: World) -> None:
    house = make_house()
    role = make_role(house, "organisation:delete")
    _refused(errors.Forbidden, lambda: _give(actor_of(world.manager), house.viewer, role, scope_of(house)))
    assert _give(actor_of(world.admin), house.viewer, role, scope_of(house)).role == role
