"""Roles and access as a file: round trip, plan, all or nothing, and nothing that its importer lacks."""

from dataclasses import replace
from datetime import timedelta

import pytest
import yaml

from accounts.models import User
from audit.models import Event
from portal.kit import clock, context, errors
from portal.kit.models import OutboundMessage
from rbac.as_code.plan import Step
from rbac.as_code.reader import MOST_BYTES
from rbac.errors import (
    CannotDelegate,
    CodeInvalid,
    CodeOutdated,
    InheritsHigher,
    MembersRole,
    RoleInUse,
    SuperiorTouched,
)
from rbac.models import Binding, Role, RolePermission, Team, TeamMember, UserGrant, Workspace
from rbac.services.as_code import Plan, code_apply, code_export, code_plan
from tests.accounts.organisation_world import House, make_house, traces
from tests.rbac.review_world import grant
from tests.rbac.roles_world import bind, held, make_resource, make_role, make_team, make_workspace

pytestmark = pytest.mark.django_db


def export(house: House) -> str:
    """The file of a house, taken out by its owner."""
    actor = house.inside(house.owner)
    with context.acting(actor):
        return code_export(actor=actor, organisation_id=house.id)


def plan(house: House, text: str, *, by: User | None = None, prune: bool = False) -> Plan:
    """What a file would do."""
    actor = house.inside(by or house.owner)
    with context.acting(actor):
        return code_plan(actor=actor, organisation_id=house.id, text=text, prune=prune)


def apply(house: House, text: str, *, by: User | None = None, prune: bool = False, expected: str = "") -> list[Step]:
    """Apply a file."""
    actor = house.inside(by or house.owner)
    with context.acting(actor):
        return code_apply(actor=actor, organisation_id=house.id, text=text, prune=prune, expected=expected)


def names(steps: list[Step]) -> list[str]:
    """What the steps do, in a line each."""
    return [str(step) for step in steps]


def furnished() -> House:
    """A house with something in every section."""
    house = make_house()
    role = make_role(house, "member:read", rights={"audit:read": "deny"})
    make_role(house, "member:create", rank=20, inherits=role)
    team = make_team(house, house.editor, house.viewer)
    make_team(house, house.viewer, inside=team)
    place = make_workspace(house)
    bind(house, house.viewer, role, scope_id=place.pk, reason="Summer: project", expires_at=clock.now() + timedelta(9))
    bind(house, None, role, team=team, conditions={"addresses": ["192.0.2.0/24"]})
    bind(house, None, role, everyone=True, effect="deny", scope_id=make_resource(house).pk)
    bind(house, house.editor, role, expires_at=clock.now() - timedelta(days=1))
    grant(house, house.editor)
    return house


FULL = """
version: 1
workspaces:
  quay: {name: Quay, description: Where ships lie}
roles:
  dock-master:
    label: Dock master
    inherits: custom/watch
    rank: 20
    allow: [member:create]
  watch:
    label: Watch
    allow: [member:read]
    deny: [audit:read]
teams:
  harbour:
    name: Harbour
  night:
    name: Night shift
    inside: harbour
    members: [%(editor)s, %(viewer_mail)s]
bindings:
  - {who: "team:night", role: custom/dock-master, on: "workspace:quay"}
  - {who: "person:%(viewer)s", role: organisation/editor, on: organisation, ends: "2038-01-31T18:00:00+01:00", reason: Stands in}
  - {who: everyone, role: custom/watch, on: "resource:product/project/%(resource)s", effect: deny}
grants:
  - {who: "person:%(editor)s", right: "product/project:read", on: "resource:product/project/%(resource)s"}
"""


def full(house: House) -> str:
    """A file with something in every section."""
    return FULL % {
        "editor": house.editor.username,
        "viewer": house.viewer.username.upper(),
        "viewer_mail": house.viewer.email,
        "resource": make_resource(house).external_id,
    }


def test_what_is_taken_out_and_planned_changes_nothing() -> None:
    house = furnished()
    text = export(house)
    said = yaml.safe_load(text)
    assert [len(said[name]) for name in ("workspaces", "roles", "teams", "bindings", "grants")] == [1, 2, 2, 3, 1]
    assert text == export(house), "the same twice is not the same"
    for prune in (False, True):
        assert plan(house, text, prune=prune).steps == []
        assert apply(house, text, prune=prune) == []
    assert Event.objects.filter(code="rbac.code.exported").count() == 2
    assert Event.objects.filter(code="rbac.code.applied").count() == 0


