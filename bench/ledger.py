"""The ledger: posting beside the same rows inserted by pgbench in one statement, beside django-hordak, and reading a
balance beside a primary key."""

import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from random import Random
from uuid import UUID

import psutil
import psycopg
from django.db import connection

from bench import machine
from bench.table import Bound, Row
from bench.world import World
from billing.ledger import Line, Posting, balance, post, post_many
from billing.ledger.chart import AccountRef, bank, receivable
from portal.kit import clock, context
from portal.kit.ids import uuid7
from portal.kit.postgres.base import Statement, ours
from portal.kit.services import writing

ACCOUNTS = 1_000
CLIENTS, SECONDS = 8, 4
BATCH = 100
READS = 2_000
FEW, MANY = 10_000, 1_000_000
# What a posting writes, in one statement: a journal, two entries and the balances of two accounts, with the same indexes
# and checks; no key is looked for, nothing is checked to balance, nobody is kept out. Without the balances below.
JOURNAL = """
 j AS (
    INSERT INTO bench_journal (id, key, body_hash, event_at, recorded_at, kind, description, document_kind, sandbox)
    VALUES (gen_random_uuid(), gen_random_uuid()::text, sha256('x'), now(), now(), 'bench', 'A posting', '', false)
    RETURNING id
)"""
ENTRIES = """
INSERT INTO bench_entry (id, journal_id, position, account_id, stripe, currency, amount, balance_after, account_version,
    event_at, recorded_at, reference)
SELECT nextval('bench_entry_id'), j.id, m.n, m.account_id, 0, 'EUR', m.amount, m.balance, m.version, now(), now(), ''
FROM j, moved m"""
SIDES = "side(n, place, amount) AS MATERIALIZED (VALUES (1, {lower}, 10), (2, {upper}, -10))"
LIMIT = f"""WITH {SIDES}, {JOURNAL}, moved AS (
    UPDATE bench_balance b SET balance = b.balance + side.amount, version = b.version + 1
    FROM side JOIN bench_account a USING (place) WHERE b.account_id = a.id AND b.stripe = 0
    RETURNING side.n, side.amount, b.account_id, b.balance, b.version
){ENTRIES}"""
INSERTS = f"""WITH {SIDES}, {JOURNAL}, moved AS (
    SELECT n, amount, id AS account_id, 10 AS balance, 1 AS version FROM side JOIN bench_account a USING (place)
){ENTRIES}"""
# Two accounts by chance, from either half, so that writers in any order meet no deadlock: the limit has no order of its own.
LOWER, UPPER = "1 + floor(random() * 500)::int", "501 + floor(random() * 500)::int"
# A text such as a client sends. %6$s is a colon: pgbench takes what follows one for a parameter, in texts too.
POST = """SELECT billing_ledger_post_one(format('{{"id": "%1$s", "key": "%2$s", "recorded_at": "%3$s", "body": {{
"event_at": "%3$s", "kind": "bench", "description": "A posting", "document_kind": "", "sandbox": false, "lines": [
{{"path": "assets%6$s{debit}", "currency": "EUR", "amount": 10, "reference": ""}},
{{"path": "assets%6$sbench%6$sn%5$s", "currency": "EUR", "amount": -10, "reference": ""}}]}}}}', gen_random_uuid(),
gen_random_uuid(), now(), {lower}, {upper}, chr(58))::jsonb, '{turns}', '[]')"""
MANY_POSTS = """SELECT billing_ledger_post((SELECT jsonb_agg(jsonb_build_object('id', gen_random_uuid(), 'key',
 gen_random_uuid()::text, 'recorded_at', now(), 'body', jsonb_build_object('event_at', now(), 'kind', 'bench',
 'description', 'A posting', 'document_kind', '', 'sandbox', false, 'lines', jsonb_build_array(
 jsonb_build_object('path', 'assets' || c || 'bench' || c || 'n' || (a + n) % 1000 + 1, 'currency', 'EUR',
 'amount', 10, 'reference', ''),
 jsonb_build_object('path', 'assets' || c || 'bench' || c || 'n' || (a + b + 2 * n) % 1000 + 1, 'currency', 'EUR',
 'amount', -10, 'reference', '')))))
 FROM generate_series(1, {batch}) n), '[]') FROM (SELECT {lower} AS a, {lower} AS b, chr(58) AS c) chance"""
