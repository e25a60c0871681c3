"""The decision over the tree: what it costs, how fresh it is, and what it says of things that have no place in it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, User
from maintenance.models import Backup
from portal.kit import clock, context, errors, ids, tenancy
from portal.kit.context import Actor
from portal.kit.decision import can, check_many, list_subjects
from portal.kit.services import writing
from rbac import decision, services
from rbac.errors import CodeUnknown
from rbac.explain import explain
from rbac.models import INSTALLATION, Binding, Permission, Resource, Role, Scope, Stamp, Team, TeamMember, UserGrant
from rbac.rules import Ask, effective_at
from rbac.simulate import simulate
from tests.accounts.organisation_world import make_house, traces
from tests.factories import World, actor_of
from tests.rbac.tree_world import Tree, bind, declare, grant, plant

pytestmark = pytest.mark.django_db
READ = "product/project:read"
WORLD: dict[str, Any] = {
    "people": ["anna", "ben", "cleo"],
    "teams": {"company": {}, "crew": {"in": "company", "members": ["anna"]}},
    "workspaces": ["shop", "lab"],
    "resources": {"orders": {"in": "shop"}, "lines": {"in": "orders"}, "probes": {"in": "lab"}},
    "roles": {"reader": {"allow": [READ]}, "editor": {"inherits": "reader", "allow": ["product/project:update"]}},
    "bindings": [{"who": "team:company", "role": "reader", "where": "shop"}],
}


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch)


@pytest.fixture
def tree() -> Tree:
    """The world above."""
    return plant(WORLD)


def _change(tree: Tree, change: Callable[[], object]) -> None:
    """What another request does: this one is told by the stamps alone."""
    with context.system("a test"), writing(), tenancy.within(tree.organisation.pk):
        change()


def test_a_cold_check_is_one_query_and_a_warm_one_none(tree: Tree) -> None:
    anna, orders = tree.actor("anna"), tree.resources["orders"]
    with context.acting(anna):
        can(anna, READ)  # The stamps, which come with the session, and the numbers of the codes.
        with CaptureQueriesContext(connection) as cold:
            assert can(anna, READ, orders)
        with CaptureQueriesContext(connection) as warm:
            assert can(anna, READ, orders)
            assert not can(anna, "product/project:update", orders)
            assert can(anna, READ, orders)
    assert (len(cold), len(warm)) == (1, 0)


def test_a_hundred_checks_are_one_query(tree: Tree) -> None:
    anna = tree.actor("anna")
    rows = []

    def many() -> None:
        for number in range(100):
            scope = Scope.objects.create(
                id=ids.uuid7(),
                kind="resource",
                parent_id=tree.scope_id("lab" if number % 2 else "orders"),
                organisation_id=tree.organisation.pk,
            )
            rows.append(
                Resource.objects.create(
                    id=scope.pk,
                    organisation=tree.organisation,
                    type=tree.resources["orders"].type,
                    external_id=str(number),
                    name=str(number),
                )
            )

    _change(tree, many)
    with context.acting(anna):
        can(anna, READ)
        with CaptureQueriesContext(connection) as queries:
            answers = check_many(anna, [(READ, row) for row in rows])
    assert len(queries) == 1
    assert [bool(answer) for answer in answers] == [number % 2 == 0 for number in range(100)]


def test_a_list_below_the_organisation_costs_one_query_of_its_own(tree: Tree) -> None:
    anna = tree.actor("anna")
    with context.acting(anna):
        list(Resource.objects.visible_to(anna, READ))
        with CaptureQueriesContext(connection) as queries:
            rows = list(Resource.objects.visible_to(anna, READ).order_by("name"))
    assert len(queries) == 1
    assert [row.name for row in rows] == ["lines", "orders"]


CHANGES: dict[str, tuple[Callable[[Tree], object], bool]] = {
    "a binding of the team goes": (lambda tree: Binding.objects.filter(team=tree.teams["company"]).delete(), False),
    "the person leaves the team": (lambda tree: TeamMember.objects.filter(user=tree.people["anna"]).delete(), False),
    "the team is taken out of the other": (
        lambda tree: Team.objects.filter(pk=tree.teams["crew"].pk).update(parent=None),
        False,
    ),
    "the membership is suspended": (
        lambda tree: Membership.objects.filter(user=tree.people["anna"]).update(state=Membership.State.SUSPENDED),
        False,
    ),
    "the person is deactivated": (
        lambda tree: User.objects.filter(pk=tree.people["anna"].pk).update(is_active=False),
        False,
    ),
    "the role loses the right": (lambda tree: tree.roles["reader"].permissions.all().delete(), False),
    "the resource is moved": (
        lambda tree: Scope.objects.filter(pk=tree.scope_id("orders")).update(parent_id=tree.scope_id("lab")),
        False,
    ),
    "everybody is denied": (
        lambda tree: bind(tree, {"who": "*", "role": "reader", "where": "orders", "deny": True}),
        False,
    ),
    "the binding ends": (
        lambda tree: Binding.objects.filter(team=tree.teams["company"]).update(expires_at=clock.now()),
        False,
    ),
    "nothing that matters": (lambda tree: Resource.objects.filter(pk=tree.scope_id("orders")).update(name="x"), True),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_very_next_check_knows_of_a_change_that_nobody_told_it_of(tree: Tree, what: str) -> None:
    change, still = CHANGES[what]
    anna, orders = tree.actor("anna"), tree.resources["orders"]
    with context.acting(anna):
        assert can(anna, READ, orders)
        assert list(Resource.objects.visible_to(anna, READ).filter(pk=orders.pk)) == [orders]
    _change(tree, lambda: change(tree))
    with context.acting(anna):
        assert can(anna, READ, orders).allowed is still
        assert Resource.objects.visible_to(anna, READ).filter(pk=orders.pk).exists() is still
        assert (tree.people["anna"].pk in {one.person_id for one in list_subjects(READ, orders).items}) is still


def test_a_grant_and_the_public_flag_are_known_at_once_and_taken_back_at_once(tree: Tree) -> None:
    ben, probes = tree.actor("ben"), tree.resources["probes"]

    def public(*, flag: bool) -> None:
        Resource.objects.filter(pk=probes.pk).update(is_public=flag)

    steps: list[tuple[Callable[[], object], str]] = [
        (lambda: grant(tree, {"who": "ben", "code": READ, "where": "probes"}), "grant"),
        (lambda: UserGrant.objects.filter(user=tree.people["ben"]).delete(), "no_role"),
        (lambda: public(flag=True), "public"),
        (lambda: public(flag=False), "no_role"),
    ]
    assert can(ben, READ, probes).reason == "no_role"
    for step, reason in steps:
        _change(tree, step)
        assert can(ben, READ, probes).reason == reason


def test_a_change_that_is_rolled_back_leaves_no_wrong_answer_behind(tree: Tree) -> None:
    ben, orders = tree.actor("ben"), tree.resources["orders"]
    with pytest.raises(RuntimeError), context.system("a test"), transaction.atomic():
        with writing():
            bind(tree, {"who": "ben", "role": "reader", "where": "acme"})
        decision.mark_changed()
        assert can(ben, READ, orders)
        raise RuntimeError
    assert not can(ben, READ, orders)
    # The stamp that the rolled-back change had is taken by this one, which gives another right.
    _change(tree, lambda: grant(tree, {"who": "ben", "code": READ, "where": "probes"}))
    assert not can(ben, READ, orders)


def test_a_place_that_goes_raises_the_stamp_since_its_id_could_come_again_elsewhere(tree: Tree) -> None:
    def epoch() -> int:
        return Stamp.objects.get(key=tree.organisation.pk).epoch

    with context.system("a test"), writing(), transaction.atomic():
        before = epoch()
        lines = tree.scope_id("lines")
        Resource.objects.filter(pk=lines)._raw_delete("default")
        assert epoch() == before
        Scope.objects.filter(pk=lines)._raw_delete("default")
        assert epoch() == before + 1
        transaction.set_rollback(True)


def test_a_row_of_another_organisation_gives_nothing_whatever_it_claims(tree: Tree) -> None:
    other = plant(WORLD)
    anna, theirs = tree.actor("anna"), other.resources["orders"]
    assert not can(anna, READ, theirs)
    theirs.organisation_id = tree.organisation.pk
    assert not can(anna, READ, theirs)
    assert not can(anna, READ, Resource(id=ids.uuid7(), organisation_id=tree.organisation.pk))
    assert can(anna, READ, tree.resources["orders"])
    with context.acting(anna):
        assert not Resource.objects.visible_to(anna, READ).filter(pk=theirs.pk).exists()


def test_an_own_role_counts_in_its_organisation_alone(tree: Tree) -> None:
    other = plant(WORLD)
    with context.system("a test"), writing():
        for scope_id in (other.organisation.pk, INSTALLATION):
            Binding.objects.create(scope_id=scope_id, role=tree.roles["reader"], user=other.people["ben"])
    assert not can(other.actor("ben"), READ, other.resources["orders"])
    assert not can(actor_of(other.people["ben"]), READ)
    assert list_subjects(READ, other.organisation).items == []
    with context.acting(other.actor("ben")) as current:
        assert not Resource.objects.visible_to(current.actor, READ).exists()


def test_a_team_holds_nothing_on_the_installation_or_in_another_organisation(tree: Tree) -> None:
    house = make_house()
    viewer = Role.objects.get(catalogue="organisation", code="viewer")
    manager = Role.objects.get(catalogue="platform", code="manager")
    with context.system("a test"), writing():
        Binding.objects.create(scope_id=house.id, role=viewer, team=tree.teams["crew"])
        Binding.objects.create(scope_id=INSTALLATION, role=manager, team=tree.teams["crew"])
        Binding.objects.create(scope_id=INSTALLATION, role=manager, everyone=True)
    anna = tree.people["anna"]
    assert not can(actor_of(anna), "organisation:read", house.organisation)
    assert not can(actor_of(anna), "user:read")
    assert anna.pk not in {one.person_id for one in list_subjects("user:read").items}
    assert anna.pk not in {one.person_id for one in list_subjects("organisation:read", house.organisation).items}


def test_things_without_a_place_take_that_of_their_organisation_or_the_installation(world: World) -> None:
    house = make_house()
    membership = house.membership(house.viewer)
    assert can(house.inside(house.admin), "member:update", membership)
    assert not can(house.inside(house.viewer), "member:update", membership)
    # An organisation's administrator may read the trail there; what belongs to no organisation is not part of that.
    backup = Backup(id=ids.uuid7())
    assert not can(house.inside(house.admin), "audit:read", backup)
    assert can(house.inside(house.admin), "audit:read")
    assert can(actor_of(world.manager), "audit:read", backup)


def test_single_rights_count_on_models_that_say_so(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    ben = tree.people["ben"]
    membership = Membership.objects.get(user=ben, organisation=tree.organisation)
    monkeypatch.setattr(Membership, "grantable", True, raising=False)
    _change(tree, lambda: grant(tree, {"who": "anna", "code": READ, "where": "orders"}))
    _change(tree, lambda: UserGrant.objects.update(object_pk=str(membership.pk)))
    anna = tree.actor("anna")
    assert can(anna, READ, membership).reason == "grant"
    assert not can(anna, READ)
    with context.acting(anna):
        assert list(Membership.objects.visible_to(anna, READ)) == [membership]
    _change(tree, lambda: bind(tree, {"who": "anna", "role": "reader", "where": "acme", "deny": True}))
    assert not can(anna, READ, membership)
    with context.acting(anna):
        assert not Membership.objects.visible_to(anna, READ).exists()


def test_staff_outside_sees_all_but_what_is_denied_to_it(world: World) -> None:
    here, there = plant(WORLD), plant(WORLD)
    with context.system("a test"), writing(), tenancy.within(there.organisation.pk):
        platform = Role.objects.create(catalogue="platform", code="reader", label="Reader", rank=1)
        platform.permissions.create(permission=Permission.objects.get(code=READ))
        Binding.objects.create(scope_id=INSTALLATION, role=platform, user=world.clerk)
    clerk = actor_of(world.clerk)
    everything = {row.pk for tree in (here, there) for row in tree.resources.values()}
    assert set(Resource.objects.visible_to(clerk, READ).values_list("pk", flat=True)) == everything
    with context.system("a test"), writing(), tenancy.within(there.organisation.pk):
        Binding.objects.create(scope_id=there.scope_id("shop"), role=platform, user=world.clerk, effect="deny")
    hidden = {there.scope_id("orders"), there.scope_id("lines")}
    assert set(Resource.objects.visible_to(clerk, READ).values_list("pk", flat=True)) == everything - hidden
    assert {
        row.pk for tree in (here, there) for row in tree.resources.values() if can(clerk, READ, row)
    } == everything - hidden


def test_a_key_reaches_no_further_than_its_scopes(tree: Tree) -> None:
    narrow = Actor("person", tree.people["anna"].pk, "a key", tree.organisation.pk, scopes=frozenset({"resource:read"}))
    assert can(narrow, READ, tree.resources["orders"]).reason == "scope"
    assert check_many(narrow, [(READ, tree.resources["orders"])])[0].reason == "scope"
    assert not Resource.objects.visible_to(narrow, READ).exists()
    assert explain(narrow, READ, tree.resources["orders"]).reason == "scope"


def test_a_host_products_code_that_no_catalogue_has_is_an_error(tree: Tree) -> None:
    anna = tree.actor("anna")
    for ask in (lambda: can(anna, "product/nothing:read"), lambda: list_subjects("product/nothing:read")):
        with pytest.raises(CodeUnknown):
            ask()


def test_django_asks_the_same_decision_about_objects(tree: Tree) -> None:
    anna = tree.people["anna"]
    assert anna.has_perm(READ, tree.resources["orders"])
    assert not anna.has_perm(READ, tree.resources["probes"])
    assert not anna.has_perm("product/nothing:read", tree.resources["orders"])
    assert not anna.has_perm("rbac.view_resource", tree.resources["orders"])


def test_an_explanation_tells_the_way_through_teams_and_roles(tree: Tree) -> None:
    _change(tree, lambda: Binding.objects.update(role=tree.roles["editor"]))
    with CaptureQueriesContext(connection) as queries:
        trace = explain(tree.actor("anna"), READ, tree.resources["lines"])
    assert len(queries) <= 5
    assert [(place.kind, place.name) for place in trace.chain[:3]] == [
        ("resource", "lines"),
        ("resource", "orders"),
        ("workspace", "shop"),
    ]
    (path,) = trace.paths
    assert (path.source, path.role, path.stated_by, path.teams) == ("team", "editor", "reader", ("crew", "company"))
    assert (path.scope_id, path.state, trace.reason) == (tree.scope_id("shop"), "counts", "role")


def test_an_explanation_tells_what_is_missing_and_what_does_not_count(tree: Tree) -> None:
    def add() -> None:
        bind(tree, {"who": "ben", "role": "editor", "where": "lab", "ends_in": -60})
        bind(tree, {"who": "ben", "role": "reader", "where": "lab", "suspended": True})
        grant(tree, {"who": "ben", "code": READ, "where": "probes", "conditions": {"addresses": ["10.0.0.0/8"]}})

    _change(tree, add)
    trace = explain(tree.people["ben"].pk, READ, tree.resources["probes"])
    assert {(path.source, path.state) for path in trace.paths} == {
        ("role", "expired"),
        ("role", "suspended"),
        ("grant", "context_missing"),
    }
    assert (trace.allowed, trace.reason) == (False, "condition")
    assert trace.would_give[:2] == ("reader", "editor")
    outside = explain(tree.people["ben"].pk, READ, tree.resources["probes"], context={"address": "192.0.2.1"})
    assert {path.state for path in outside.paths if path.source == "grant"} == {"condition"}
    assert explain(tree.people["ben"].pk, READ, tree.resources["probes"], context={"address": "10.0.0.1"}).allowed


def test_an_explanation_names_what_denies(tree: Tree) -> None:
    _change(tree, lambda: bind(tree, {"who": "*", "role": "reader", "where": "orders", "deny": True}))
    trace = explain(tree.actor("anna"), READ, tree.resources["lines"])
    assert [(path.source, path.scope_id) for path in trace.denied_by] == [("everyone", tree.scope_id("orders"))]
    assert trace.reason == "denied"


def test_what_a_change_would_do_is_told_and_nothing_of_it_stays() -> None:
    house = make_house()
    viewer, admin = (Role.objects.get(catalogue="organisation", code=code) for code in ("viewer", "admin"))
    before, stamps = traces(), dict(Stamp.objects.values_list("key", "epoch"))
    with context.acting(house.inside(house.owner)) as current:

        def change() -> None:
            services.binding_grant(actor=current.actor, person_id=house.viewer.pk, role=admin, scope_id=house.id)
            services.binding_revoke(actor=current.actor, person_id=house.viewer.pk, role=viewer, scope_id=house.id)
            services.binding_revoke(
                actor=current.actor,
                person_id=house.editor.pk,
                scope_id=house.id,
                role=Role.objects.get(catalogue="organisation", code="editor"),
            )

        preview = simulate(change)
        assert not can(house.inside(house.viewer), "member:create")
    found = {one.person_id: one for one in preview.differences}
    assert set(found) == {house.viewer.pk, house.editor.pk}
    assert "member:create" in found[house.viewer.pk].gains
    assert found[house.viewer.pk].loses == ()
    assert found[house.editor.pk].gains == ()
    assert "organisation:read" in found[house.editor.pk].loses
    assert (preview.people, preview.complete) == (2, True)
    assert (traces(), dict(Stamp.objects.values_list("key", "epoch"))) == (before, stamps)


def test_a_change_that_would_be_refused_is_refused_in_the_preview_too(tree: Tree) -> None:
    house = make_house()
    owner = Role.objects.get(catalogue="organisation", code="owner")
    before = traces()
    with context.acting(house.inside(house.viewer)) as current, pytest.raises(errors.Forbidden):
        simulate(
            lambda: services.binding_grant(
                actor=current.actor, person_id=house.viewer.pk, role=owner, scope_id=house.id
            )
        )
    assert traces() == before
    assert not can(house.inside(house.viewer), "organisation:delete")


def test_a_preview_of_a_role_tells_of_everybody_who_holds_it_and_where(tree: Tree) -> None:
    with context.acting(Actor("system", None, "system", tree.organisation.pk)):
        preview = simulate(
            lambda: tree.roles["reader"].permissions.all().delete(), [tree.workspaces["shop"], tree.workspaces["lab"]]
        )
    assert [(one.person_id, one.place, one.loses) for one in preview.differences] == [
        (tree.people["anna"].pk, tree.scope_id("shop"), (READ,))
    ]
    assert preview.people == 3
    assert can(tree.actor("anna"), READ, tree.workspaces["shop"])


def test_the_version_of_an_answer_names_all_three_stamps(tree: Tree) -> None:
    epochs = dict(Stamp.objects.values_list("key", "epoch"))
    anna = tree.actor("anna")
    wanted = [epochs.get(key, 0) for key in (INSTALLATION, tree.organisation.pk, tree.people["anna"].pk)]
    assert can(anna, READ, tree.resources["orders"]).version == ".".join(map(str, wanted))
    assert can(actor_of(tree.people["anna"]), READ).version == f"{wanted[0]}.0.{wanted[2]}"


def test_what_ends_soonest_bounds_what_is_remembered(tree: Tree) -> None:
    _change(tree, lambda: bind(tree, {"who": "ben", "role": "reader", "where": "shop", "ends_in": 600}))
    ben, shop = tree.actor("ben"), tree.scope_id("shop")
    held = effective_at(tree.people["ben"].pk, Ask(tree.organisation.pk, shop, shop))
    assert held.until is not None
    assert abs(held.until - clock.now() - timedelta(seconds=600)) < timedelta(seconds=60)
    assert can(ben, READ, tree.resources["orders"])
    with clock.at(held.until + timedelta(seconds=1)):
        assert not can(ben, READ, tree.resources["orders"])
