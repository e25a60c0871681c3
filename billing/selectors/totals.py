"""What stands on the accounts of a currency at a moment, as reports need it: customers' accounts of one sort are one row.

The database adds them up: an installation has an account or two for each customer, and a report shows none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from billing.models import LedgerAccount
from billing.models.ledger import DEBIT, Kind
from billing.selectors.ledger import READ, accounts, entries
from portal.kit.context import Actor
from portal.kit.decision import authorise

LATER = 20_000  # Entries after a moment that are sooner read than all before it.
_NOW = "SELECT account_id, balance AS amount FROM billing_ledger_balance"
# The stored balances less what came after; one statement, so that both are of one snapshot.
_BEFORE = f"{_NOW} UNION ALL SELECT account_id, -amount FROM billing_entry WHERE event_at >= %(until)s"  # noqa: S608
_SPAN = """
    SELECT account_id, amount FROM billing_entry
    WHERE (%(since)s::timestamptz IS NULL OR event_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR event_at < %(until)s)
"""
_TOTALS = """
WITH sums AS (
    SELECT a.id, a.path, a.kind, a.customer_id, sum(m.amount)::bigint AS amount,
        split_part(a.path, ':', CASE WHEN a.sandbox THEN 3 ELSE 2 END) AS sort
    FROM billing_ledger_account a JOIN ({moves}) m ON m.account_id = a.id
    WHERE a.currency = %(currency)s AND a.sandbox = %(sandbox)s
        AND (%(kinds)s::text[] IS NULL OR a.kind = ANY(%(kinds)s::text[]))
    GROUP BY a.id HAVING sum(m.amount) <> 0
)
SELECT CASE WHEN customer_id IS NULL THEN id END, kind, sort, sum(amount)::bigint, count(*)
FROM sums GROUP BY 1, kind, sort, amount > 0 ORDER BY min(path)
"""


@dataclass(frozen=True, slots=True)
class Total:
    """What stands on an account, or on the accounts of customers of one sort and side (`account` is None then).

    `sort`: the second part of the path (receivable). `amount`: minor units, in debits. `accounts`: how many they are.
    """

    account: LedgerAccount | None
    kind: Kind
    sort: str
    amount: int
    accounts: int = 1

    @property
    def shown(self) -> int:
        """The amount on the side on which accounts of the kind grow."""
        return self.amount if self.kind in DEBIT else -self.amount


def totals(
    actor: Actor,
    currency: str,
    *,
    sandbox: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
    kinds: Sequence[Kind] = (),
) -> list[Total]:
    """The sums of entries in a currency that happened in [since, until), by path; accounts on which 0 stands are left out.

    What stands now is read from the stored balances, and what stood a short while ago from them less what came after;
    any other time reads every entry of it.
    """
    authorise(actor, READ)
    moves = _SPAN
    if since is None:
        if until is None:
            moves = _NOW
        elif _few_since(actor, until):
            moves = _BEFORE
    values: dict[str, Any] = {
        "currency": currency,
        "sandbox": sandbox,
        "since": since,
        "until": until,
        "kinds": [str(kind) for kind in kinds] or None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS.format(moves=moves), values)
        rows = cursor.fetchall()
    known = accounts(actor).in_bulk([row[0] for row in rows if row[0] is not None])
    return [
        Total(known.get(account), Kind(kind), sort, int(amount), number) for account, kind, sort, amount, number in rows
    ]


def _few_since(actor: Actor, moment: datetime) -> bool:
    return entries(actor).filter(event_at__gte=moment).order_by()[: LATER + 1].count() <= LATER