# The primary key is read through the same door as a balance: one prepared statement straight through libpq.
BY_KEY = Statement("SELECT id, path, currency, kind, name FROM billing_ledger_account WHERE id = $1")
RATE = re.compile(r"tps = ([0-9.]+) \(without")
FAILED = re.compile(r"number of failed transactions: ([0-9]+)")


def _path(number: int) -> AccountRef:
    return AccountRef(f"assets:bench:n{number}", "EUR")


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """Posts a second in every way, then reads of balances."""
    rounds = min(rounds, 5)
    _open(world)
    scripts = _scripts(world.folder)
    rates: dict[str, list[float]] = {name: [] for name in (*scripts, "django", "hordak")}
    cpu: dict[str, list[float]] = {name: [] for name in rates}
    with _peer() as peer:
        ways: dict[str, Callable[[], float]] = {name: partial(_pgbench, file) for name, file in scripts.items()}
        ways.update(django=_through_django, hordak=peer)
        for number in range(rounds):
            for name, way in ways.items():
                before = processor_seconds()
                rates[name].append(way())
                cpu[name].append((processor_seconds() - before) / SECONDS / rates[name][-1] * 1e6)
            say(f"ledger: round {number + 1} of {rounds}: " + ", ".join(f"{n} {r[-1]:.0f}/s" for n, r in rates.items()))
    rates["batch"] = [rate * BATCH for rate in rates["batch"]]
    cpu["batch"] = [used / BATCH for used in cpu["batch"]]

    def row(text: str, name: str, beside: str, bound: Bound | None = None) -> Row:
        return Row(f"ledger: {text}", "/s", rates[name], rates[beside], bound, cpu[name], cpu[beside])

    return [
        row("limit, the rows of a post by pgbench", "limit", "limit"),
        row("its inserts alone, without the balances", "inserts", "limit"),
        row("post, 8 clients", "spread", "limit", Bound(">=", 0.7)),
        row("the same to the inserts alone", "spread", "inserts"),
        row("batches of 100", "batch", "limit", Bound(">=", 2)),
        row("all on one hot account", "hot", "spread", Bound(">=", 0.8)),
        row("hordak's transfer_to, 8 threads", "hordak", "limit"),
        row("post through Django, 8 threads, to hordak's", "django", "hordak", Bound(">=", 4)),
        *_reads(rounds, say),
    ]


def processor_seconds() -> float:
    """Processor time of everything that takes part so far, in seconds, of what has ended too."""
    own = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    total = sum(used.ru_utime + used.ru_stime for used in own)
    for process in machine.tree(os.getpid())[1:]:
        with suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            total += used.user + used.system + used.children_user + used.children_system
    return total


def _open(world: World) -> None:
    with context.system("the bench"), writing():
        for start in range(0, ACCOUNTS, BATCH):
            pairs = [(_path(n + 1), _path((n + 1) % ACCOUNTS + 1)) for n in range(start, start + BATCH)]
            post_many([_posting(one, other) for one, other in pairs])
        post(_posting(bank("hot", "EUR"), _path(1)))
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(
            "CREATE TABLE bench_journal (LIKE billing_journal INCLUDING ALL);"
            "CREATE TABLE bench_entry (LIKE billing_entry INCLUDING ALL); CREATE SEQUENCE bench_entry_id;"
            "CREATE TABLE bench_balance (LIKE billing_ledger_balance INCLUDING ALL) WITH (fillfactor = 40);"
            "INSERT INTO bench_balance SELECT * FROM billing_ledger_balance;"
            "CREATE TABLE bench_account AS SELECT row_number() OVER ()::int AS place, id "
            "FROM billing_ledger_account WHERE stripes = 1;"
            "ALTER TABLE bench_account ADD PRIMARY KEY (place); ANALYZE"
        )


def _posting(one: AccountRef, other: AccountRef) -> Posting:
    return Posting(f"bench:{uuid7()}", clock.now(), "bench", "A posting", [Line(one, 10), Line(other, -10)])


