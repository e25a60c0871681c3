"""Pages of large books: an account, the trial balance and the ageing, among a million entries beside ten thousand."""

import logging
import os
from collections.abc import Callable

from django.conf import settings
from django.db import connection

from bench.lists import GROWTH, fastest, use
from bench.renewals import filled, prototype
from bench.table import Row
from bench.world import World
from billing.ledger import Line, Posting, post
from billing.ledger.chart import bank, income
from billing.models import LedgerAccount
from portal.kit import clock, context
from portal.kit.services import writing
from portal.kit.tenancy import behind_the_wall
from tests.factories import person, signed_in

FEW, MANY = 10_000, int(os.environ.get("BENCH_ENTRIES", "1_000_000"))
CUSTOMERS = {FEW: 200, MANY: MANY // 50}  # Each owes one invoice; its postings count among the entries.
# Two entries of one posting on two accounts, as often as is wanted; then invoices that are late by 0 to 149 days.
FILL = """
INSERT INTO billing_journal (id, key, body_hash, event_at, recorded_at, kind, description, document_kind, sandbox)
SELECT ('01939f2c-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'book:' || n, sha256('x'), now() - n * interval '20 s',
    now() - n * interval '20 s', 'bench', 'A posting', '', false FROM generate_series(1, {postings}) n;
INSERT INTO billing_entry (journal_id, position, account_id, stripe, currency, amount, balance_after, account_version,
    event_at, recorded_at, reference)
SELECT ('01939f2c-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, side, a.id, 0, 'EUR', 30 - 20 * side,
    n * (30 - 20 * side), n + 1, now() - n * interval '20 s', now() - n * interval '20 s', ''
FROM generate_series(1, {postings}) n, (VALUES (1, 'assets:bank:main'), (2, 'income:one_off')) AS s (side, path)
    JOIN billing_ledger_account a USING (path);
UPDATE billing_invoice SET due_at = now() - (sequence % 150) * interval '1 day'
"""


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """What each page takes, fastest of some requests in every round."""
    logging.disable(logging.INFO)
    home = str(connection.settings_dict["NAME"])
    with context.system("the bench"), writing():
        post(
            Posting(
                "bench",
                clock.now(),
                "bench",
                "A posting",
                [Line(bank("main", "EUR"), 10), Line(income("one_off", "EUR"), -10)],
            )
        )
    first = prototype(paid=False)
    with context.system("the bench"), behind_the_wall():
        account = LedgerAccount.objects.get(path="assets:bank:main").pk
    viewer = signed_in(person("Reader", role="admin")).cookies[settings.SESSION_COOKIE_NAME].value
    pages = {
        "account": f"/platform/ledger/accounts/{account}",
        "accounts": "/platform/ledger/accounts",
        "journals": "/platform/ledger/journals",
        "trial balance": "/platform/ledger/reports/trial",
        "ageing": "/platform/ledger/ageing",
    }
    names = {
        size: filled(
            world, home, first, CUSTOMERS[size], say, then=FILL.format(postings=(size - 3 * CUSTOMERS[size]) // 2)
        )
        for size in (FEW, MANY)
    }
    times: dict[tuple[int, str], list[float]] = {}
    for number in range(rounds):
        for size, name in names.items():
            use(name)
            for kind, page in pages.items():
                times.setdefault((size, kind), []).append(fastest(viewer, page))
        say(f"books: round {number + 1} of {rounds}")
    use(home)
    return [
        Row(f"books, {kind}: of {MANY:,} entries to {FEW:,}", "ms", times[MANY, kind], times[FEW, kind], GROWTH)
        for kind in pages
    ]
