"""Teams: making, nesting, members; what the database refuses, and what nobody gets by way of a team."""

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from accounts.models import Membership
from accounts.services.memberships import membership_remove, membership_suspend
from accounts.services.service_accounts import service_account_create
from audit.models import Event
from portal.kit import context, errors, tenancy
from portal.kit.services import writing
from rbac.errors import CannotDelegate, NotAMember, TeamInsideItself, TeamNotEmpty, TeamsTooDeep
from rbac.models import Binding, Role, Stamp, Team, TeamMember, TeamPath
from rbac.services import teams as services
from tests.accounts.organisation_world import House, codes_of, join, make_house
from tests.factories import World, person
from tests.rbac.tree_house import team


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


def _hold(house: House, made: Team, code: str) -> None:
    """Give a team a role on the organisation."""
    role = Role.objects.get(catalogue="organisation", code=code)
    with context.system("a test"), tenancy.within(house.id), writing():
        Binding.objects.create(scope_id=house.id, role=role, team=made)


def _epochs(*keys: UUID) -> list[int]:
    rows = dict(Stamp.objects.filter(key__in=keys).values_list("key", "epoch"))
    return [rows.get(key, 0) for key in keys]


def test_a_team_is_made_with_a_group_of_its_own_and_goes_with_it(house: House) -> None:
    made = team(house, "Field research", people=(house.viewer, house.editor))
    assert Group.objects.filter(pk=made.group_id).exists()
    assert codes_of(made.pk) == ["rbac.team.created", "rbac.team_member.added", "rbac.team_member.added"]
    actor = house.inside(house.admin)
    with context.acting(actor):
        services.team_delete(actor=actor, team=made)
    assert not Team.objects.filter(pk=made.pk).exists()
    assert not Group.objects.filter(pk=made.group_id).exists()
    assert not TeamMember.objects.filter(team=made.pk).exists()
    assert not TeamPath.objects.filter(descendant=made.pk).exists()
    assert Event.objects.get(code="rbac.team.deleted").data == {"members": 2, "roles": 0}


def test_names_are_checked_and_nothing_is_made_of_wrong_ones(house: House) -> None:
    actor = house.inside(house.owner)
    team(house, "First")
    taken = Team.objects.get().slug
    before = Team.objects.count(), Group.objects.count(), Event.objects.count()
    for name, slug, field in (
        ("", "fine", "name"),
        ("x" * 81, "fine", "name"),
        ("\u202enamreG", "fine", "name"),
        ("Fine", "Not a slug!", "slug"),
        ("Fine", "", "slug"),
        ("Fine", "new", "slug"),
        ("Fine", taken, "slug"),
    ):
        with context.acting(actor), pytest.raises(errors.Invalid) as caught:
            services.team_create(actor=actor, organisation_id=house.id, name=name, slug=slug)
        assert list(caught.value.fields) == [field], (name, slug)
    with context.acting(actor), pytest.raises(errors.Invalid):
        services.team_create(actor=actor, organisation_id=house.id, name="Fine", slug="fine", external_id="a b")
    with context.acting(actor), pytest.raises(errors.Invalid):
        services.team_update(actor=actor, team=Team.objects.get(), values={"group": None})
    assert (Team.objects.count(), Group.objects.count(), Event.objects.count()) == before


def test_a_change_tells_what_changed_and_none_tells_nothing(house: House) -> None:
    made, actor = team(house, "Field research"), house.inside(house.admin)
    with context.acting(actor):
        services.team_update(actor=actor, team=made, values={"name": "Field work", "external_id": "grp-7"})
        services.team_update(actor=actor, team=made, values={"name": "Field work"})
    assert codes_of(made.pk) == ["rbac.team.created", "rbac.team.updated"]
    assert Event.objects.get(code="rbac.team.updated").changes == {
        "name": ["Field research", "Field work"],
        "external_id": ["", "grp-7"],
    }


