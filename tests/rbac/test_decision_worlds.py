"""The decision in worlds made at random: against a plain model of the rules, and against itself asked in other ways."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.kit import clock, context
from portal.kit.decision import can, check_many, list_subjects
from rbac import decision, visibility
from rbac.conditions import conditions_clean, met, situation
from rbac.explain import explain, replay
from rbac.models import Resource, Workspace
from tests.rbac.tree_world import Tree, declare, plant

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
CODES = ("product/project:read", "product/project:update", "resource:read")
PEOPLE = ("anna", "ben", "cleo", "oscar", "sven")
TEAMS = ("company", "division", "crew")
NODES = ("acme", "shop", "lab", "orders", "lines", "probes", "loose")
ROLES = ("low", "mid", "high")
SETTINGS = settings(
    max_examples=40,
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CONDITIONS = (
    {"addresses": ["10.0.0.0/8"]},
    {"time": {"zone": "UTC", "from": "09:00", "to": "11:00"}},
    {"time": {"zone": "Asia/Tokyo", "weekdays": [1], "from": "22:00", "to": "19:30"}},
    {"time": {"zone": "UTC", "weekdays": [6, 7]}},
    {"attributes": {"resource": {"region": "eu"}}},
    {"second_factor": {"within_minutes": 5}, "time": {"zone": "UTC"}},
)


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """A world as `tree_world` reads it."""

    def some(of: tuple[str, ...], most: int) -> list[str]:
        return draw(st.lists(st.sampled_from(of), max_size=most, unique=True))

    def extras() -> dict[str, Any]:
        made: dict[str, Any] = draw(st.fixed_dictionaries({}, optional={"ends_in": st.sampled_from([-5, 5000])}))
        if draw(st.integers(0, 3)) == 0:
            made["conditions"] = draw(st.sampled_from(CONDITIONS))
        return made

    resources: dict[str, Any] = {
        "orders": {"in": "shop"},
        "lines": {"in": "orders"},
        "probes": {"in": "lab"},
        "loose": {},
    }
    for values in resources.values():
        values["public"] = draw(st.integers(0, 4)) == 0
        values["type"] = draw(st.sampled_from(["project", "pipeline"]))
        values["attributes"] = draw(st.sampled_from([{}, {"region": "eu"}, {"region": "us"}]))
    subjects = (*PEOPLE, "*", *(f"team:{name}" for name in TEAMS))
    bindings: dict[tuple[str, str, str, bool], dict[str, Any]] = {}
    for _ in range(draw(st.integers(0, 7))):
        one = {
            "who": draw(st.sampled_from(subjects)),
            "role": draw(st.sampled_from(ROLES)),
            "where": draw(st.sampled_from(NODES)),
            "deny": draw(st.integers(0, 3)) == 0,
            "suspended": draw(st.integers(0, 9)) == 0,
            **extras(),
        }
        bindings[one["who"], one["role"], one["where"], one["deny"]] = one
    grants: dict[tuple[str, str, str], dict[str, Any]] = {}
    for _ in range(draw(st.integers(0, 4))):
        one = {
            "who": draw(st.sampled_from([name for name in subjects if name != "*"])),
            "code": draw(st.sampled_from(CODES)),
            "where": draw(st.sampled_from(["orders", "lines", "probes", "loose"])),
            **extras(),
        }
        grants[one["who"], one["code"], one["where"]] = one
    return {
        "people": ["anna", "ben", "cleo"],
        "outsiders": ["oscar"],
        "suspended": ["sven"],
        "teams": {
            "company": {"members": some(("anna", "ben", "sven"), 2)},
            "division": {"in": "company", "members": some(("anna", "ben", "cleo"), 2)},
            "crew": {"in": "division", "members": some(("ben", "cleo", "sven"), 2)},
        },
        "workspaces": ["shop", "lab"],
        "resources": resources,
        "roles": {
            "low": {"allow": some(CODES, 2)},
            "mid": {"inherits": "low", "allow": some(CODES, 1), "deny": []},
            "high": {"inherits": "mid", "deny": some(CODES, 1)},
        },
        "modules": {
            "part": {"codes": some(CODES[:2], 1), "default": draw(st.booleans()), "switched": draw(st.booleans())},
            "rest": {"codes": [], "switched": False},
        },
        "bindings": list(bindings.values()),
        "grants": list(grants.values()),
    }


def _stated(world: Mapping[str, Any], role: str) -> tuple[set[str], set[str]]:
    allow: set[str] = set()
    deny: set[str] = set()
    step: str | None = role
    while step is not None:
        values = world["roles"][step]
        allow |= set(values.get("allow", ()))
        deny |= set(values.get("deny", ()))
        step = values.get("inherits")
    return allow, deny


def _teams_of(world: Mapping[str, Any], name: str) -> set[str]:
    found: set[str] = set()
    for team, values in world["teams"].items():
        if name in values["members"]:
            step: str | None = team
            while step is not None:
                found.add(f"team:{step}")
                step = world["teams"][step].get("in")
    return found


def _model(world: Mapping[str, Any], name: str, code: str, node: str) -> bool:
    """The rules once more, in the plainest words, for the empty context at NOW."""
    active = name in world["people"]
    subjects = {name, *((_teams_of(world, name) | {"*"}) if active else ())}
    chain, step = [node], node
    while step in world["resources"]:
        step = world["resources"][step].get("in", "acme")
        chain.append(step)
    chain.append("acme")
    attributes = world["resources"][node]["attributes"] if node in world["resources"] else None
    here = situation(None)

    def state(one: Mapping[str, Any]) -> bool | None:
        if one.get("ends_in", 1) <= 0 or one.get("suspended"):
            return False
        return met(conditions_clean(one.get("conditions")), here.__class__(here.now, resource=attributes))

    if code in world["modules"]["part"]["codes"] and not world["modules"]["part"]["switched"]:
        return False
    allowed = False
    for one in world["bindings"]:
        if one["who"] not in subjects or one["where"] not in chain or (answer := state(one)) is False:
            continue
        allow, deny = _stated(world, one["role"])
        if code in (allow if one["deny"] else deny):
            return False
        allowed |= code in allow and not one["deny"] and answer is True
    for one in world["grants"]:
        mine = one["who"] in subjects and active and one["where"] == node and one["code"] == code
        allowed |= mine and state(one) is True
    if node in world["resources"] and world["resources"][node]["public"] and active:
        allowed |= code in {"resource:read", f"product/{world['resources'][node]['type']}:read"}
    return allowed


@contextmanager
def _planted(world: Mapping[str, Any]) -> Iterator[Tree]:
    """The world for a block; gone afterwards, as are stamps that would come again."""
    decision.forget_everything()
    with clock.at(NOW), transaction.atomic():
        yield plant(world)
        transaction.set_rollback(True)
    decision.forget_everything()


@SETTINGS
@given(worlds())
def test_a_check_says_what_the_rules_say(world: dict[str, Any]) -> None:
    with _planted(world) as tree:
        for name in PEOPLE:
            questions = [(code, tree.node(node)) for code in CODES for node in NODES]
            expected = [_model(world, name, code, node) for code in CODES for node in NODES]
            answers = [can(tree.actor(name), code, obj) for code, obj in questions]
            assert [answer.allowed for answer in answers] == expected, name
            decision.forget_everything()
            assert check_many(tree.actor(name), questions) == answers


@pytest.mark.parametrize("large", [False, True], ids=["gathered", "walked"])
@SETTINGS
@given(world=worlds())
def test_a_list_is_the_filter_of_a_check(monkeypatch: pytest.MonkeyPatch, large: bool, world: dict[str, Any]) -> None:
    found = visibility._shape_of
    with _planted(world) as tree, monkeypatch.context() as patch:
        patch.setattr(visibility, "_shape_of", lambda *asked: found(*asked)._replace(large=large))
        for name in PEOPLE:
            with context.acting(tree.actor(name)) as current:
                for code in CODES:
                    for model, rows in ((Resource, tree.resources), (Workspace, tree.workspaces)):
                        listed: Any = model
                        shown = {row.pk for row in listed.objects.visible_to(current.actor, code)}
                        assert shown == {row.pk for row in rows.values() if can(current.actor, code, row)}, (name, code)


@SETTINGS
@given(worlds())
def test_subjects_are_the_inverse_of_a_check(world: dict[str, Any]) -> None:
    with _planted(world) as tree:
        for code in CODES:
            for node in NODES:
                listed = [one.person_id for one in list_subjects(code, tree.node(node)).items]
                allowed = {
                    user.pk for name, user in tree.people.items() if can(tree.actor(name), code, tree.node(node))
                }
                assert set(listed) == allowed, (code, node)
                assert len(set(listed)) == len(listed)


@SETTINGS
@given(worlds())
def test_every_explanation_leads_to_the_answer(world: dict[str, Any]) -> None:
    with _planted(world) as tree:
        for name in PEOPLE:
            for code in CODES:
                for node in ("acme", "shop", "orders", "lines"):
                    answer = can(tree.actor(name), code, tree.node(node))
                    trace = explain(tree.actor(name), code, tree.node(node))
                    assert (replay(trace), trace.allowed, trace.reason) == (
                        answer.allowed,
                        answer.allowed,
                        answer.reason,
                    )
                    assert trace.version == answer.version
