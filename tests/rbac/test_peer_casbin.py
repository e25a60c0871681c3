"""The decision against pycasbin: worlds at random, told to both, have to get the same answers.

The peer's model has roles that inherit, teams inside teams, domains (organisations), a hierarchy of resources and denials
that override. Each failure prints the seed that makes its worlds again.
"""

import random
import secrets
from collections.abc import Mapping
from typing import Any

import casbin
import pytest
from django.db import transaction

from portal.kit.decision import can, check_many
from rbac import decision
from tests.rbac.tree_world import Tree, declare, plant

pytestmark = pytest.mark.django_db
MODEL = """
[request_definition]
r = sub, dom, obj, act
[policy_definition]
p = sub, dom, obj, act, eft
[role_definition]
g = _, _, _
g2 = _, _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.dom == p.dom && r.act == p.act && g(r.sub, p.sub, r.dom) && g2(r.obj, p.obj, r.dom)
"""
CODES = ("product/project:read", "product/project:update", "resource:read")
PEOPLE = ("anna", "ben", "cleo", "dora")


def _some(chance: random.Random, of: tuple[str, ...] | list[str], most: int) -> list[str]:
    return chance.sample(list(of), chance.randint(0, min(most, len(of))))


def _world(chance: random.Random) -> dict[str, Any]:
    """A world as `tree_world` reads it: whatever both understand. Time, conditions and what is open to all are ours."""
    teams: dict[str, Any] = {}
    for number in range(chance.randint(0, 4)):
        inside = {"in": chance.choice(list(teams))} if teams and chance.random() < 0.6 else {}
        teams[f"team{number}"] = {"members": _some(chance, PEOPLE, 2), **inside}
    workspaces = [f"w{number}" for number in range(chance.randint(1, 3))]
    resources: dict[str, Any] = {}
    for number in range(chance.randint(2, 7)):
        above = chance.choice(["acme", *workspaces, *resources])
        resources[f"r{number}"] = {} if above == "acme" else {"in": above}
    roles: dict[str, Any] = {}
    for number in range(chance.randint(1, 5)):
        allow = _some(chance, CODES, 2)
        deny = [code for code in _some(chance, CODES, 1) if code not in allow and chance.random() < 0.3]
        below = {"inherits": chance.choice(list(roles))} if roles and chance.random() < 0.5 else {}
        roles[f"role{number}"] = {"allow": allow, "deny": deny, **below}
    nodes = ["acme", *workspaces, *resources]
    subjects = [*PEOPLE, *(f"team:{name}" for name in teams)]
    bindings = {
        (one["who"], one["role"], one["where"], one["deny"]): one
        for one in (
            {
                "who": chance.choice(subjects),
                "role": chance.choice(list(roles)),
                "where": chance.choice(nodes),
                "deny": chance.random() < 0.2,
            }
            for _ in range(chance.randint(0, 9))
        )
    }
    return {
        "people": list(PEOPLE),
        "teams": teams,
        "workspaces": workspaces,
        "resources": resources,
        "roles": roles,
        "bindings": list(bindings.values()),
    }


def _stated(world: Mapping[str, Any], role: str) -> list[tuple[str, str]]:
    """What a role says, as pairs of code and effect, with what it inherits."""
    values = world["roles"][role]
    own = [(code, effect) for effect in ("allow", "deny") for code in values[effect]]
    return own + (_stated(world, values["inherits"]) if "inherits" in values else [])


def _peer(world: Mapping[str, Any], domain: str) -> Any:
    """The same world for pycasbin. A binding is a subject of its own that its holder plays on one place.

    What a denied role allows is denied; what it denies itself, a denial of a denial, says nothing to either side.
    """
    model = casbin.Model()
    model.load_model_from_text(MODEL)
    peer = casbin.Enforcer(model)
    for name, values in world["teams"].items():
        for member in values["members"]:
            peer.add_grouping_policy(member, f"team:{name}", domain)
        if "in" in values:
            peer.add_grouping_policy(f"team:{name}", f"team:{values['in']}", domain)
    for name in world["workspaces"]:
        peer.add_named_grouping_policy("g2", name, "acme", domain)
    for name, values in world["resources"].items():
        peer.add_named_grouping_policy("g2", name, values.get("in", "acme"), domain)
    for number, one in enumerate(world["bindings"]):
        played = f"binding {number}"
        peer.add_grouping_policy(one["who"], played, domain)
        for code, effect in _stated(world, one["role"]):
            if not one["deny"]:
                peer.add_policy(played, domain, one["where"], code, effect)
            elif effect == "allow":
                peer.add_policy(played, domain, one["where"], code, "deny")
    return peer


def _compare(world: Mapping[str, Any], tree: Tree, *, foreign: Tree, foreign_world: Mapping[str, Any]) -> int:
    """Ask both everything; how many answers were yes. In the domain of another organisation nobody may anything."""
    peer, allowed = _peer(world, "acme"), 0
    nodes = ["acme", *world["workspaces"], *world["resources"]]
    for name in PEOPLE:
        questions = [(code, node) for code in CODES for node in nodes]
        answers = check_many(tree.actor(name), [(code, tree.node(node)) for code, node in questions])
        for (code, node), answer in zip(questions, answers, strict=True):
            expected = peer.enforce(name, "acme", node, code)
            assert answer.allowed is expected, (name, code, node, answer, world)
            allowed += answer.allowed
        for node in ["acme", *foreign_world["resources"]]:
            assert not can(tree.actor(name), CODES[0], foreign.node(node))
            assert not peer.enforce(name, "elsewhere", node, CODES[0])
    return allowed


def _fuzz(seed: int, worlds: int) -> int:
    print(f"seed {seed}")  # noqa: T201 - shown on failure, to make the same worlds again
    chance, allowed = random.Random(seed), 0  # noqa: S311 - worlds, not secrets
    for _ in range(worlds):
        world, other = _world(chance), _world(chance)
        decision.forget_everything()
        with transaction.atomic():
            tree, foreign = plant(world), plant(other)
            allowed += _compare(world, tree, foreign=foreign, foreign_world=other)
            transaction.set_rollback(True)
    decision.forget_everything()
    return allowed


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch)


def test_pycasbin_says_the_same_of_worlds_made_at_random() -> None:
    assert _fuzz(secrets.randbelow(2**32), 30) > 0


@pytest.mark.soak
def test_pycasbin_says_the_same_of_many_worlds_made_at_random() -> None:
    assert _fuzz(secrets.randbelow(2**32), 2_000) > 1_000


def test_the_peer_is_asked_what_it_is_thought_to_be_asked() -> None:
    """A denial on the way up wins over what is allowed below, and a team inside another holds what that one holds."""
    world = {
        "people": list(PEOPLE),
        "teams": {"all": {"members": []}, "some": {"in": "all", "members": ["anna"]}},
        "workspaces": ["w"],
        "resources": {"outer": {"in": "w"}, "inner": {"in": "outer"}, "free": {}},
        "roles": {"low": {"allow": [CODES[0]], "deny": []}, "high": {"allow": [], "deny": [], "inherits": "low"}},
        "bindings": [
            {"who": "team:all", "role": "high", "where": "acme", "deny": False},
            {"who": "anna", "role": "low", "where": "w", "deny": True},
        ],
    }
    peer = _peer(world, "acme")
    assert [peer.enforce("anna", "acme", node, CODES[0]) for node in ("inner", "w", "free")] == [False, False, True]
    tree = plant(world)
    answers = [can(tree.actor("anna"), CODES[0], tree.node(node)) for node in ("inner", "w", "free")]
    assert [answer.reason for answer in answers] == ["denied", "denied", "role"]
