"""Revokes in four processes, each asking about the people of all: no check that begins after a revoke allows.

With Redis as it is, away, hanging, and full of old values: the decision asks PostgreSQL alone, and this keeps it so.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType

from portal.kit import context
from portal.kit.services import writing
from rbac.models import Permission
from tests.faults.conftest import OwnRedis
from tests.rbac.tree_world import Tree, bind, plant

pytestmark = pytest.mark.kill
READ = "product/project:read"
RACERS = 4
STATES = ("up", "away", "hung", "old values")
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def redis_that_fails(tmp_path: Path) -> Iterator[OwnRedis]:
    """A Redis of the test's own."""
    made = OwnRedis(tmp_path)
    made.start()
    yield made
    made.kill()


def _world(tree: Tree) -> dict[str, Any]:
    """The names that the statements of a racer use."""
    permission = Permission.objects.select_related("auth_permission").get(code=READ)
    assert permission.auth_permission is not None
    return {
        "organisation": str(tree.organisation.pk),
        "object": str(tree.resources["orders"].pk),
        "role": str(tree.roles["reader"].pk),
        "right": permission.auth_permission.pk,
        "number": permission.number,
        "kind": ContentType.objects.get_for_model(tree.resources["orders"]).pk,
        "people": [
            {
                "person": str(tree.people[f"racer{number}"].pk),
                "team": str(tree.teams[f"team{number}"].pk),
                "own_role": str(tree.roles[f"own{number}"].pk),
            }
            for number in range(RACERS)
        ],
    }


def _planted() -> Tree:
    """People who hold nothing: a team with a role and a role without rights of their own each."""
    numbers = range(RACERS)
    return plant(
        {
            "people": [f"racer{number}" for number in numbers],
            "teams": {f"team{number}": {"members": []} for number in numbers},
            "resources": {"orders": {}},
            "roles": {"reader": {"allow": [READ]}, **{f"own{number}": {"allow": []} for number in numbers}},
            "bindings": [
                *({"who": f"team:team{number}", "role": "reader", "where": "acme"} for number in numbers),
                *({"who": f"racer{number}", "role": f"own{number}", "where": "orders"} for number in numbers),
            ],
        }
    )


def _raced(tree: Tree, tmp_path: Path, environment: dict[str, str], rounds: int) -> list[dict[str, int]]:
    """What each racer counted; `rounds` revokes each."""
    board, world = tmp_path / "board", tmp_path / "world.json"
    board.write_bytes(bytes(8 * RACERS))
    world.write_text(json.dumps(_world(tree)), "utf-8")
    processes = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.rbac.revoke_racer"),
                *(str(number), str(RACERS), str(rounds), str(board), str(world)),
            ],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(RACERS)
    ]
    told = []
    for process in processes:
        out, err = process.communicate(timeout=60 + rounds)
        assert process.returncode == 0, err.decode()[-2000:]
        told.append(json.loads(out))
    return told


def _race(state: str, environment: dict[str, str], own_redis: OwnRedis, tmp_path: Path, rounds: int) -> None:
    if state == "old values":
        with own_redis.client() as client:
            client.mset({f"steward:rbac:{number}": "allow everything" for number in range(1_000)})
    elif state == "away":
        own_redis.kill()
    elif state == "hung":
        own_redis.signal(signal.SIGSTOP)
    told = _raced(_planted(), tmp_path, {**environment, "REDIS_URL": own_redis.url}, rounds)
    assert [one["stale"] for one in told] == [0] * RACERS
    assert [one["wrongly_refused"] for one in told] == [0] * RACERS, "what was given counts at once as well"
    assert all(one["asked"] > 0 for one in told), "each has asked about others between their revoke and their next gift"
    assert sum(one["races"] for one in told) == rounds * RACERS


@pytest.mark.parametrize("state", STATES)
def test_no_check_after_a_revoke_allows_whatever_becomes_of_redis(
    own_database: dict[str, str], redis_that_fails: OwnRedis, tmp_path: Path, state: str
) -> None:
    _race(state, own_database, redis_that_fails, tmp_path, 40)


@pytest.mark.soak
@pytest.mark.parametrize("state", STATES)
def test_no_check_after_any_of_a_hundred_thousand_revokes_allows(
    own_database: dict[str, str], redis_that_fails: OwnRedis, tmp_path: Path, state: str
) -> None:
    _race(state, own_database, redis_that_fails, tmp_path, 100_000 // RACERS // len(STATES))


def test_the_races_notice_an_answer_that_is_stale(
    own_database: dict[str, str], redis_that_fails: OwnRedis, tmp_path: Path
) -> None:
    """The control: who holds the right by another way as well is still allowed after the revoke, and is counted."""
    tree = _planted()
    with context.system("a test"), writing():
        bind(tree, {"who": "racer0", "role": "reader", "where": "orders"})
    told = _raced(tree, tmp_path, {**own_database, "REDIS_URL": redis_that_fails.url}, 10)
    assert told[0]["stale"] > 0
