"""What customers owe by days late, on any day: from the entries of their accounts, which name the document they are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise

READ = "ledger:read"
BUCKETS = ("current", "1-30", "31-60", "61-90", "90+")
OTHER = "other"  # What stands on an account without being about a document.
MOST = 200  # Customers of one page, and documents of one customer; those that owe most.
_ITEMS = """
WITH items AS (
    SELECT a.customer_id, e.reference, sum(e.amount)::bigint AS amount
    FROM billing_ledger_account a JOIN billing_entry e ON e.account_id = a.id
    WHERE a.path LIKE %(path)s AND a.currency = %(currency)s AND e.event_at < %(end)s
        AND (%(customer)s::uuid IS NULL OR a.customer_id = %(customer)s)
    GROUP BY 1, 2 HAVING sum(e.amount) <> 0
), aged AS (
    SELECT items.customer_id, c.name, c.organisation_id, items.amount, i.id, i.number, i.due_at,
        %(day)s - (i.due_at AT TIME ZONE c.time_zone)::date AS late
    FROM items LEFT JOIN billing_customer c ON c.id = items.customer_id
    LEFT JOIN billing_invoice i ON i.id = CASE WHEN items.reference ~ '^[0-9a-f-]{36}$' THEN items.reference::uuid END
), placed AS (
    SELECT *, CASE WHEN id IS NULL THEN 'other' WHEN late <= 0 THEN 'current' WHEN late <= 30 THEN '1-30'
        WHEN late <= 60 THEN '31-60' WHEN late <= 90 THEN '61-90' ELSE '90+' END AS bucket FROM aged
)
"""
_SUMS = ", ".join(
    f"coalesce(sum(amount) FILTER (WHERE bucket = '{bucket}'), 0)::bigint AS n{place}"
    for place, bucket in enumerate((*BUCKETS, OTHER))
)
_WHOLE = ", ".join(f"sum(n{place}) OVER ()" for place in range(len(BUCKETS) + 1))
# Customers and the whole by one statement: they are of one snapshot, and the entries are read once.
_ROWS = f"""
{_ITEMS}, owing AS (
    SELECT customer_id, coalesce(name, customer_id::text) AS name, organisation_id, sum(amount) AS total, {_SUMS}
    FROM placed GROUP BY customer_id, name, organisation_id
)
SELECT customer_id, name, organisation_id, {", ".join(f"n{place}" for place in range(len(BUCKETS) + 1))}, {_WHOLE},
    count(*) OVER ()
FROM owing ORDER BY total DESC, customer_id LIMIT %(most)s
"""  # noqa: S608 - the statements above
_OPEN = f"""
{_ITEMS} SELECT id, number, due_at, late, bucket, amount FROM placed
ORDER BY due_at NULLS LAST, id LIMIT %(most)s
"""  # noqa: S608 - the statements above
_CREDIT = """
SELECT coalesce(-sum(e.amount), 0)::bigint FROM billing_ledger_account a JOIN billing_entry e ON e.account_id = a.id
WHERE a.path LIKE %(credit)s AND a.currency = %(currency)s AND e.event_at < %(end)s
    AND (%(customer)s::uuid IS NULL OR a.customer_id = %(customer)s)
"""
# By the documents alone, as they stand now.
_DUE = """
SELECT coalesce(sum(due), 0)::bigint FROM billing_invoice WHERE state IN ('open', 'paid') AND due <> 0
    AND currency = %(currency)s AND sandbox = %(sandbox)s AND (%(customer)s::uuid IS NULL OR customer_id = %(customer)s)
"""


@dataclass(frozen=True, slots=True)
class Aged:
    """What is owed, in minor units, by column; `other` is about no document."""

    amounts: dict[str, int]
    other: int

    @property
    def documents(self) -> int:
        """What is owed by documents."""
        return sum(self.amounts.values())

    @property
    def total(self) -> int:
        """What the accounts hold."""
        return self.documents + self.other


@dataclass(frozen=True, slots=True)
class AgedCustomer:
    """The same of one customer."""

    customer_id: UUID
    name: str
    organisation_id: UUID | None
    aged: Aged


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document that is not settled; None for what is about none. `late`: days since its due day, below 0 ahead of it."""

    invoice_id: UUID | None
    number: str
    due_at: datetime | None
    late: int
    bucket: str
    amount: int


@dataclass(frozen=True, slots=True)
class Ageing:
    """The whole of a day: `credit` is what customers have to their credit, which is not set off. `due` is what documents
    say by themselves; None for an earlier day, on which they said something else."""

    day: date
    currency: str
    whole: Aged
    customers: int
    rows: Sequence[AgedCustomer]
    credit: int
    due: int | None

    @property
    def even(self) -> bool:
        """Whether documents and accounts say the same."""
        return self.whole.other == 0 and self.due in (None, self.whole.documents)


def ageing(
    actor: Actor,
    currency: str,
    day: date,
    *,
    sandbox: bool = False,
    customer_id: UUID | None = None,
    most: int = MOST,
) -> Ageing:
    """What was owed at the end of a day (UTC) by everybody, or by one customer; most owed first, at most `most`."""
    authorise(actor, READ)
    values = _values(currency, day, sandbox=sandbox, customer_id=customer_id) | {"most": most}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, values)
        found = cursor.fetchall()
        cursor.execute(_CREDIT, values)
        credit = int(cursor.fetchone()[0])
        due = None
        if day >= clock.now().date():
            cursor.execute(_DUE, values)
            due = int(cursor.fetchone()[0])
    width = len(BUCKETS) + 1
    rows = [AgedCustomer(key, name, where, _aged(sums[:width])) for key, name, where, *sums in found]
    *whole, customers = found[0][3 + width :] if found else (*[0] * width, 0)
    return Ageing(day, currency, _aged(whole), customers, rows, credit, due)


def open_documents(
    actor: Actor, currency: str, day: date, customer_id: UUID, *, sandbox: bool = False
) -> list[OpenDocument]:
    """What one customer owed at the end of a day, document by document, the longest due first; at most 200."""
    authorise(actor, READ)
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, _values(currency, day, sandbox=sandbox, customer_id=customer_id))
        return [
            OpenDocument(key, number or "", due_at, late or 0, bucket, amount)
            for key, number, due_at, late, bucket, amount in cursor.fetchall()
        ]


def _values(currency: str, day: date, *, sandbox: bool, customer_id: UUID | None) -> dict[str, Any]:
    root = "sandbox:" if sandbox else ""
    return {
        "path": f"{root}assets:receivable:%",
        "credit": f"{root}liabilities:credit:%",
        "currency": currency,
        "sandbox": sandbox,
        "day": day,
        "end": datetime.combine(day + timedelta(days=1), time(), UTC),
        "customer": customer_id,
        "most": MOST,
    }


def _aged(sums: Sequence[int]) -> Aged:
    *amounts, other = (int(one) for one in sums)
    return Aged(dict(zip(BUCKETS, amounts, strict=True)), other)