def test_teams_stand_inside_one_another_but_never_in_a_circle_or_too_deep(house: House) -> None:
    actor = house.inside(house.owner)
    chain = [team(house)]
    for _ in range(Team.DEPTH - 1):
        chain.append(team(house, inside=chain[-1]))
    with pytest.raises(TeamsTooDeep):
        team(house, inside=chain[-1])
    assert Team.objects.count() == Team.DEPTH == Group.objects.count()
    for into in (chain[0], chain[1], chain[-1]):
        with context.acting(actor), pytest.raises(TeamInsideItself):
            services.team_nest(actor=actor, team=chain[0], parent=into)
    with context.acting(actor), pytest.raises(TeamNotEmpty):
        services.team_delete(actor=actor, team=chain[0])
    assert Team.objects.get(pk=chain[0].pk).parent_id is None
    with context.acting(actor):
        services.team_nest(actor=actor, team=chain[4], parent=None)
        services.team_nest(actor=actor, team=chain[4], parent=None)
    assert codes_of(chain[4].pk) == ["rbac.team.created", "rbac.team.nested"]
    assert set(TeamPath.objects.filter(descendant=chain[-1]).values_list("ancestor_id", flat=True)) == {
        one.pk for one in chain[4:]
    }


def test_only_active_members_come_in_service_accounts_too(house: House) -> None:
    made, actor = team(house), house.inside(house.admin)
    gone, outsider = join(house.organisation, "viewer"), person("Outsider")
    with context.acting(actor):
        membership_suspend(actor=actor, membership=house.membership(gone))
        role = Role.objects.get(catalogue="organisation", code="viewer")
        robot = service_account_create(
            actor=actor, organisation=house.organisation, name="Robot", handle="robot", role=role
        )
    before = Event.objects.count()
    for user in (gone, outsider):
        with context.acting(actor), pytest.raises(NotAMember):
            services.team_member_add(actor=actor, team=made, person_id=user.pk)
    assert (TeamMember.objects.count(), Event.objects.count()) == (0, before)
    stamps = _epochs(robot.user_id, house.viewer.pk)
    with context.acting(actor):
        for user_id in (robot.user_id, house.viewer.pk, house.viewer.pk):
            services.team_member_add(actor=actor, team=made, person_id=user_id)
        services.team_member_remove(actor=actor, team=made, person_id=house.viewer.pk)
        with pytest.raises(errors.NotFound):
            services.team_member_remove(actor=actor, team=made, person_id=house.viewer.pk)
    assert list(TeamMember.objects.values_list("user_id", flat=True)) == [robot.user_id]
    assert codes_of(made.pk)[1:] == ["rbac.team_member.added", "rbac.team_member.added", "rbac.team_member.removed"]
    assert all(after > then for then, after in zip(stamps, _epochs(robot.user_id, house.viewer.pk), strict=True))


def test_who_leaves_the_organisation_leaves_its_teams(house: House) -> None:
    made, actor = team(house, people=(house.viewer, house.editor)), house.inside(house.owner)
    with context.acting(actor):
        membership_remove(actor=actor, membership=house.membership(house.viewer))
    assert list(TeamMember.objects.filter(team=made).values_list("user_id", flat=True)) == [house.editor.pk]


def test_whoever_lacks_the_right_changes_no_team(house: House) -> None:
    made, other = team(house, people=(house.editor,)), make_house("Meadow")
    before = Event.objects.exclude(code="kit.access.denied").count()
    for actor, refusal in (
        (house.inside(house.editor), errors.Forbidden),
        (house.inside(house.viewer), errors.Forbidden),
        (other.inside(other.owner), errors.NotFound),
    ):
        for act in (
            lambda actor: services.team_update(actor=actor, team=made, values={"name": "Mine"}),
            lambda actor: services.team_nest(actor=actor, team=made, parent=None),
            lambda actor: services.team_delete(actor=actor, team=made),
            lambda actor: services.team_member_add(actor=actor, team=made, person_id=house.viewer.pk),
            lambda actor: services.team_member_remove(actor=actor, team=made, person_id=house.editor.pk),
            lambda actor: services.team_create(actor=actor, organisation_id=house.id, name="A", slug="a"),
        ):
            with context.acting(actor), pytest.raises(refusal):
                act(actor)
    assert Event.objects.exclude(code="kit.access.denied").count() == before
    assert list(TeamMember.objects.values_list("user_id", flat=True)) == [house.editor.pk]


