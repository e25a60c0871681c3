"""Many questions at once, lists of things and of subjects: the same answers as one check after the other."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given

from portal.kit import context
from portal.kit.context import Context
from rbac import authz_selectors, decision, questions
from rbac.models import Resource, Workspace
from rbac.questions import Question, What, Whom
from tests.accounts.organisation_world import House, make_house
from tests.factories import World, person
from tests.rbac.authz_world import READ, UPDATE, Caller, by_key, call_them, give, grant, inside, question, thing
from tests.rbac.test_decision_worlds import CODES, NODES, PEOPLE, SETTINGS, _planted, worlds
from tests.rbac.tree_house import resource, workspace
from tests.rbac.tree_world import Tree, declare

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


@pytest.fixture
def host(house: House) -> Caller:
    """A host product, whose key may ask about people and sees the things."""
    return by_key(house, house.admin, "member:read", "resource:read", "workspace:read")


# --- many at once ---


def test_a_batch_answers_as_the_single_checks_do_in_one_query(house: House, host: Caller) -> None:
    place = workspace(house)
    things = [resource(house, below=place.pk if number % 2 else None) for number in range(6)]
    give(house, house.viewer, "developer", place)
    grant(house, house.editor, READ, things[0])
    people = (house.owner, house.editor, house.viewer, person("Outsider"))
    asked = [
        question(user, code, what) for user in people for code in (READ, UPDATE, "resource:update") for what in things
    ]
    asked += [{"permission": "member:read"}, {"permission": "audit:read", "resource": thing(things[1])}]
    decision.forget_everything()
    for code in (READ, "resource:update"):
        decision.number_of(code)
    with CaptureQueriesContext(connection) as found:
        told = host.told("batch-check", {"items": asked})["items"]
    assert len([one for one in found.captured_queries if "set_config" not in one["sql"]]) == 2
    assert told == [host.told("check", body) for body in asked]
    assert {one["allowed"] for one in told} == {True, False}


def test_a_thousand_questions_are_as_many_as_one_may_ask(house: House, host: Caller) -> None:
    body = question(house.viewer, READ)
    assert len(host.told("batch-check", {"items": [body] * 1000})["items"]) == 1000
    assert host.post("batch-check", {"items": [body] * 1001}).status_code == 422
    assert host.post("batch-check", {"items": []}).status_code == 422
    assert host.post("batch-check", {}).status_code == 422


def test_one_wrong_question_refuses_them_all_and_is_named(house: House, host: Caller) -> None:
    good = question(house.viewer, READ)

    def fields(*items: Any) -> list[str]:
        return [one["field"] for one in host.told("batch-check", {"items": [good, *items]}, 422)["errors"]]

    assert fields(question(house.viewer, "no:such"), good, question(house.viewer, "product/x:y")) == [
        "items.1.permission",
        "items.3.permission",
    ]
    assert fields(question(house.viewer, READ, {"type": "product/nothing", "id": str(house.id)})) == [
        "items.1.resource.type"
    ]
    assert fields({"permission": READ, "subject": {"type": "user"}}) == ["items.1.subject"]
    assert fields({"permission": READ, "context": {"time": "now"}}) == ["items.1.context.time"]


def test_one_question_about_somebody_else_refuses_them_all_to_whom_may_not_ask(house: House) -> None:
    narrow = by_key(house, house.admin, "resource:read")
    own: dict[str, Any] = {"permission": "resource:read"}
    assert narrow.told("batch-check", {"items": [own]})["items"][0]["allowed"]
    assert narrow.post("batch-check", {"items": [own, question(house.viewer, READ)]}).status_code == 403


# --- in worlds made at random ---


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "random" in request.node.name:
        declare(monkeypatch)
        # Who asks stands outside of what is asked about.
        monkeypatch.setattr(questions, "may_ask", lambda actor, whom, reading: True)
        monkeypatch.setattr(authz_selectors, "authorise", lambda actor, code: None)


def _whom(tree: Tree, name: str) -> Whom:
    return Whom("person", tree.people[name].pk)


def _what(tree: Tree, node: str) -> What:
    row = tree.node(node)
    if isinstance(row, Resource):
        return What(f"product/{row.type.code}", None, row.external_id)
    return What("workspace" if isinstance(row, Workspace) else "organisation", row.pk)


@SETTINGS
@given(worlds())
def test_random_batches_equal_single_checks_and_the_decision(world: dict[str, Any]) -> None:
    with _planted(world) as tree:
        actor = tree.actor("anna")
        with context.use(Context(actor=actor)):
            asked = [
                Question(code, _whom(tree, name), _what(tree, node))
                for name in PEOPLE
                for code in CODES
                for node in NODES
            ]
            batch = [one.decision for one in questions.ask(actor, asked)]
            again = [one.decision for one in questions.ask(actor, asked)]
            decision.forget_everything()
            single = [questions.ask(actor, [one])[0].decision for one in asked[::7]]
            expected = [
                decision.can(tree.actor(name), code, tree.node(node))
                for name in PEOPLE
                for code in CODES
                for node in NODES
            ]
        members = [name in world["people"] for name in PEOPLE for _code in CODES for _node in NODES]
        # Who is no active member is told like who is not there, whatever the decision would say.
        wanted = [one.allowed and member for one, member in zip(expected, members, strict=True)]
        assert [one.allowed for one in batch] == wanted
        assert [one for one, member in zip(batch, members, strict=True) if member] == [
            one for one, member in zip(expected, members, strict=True) if member
        ]
        assert again == batch
        assert single == batch[::7]


@SETTINGS
@given(worlds())
def test_random_lists_of_things_are_the_filter_of_the_check(world: dict[str, Any]) -> None:
    with _planted(world) as tree:
        actor = tree.actor("anna")
        with context.use(Context(actor=actor)):
            for name in PEOPLE:
                for code in CODES:
                    for kind in ("product/project", "product/pipeline", "workspace"):
                        whom = _whom(tree, name)
                        listed = authz_selectors.objects_allowed(actor, Question(code, whom), kind, None, 50)
                        rows: list[Any] = [
                            row
                            for row in (*tree.resources.values(), *tree.workspaces.values())
                            if _what(tree, _name(tree, row)).kind == kind
                        ]
                        asked = [Question(code, whom, _what(tree, _name(tree, row))) for row in rows]
                        answers = questions.ask(actor, asked) if asked else []
                        wanted = {row.pk for row, one in zip(rows, answers, strict=True) if one.decision.allowed}
                        assert {row.pk for row in listed.page.items} == wanted, (name, code, kind)


def _name(tree: Tree, row: Any) -> str:
    return next(name for name, one in {**tree.resources, **tree.workspaces}.items() if one.pk == row.pk)


@SETTINGS
@given(worlds())
def test_random_lists_of_subjects_are_the_inverse_of_the_check(world: dict[str, Any]) -> None:
    with _planted(world) as tree:
        actor = tree.actor("anna")
        with context.use(Context(actor=actor)):
            for code in CODES:
                for node in NODES:
                    what = _what(tree, node)
                    listed = authz_selectors.subjects_allowed(actor, Question(code, what=what), "", None, 50)
                    answers = questions.ask(actor, [Question(code, _whom(tree, name), what) for name in PEOPLE])
                    wanted = {
                        tree.people[name].pk for name, one in zip(PEOPLE, answers, strict=True) if one.decision.allowed
                    }
                    assert {one.id for one in listed.items} == wanted, (code, node)


# --- things ---


def _objects(caller: Caller, body: dict[str, Any]) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        told = caller.told("list-objects", body | {"cursor": cursor})
        found += [one["external_id"] for one in told["items"]]
        cursor = told["next_cursor"]
        if cursor is None:
            return found


def test_things_are_listed_page_by_page_each_once(house: House, host: Caller) -> None:
    place = workspace(house)
    mine = [resource(house, below=place.pk).external_id for _ in range(5)]
    resource(house)
    resource(house, below=place.pk, type_="product/translation")
    give(house, house.viewer, "viewer", place)
    body = question(house.viewer, READ) | {"type": "product/project"}
    assert _objects(host, body | {"limit": 2}) == mine
    assert _objects(host, body) == mine
    assert _objects(host, question(house.viewer, UPDATE) | {"type": "product/project"}) == []
    told = host.told("list-objects", body | {"limit": 1})
    assert told["version"] == host.told("check", question(house.viewer, READ))["version"]
    assert UUID(told["items"][0]["id"])


def test_things_behind_conditions_are_listed_for_whom_meets_them(house: House, host: Caller) -> None:
    near, far = resource(house), resource(house)
    give(house, house.viewer, "viewer", near, conditions={"addresses": ["10.0.0.0/8"]})
    give(house, house.viewer, "viewer", far, conditions={"attributes": {"context": {"channel": "web"}}})
    body = question(house.viewer, READ) | {"type": "product/project"}
    assert _objects(host, body) == []
    assert _objects(host, body | {"context": {"address": "10.0.0.9"}}) == [near.external_id]
    assert _objects(host, body | {"context": {"attributes": {"channel": "web"}}}) == [far.external_id]


def test_things_of_others_are_listed_only_for_whom_sees_people_and_things(house: House) -> None:
    project = resource(house)
    body = question(house.owner, "resource:read") | {"type": "product/project"}
    own = {"permission": "resource:read", "type": "product/project"}
    only_people = by_key(house, house.admin, "member:read")
    assert only_people.post("list-objects", body).status_code == 403
    assert _objects(only_people, own) == [], "its scopes do not hold it"
    only_things = by_key(house, house.admin, "resource:read")
    assert only_things.post("list-objects", body).status_code == 403
    assert _objects(only_things, own) == [project.external_id]
    assert _objects(inside(house, house.viewer), own) == [project.external_id]


def test_nothing_of_another_organisation_is_listed(house: House, host: Caller) -> None:
    there = make_house("There")
    theirs = resource(there)
    give(there, there.viewer, "admin", theirs)
    for body in (question(there.viewer, READ), question(house.owner, "resource:read")):
        assert _objects(host, body | {"type": "product/project"}) == []
    over_there = by_key(there, there.admin, "member:read", "resource:read")
    assert _objects(over_there, question(there.viewer, READ) | {"type": "product/project"}) == [theirs.external_id]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"type": "product/nothing"}, 422),
        ({"type": "organisation"}, 422),
        ({"type": None}, 422),
        ({"permission": "no:such"}, 422),
        ({"limit": 0}, 422),
        ({"limit": 201}, 422),
        ({"cursor": "nonsense"}, 400),
        ({"resource": {"type": "workspace", "id": "01890000-0000-7000-8000-00000000dead"}}, 422),
    ],
)
def test_a_list_that_cannot_be_is_refused(house: House, host: Caller, change: dict[str, Any], status: int) -> None:
    body = question(house.viewer, READ) | {"type": "product/project"} | change
    assert host.post("list-objects", body).status_code == status


def test_outside_of_organisations_there_is_nothing_to_list(world: World, browser_of: Any) -> None:
    caller = Caller(browser_of(world.root))
    assert caller.post("list-objects", {"permission": READ, "type": "product/project"}).status_code == 404


# --- subjects ---


def _subjects(caller: Caller, body: dict[str, Any]) -> list[UUID]:
    found: list[UUID] = []
    cursor = None
    while True:
        told = caller.told("list-subjects", body | {"cursor": cursor})
        found += [UUID(one["id"]) for one in told["items"]]
        cursor = told["next_cursor"]
        if cursor is None:
            return found


def test_subjects_are_the_members_who_may_with_the_ids_of_the_product(house: House, host: Caller, world: World) -> None:
    project = resource(house)
    give(house, house.viewer, "viewer", project)
    grant(house, house.editor, READ, project)
    call_them(house, house.viewer, "u-17")
    body: dict[str, Any] = {"permission": READ, "resource": thing(project)}
    told = host.told("list-subjects", body)["items"]
    assert {(one["id"], one["external_id"]) for one in told} == {
        (str(house.viewer.pk), "u-17"),
        (str(house.editor.pk), ""),
    }
    assert _subjects(host, body | {"limit": 1}) == _subjects(host, body)
    own = {"permission": "organisation:read"}
    assert world.manager.pk not in _subjects(host, own), "staff of the installation is nobody of the organisation"
    assert set(_subjects(host, own)) == {house.owner.pk, house.admin.pk, house.editor.pk, house.viewer.pk}
    assert host.told("list-subjects", own | {"application": "product"})["items"][0].keys() == {
        "type",
        "id",
        "external_id",
    }


def test_subjects_are_told_to_whom_sees_people_and_of_things_that_are_there(
    house: House, world: World, browser_of: Any
) -> None:
    there = make_house("There")
    theirs, mine = resource(there), resource(house)
    asks = by_key(house, house.admin, "member:read")
    body = {"permission": READ, "resource": thing(mine)}
    assert asks.post("list-subjects", body).status_code == 200
    assert by_key(house, house.admin, "resource:read").post("list-subjects", body).status_code == 403
    for resource_ in (thing(theirs), {"type": "product/project", "external_id": "nothing"}):
        assert asks.post("list-subjects", {"permission": READ, "resource": resource_}).status_code == 404
    assert asks.post("list-subjects", {"permission": "no:such"}).status_code == 422
    unknown = {"permission": READ, "resource": {"type": "product/nothing", "external_id": "x"}}
    assert asks.post("list-subjects", unknown).status_code == 422
    staff = Caller(browser_of(world.manager))
    assert world.root.pk in _subjects(staff, {"permission": "user:read"})
    assert Caller(browser_of(world.stranger)).post("list-subjects", {"permission": "user:read"}).status_code == 403


def test_longer_lists_cost_no_more_queries(house: House, host: Caller) -> None:
    def cost(call: str, body: dict[str, Any]) -> int:
        with CaptureQueriesContext(connection) as found:
            host.told(call, body)
        return len(found.captured_queries)

    objects = question(house.viewer, READ) | {"type": "product/project"}
    subjects: dict[str, Any] = {"permission": "resource:read"}
    give(house, house.viewer, "viewer")
    resource(house)
    cost("list-objects", objects), cost("list-subjects", subjects)
    few = cost("list-objects", objects), cost("list-subjects", subjects)
    for _ in range(8):
        resource(house)
    assert (cost("list-objects", objects), cost("list-subjects", subjects)) == few
    assert few[0] <= 8
    assert few[1] <= 9
