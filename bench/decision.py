"""The decision beside its limits (a Redis GET, a page by primary key) and its peers (stock guardian, pycasbin).

Among ten thousand objects and a thousand people, and among a million and a hundred thousand; see `decision_world`.
"""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any

import casbin
import redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from bench import decision_world as worlds
from bench.decision_world import READ, Place
from bench.table import Bound, Row
from bench.world import ROOT, World
from portal.kit import context
from portal.kit.context import Actor, Context
from portal.kit.decision import can, check_many
from portal.kit.postgres.base import Statement
from portal.kit.tenancy import behind_the_wall
from rbac import rules
from rbac.models import Resource, Role
from rbac.services import custom_roles
from tests.factories import signed_in

FEW, MANY = (
    (10_000, 1_000),
    tuple(int(one) for one in os.environ.get("BENCH_OBJECTS", "1_000_000,100_000").split(",")),
)  # Objects, people.
REPEATS = 200  # Calls of one kind in a round; lists and requests a tenth of it.
POLICIES = 1_000
PAGE = 50
MODEL = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act
"""
Times = dict[str, list[float]]


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """The rows of the table."""
    logging.disable(logging.INFO)  # Access lines of this very process would stand between the rows of the table.
    home = str(connection.settings_dict["NAME"])
    places: list[Place] = []
    for objects, people in (FEW, MANY):
        say(f"decision: {objects:,} objects and {people:,} people ...")
        places.append(worlds.fill(world, home, f"{home}_{objects}", objects, people))
        worlds.use(home)
    few, many = places
    at_few: Times = {}
    at_many: Times = {}
    for number in range(rounds + 1):
        for place, times in ((few, at_few), (many, at_many)):
            worlds.use(place.name)
            _measure(place, times if number else {})  # The first round warms up.
        say(f"decision: round {number} of {rounds}")
    queries = _queries(many)
    edits = _edits(many, rounds)
    worlds.use(home)
    say("decision: stock guardian ...")
    stock = _stock(many, int(at_many["seen"][0]), rounds)
    return [*_checks(at_few, at_many, queries, stock), *_lists(at_many, queries, stock), *edits]


def _checks(few: Times, many: Times, queries: dict[str, int], stock: Times) -> list[Row]:
    number = len(many["warm"])
    return [
        Row("check, warm: to 3 us", "us", many["warm"], [3.0] * number, Bound("<=", 1), extra=_told(queries, "warm")),
        Row(
            "check, cold: to a Redis GET",
            "us",
            many["cold"],
            many["redis"],
            Bound("<=", 3),
            extra=_told(queries, "cold"),
        ),
        Row("check, cold: to a row by primary key", "us", many["cold"], many["row"]),
        Row(f"check, cold: of {MANY[0]:,} objects to {FEW[0]:,}", "us", many["cold"], few["cold"], Bound("<=", 1.2)),
        Row("100 checks on a page: to one, cold", "us", many["hundred"], many["cold"], extra=_told(queries, "hundred")),
        Row("100 checks on a page: queries", "", [float(queries["hundred"])], [1.0], Bound("<=", 1)),
        Row("stock guardian's has_perm: to a cold check", "us", [one * 1000 for one in stock["check"]], many["cold"]),
        Row(f"pycasbin's enforce, {POLICIES:,} policies: to a warm check", "us", many["casbin"], many["warm"]),
    ]


def _lists(many: Times, queries: dict[str, int], stock: Times) -> list[Row]:
    return [
        Row(
            f"list 50 of {many['seen'][0]:,.0f}: to a page by primary key",
            "us",
            many["list"],
            many["page"],
            Bound("<=", 3),
            extra=_told(queries, "list"),
        ),
        Row("the same, its SQL alone", "us", many["list_sql"], many["page_sql"]),
        Row(
            "the same: to get_objects_for_user",
            "us",
            many["list"],
            [one * 1000 for one in stock["normal"]],
            Bound("<=", 0.01),
        ),
        Row(
            f"list 50 with {MANY[0] // 10:,} single rights, its SQL alone: to a page",
            "us",
            many["heavy_sql"],
            many["page_sql"],
            Bound("<=", 25),
        ),
        Row("the same, the whole request", "us", many["heavy_request"], many["page_request"], Bound("<=", 3)),
        Row("the same: to get_objects_for_user", "us", many["heavy"], [one * 1000 for one in stock["heavy"]]),
    ]


def _told(queries: dict[str, int], name: str) -> dict[str, str]:
    return {"queries": str(queries[name])}


def _measure(place: Place, times: Times) -> None:
    """One round in a database, in microseconds."""
    normal, heavy = place.actor(place.normal), place.actor(place.heavy)
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as store, context.use(Context(actor=normal)), behind_the_wall():
        store.set("bench", "x" * 200)
        objects = list(Resource.objects.order_by("-id")[:100])
        questions = [(READ, one) for one in objects]
        enforcer = _enforcer()
        kinds: dict[str, tuple[Callable[[], object], int, Callable[[], None]]] = {
            "redis": (lambda: store.get("bench"), REPEATS, _nothing),
            "cold": (lambda: can(normal, READ, objects[0]), REPEATS, rules.forget_effective),
            "row": (lambda: _row(objects[0]), REPEATS, _nothing),
            "hundred": (lambda: check_many(normal, questions), REPEATS // 10, rules.forget_effective),
            "casbin": (lambda: enforcer.enforce("person", f"o{POLICIES - 1}", "read"), REPEATS // 10, _nothing),
        }
        for name, (ask, repeats, before) in kinds.items():
            times.setdefault(name, []).append(_typical(ask, repeats, before))
        times.setdefault("warm", []).append(_half(lambda: can(normal, READ, objects[0])))
        times.setdefault("page", []).append(_typical(lambda: _page(None), REPEATS // 4))
        times.setdefault("page_sql", []).append(_typical(_plain(None), REPEATS // 4))
        times.setdefault("list", []).append(_typical(lambda: _page(normal), REPEATS // 4))
        times.setdefault("list_sql", []).append(_typical(_plain(normal), REPEATS // 4))
        if "seen" not in times:
            times["seen"] = [float(Resource.objects.visible_to(normal, READ).count())]
    with context.use(Context(actor=heavy)), behind_the_wall():
        times.setdefault("heavy", []).append(_typical(lambda: _page(heavy), REPEATS // 20))
        times.setdefault("heavy_sql", []).append(_typical(_plain(heavy), REPEATS // 20))
    for name, person_id in (("page_request", place.overseer), ("heavy_request", place.heavy)):
        ask = _request(place, person_id)
        times.setdefault(name, []).append(_typical(ask, REPEATS // 20))


def _nothing() -> None:
    """What comes before most calls."""


def _typical(ask: Callable[[], object], repeats: int, before: Callable[[], None] = _nothing) -> float:
    """What the faster tenth of so many calls stays below, in microseconds: noise only ever adds, and a check that waits for
    a processor says nothing of itself."""
    taken = []
    for _ in range(max(repeats, 5)):
        before()
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return sorted(taken)[len(taken) // 10] * 1e6


def _half(ask: Callable[[], object]) -> float:
    """What half of many calls stay below, in microseconds."""
    taken = []
    for _ in range(REPEATS * 100):
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return median(taken) * 1e6


def _row(one: Resource) -> object:
    return connection.first_row(_BY_KEY, [one.pk.bytes])  # type: ignore[attr-defined]


_BY_KEY = Statement("SELECT id, kind, parent_id FROM rbac_scope WHERE id = $1::uuid")


def _listed(actor: Actor | None) -> Any:
    seen = Resource.objects.all() if actor is None else Resource.objects.visible_to(actor, READ)
    return seen.order_by("-id")[:PAGE]


def _page(actor: Actor | None) -> None:
    if len(list(_listed(actor))) != PAGE:
        raise RuntimeError("A page of the world is not full.")


def _plain(actor: Actor | None) -> Callable[[], object]:
    """The statement of a page, without anything of the ORM."""
    sql, values = _listed(actor).query.sql_with_params()

    def ask() -> object:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    return ask


def _request(place: Place, person_id: Any) -> Callable[[], object]:
    client: Client = signed_in(User.objects.get(pk=person_id))
    client.defaults["HTTP_STEWARD_ORGANISATION"] = str(place.organisation)

    def ask() -> object:
        reply = client.get(f"/api/v1/resources/product/project?limit={PAGE}", headers={"host": "127.0.0.1"})
        if reply.status_code != 200:
            raise RuntimeError(f"The list answered {reply.status_code}: {reply.content[:200]!r}")
        return reply

    return ask


def _queries(place: Place) -> dict[str, int]:
    """How many statements each of them is, with the stamps read and the shape of the list known."""
    worlds.use(place.name)
    actor = place.actor(place.normal)
    with context.use(Context(actor=actor)), behind_the_wall():
        objects = list(Resource.objects.order_by("-id")[:100])
        can(actor, READ)
        _page(actor)
        kinds: dict[str, Callable[[], object]] = {
            "cold": lambda: can(actor, READ, objects[0]),
            "warm": lambda: can(actor, READ, objects[0]),
            "list": lambda: _page(actor),
            "hundred": lambda: check_many(actor, [(READ, one) for one in objects]),
        }
        found = {}
        for name, ask in kinds.items():
            if name == "hundred":
                rules.forget_effective()
            with CaptureQueriesContext(connection) as caught:
                ask()
            found[name] = len(caught)
    return found


def _edits(place: Place, rounds: int) -> list[Row]:
    """Editing the role of ten thousand people beside one of ten; the very next check has to know."""
    worlds.use(place.name)
    written: dict[str, list[float]] = {"edited": [], "rare": []}
    taken: dict[str, list[float]] = {"edited": [], "rare": []}
    member = place.actor(place.normal)
    for number in range(rounds + 1):
        for name, key in (("edited", place.edited), ("rare", place.rare)):
            wanted = "member:create" if number % 2 else "member:update"
            began = time.perf_counter()
            count = _edit(place, key, wanted)
            if number:
                taken[name].append((time.perf_counter() - began) * 1e6)
                written[name].append(count)
            with context.use(Context(actor=member)):
                if not can(member, wanted):
                    raise RuntimeError("A check after the edit of a role did not know of it.")
            _edit(place, key, "organisation:read")
            with context.use(Context(actor=member)):
                if can(member, wanted):
                    raise RuntimeError("A check after the edit of a role still allows what it took away.")
    return [
        Row(
            "editing a role of 10,000 people: rows written, to one of ten",
            "rows",
            written["edited"],
            written["rare"],
            Bound("<=", 1),
        ),
        Row("the same: time", "us", taken["edited"], taken["rare"]),
    ]


def _edit(place: Place, key: Any, code: str) -> float:
    """Give the role this one right; how many rows the transaction wrote."""
    with context.system("measuring") as current, behind_the_wall():
        role = Role.objects.get(pk=key)
        draft = replace(custom_roles.draft_of(role=role), rights={code: "allow"})
        before = _written()  # What earlier transactions of the connection wrote may not be counted off yet.
        custom_roles.role_update(actor=current.actor, role=role, draft=draft)
        return _written() - before


def _written() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables")
        return float(cursor.fetchone()[0])


def _enforcer() -> Any:
    model = casbin.Model()
    model.load_model_from_text(MODEL)
    made = casbin.Enforcer(model)
    made.add_policies([["reader", f"o{number}", "read"] for number in range(POLICIES)])
    made.add_grouping_policy("person", "reader")
    return made


def _stock(place: Place, seen: int, rounds: int) -> Times:
    objects, people = place.objects, MANY[1]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench.stock_guardian",
            *(str(one) for one in (objects, people, seen, objects // 10, rounds)),
        ],
        check=True,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: Times = json.loads(done.stdout)
    return found
