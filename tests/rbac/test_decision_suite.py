"""The declarative suite: each file of `suite/` describes a world and says what the decision answers in it.

In the manner of OpenFGA's and SpiceDB's own suites: assertions for a check, for the objects that somebody sees, and for
the people who may. A check is `<person> <code> <object>: <answer>`; `with` gives its context, `at` its time.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.kit import clock, context
from portal.kit.decision import can, check_many, list_subjects
from rbac.explain import explain, replay
from rbac.models import Resource, Workspace
from tests.rbac.tree_world import Tree, declare, plant

pytestmark = pytest.mark.django_db
FILES = sorted((Path(__file__).parent / "suite").glob("*.yaml"))


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch)


def _worlds() -> list[Any]:
    return [
        pytest.param(world, id=f"{path.stem}: {world['name']}")
        for path in FILES
        for world in yaml.safe_load_all(path.read_text("utf-8"))
    ]


def test_the_suite_is_there() -> None:
    assert len(_worlds()) >= 20


@pytest.mark.parametrize("world", _worlds())
def test_the_decision_answers_as_the_world_says(world: dict[str, Any]) -> None:
    now = datetime.fromisoformat(world["at"]) if "at" in world else clock.now()
    with clock.at(now):
        tree = plant(world)
        for checks in world.get("check", ()):
            _check(tree, checks)
        for line, names in world.get("list", {}).items():
            _list(tree, line, names)
        for line, names in world.get("subjects", {}).items():
            code, on = line.split()
            listed = {one.person_id for one in list_subjects(code, tree.node(on)).items}
            assert listed == {tree.people[name].pk for name in names}, line


def _check(tree: Tree, checks: dict[str, Any]) -> None:
    """Lines of one context: `with` and `at` bear on all of them."""
    said = checks.pop("with", None)
    at = checks.pop("at", None)
    with clock.at(datetime.fromisoformat(at) if at else clock.now()):
        for line, expected in checks.items():
            name, code, on = line.split()
            answer = can(tree.actor(name), code, tree.node(on), context=said)
            assert answer.allowed is (expected in {True, "role", "grant", "public"}), (line, answer)
            if isinstance(expected, str):
                assert answer.reason == expected, line
            trace = explain(tree.actor(name), code, tree.node(on), context=said)
            assert (replay(trace), trace.allowed) == (answer.allowed, answer.allowed), (line, trace)
            assert trace.reason in {answer.reason, "inactive"}, line
            if said is None:
                assert check_many(tree.actor(name), [(code, tree.node(on))]) == [answer]


def _list(tree: Tree, line: str, names: list[str]) -> None:
    name, code, kind = line.split()
    model: Any = {"resources": Resource, "workspaces": Workspace}[kind]
    with context.acting(tree.actor(name)) as current:
        rows = model.objects.visible_to(current.actor, code)
        assert sorted(row.name for row in rows) == sorted(names), line
