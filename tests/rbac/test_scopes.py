"""Roles on the scope of an organisation, and the decision asked the other way round."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Organisation
from accounts.services.memberships import roles_by_code
from portal.kit import clock, context, errors
from portal.kit.decision import can, list_subjects
from portal.kit.services import writing
from rbac import selectors, services
from rbac.errors import OwnerForever
from rbac.models import Binding, Permission, Role, RolePermission
from tests.accounts.organisation_world import join, make_house, traces
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db


def test_a_role_in_an_organisation_gives_nothing_outside_of_it() -> None:
    here, there = make_house("Acme"), make_house("Other")
    owner = actor_of(here.owner)
    assert can(owner, "organisation:update", here.organisation)
    assert not can(owner, "organisation:update", there.organisation)
    assert not can(owner, "organisation:update")
    assert selectors.rank_of(here.owner.pk) == 0


def test_who_stands_in_an_organisation_sees_its_rows_alone(world: World) -> None:
    here, there = make_house("Acme"), make_house("Other")
    inside = here.inside(here.viewer)
    assert set(Organisation.objects.visible_to(inside, "organisation:read")) == {here.organisation}
    assert {row.organisation_id for row in Membership.objects.visible_to(inside, "member:read")} == {here.id}
    staff_inside = there.inside(world.manager)
    assert set(Organisation.objects.visible_to(staff_inside, "organisation:read")) == {there.organisation}
    assert Organisation.objects.visible_to(actor_of(world.manager), "organisation:read").count() >= 2
    assert not Organisation.objects.visible_to(actor_of(here.viewer), "organisation:read").exists()


def test_a_role_for_a_time_ends_by_itself_and_ownership_has_no_end() -> None:
    house = make_house()
    end = clock.now() + timedelta(hours=1)
    guest = join(house.organisation, "viewer")
    with context.acting(house.inside(house.owner)) as current:
        services.binding_grant(
            actor=current.actor, person_id=guest.pk, role=roles_by_code()["admin"], scope_id=house.id, expires_at=end
        )
        with pytest.raises(OwnerForever):
            services.binding_grant(
                actor=current.actor,
                person_id=guest.pk,
                role=roles_by_code()["owner"],
                scope_id=house.id,
                expires_at=end,
            )
    assert can(house.inside(guest), "member:create")
    with clock.at(end + timedelta(seconds=1)):
        assert not can(house.inside(guest), "member:create")


def test_nobody_gives_a_role_in_another_organisation() -> None:
    here, there = make_house("Acme"), make_house("Other")
    before = traces()
    with pytest.raises(errors.NotFound), context.acting(here.inside(here.owner)) as current:
        services.binding_grant(
            actor=current.actor, person_id=here.viewer.pk, role=roles_by_code()["viewer"], scope_id=there.id
        )
    with pytest.raises(errors.Forbidden), context.acting(actor_of(here.owner)) as current:
        services.binding_grant(
            actor=current.actor, person_id=here.viewer.pk, role=roles_by_code()["owner"], scope_id=here.id
        )
    assert traces() == before


def test_head_counts_are_those_of_the_scope(world: World) -> None:
    house = make_house()
    assert selectors.head_counts(house.id) == {"owner": 1, "admin": 1, "editor": 1, "viewer": 1}
    assert "owner" not in selectors.head_counts()


def test_who_holds_a_right_is_listed_with_the_role_that_gives_it(world: World) -> None:
    house = make_house()
    with CaptureQueriesContext(connection) as queries:
        found = list_subjects("organisation:update", house.organisation).items
    assert len(queries) == 1
    assert [(subject.person_id, subject.role_label) for subject in found] == [
        (house.owner.pk, "Owner"),
        (house.admin.pk, "Admin"),
    ]
    assert found[0].via == "In this organisation"


def test_staff_that_holds_it_on_the_installation_is_listed_too(world: World) -> None:
    house = make_house()
    found = {subject.person_id: subject for subject in list_subjects("organisation:read", house.organisation).items}
    assert set(found) >= {world.manager.pk, world.admin.pk, house.viewer.pk}
    assert found[world.manager.pk].via == "On the whole installation"
    on_installation = {subject.person_id for subject in list_subjects("organisation:read").items}
    assert house.viewer.pk not in on_installation


def test_the_list_agrees_with_the_decision_whatever_rests_ends_or_is_denied(world: World) -> None:
    house = make_house()
    resting, ended, inactive, denied = (join(house.organisation, "admin") for _ in range(4))
    with context.system("a test"), writing():
        Binding.objects.filter(user=resting).update(is_suspended=True)
        Binding.objects.filter(user=ended).update(expires_at=clock.now() - timedelta(seconds=1))
        type(inactive).objects.filter(pk=inactive.pk).update(is_active=False)
        denying = Role.objects.create(catalogue="organisation", code="no_update", label="No update", rank=1)
        number = Permission.objects.get(code="organisation:update")
        RolePermission.objects.create(role=denying, permission=number, effect=RolePermission.Effect.DENY)
        Binding.objects.create(user=denied, scope_id=house.id, role=denying)
        for who in (resting, ended, inactive, denied):
            services.stamp_bump(key=who.pk)

    everybody = [house.owner, house.admin, house.editor, house.viewer, resting, ended, inactive, denied, world.admin]
    for code in ("organisation:update", "organisation:read", "member:create"):
        listed = {subject.person_id for subject in list_subjects(code, house.organisation, limit=200).items}
        allowed = {who.pk for who in everybody if can(actor_of(who), code, house.organisation)}
        assert listed & {who.pk for who in everybody} == allowed, code


def test_the_list_goes_on_by_pages_in_both_directions() -> None:
    house = make_house()
    for _ in range(5):
        join(house.organisation, "admin")
    first = list_subjects("organisation:update", house.organisation, limit=3)
    second = list_subjects("organisation:update", house.organisation, first.next, limit=3)
    third = list_subjects("organisation:update", house.organisation, second.next, limit=3)
    assert [len(page.items) for page in (first, second, third)] == [3, 3, 1]
    assert (first.previous, third.next) == (None, None)
    back = list_subjects("organisation:update", house.organisation, third.previous, limit=3)
    assert [row.person_id for row in back.items] == [row.person_id for row in second.items]


def test_an_unknown_code_is_a_mistake() -> None:
    with pytest.raises(ImproperlyConfigured, match="not declared"):
        list_subjects("organisation:reed")