def test_a_file_makes_everything_it_says_and_is_then_as_it_says() -> None:
    house = make_house()
    text = full(house)
    shown = plan(house, text)
    assert shown.refusal is None
    assert (
        Role.objects.filter(organisation_id=house.id).count()
        == Team.objects.filter(organisation_id=house.id).count()
        == 0
    )
    done = apply(house, text, expected=shown.fingerprint)
    assert names(done) == names(shown.steps)
    assert names(done)[:5] == [
        "create workspace quay",
        "create role watch",
        "create role dock-master",
        "create team harbour",
        "create team night",
    ]
    night = Team.objects.get(slug="night")
    assert night.parent == Team.objects.get(slug="harbour")
    assert set(TeamMember.objects.filter(team=night).values_list("user_id", flat=True)) == {
        house.editor.pk,
        house.viewer.pk,
    }
    row = Binding.objects.get(user=house.viewer, role__code="editor")
    assert row.expires_at is not None
    assert (row.expires_at.isoformat(), row.reason) == ("2038-01-31T17:00:00+00:00", "Stands in")
    assert UserGrant.objects.filter(user=house.editor).count() == 1
    assert plan(house, text).steps == []
    assert plan(house, export(house), prune=True).steps == []
    event = Event.objects.get(code="rbac.code.applied")
    assert event.data["created"] == len(done)


def test_the_plan_says_who_gains_and_loses_and_leaves_no_trace() -> None:
    house = make_house()
    role = make_role(house, "audit:read")
    bind(house, house.editor, role)
    text = export(house).replace("audit:read", "member:create")
    before = traces()
    shown = plan(house, text)
    assert traces() == before
    assert shown.preview is not None
    (one,) = shown.preview.differences
    assert (one.person_id, one.gains, one.loses) == (house.editor.pk, ("member:create",), ("audit:read",))
    assert set(RolePermission.objects.filter(role=role).values_list("permission__code", flat=True)) == {"audit:read"}


def test_the_plan_names_a_workspace_on_which_somebody_gains() -> None:
    house = make_house()
    place = make_workspace(house)
    role = make_role(house, "product/project:read")
    text = f"version: 1\nbindings:\n  - {{who: 'person:{house.viewer.username}', role: custom/{role.code}, on: 'workspace:{place.slug}'}}\n"
    shown = plan(house, text)
    assert shown.preview is not None
    assert [(one.place, one.gains) for one in shown.preview.differences] == [(place.pk, ("product/project:read",))]


def test_ends_conditions_and_reasons_are_changed_in_place() -> None:
    house = furnished()
    text = export(house)
    changed = text.replace("Summer: project", "Winter").replace("192.0.2.0/24", "198.51.100.0/24")
    assert [step.action for step in apply(house, changed)] == ["update", "update"]
    assert Binding.objects.filter(reason="Winter").count() == 1
    assert Binding.objects.get(team__isnull=False).conditions == {"addresses": ["198.51.100.0/24"]}
    said = yaml.safe_load(export(house))
    next(row for row in said["bindings"] if "ends" in row)["ends"] = "2038-02-01T00:00:00Z"
    assert [step.changes[0][0] for step in apply(house, yaml.safe_dump(said))] == ["ends"]


def test_nothing_is_taken_away_without_prune_and_with_it_only_in_named_sections() -> None:
    house = furnished()
    before = (Role.objects.count(), Team.objects.count(), Binding.objects.count(), UserGrant.objects.count())
    empty = "version: 1\nroles: {}\nteams: {}\nbindings: []\ngrants: []\nworkspaces: {}\n"
    assert apply(house, empty) == []
    assert apply(house, "version: 1\n", prune=True) == []
    assert (Role.objects.count(), Team.objects.count(), Binding.objects.count(), UserGrant.objects.count()) == before
    assert [step.kind for step in apply(house, "version: 1\nbindings: []\n", prune=True)] == ["binding"] * 3
    done = apply(house, empty, prune=True)
    assert sorted(step.kind for step in done) == ["grant", "role", "role", "team", "team"]
    assert not Role.objects.filter(organisation_id=house.id).exists()
    assert not Team.objects.filter(organisation_id=house.id).exists()
    assert Workspace.objects.filter(organisation_id=house.id).count() == 1, "workspaces stay"
    assert Binding.objects.filter(scope_id=house.id).count() == 4, "the roles of memberships stay"


def test_members_of_a_team_go_with_prune_alone() -> None:
    house = make_house()
    team = make_team(house, house.editor, house.viewer)
    text = f"version: 1\nteams:\n  {team.slug}:\n    name: {team.name}\n    members: [{house.editor.username}]\n"
    assert apply(house, text) == []
    assert names(apply(house, text, prune=True)) == [f"delete member {house.viewer.username} → {team.slug}"]
    assert list(TeamMember.objects.values_list("user_id", flat=True)) == [house.editor.pk]