def test_nobody_gets_or_takes_by_a_team_what_they_could_not_give(house: House) -> None:
    owners, below = team(house, "Owners"), team(house, "Below")
    _hold(house, owners, "owner")
    # Another administrator than the one who comes into the team, and from then on holds what it holds.
    admin, owner = house.inside(join(house.organisation, "admin")), house.inside(house.owner)
    acts: tuple[Callable[..., object], ...] = (
        lambda who: services.team_member_add(actor=who, team=owners, person_id=house.admin.pk),
        lambda who: services.team_nest(actor=who, team=below, parent=owners),
        lambda who: services.team_create(actor=who, organisation_id=house.id, name="X", slug="x", parent=owners),
    )
    for act in acts:
        before = Team.objects.count(), TeamMember.objects.count(), Event.objects.count()
        with context.acting(admin), pytest.raises(CannotDelegate):
            act(admin)
        assert (Team.objects.count(), TeamMember.objects.count(), Event.objects.count()) == before
        with context.acting(owner):
            act(owner)
    # Nor by way of a team inside, nor by taking away.
    for act in (
        lambda who: services.team_member_add(actor=who, team=below, person_id=house.editor.pk),
        lambda who: services.team_nest(actor=who, team=below, parent=None),
        lambda who: services.team_member_remove(actor=who, team=owners, person_id=house.admin.pk),
    ):
        with context.acting(admin), pytest.raises(CannotDelegate):
            act(admin)
        with context.acting(owner):
            act(owner)


def test_a_team_that_holds_as_much_as_the_actor_may_be_changed(house: House) -> None:
    editors, admin = team(house, "Editors"), house.inside(house.admin)
    _hold(house, editors, "editor")
    with context.acting(admin):
        services.team_member_add(actor=admin, team=editors, person_id=house.viewer.pk)
        services.team_delete(actor=admin, team=editors)
    assert not Binding.objects.filter(team__isnull=False).exists()


def test_two_teams_put_into_each_other_at_once_end_as_one_inside_the_other(own_database: dict[str, str]) -> None:
    house = make_house("Harbour")
    first, second = team(house, "First"), team(house, "Second")
    actor, start, outcomes = house.inside(house.owner), threading.Barrier(2), []

    def nest(one: Team, into: Team) -> None:
        try:
            with context.acting(actor):
                start.wait(10)
                services.team_nest(actor=actor, team=one, parent=into)
            outcomes.append("done")
        except TeamInsideItself:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=nest, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["done", "refused"]
    assert Team.objects.filter(parent=None).count() == 1


def test_who_leaves_while_being_added_is_in_no_team_afterwards(own_database: dict[str, str]) -> None:
    house = make_house("Harbour")
    made, actor, start = team(house), house.inside(house.owner), threading.Barrier(2)
    membership, outcomes = house.membership(house.viewer), []

    def add() -> None:
        try:
            with context.acting(actor):
                start.wait(10)
                services.team_member_add(actor=actor, team=made, person_id=house.viewer.pk)
            outcomes.append("added")
        except NotAMember:
            outcomes.append("refused")
        finally:
            connection.close()

    def leave() -> None:
        try:
            with context.acting(actor):
                start.wait(10)
                membership_remove(actor=actor, membership=membership)
            outcomes.append("left")
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for act in (add, leave)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(outcomes) == 2
    assert "left" in outcomes
    assert not Membership.objects.filter(user=house.viewer).exists()
    assert not TeamMember.objects.filter(user=house.viewer).exists()
