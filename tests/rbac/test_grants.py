"""Single rights on single objects."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.db.models import Model

from accounts.models import User
from accounts.services import memberships
from audit.models import Event
from maintenance.models import Backup, JobRun
from portal.kit import clock, context, errors, tenancy
from portal.kit.context import Actor
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from rbac import access_selectors, services
from rbac.errors import CannotDelegate, EndPassed, HeldAlready, NotAMember, NotGrantable, SuperiorTouched
from rbac.holders import Holder
from rbac.models import Permission, Resource, TeamGrant, UserGrant
from rbac.services.codes import GRANTABLE, grantable_model
from rbac.services.grants import Grant
from tests.accounts.organisation_world import House, make_house, traces
from tests.factories import World, actor_of, person
from tests.rbac.roles_world import bind, make_resource, make_role, make_team, make_workspace

pytestmark = pytest.mark.django_db


def _give(actor: Actor, holder: Holder | User, code: str, target: Model, **values: object) -> Grant:
    who = Holder(person_id=holder.pk) if isinstance(holder, User) else holder
    with context.acting(actor) as current:
        return services.grant_give(actor=current.actor, holder=who, code=code, target=target, **values)  # type: ignore[arg-type]


def _take(actor: Actor, grant: Grant) -> None:
    with context.acting(actor) as current:
        services.grant_take(actor=current.actor, grant=grant)


def _refused(error: type[Exception], act: Callable[[], object]) -> None:
    before = traces(), list(UserGrant.objects.values()), list(TeamGrant.objects.values())
    with pytest.raises(error):
        act()
    assert (traces(), list(UserGrant.objects.values()), list(TeamGrant.objects.values())) == before


def _drop(row: Resource, house: House) -> UUID:
    key = row.pk
    with context.system("a test"), writing(), tenancy.within(house.id):
        row.delete()
    return key


def test_a_right_on_a_resource_is_kept_with_end_and_reason_told_and_taken_back() -> None:
    house, end = make_house(), clock.now() + timedelta(days=1)
    target, owner = make_resource(house), house.inside(house.owner)
    grant = _give(owner, house.viewer, "product/project:update", target, expires_at=end, reason="Handover")
    kept = UserGrant.objects.get(pk=grant.pk)
    assert (kept.object_id, kept.organisation_id, kept.expires_at, kept.reason, kept.granted_by) == (
        target.pk,
        house.id,
        end,
        "Handover",
        house.owner.pk,
    )
    assert "product/project:update" in OutboundMessage.objects.get(person_id=house.viewer.pk).text
    _take(owner, grant)
    assert not UserGrant.objects.exists()
    codes = Event.objects.filter(target_id=house.viewer.pk, code__startswith="rbac.grant").order_by("id")
    assert list(codes.values_list("code", flat=True)) == ["rbac.grant.given", "rbac.grant.taken"]


def test_a_team_is_given_a_right_on_a_workspace() -> None:
    house = make_house()
    team, place = make_team(house, house.viewer), make_workspace(house)
    with context.system("a test") as current:
        grant = services.grant_give(
            actor=current.actor, holder=Holder(team=team), code="organisation:read", target=house.organisation
        )
    assert isinstance(grant, TeamGrant)
    assert (grant.group_id, grant.organisation_id) == (team.group_id, house.id)
    assert access_selectors.grant_here(house.inside(house.viewer), grant.pk) == grant
    assert place.organisation_id == house.id


def test_an_end_is_moved_once_and_told() -> None:
    house = make_house()
    grant = _give(house.inside(house.owner), house.viewer, "product/project:read", make_resource(house))
    end = clock.now() + timedelta(days=3)
    for _ in range(2):
        with context.acting(house.inside(house.owner)) as current:
            grant = services.grant_limit(actor=current.actor, grant=grant, expires_at=end)
    assert grant.expires_at == end
    assert Event.objects.filter(code="rbac.grant.limited", target_id=house.viewer.pk).count() == 1


@pytest.mark.parametrize("code", ["job:read", "backup:execute"])
def test_a_right_on_a_job_or_a_backup_is_given_by_who_runs_the_installation(world: World, code: str) -> None:
    model = {"job:read": JobRun, "backup:execute": Backup}[code]
    if not Permission.objects.filter(code=code).exists():
        raise AssertionError(f"{code} is no permission")
    with context.system("a test"), writing():
        made = Backup(kind="manual", started_by="a test", started_at=clock.now())
        target: Model = JobRun(name="audit.seal") if model is JobRun else made
        target.save(force_insert=True)
    _refused(errors.Forbidden, lambda: _give(actor_of(world.admin), world.stranger, code, target))
    assert _give(actor_of(world.root), world.stranger, code, target).object_pk == target.pk


def test_every_grantable_code_is_a_permission_of_guardians_kind_on_a_model_with_a_uuid() -> None:
    rows = Permission.objects.exclude(auth_permission=None).select_related("auth_permission__content_type")
    nouns = {row.code.partition(":")[0] for row in rows if "/" not in row.code}
    assert nouns <= set(GRANTABLE)
    assert Permission.objects.exclude(application=None).filter(auth_permission=None).count() == 0
    for row in rows:
        model = grantable_model(code=row.code)
        assert model is not None
        assert row.auth_permission is not None
        assert row.auth_permission.content_type.model_class() is model
        assert model._meta.pk is not None
        assert model._meta.pk.get_internal_type() == "UUIDField"


def test_only_rights_about_objects_of_the_kind_are_given_on_one() -> None:
    house = make_house()
    target, owner = make_resource(house), house.inside(house.owner)
    for code in ("member:read", "organisation:read", "product/translation:read", "no:such"):
        _refused(NotGrantable, lambda code=code: _give(owner, house.viewer, code, target))  # type: ignore[misc]
    _refused(EndPassed, lambda: _give(owner, house.viewer, "product/project:read", target, expires_at=clock.now()))
    _give(owner, house.viewer, "product/project:read", target)
    _refused(HeldAlready, lambda: _give(owner, house.viewer, "product/project:read", target))


def test_only_members_and_teams_of_the_organisation_are_given_rights_in_it() -> None:
    house, other = make_house(), make_house("Other")
    target, owner = make_resource(house), house.inside(house.owner)
    their_team, stranger = make_team(other, other.viewer), person()
    for holder in (stranger, other.viewer, Holder(team=their_team), Holder()):
        _refused(
            NotAMember,
            lambda holder=holder: _give(owner, holder, "product/project:read", target),  # type: ignore[misc]
        )
    _refused(errors.NotFound, lambda: _give(other.inside(other.owner), other.viewer, "product/project:read", target))


# --- attacks, each beside what is allowed ---


def test_nobody_gives_on_an_object_what_they_do_not_hold_there() -> None:
    house = make_house()
    target = make_resource(house)
    admin = house.inside(house.admin)
    for holder in (house.admin, house.viewer):
        _refused(
            CannotDelegate,
            lambda holder=holder: _give(admin, holder, "product/project:read", target),  # type: ignore[misc]
        )
    bind(house, house.admin, make_role(house, "product/project:read"), scope_id=target.pk)
    assert _give(admin, house.viewer, "product/project:read", target).object_pk == target.pk
    other = make_resource(house)
    _refused(CannotDelegate, lambda: _give(admin, house.viewer, "product/project:read", other))


def test_a_right_on_one_object_is_not_handed_on() -> None:
    house = make_house()
    target, owner = make_resource(house), house.inside(house.owner)
    _give(owner, house.admin, "product/project:read", target)
    _refused(CannotDelegate, lambda: _give(house.inside(house.admin), house.viewer, "product/project:read", target))


def test_nobody_takes_a_right_from_who_ranks_above_them() -> None:
    house = make_house()
    target = make_resource(house)
    bind(house, house.admin, make_role(house, "product/project:read"))
    grant = _give(house.inside(house.owner), house.owner, "product/project:read", target)
    _refused(SuperiorTouched, lambda: _take(house.inside(house.admin), grant))
    _take(house.inside(house.owner), grant)
    assert not UserGrant.objects.exists()


def test_what_comes_with_the_id_of_a_deleted_object_inherits_no_right() -> None:
    house = make_house()
    target, kept = make_resource(house), make_resource(house)
    owner = house.inside(house.owner)
    for row in (target, kept):
        _give(owner, house.viewer, "product/project:read", row)
        _give(owner, Holder(team=make_team(house, house.viewer)), "product/project:read", row)
    key = _drop(target, house)
    again = Resource(id=key, organisation_id=house.id, type_id=target.type_id, external_id="again", name="Again")
    with context.system("a test"), writing(), tenancy.within(house.id):
        again.save(force_insert=True)
    assert set(UserGrant.objects.values_list("object_id", flat=True)) == {kept.pk}
    assert set(TeamGrant.objects.values_list("object_id", flat=True)) == {kept.pk}


def test_leaving_takes_every_right_on_an_object_along_with_an_event_each() -> None:
    house = make_house()
    owner = house.inside(house.owner)
    for holder in (house.viewer, house.editor):
        _give(owner, holder, "product/project:read", make_resource(house))
    with context.acting(owner) as current:
        memberships.membership_remove(actor=current.actor, membership=house.membership(house.viewer))
    assert set(UserGrant.objects.values_list("user_id", flat=True)) == {house.editor.pk}
    assert Event.objects.filter(code="rbac.grant.taken", target_id=house.viewer.pk).count() == 1


def test_a_right_of_another_organisation_is_not_there() -> None:
    house, other = make_house(), make_house("Other")
    _give(house.inside(house.owner), house.viewer, "product/project:read", make_resource(house))
    with context.acting(other.inside(other.owner)) as current, pytest.raises(errors.NotFound):
        access_selectors.grant_here(current.actor, UserGrant.objects.get().pk)