def test_one_step_that_is_refused_undoes_all_and_is_named_with_its_line() -> None:
    house = make_house()
    text = (
        "version: 1\n"
        "roles:\n"
        "  fine: {label: Fine, allow: ['member:read']}\n"
        "  strong: {label: Strong, rank: 30, allow: ['organisation:delete']}\n"
    )
    before = traces()
    shown = plan(house, text, by=house.admin)
    assert isinstance(shown.refusal, CannotDelegate)
    with pytest.raises(CannotDelegate) as caught:
        apply(house, text, by=house.admin)
    assert "Line 4" in str(caught.value.detail)
    assert "create role strong" in str(caught.value.detail)
    assert not Role.objects.filter(organisation_id=house.id).exists()
    assert traces() == before
    assert len(apply(house, text)) == 2, "the owner holds it"


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("roles: {grab: {label: Grab, allow: ['member:admin']}}", CannotDelegate),
        ("roles: {high: {label: High, rank: 40}}", CannotDelegate),
        ("roles: {low: {label: Low, rank: 10, inherits: organisation/owner}}", InheritsHigher),
        ("bindings: [{who: 'person:%(admin)s', role: custom/strong, on: organisation}]", CannotDelegate),
        ("bindings: [{who: everyone, role: custom/strong, on: organisation}]", CannotDelegate),
        ("bindings: [{who: 'team:crew', role: custom/strong, on: organisation}]", CannotDelegate),
        (
            "bindings: [{who: 'person:%(owner)s', role: organisation/viewer, on: organisation, effect: deny}]",
            errors.StewardError,
        ),
        ("bindings: [{who: 'person:%(viewer)s', role: organisation/admin, on: organisation}]", MembersRole),
        ("grants: [{who: 'person:%(admin)s', right: 'organisation:delete', on: organisation}]", CannotDelegate),
        ("teams: {powers: {name: Powers, members: [%(admin)s]}}", CannotDelegate),
        ("roles: {strong: {label: Strong, rank: 30, allow: ['organisation:delete', 'audit:read']}}", CannotDelegate),
    ],
)
def test_a_file_gives_nothing_that_its_importer_could_not_give(line: str, refused: type[Exception]) -> None:
    house = make_house()
    strong = make_role(house, "organisation:delete", rank=30)
    text = "version: 1\n" + line % {
        "admin": house.admin.username,
        "owner": house.owner.username,
        "viewer": house.viewer.username,
    }
    text = text.replace("custom/strong", f"custom/{strong.code}").replace("{strong:", f"{{{strong.code}:")
    crew, powers = make_team(house, house.admin), make_team(house)
    bind(house, None, strong, team=powers)
    text = text.replace("team:crew", f"team:{crew.slug}").replace("powers:", f"{powers.slug}:")
    before, mine = traces(), held(house.admin, house)
    assert isinstance(plan(house, text, by=house.admin).refusal, refused)
    with pytest.raises(refused):
        apply(house, text, by=house.admin)
    assert traces() == before
    assert held(house.admin, house) == mine


def test_prune_takes_nothing_from_who_ranks_above_the_importer() -> None:
    house = make_house()
    row = bind(house, house.owner, make_role(house, "member:read"))
    with pytest.raises(SuperiorTouched):
        apply(house, "version: 1\nbindings: []\n", by=house.admin, prune=True)
    assert Binding.objects.filter(pk=row.pk).exists()
    with pytest.raises(RoleInUse):
        apply(house, "version: 1\nroles: {}\n", prune=True)


@pytest.mark.parametrize("who", ["editor", "viewer"])
def test_who_may_not_give_roles_neither_takes_out_nor_plans_nor_applies(who: str) -> None:
    house, elsewhere = make_house(), make_house("Elsewhere")
    user = getattr(house, who)
    for act in (plan, apply):
        with pytest.raises(errors.Forbidden):
            act(house, "version: 1\n", by=user)
    actor = house.inside(house.owner)
    with context.acting(actor), pytest.raises(errors.NotFound):
        code_export(actor=actor, organisation_id=elsewhere.id)


def test_a_key_applies_no_further_than_its_scopes() -> None:
    house = make_house()
    actor = replace(house.inside(house.owner), scopes=frozenset({"role:assign", "role:create", "member:read"}))
    text = "version: 1\nroles: {watch: {label: Watch, allow: ['audit:read']}}\n"
    with context.acting(actor), pytest.raises(CannotDelegate):
        code_apply(actor=actor, organisation_id=house.id, text=text)
    assert not Role.objects.filter(organisation_id=house.id).exists()


def test_a_plan_that_is_no_longer_the_one_that_was_shown_is_not_applied() -> None:
    house = make_house()
    text = "version: 1\nroles: {watch: {label: Watch, allow: ['member:read']}}\n"
    shown = plan(house, text)
    apply(house, "version: 1\nroles: {watch: {label: Another, allow: ['member:read']}}\n")
    with pytest.raises(CodeOutdated):
        apply(house, text, expected=shown.fingerprint)
    assert Role.objects.get(code="watch").label == "Another"


