"""Workspaces and resources: registering one and many, the tree, the public flag, and what is refused."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from portal.kit import context, errors, tenancy
from portal.kit.services import writing
from rbac import services as rbac
from rbac.errors import (
    ResourceInsideItself,
    ResourceNotEmpty,
    ResourcesTooDeep,
    WorkspaceArchived,
    WorkspaceNotEmpty,
)
from rbac.models import Application, Binding, Resource, ResourceType, Role, Scope, ScopePath, Stamp, Workspace
from rbac.resource_rows import KEEP
from rbac.services import resources as services
from rbac.services import workspaces
from rbac.tree_selectors import tree_below, types, way_to
from tests.accounts.organisation_world import House, codes_of, make_house
from tests.factories import World
from tests.rbac.tree_house import resource, row, workspace


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


def _put(house: House, *rows: Any) -> list[tuple[Resource, bool]]:
    actor = house.inside(house.editor)
    with context.acting(actor):
        return services.resources_put(actor=actor, organisation_id=house.id, rows=rows)


def _above(node: Resource | Workspace) -> set[object]:
    return set(ScopePath.objects.filter(descendant_id=node.pk, depth__gt=0).values_list("ancestor_id", flat=True))


def _bound(house: House, node: Resource | Workspace) -> Binding:
    role = Role.objects.get(catalogue="organisation", code="viewer")
    with context.system("a test"), tenancy.within(house.id), writing():
        return Binding.objects.create(scope_id=node.pk, role=role, user=house.viewer)


def _kept() -> tuple[int, ...]:
    return (
        *(model._base_manager.count() for model in (Resource, Workspace, Scope, ScopePath)),
        Event.objects.exclude(code="kit.access.denied").count(),
    )


# --- types ---


def test_the_types_of_both_catalogues_are_there_and_applying_again_changes_nothing(world: World) -> None:
    assert dict(ResourceType.objects.values_list("code", "application__code").order_by("application", "code")) != {}
    assert ResourceType.objects.filter(application__code="product").count() == 8
    assert ResourceType.objects.filter(application__code="platform_data").count() == 10
    before = Event.objects.count()
    with context.system("a test") as current:
        rbac.roles_apply(actor=current.actor)
    assert (Event.objects.count(), Application.objects.count()) == (before, 3)
    with context.system("a test") as current:
        with writing():
            ResourceType.objects.filter(code="project").update(label="Undertaking")
        rbac.roles_apply(actor=current.actor)
    changed = Event.objects.filter(code="rbac.resource_type.applied").latest("id")
    assert changed.changes == {"label": ["Undertaking", "Project"]}
    with context.system("a test"):
        assert [one.code for one in types() if one.in_navigation][:3] == ["project", "translation", "assessment"]


# --- workspaces ---


def test_a_workspace_is_a_node_of_the_tree_and_goes_only_when_it_is_empty(house: House) -> None:
    made, actor = workspace(house, "North"), house.inside(house.admin)
    assert _above(made) == {house.id}
    inside = resource(house, below=made.pk)
    bound = _bound(house, made)
    with context.acting(actor), pytest.raises(WorkspaceNotEmpty):
        workspaces.workspace_delete(actor=actor, workspace=made)
    assert Workspace.objects.filter(pk=made.pk).exists()
    with context.acting(actor):
        services.resource_delete(actor=actor, resource=inside)
        workspaces.workspace_delete(actor=actor, workspace=made)
    assert not Scope.objects.filter(pk__in=[made.pk, inside.pk]).exists()
    assert not ScopePath.objects.filter(descendant_id__in=[made.pk, inside.pk]).exists()
    assert not Binding.objects.filter(pk=bound.pk).exists()
    assert Event.objects.get(code="rbac.workspace.deleted").data == {"roles": 1}


def test_an_archived_workspace_takes_nothing_until_it_is_back(house: House) -> None:
    made, actor = workspace(house), house.inside(house.admin)
    inside = resource(house, below=made.pk)
    with context.acting(actor):
        for _ in range(2):
            workspaces.workspace_archive(actor=actor, workspace=made)
    before = _kept()
    with pytest.raises(WorkspaceArchived):
        resource(house, below=made.pk)
    assert _kept() == before
    _put(house, row(inside.external_id, name="Renamed"))
    with context.acting(actor):
        workspaces.workspace_restore(actor=actor, workspace=made)
    resource(house, below=made.pk)
    assert codes_of(made.pk) == ["rbac.workspace.created", "rbac.workspace.archived", "rbac.workspace.restored"]


def test_a_workspace_is_changed_by_whom_may_and_by_nobody_else(house: House) -> None:
    made, other = workspace(house, "North"), make_house("Meadow")
    before = _kept()
    for actor, refusal in (
        (house.inside(house.editor), errors.Forbidden),
        (other.inside(other.owner), errors.NotFound),
    ):
        with context.acting(actor), pytest.raises(refusal):
            workspaces.workspace_update(actor=actor, workspace=made, values={"name": "Mine"})
        with context.acting(actor), pytest.raises(refusal):
            workspaces.workspace_archive(actor=actor, workspace=made)
        with context.acting(actor), pytest.raises(refusal):
            workspaces.workspace_delete(actor=actor, workspace=made)
        with context.acting(actor), pytest.raises(refusal):
            workspaces.workspace_create(actor=actor, organisation_id=house.id, name="A", slug="a")
    assert _kept() == before
    actor = house.inside(house.admin)
    with context.acting(actor):
        workspaces.workspace_update(actor=actor, workspace=made, values={"name": "Far north", "slug": "far"})
        workspaces.workspace_update(actor=actor, workspace=made, values={"name": "Far north"})
        with pytest.raises(errors.Invalid):
            workspaces.workspace_update(actor=actor, workspace=made, values={"archived_at": None})
    assert codes_of(made.pk) == ["rbac.workspace.created", "rbac.workspace.updated"]


# --- resources ---


def test_what_is_sent_again_changes_nothing_and_what_differs_leaves_its_event(house: House) -> None:
    made = workspace(house)
    wanted = row("prj-1", name="Survey", attributes={"region": "north"}, place=made.pk)
    ((found, created),) = _put(house, wanted)
    assert created
    assert _above(found) == {house.id, made.pk}
    ((again, created),) = _put(house, wanted)
    assert (again.pk, created) == (found.pk, False)
    _put(house, row("prj-1", name="Survey", attributes={"region": "south"}, is_public=True))
    _put(house, row("prj-1", name="River survey", is_public=False, place=None))
    assert codes_of(found.pk) == [
        "rbac.resource.registered",
        "rbac.resource.updated",
        "rbac.resource.published",
        "rbac.resource.updated",
        "rbac.resource.moved",
        "rbac.resource.unpublished",
    ]
    assert _above(found) == {house.id}
    row_now = Resource.objects.get()
    assert (row_now.name, row_now.attributes, row_now.is_public) == ("River survey", {"region": "south"}, False)
    assert row_now.updated_at > row_now.created_at


def test_one_id_of_a_product_may_be_of_two_types_and_in_two_organisations(house: House) -> None:
    other = make_house("Meadow")
    _put(house, row("7"), row("7", type_="product/translation"), row("7", type_="platform_data/pipeline"))
    _put(other, row("7"))
    assert Resource.objects.filter(external_id="7").count() == 4


def test_a_thousand_are_registered_in_as_many_statements_as_ten(house: House) -> None:
    made, numbers = workspace(house), []
    for size in (10, services.BATCH):
        rows = [row(f"{size}-0", place=made.pk)]
        rows += [row(f"{size}-{place}", place=("product/project", f"{size}-0")) for place in range(1, size)]
        with CaptureQueriesContext(connection) as caught:
            done = _put(house, *rows)
        assert all(created for _row, created in done)
        numbers.append(len(caught))
    assert numbers[1] <= numbers[0] + 4, numbers  # Rows of the trail come in bundles.
    assert Resource.objects.count() == 10 + services.BATCH
    assert Event.objects.filter(code="rbac.resource.registered").count() == 10 + services.BATCH
    actor = house.inside(house.viewer)
    with context.acting(actor):
        below, total = tree_below(actor, made.pk)
    assert total == 10 + services.BATCH
    assert sum(map(len, below.values())) == 200
    with pytest.raises(errors.Invalid):
        _put(house, *[row() for _ in range(services.BATCH + 1)])
    with pytest.raises(errors.Invalid):
        _put(house)


def test_a_list_with_one_wrong_row_registers_none_and_names_it(house: House) -> None:
    archived = make_house("Meadow")
    foreign = workspace(archived)
    before = _kept()
    for wrong, field in (
        (row("a b"), "external_id"),
        (row("a/b"), "external_id"),
        (row(".."), "external_id"),
        (row("x" * 201), "external_id"),
        (row("fine", name=""), "name"),
        (row("fine", name="two\nlines"), "name"),
        (row("fine", attributes={f"k{number}": 1 for number in range(51)}), "attributes"),
        (row("fine", attributes={"k": "x" * 17_000}), "attributes"),
        (row("fine", place=foreign.pk), "parent"),
        (row("fine", place=("product/project", "nowhere")), "parent"),
        (row("fine", place=("product/project", "fine")), "parent"),
        (row("first"), "external_id"),
    ):
        with pytest.raises(errors.Invalid) as caught:
            _put(house, row("first"), wrong)
        assert list(caught.value.fields) == [f"items.1.{field}"], (wrong, caught.value.fields)
    assert _kept() == before


def test_a_resource_is_moved_with_all_below_it_but_never_below_itself_or_too_deep(house: House) -> None:
    first, second = workspace(house), workspace(house)
    top = resource(house, below=first.pk)
    chain = [top]
    for _ in range(3):
        chain.append(resource(house, below=chain[-1].pk))
    actor = house.inside(house.editor)
    stamp = Stamp.objects.filter(key=house.id).values_list("epoch", flat=True).first() or 0
    with context.acting(actor):
        services.resource_move(actor=actor, resource=top, place=second.pk)
        assert [one.pk for one in way_to(actor, chain[-1])] == [second.pk, *(one.pk for one in chain[:-1])]
    assert Stamp.objects.get(key=house.id).epoch > stamp, "who holds what on it has changed"
    assert first.pk not in _above(chain[-1])
    for into in (top, chain[-1]):
        with context.acting(actor), pytest.raises(ResourceInsideItself):
            services.resource_move(actor=actor, resource=top, place=into.pk)
    deep = resource(house)
    last = deep
    for _ in range(8):
        last = resource(house, below=last.pk)
    before = _kept()
    with context.acting(actor), pytest.raises(ResourcesTooDeep):
        services.resource_move(actor=actor, resource=top, place=last.pk)
    with context.acting(actor), pytest.raises(ResourceNotEmpty):
        services.resource_delete(actor=actor, resource=top)
    assert _kept() == before


def test_what_stood_on_a_deleted_resource_is_gone_when_its_id_comes_again(house: House) -> None:
    made, actor = resource(house), house.inside(house.editor)
    bound = _bound(house, made)
    with context.acting(actor):
        services.resource_delete(actor=actor, resource=made)
    ((again, created),) = _put(house, row(made.external_id))
    assert created
    assert again.pk != made.pk
    assert not Binding.objects.filter(pk=bound.pk).exists()


def test_whoever_lacks_the_right_registers_changes_opens_and_deletes_nothing(house: House) -> None:
    made, other = resource(house), make_house("Meadow")
    before = _kept()
    for actor, refusal in (
        (house.inside(house.viewer), errors.Forbidden),
        (other.inside(other.owner), errors.NotFound),
    ):
        for act in (
            lambda actor: services.resource_put(actor=actor, organisation_id=house.id, row=row("new")),
            lambda actor: services.resource_put(
                actor=actor, organisation_id=house.id, row=row(made.external_id, name="Mine")
            ),
            lambda actor: services.resource_publish(actor=actor, resource=made),
            lambda actor: services.resource_unpublish(actor=actor, resource=made),
            lambda actor: services.resource_delete(actor=actor, resource=made),
        ):
            with context.acting(actor), pytest.raises(refusal):
                act(actor)
    assert _kept() == before
    actor = house.inside(house.editor)
    with context.acting(actor):
        services.resource_publish(actor=actor, resource=made)
        services.resource_publish(actor=actor, resource=made)
        services.resource_unpublish(actor=actor, resource=made)
        services.resource_put(actor=actor, organisation_id=house.id, row=row("new", place=KEEP))
    assert codes_of(made.pk)[1:] == ["rbac.resource.published", "rbac.resource.unpublished"]


@pytest.mark.parametrize("table", ["rbac_team", "rbac_team_member", "rbac_workspace", "rbac_resource"])
def test_the_database_shows_and_takes_rows_of_the_own_organisation_only(world: World, table: str) -> None:
    from tests.rbac.tree_house import team

    here, there = make_house("Here"), make_house("There")
    for house in (here, there):
        team(house, people=(house.viewer,))
        resource(house, below=workspace(house).pk)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] == 2, "the control: the platform sees both"
        cursor.execute("SELECT set_config('role', 'steward_app', true)")
        cursor.execute("SELECT set_config('steward.organisation', %s, true)", [str(here.id)])
        cursor.execute(f"SELECT organisation_id FROM {table}")
        assert cursor.fetchall() == [(here.id,)]
        cursor.execute("SELECT set_config('steward.write', pg_current_xact_id()::text, true)")
        with writing_door():
            cursor.execute(f"DELETE FROM {table} WHERE organisation_id = %s", [there.id])
            assert cursor.rowcount == 0
            cursor.execute(f"UPDATE {table} SET id = id WHERE organisation_id = %s", [there.id])
            assert cursor.rowcount == 0
        cursor.execute("SELECT set_config('steward.organisation', '', true)")
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] == 0
        cursor.execute("SELECT set_config('role', 'steward_platform', true)")


def writing_door() -> Any:
    """The door for writes, open to a system that stands nowhere."""
    from contextlib import ExitStack

    stack = ExitStack()
    stack.enter_context(context.acting(context.Actor("system", None, "a test")))
    stack.enter_context(writing())
    return stack


def test_two_resources_moved_below_each_other_at_once_end_as_one_below_the_other(own_database: dict[str, str]) -> None:
    house = make_house("Harbour")
    first, second = resource(house), resource(house)
    actor, start, outcomes = house.inside(house.editor), threading.Barrier(2), []

    def move(one: Resource, into: Resource) -> None:
        try:
            with context.acting(actor):
                start.wait(10)
                services.resource_move(actor=actor, resource=one, place=into.pk)
            outcomes.append("done")
        except ResourceInsideItself:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=move, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["done", "refused"]
