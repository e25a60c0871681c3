"""The list of people: among a thousand, among a million, and beside the stock admin on as many rows."""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import orjson
import psycopg
from django.conf import settings
from django.db import connection, connections
from django.test import Client

from accounts.models import User
from bench.table import Bound, Row
from bench.world import ROOT, World
from portal.kit import context
from portal.kit.paging import Cursor
from portal.kit.tenancy import behind_the_wall
from rbac import decision
from tests.factories import person, signed_in

FEW, MANY = 1_000, int(os.environ.get("BENCH_PEOPLE", "1_000_000"))
REPEATS = 5  # Requests of one kind in a round; their fastest counts, since noise only ever adds.
GROWTH = Bound("<=", 1.2)
BESIDE_ADMIN = Bound("<=", 0.3)
FILL = """
INSERT INTO accounts_user (id, username, email, name, password, is_active, is_root, must_change_password, theme, created_at)
SELECT ('01939f2c-' || substr(h, 1, 4) || '-7' || substr(h, 5, 3) || '-8' || substr(h, 8, 3) || '-' || lpad(to_hex(n), 12, '0'))::uuid,
    'person' || n, 'person' || n || '@example.com',
    (ARRAY['Ada','Bruno','Chiara','Dmitri','Elif','Farid','Greta','Hana'])[1 + n %% 8] || ' '
        || (ARRAY['Lindqvist','Novak','Varga','Silva','Mensah','Petrov','Tanaka'])[1 + n %% 7] || ' ' || n,
    '', n %% 10 <> 0, false, false, 'system', now() - n * interval '1 second'
FROM generate_series(1, %s) AS n, md5(n::text) AS h
"""


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """The rows of the table."""
    logging.disable(logging.INFO)  # Access lines of this very process would stand between the rows of the table.
    owner = os.environ["DATABASE_OWNER_URL"]
    viewer = signed_in(person("Manager", role="manager")).cookies[settings.SESSION_COOKIE_NAME].value
    home = str(connection.settings_dict["NAME"])
    names = {FEW: f"{home}_few", MANY: f"{home}_many"}
    connections.close_all()
    pages: dict[int, dict[str, str]] = {}
    for number, name in names.items():
        say(f"lists: {number:,} people ...")
        pages[number] = _filled(world.admin_url, owner, home, name, number)
    times: dict[int, dict[str, list[float]]] = {number: {} for number in names}
    for round_number in range(rounds):
        say(f"lists: round {round_number + 1} of {rounds}")
        for number, name in names.items():
            use(name)
            for kind, page in pages[number].items():
                times[number].setdefault(kind, []).append(fastest(viewer, page))
    use(home)
    say("lists: the stock admin ...")
    stock = _stock(rounds)
    grown = [
        Row(f"people, {kind}: of 1,000,000 to 1,000", "ms", times[MANY][kind], times[FEW][kind], GROWTH)
        for kind in pages[MANY]
    ]
    beside = [
        Row(f"people, {kind}: to the stock admin", "ms", times[MANY][kind], stock[kind], BESIDE_ADMIN) for kind in stock
    ]
    return grown + beside + [_api(names[FEW], home, viewer, rounds)]


API_BOUND = Bound("<=", 1.3)
FIELDS = (
    "id",
    "username",
    "email",
    "name",
    "is_active",
    "is_root",
    "must_change_password",
    "created_at",
    "last_seen_at",
)


def _api(name: str, home: str, viewer: str, rounds: int) -> Row:
    """Fifty people over the API against `.values()` and orjson on the way of the same signed-in request.

    Processor time of this process; the base is what the endpoint could not do without: the way of a request that finds
    out who calls (the session endpoint), the same rows as dictionaries, and their JSON.
    """
    use(name)
    client = Client(headers={"host": "127.0.0.1"})
    client.cookies[settings.SESSION_COOKIE_NAME] = viewer

    def plain() -> None:
        with context.system("measuring"), behind_the_wall():
            orjson.dumps(list(User.objects.order_by("name", "id").values(*FIELDS)[:50]))

    ours: list[float] = []
    base: list[float] = []
    for _ in range(rounds):
        ours.append(_cpu(lambda: _got(client, "/api/v1/users?limit=50")))
        base.append(_cpu(plain) + _cpu(lambda: _got(client, "/api/v1/auth/session")))
    use(home)
    return Row("people, 50 over the API: to .values() + orjson, signed in", "us", ours, base, API_BOUND)


def _got(client: Client, page: str) -> None:
    if client.get(page).status_code != 200:
        raise RuntimeError(f"{page} did not answer 200")


def _cpu(work: Callable[[], object], repeats: int = 200) -> float:
    """Microseconds of processor time of one call, the mean of many."""
    for _ in range(20):
        work()
    began = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - began) / repeats * 1e6


def _filled(admin_url: str, owner: str, home: str, name: str, number: int) -> dict[str, str]:
    """A copy of the database with so many people more, and the addresses of its pages."""
    with psycopg.connect(admin_url, dbname="postgres", autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{home}" OWNER {urlsplit(owner).username}')
    with psycopg.connect(urlunsplit(urlsplit(owner)._replace(path=f"/{name}")), autocommit=True) as database:
        database.execute(FILL, [number])
        database.execute("VACUUM ANALYZE")
        found = database.execute(
            "SELECT id FROM accounts_user ORDER BY name DESC, id DESC OFFSET 60 LIMIT 1"
        ).fetchone()
    assert found is not None
    base = "/platform/people"
    return {
        "first": base,
        "deep": f"{base}?cursor={Cursor(found[0])}",
        "search": f"{base}?q=person{number - 7}",
        "filter": f"{base}?state=inactive",
        "broad search": f"{base}?q=a",
    }


def use(name: str) -> None:
    """Let this process work on another database of the same server."""
    connections.close_all()
    connection.settings_dict["NAME"] = name
    decision.forget_everything()


def fastest(token: str, page: str) -> float:
    """Milliseconds of the quickest of some requests of a page by who has this session."""
    client = Client(headers={"host": "127.0.0.1"})
    client.cookies[settings.SESSION_COOKIE_NAME] = token
    best = float("inf")
    for _ in range(REPEATS):
        began = time.perf_counter()
        reply = client.get(page)
        best = min(best, time.perf_counter() - began)
        if reply.status_code != 200:
            raise RuntimeError(f"{page} answered {reply.status_code}")
    return best * 1000


def _stock(rounds: int) -> dict[str, list[float]]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.stock_admin", str(MANY), str(rounds)],
        check=True,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found