BOMB = "version: 1\nroles: &a {x: {label: x}}\nteams: *a\n"
LAUGHS = "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("# only words\n", 1),
        ("- a list\n", 1),
        ("version: 2\n", 1),
        ("roles: {}\n", 1),
        ("version: 1\nrolls: {}\n", 2),
        ("version: 1\nroles:\n  watch:\n    label: Watch\n    colour: red\n", 5),
        ("version: 1\nroles:\n  watch: {label: A}\n  watch: {label: B}\n", 4),
        ("version: 1\nversion: 1\n", 2),
        (BOMB, 2),
        (LAUGHS, 1),
        ("version: 1\nroles: !!python/object/apply:os.system ['true']\n", 2),
        ("version: 1\n--- \nversion: 1\n", 2),
        ("version: 1\nroles: [\n", 3),
        ("version: 1\nroles: {? [a, b] : c}\n", 2),
        ("version: 1\nroles: {Watch: {label: x}}\n", 2),
        ("version: 1\nroles: {watch: x}\n", 2),
        ("version: 1\nroles: {watch: {label: x, rank: high}}\n", 2),
        ("version: 1\nroles: {watch: {label: x, allow: ['a:b'], deny: ['a:b']}}\n", 2),
        ("version: 1\nroles: {watch: {label: x, allow: ['a:b', 'a:b']}}\n", 2),
        ("version: 1\nroles: {watch: {label: x, inherits: viewer}}\n", 2),
        ("version: 1\nroles: {watch: {label: x, inherits: custom/none}}\n", 2),
        ("version: 1\nroles: {a: {label: x, inherits: custom/b}, b: {label: y, inherits: custom/a}}\n", 2),
        ("version: 1\nteams: {a: {name: x, inside: b}, b: {name: y, inside: a}}\n", 2),
        ("version: 1\nteams: {a: {name: x, inside: nowhere}}\n", 2),
        ("version: 1\nteams: {a: {name: x, members: [nobody.here]}}\n", 2),
        ("version: 1\nbindings: {}\n", 2),
        ("version: 1\nbindings:\n  - {who: me, role: organisation/viewer, on: organisation}\n", 3),
        ("version: 1\nbindings:\n  - {who: everyone, role: viewer, on: organisation}\n", 3),
        ("version: 1\nbindings:\n  - {who: everyone, role: organisation/viewer, on: 'workspace:none'}\n", 3),
        ("version: 1\nbindings:\n  - {who: 'team:none', role: organisation/viewer, on: organisation}\n", 3),
        ("version: 1\nbindings:\n  - {who: everyone, role: custom/none, on: organisation}\n", 3),
        ("version: 1\nbindings:\n  - {who: everyone, role: organisation/viewer, on: organisation, ends: soon}\n", 3),
        (
            "version: 1\nbindings:\n  - {who: everyone, role: a/b, on: organisation}\n"
            "  - {who: everyone, role: a/b, on: organisation}\n",
            4,
        ),
        ("version: 1\nroles: " + "[" * 40 + "]" * 40 + "\n", 2),
        ("version: 1\nroles: {watch: {label: \x07}}\n", 1),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_its_line_and_changes_nothing(text: str, line: int) -> None:
    house = make_house()
    before = traces()
    for act in (plan, apply):
        with pytest.raises(CodeInvalid) as caught:
            act(house, text)
        assert caught.value.fields["yaml"][0].startswith(f"Line {line}:"), caught.value.fields
    assert traces() == before


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    house = make_house()
    with pytest.raises(CodeInvalid) as caught:
        plan(house, "#" * (MOST_BYTES + 1))
    assert "512 kB" in str(caught.value.detail)


def test_every_wrong_line_is_told_at_once() -> None:
    house = make_house()
    text = "version: 1\nroles:\n  A: {label: x}\n  b: {label: x, colour: red}\nbindings:\n  - {who: me}\n"
    with pytest.raises(CodeInvalid) as caught:
        plan(house, text)
    lines = {said.partition(":")[0] for said in caught.value.fields["yaml"]}
    assert lines == {"Line 3", "Line 4", "Line 6"}


def test_a_member_of_another_organisation_is_nobody_here() -> None:
    house, elsewhere = make_house(), make_house("Elsewhere")
    text = f"version: 1\nbindings:\n  - {{who: 'person:{elsewhere.viewer.username}', role: organisation/viewer, on: organisation}}\n"
    with pytest.raises(CodeInvalid):
        apply(house, text)
    foreign = make_workspace(elsewhere)
    text = f"version: 1\nbindings:\n  - {{who: everyone, role: organisation/viewer, on: 'workspace:{foreign.slug}'}}\n"
    with pytest.raises(CodeInvalid):
        apply(house, text)
    assert OutboundMessage.objects.filter(person_id=elsewhere.viewer.pk, subject__contains="access").count() == 0