def _scripts(folder: Path) -> dict[str, Path]:
    texts = {
        "limit": LIMIT.format(lower=LOWER, upper=UPPER),
        "inserts": INSERTS.format(lower=LOWER, upper=UPPER),
        "spread": POST.format(
            debit="bench%6$sn%4$s", lower="100 + floor(random() * 400)::int", upper=f"{UPPER} - 1", turns="{0,1}"
        ),
        "hot": POST.format(debit="bank%6$shot", lower="0", upper=LOWER, turns="{0,1}"),
        "batch": MANY_POSTS.format(lower=LOWER, batch=BATCH),
    }
    files = {}
    for name, text in texts.items():
        files[name] = folder / f"ledger_{name}.sql"
        files[name].write_text(text.replace("\n", " ") + ";")
        files[name].chmod(0o644)
    return files


def _pgbench(file: Path) -> float:
    command = ["pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(SECONDS), "-f", str(file)]
    done = subprocess.run([*command, os.environ["DATABASE_OWNER_URL"]], capture_output=True, text=True, check=False)
    rate, failed = RATE.search(done.stdout), FAILED.search(done.stdout)
    if done.returncode or rate is None or (failed and failed[1] != "0"):
        raise RuntimeError(f"pgbench {file.name}: {done.stdout[-400:]} {done.stderr[-400:]}")
    return float(rate[1])


def _through_django() -> float:
    def work(number: int) -> int:
        chance, until, count = Random(number), time.perf_counter() + SECONDS, 0
        with context.system("the bench"):
            while time.perf_counter() < until:
                one, other = chance.sample(range(1, ACCOUNTS + 1), 2)
                with writing():
                    post(_posting(_path(one), _path(other)))
                count += 1
        connection.close()
        return count

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(work, range(CLIENTS))) / SECONDS


@contextmanager
def _peer() -> Iterator[Callable[[], float]]:
    """Hordak in a process of its own, measured once for each line that it is sent."""
    command = [sys.executable, "-m", "bench.ledger_peer", str(ACCOUNTS), str(CLIENTS), str(SECONDS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as running:
        told, answers = running.stdin, running.stdout
        assert told is not None
        assert answers is not None

        def measured() -> float:
            told.write("go\n")
            return float(answers.readline())

        answers.readline()
        yield measured
        told.close()


def _reads(rounds: int, say: Callable[[str], None]) -> list[Row]:
    ref = receivable(uuid7(), "EUR")
    with context.system("the bench"), writing():
        post(_posting(ref, _path(1)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM billing_ledger_account WHERE path = %s", [ref.path])
        key: UUID = cursor.fetchone()[0]
    times: dict[tuple[str, int], list[float]] = {}

    def by_key() -> None:
        ours().first_row(BY_KEY, (key.bytes,))

    def by_cursor() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM billing_ledger_account WHERE id = %s", [key])
            cursor.fetchone()

    for entries in (FEW, MANY):
        _fill(ref, entries)
        for _round in range(rounds):
            times.setdefault(("key", entries), []).append(_each(by_key))
            times.setdefault(("balance", entries), []).append(_each(lambda: balance(ref)))
            times.setdefault(("cursor", entries), []).append(_each(by_cursor))
        say(f"ledger: balance read at {entries} entries")

    def row(text: str, name: tuple[str, int], beside: tuple[str, int], bound: Bound | None) -> Row:
        return Row(f"ledger: {text}", "us", times[name], times[beside], bound)

    return [
        row("balance at 10,000 entries, beside a key", ("balance", FEW), ("key", FEW), Bound("<=", 1.5)),
        row("balance at 1,000,000, beside a key", ("balance", MANY), ("key", MANY), Bound("<=", 1.5)),
        row("the same beside a key by a cursor of Django", ("balance", MANY), ("cursor", MANY), None),
        row("balance at 1,000,000 beside 10,000", ("balance", MANY), ("balance", FEW), Bound("<=", 1.2)),
    ]


def _each(read: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(READS):
        read()
    return (time.perf_counter() - began) / READS * 1e6


def _fill(ref: AccountRef, entries: int) -> None:
    """Entries of one account as postings would have left them; by the owner, since only their number matters here."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(
            "INSERT INTO billing_entry (journal_id, position, account_id, stripe, currency, amount, balance_after, "
            "account_version, event_at, recorded_at, reference) SELECT gen_random_uuid(), 1, a.id, 0, 'EUR', 10, 10 * n, "
            "n, now(), now(), '' FROM billing_ledger_account a, generate_series(1, %s) n WHERE a.path = %s",
            [entries, ref.path],
        )
        owner.execute("VACUUM ANALYZE billing_entry")
