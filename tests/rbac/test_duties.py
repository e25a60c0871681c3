"""What nobody may hold together: refused on every way in which something comes to be held."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.services.memberships import membership_put, membership_role_set
from portal.kit import clock, context
from portal.kit.errors import Forbidden, Invalid, NotFound
from rbac import services
from rbac.duties import conflicts_of, rules_at
from rbac.govern_errors import DutiesConflict, RuleNameTaken, TooManyRules
from rbac.holders import Holder
from rbac.models import INSTALLATION, Binding, DutyRule, Elevation, RolePermission, TeamMember, UserGrant
from rbac.ready_duties import READY
from rbac.services import duties
from rbac.services import teams as team_services
from rbac.services.duties import DutyDraft
from rbac.simulate import simulate
from tests.accounts.organisation_world import House, codes_of, make_house, traces
from tests.factories import World, actor_of, person
from tests.rbac.govern_world import ASSIGNS, EDITS, act, approve, ask, rule_of
from tests.rbac.roles_world import bind, make_resource, make_role, make_team, make_workspace, ready, scope_of

pytestmark = pytest.mark.django_db
READS = ("product/project:read",)


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


def _found(house: House) -> set[tuple[str, object]]:
    return {(found.rule.name, found.person_id) for found in conflicts_of(rules_at(house.id), house.id)}


def _refused(house: House, change: Callable[[], object]) -> None:
    """It is refused for the rule, which is named, and leaves nothing; without the rule it goes through."""
    before = traces(), _found(house)
    with context.acting(house.inside(house.owner)), pytest.raises(DutiesConflict, match="Apart"):
        change()
    assert (traces(), _found(house)) == before
    assert before[1] == set()
    with context.system("a test") as current:
        rule = DutyRule.objects.get(organisation_id=house.id)
        draft = replace(duties.draft_of(rule=rule), is_active=False)
        duties.duty_rule_update(actor=current.actor, rule=rule, draft=draft)
    with context.acting(house.inside(house.owner)):
        change()


def _apart(house: House, one: tuple[str, ...] = ("member:read",), other: tuple[str, ...] = ("audit:read",)) -> None:
    """A rule whose sides nobody of the house holds both of yet, apart from those whom the test gives something."""
    with context.system("a test"):
        services.bindings_take(person_id=house.admin.pk, scope_id=house.id)
    rule_of(house.id, one, other)


def test_a_role_that_is_given(house: House) -> None:
    _apart(house)
    role = make_role(house, "audit:read")
    holder = Holder(person_id=house.viewer.pk)
    actor = house.inside(house.owner)
    _refused(house, lambda: services.access_give(actor=actor, holder=holder, role=role, scope=scope_of(house)))


def test_a_role_that_is_given_on_a_part_to_a_team_or_to_everybody(house: House) -> None:
    _apart(house)
    role, actor = make_role(house, "audit:read"), house.inside(house.owner)
    part = scope_of(house).__class__.objects.get(pk=make_workspace(house).pk)
    team = make_team(house, house.editor)
    inner = make_team(house, house.viewer, inside=team)
    assert inner.parent_id == team.pk
    for holder, scope in ((Holder(person_id=house.viewer.pk), part), (Holder(team=team), part), (Holder(), part)):
        with context.acting(actor), pytest.raises(DutiesConflict):
            services.access_give(actor=actor, holder=holder, role=role, scope=scope)
    assert not Binding.objects.filter(role=role).exists()


def test_a_role_that_denies_itself_the_other_side(house: House) -> None:
    _apart(house, EDITS, ASSIGNS)
    split = make_role(house, "audit:read", rank=30, inherits=ready("admin"), rights=dict.fromkeys(EDITS, "deny"))
    actor = house.inside(house.owner)
    with context.acting(actor):
        with pytest.raises(DutiesConflict):
            services.access_give(
                actor=actor,
                holder=Holder(person_id=house.viewer.pk),
                role=ready("admin"),
                scope=scope_of(house),
                expires_at=clock.now() + clock.now().resolution * 10**9,
            )
        services.access_give(actor=actor, holder=Holder(person_id=house.viewer.pk), role=split, scope=scope_of(house))
    assert _found(house) == set()


def test_a_single_right_on_one_object(house: House) -> None:
    _apart(house, ("member:read",), READS)
    target, actor = make_resource(house), house.inside(house.owner)
    holder = Holder(person_id=house.viewer.pk)
    _refused(house, lambda: services.grant_give(actor=actor, holder=holder, code=READS[0], target=target))
    assert UserGrant.objects.count() == 1


def test_a_single_right_for_a_team(house: House) -> None:
    _apart(house, ("member:read",), READS)
    target, actor = make_resource(house), house.inside(house.owner)
    holder = Holder(team=make_team(house, house.viewer))
    _refused(house, lambda: services.grant_give(actor=actor, holder=holder, code=READS[0], target=target))


def test_an_end_that_is_moved_once_it_has_passed(house: House) -> None:
    role = make_role(house, "audit:read")
    old = bind(house, house.viewer, role, expires_at=clock.now() - clock.now().resolution)
    _apart(house)
    actor = house.inside(house.owner)
    _refused(house, lambda: services.access_limit(actor=actor, binding=old, expires_at=None))


def test_the_edit_of_a_role_that_somebody_holds(house: House) -> None:
    role, actor = make_role(house, "workspace:read"), house.inside(house.owner)
    bind(house, house.viewer, role)
    _apart(house)
    draft = replace(services.draft_of(role=role), rights={"workspace:read": "allow", "audit:read": "allow"})
    _refused(house, lambda: services.role_update(actor=actor, role=role, draft=draft))
    assert RolePermission.objects.filter(role=role, permission__code="audit:read").exists()


def test_what_a_role_comes_to_inherit(house: House) -> None:
    role, below, actor = make_role(house), make_role(house, "audit:read"), house.inside(house.owner)
    bind(house, house.viewer, role)
    _apart(house)
    draft = replace(services.draft_of(role=role), inherits=below)
    _refused(house, lambda: services.role_update(actor=actor, role=role, draft=draft))


def test_who_comes_into_a_team(house: House) -> None:
    team, actor = make_team(house), house.inside(house.owner)
    bind(house, None, make_role(house, "audit:read"), team=team)
    _apart(house)
    _refused(house, lambda: team_services.team_member_add(actor=actor, team=team, person_id=house.viewer.pk))
    assert TeamMember.objects.filter(team=team, user=house.viewer).exists()


def test_a_team_that_moves_into_another(house: House) -> None:
    around, inner, actor = make_team(house), make_team(house, house.viewer), house.inside(house.owner)
    bind(house, None, make_role(house, "audit:read"), team=around)
    _apart(house)
    _refused(house, lambda: team_services.team_nest(actor=actor, team=inner, parent=around))


def test_an_elevation_that_is_approved(house: House) -> None:
    row = ask(house, house.viewer, make_role(house, "audit:read"))
    _apart(house)
    _refused(house, lambda: approve(house, house.owner, row))
    assert Elevation.objects.get().state == "approved"


def test_a_request_that_a_rule_stops_can_still_be_refused(house: House) -> None:
    row = ask(house, house.viewer, make_role(house, "audit:read"))
    _apart(house)
    assert act(house, house.owner, "refuse", row, words="The rule says so").state == "refused"


def test_the_role_of_a_member(house: House) -> None:
    _apart(house)
    actor, membership = house.inside(house.owner), house.membership(house.viewer)
    _refused(house, lambda: membership_role_set(actor=actor, membership=membership, role=ready("admin")))


def test_one_role_for_another_is_no_conflict_on_the_way(house: House) -> None:
    _apart(house, ("resource:create",), ("audit:read",))  # An editor's, and an administrator's own.
    with context.system("a test") as current:
        rule = DutyRule.objects.get()
        draft = replace(duties.draft_of(rule=rule), one_codes=(), one_roles=(str(ready("viewer").pk),))
        duties.duty_rule_update(actor=current.actor, rule=rule, draft=draft)
    # Every administrator inherits a viewer's role, so the role alone is what the rule separates.
    with context.acting(house.inside(house.owner)) as current, pytest.raises(DutiesConflict):
        membership_role_set(actor=current.actor, membership=house.membership(house.viewer), role=ready("admin"))
    assert [row.role.code for row in Binding.objects.filter(user=house.viewer)] == ["viewer"]


def test_who_comes_in_by_an_invitation_or_from_outside(house: House) -> None:
    _apart(house)
    newcomer = person("Newcomer")

    def join() -> None:
        membership_put(organisation_id=house.id, user=newcomer, role=ready("admin"), granted_by=None)

    _refused(house, join)


def test_a_preview_says_it_too_and_saves_nothing(house: House) -> None:
    _apart(house)
    role, actor = make_role(house, "audit:read"), house.inside(house.owner)
    before = traces()
    with context.acting(actor), pytest.raises(DutiesConflict):
        simulate(
            lambda: services.access_give(
                actor=actor, holder=Holder(person_id=house.viewer.pk), role=role, scope=scope_of(house)
            )
        )
    assert traces() == before


def test_roles_of_the_installation(world: World) -> None:
    rule_of(None, ("backup:restore",), ("user:read",), name="Apart")
    with context.acting(actor_of(world.root)) as current:
        with pytest.raises(DutiesConflict):
            services.binding_grant(actor=current.actor, person_id=world.clerk.pk, role=ready("admin", "platform"))
        assert not Binding.objects.filter(user=world.clerk, role__code="admin").exists()
        services.binding_grant(actor=current.actor, person_id=world.clerk.pk, role=ready("manager", "platform"))
    found = {one.person_id for one in conflicts_of(rules_at(INSTALLATION), INSTALLATION)}
    assert found == {world.admin.pk}, "The highest role holds everything by what it is."


def test_what_was_there_before_is_listed_and_stops_nobody(house: House) -> None:
    rule = rule_of(house.id)
    assert _found(house) == {("Apart", house.admin.pk)}, "Nor does an owner count, who holds everything."
    actor = house.inside(house.owner)
    with context.acting(actor):
        services.access_give(
            actor=actor,
            holder=Holder(person_id=house.admin.pk),
            role=make_role(house, "workspace:read"),
            scope=scope_of(house),
        )
    found = conflicts_of([rule], house.id)[0]
    assert {item for _kind, item in found.one} == set(EDITS)
    assert {item for _kind, item in found.other} == set(ASSIGNS)


def test_a_rule_counts_only_where_it_was_made(house: House) -> None:
    other = make_house("Elsewhere")
    _apart(house)
    with context.acting(other.inside(other.owner)) as current:
        services.access_give(
            actor=current.actor,
            holder=Holder(person_id=other.viewer.pk),
            role=make_role(other, "audit:read"),
            scope=scope_of(other),
        )
    assert conflicts_of(rules_at(other.id), other.id) == []


def test_who_may_make_rules_and_what_they_may_say(house: House) -> None:
    draft = DutyDraft(name="Apart", one_codes=("audit:read",), other_codes=("role:assign",))

    def make(user: object, wanted: DutyDraft) -> DutyRule:
        with context.acting(house.inside(user)) as current:  # type: ignore[arg-type]
            return duties.duty_rule_create(actor=current.actor, organisation_id=house.id, draft=wanted)

    for who in (house.editor, house.viewer):
        with pytest.raises(Forbidden):
            make(who, draft)
    there = make_house("There")
    with context.acting(there.inside(there.owner)) as current, pytest.raises(NotFound):
        duties.duty_rule_create(actor=current.actor, organisation_id=house.id, draft=draft)
    foreign = str(make_role(there, "member:read").pk)
    for wrong, field in (
        (replace(draft, name=" "), "name"),
        (replace(draft, name="x" * 81), "name"),
        (replace(draft, description="y" * 301), "description"),
        (replace(draft, one_codes=()), "one_codes"),
        (replace(draft, other_codes=("no:such",)), "other_codes"),
        (replace(draft, other_codes=("installation:admin",)), "other_codes"),
        (replace(draft, other_codes=("audit:read",)), "other_codes"),
        (replace(draft, one_roles=(foreign,)), "one_roles"),
    ):
        with pytest.raises(Invalid) as refused:
            make(house.admin, wrong)
        assert field in refused.value.fields, wrong
    assert not DutyRule.objects.exists()
    made = make(house.admin, draft)
    with pytest.raises(RuleNameTaken):
        make(house.owner, draft)
    assert codes_of(made.pk) == ["rbac.duty_rule.created"]


def test_there_are_not_endless_rules(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duties, "MOST_RULES", 1)
    rule_of(house.id)
    with pytest.raises(TooManyRules):
        rule_of(house.id, name="Another")


def test_a_rule_is_changed_switched_off_and_deleted(house: House) -> None:
    rule = rule_of(house.id)
    with context.acting(house.inside(house.owner)) as current:
        draft = replace(duties.draft_of(rule=rule), name="Hands apart")
        duties.duty_rule_update(actor=current.actor, rule=rule, draft=draft)
        duties.duty_rule_update(actor=current.actor, rule=rule, draft=draft)
        duties.duty_rule_delete(actor=current.actor, rule=rule)
        with pytest.raises(NotFound):
            duties.duty_rule_delete(actor=current.actor, rule=rule)
    assert codes_of(rule.pk) == ["rbac.duty_rule.created", "rbac.duty_rule.updated", "rbac.duty_rule.deleted"]


def test_the_ready_made_rules_name_codes_that_exist(world: World) -> None:
    house = make_house()
    for spec in READY:
        made = rule_of(house.id if spec.inside else None, spec.one, spec.other, name=str(spec.name), ready=spec.code)
        assert made.ready == spec.code


def test_the_conflicts_of_an_organisation_are_told_over_the_api_to_its_members_alone(
    house: House, browser_of: Callable[[User], Client]
) -> None:
    rule, other = rule_of(house.id), make_house("Other")
    address = f"/api/v1/organisations/{house.id}/duty-conflicts"

    def asked(who: User, standing: House) -> Any:
        return browser_of(who).get(address, headers={"Steward-Organisation": str(standing.id)})

    (found,) = asked(house.viewer, house).json()["items"]
    assert (found["rule_id"], found["user_id"]) == (str(rule.pk), str(house.admin.pk))
    assert (set(found["one"]), set(found["other"])) == (set(EDITS), set(ASSIGNS))
    assert asked(other.owner, other).status_code == 404
    assert asked(other.owner, house).status_code == 404
