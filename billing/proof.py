"""Documents against the ledger and against each other: what must be equal is computed twice, and differences are listed.

Run by the nightly drill on the restored copy, and by whoever shows the proof. Reads as the platform, since every
organisation is looked at. Other nouns add their checks to `CHECKS`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Text


@dataclass(frozen=True, slots=True)
class Check:
    """Two ways to one number. `sql` gives (what, expected, found) of every place where they differ."""

    name: str
    label: Text
    sql: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where the two are not equal, in minor units or a count."""

    what: str
    expected: int
    found: int


_RECEIVABLE = """
WITH owed AS (SELECT customer_id AS customer, currency, sum(due)::bigint AS due FROM billing_invoice
        WHERE state IN ('open', 'paid') GROUP BY 1, 2),
    held AS (SELECT a.customer_id AS customer, a.currency, sum(b.balance)::bigint AS balance
        FROM billing_ledger_account a JOIN billing_ledger_balance b ON b.account_id = a.id
        WHERE a.path LIKE '%assets:receivable:%' GROUP BY 1, 2)
SELECT 'customer ' || coalesce(owed.customer, held.customer) || ' ' || coalesce(owed.currency, held.currency),
    coalesce(owed.due, 0), coalesce(held.balance, 0)
FROM owed FULL JOIN held ON held.customer = owed.customer AND held.currency = owed.currency
WHERE coalesce(owed.due, 0) <> coalesce(held.balance, 0) ORDER BY 1
"""
_NUMBERS = """
SELECT 'series ' || s.prefix, (s.last - s.first + 1)::bigint, count(d.sequence)
FROM billing_number_series s
LEFT JOIN (SELECT series_id, sequence FROM billing_invoice WHERE series_id IS NOT NULL
    UNION ALL SELECT series_id, sequence FROM billing_credit_note) d
    ON d.series_id = s.id AND d.sequence BETWEEN s.first AND s.last
GROUP BY s.id, s.prefix, s.first, s.last HAVING count(DISTINCT d.sequence) <> s.last - s.first + 1
    OR count(d.sequence) <> s.last - s.first + 1 ORDER BY 1
"""
_SETTLED = """
SELECT 'invoice ' || coalesce(i.number, i.id::text), i.paid + i.written_off, coalesce(s.amount, 0)
FROM billing_invoice i
LEFT JOIN (SELECT invoice_id, sum(amount)::bigint AS amount FROM billing_settlement GROUP BY 1) s ON s.invoice_id = i.id
WHERE i.paid + i.written_off <> coalesce(s.amount, 0) ORDER BY 1
"""
_NOTED = """
SELECT 'invoice ' || i.number, i.noted, coalesce(n.total, 0)
FROM billing_invoice i
LEFT JOIN (SELECT invoice_id, sum(total)::bigint AS total FROM billing_credit_note GROUP BY 1) n ON n.invoice_id = i.id
WHERE i.noted <> coalesce(n.total, 0) ORDER BY 1
"""
_LINES = """
SELECT 'invoice ' || i.number, i.total, coalesce(l.total, 0)
FROM billing_invoice i
LEFT JOIN (SELECT invoice_id, sum(net + tax)::bigint AS total FROM billing_invoice_line GROUP BY 1) l
    ON l.invoice_id = i.id
WHERE i.state <> 'draft' AND i.total <> coalesce(l.total, 0) ORDER BY 1
"""
_POSTED = """
SELECT 'invoice ' || i.number, i.total, coalesce(e.amount, 0)
FROM billing_invoice i
LEFT JOIN (SELECT e.journal_id, sum(e.amount)::bigint AS amount FROM billing_entry e
    JOIN billing_ledger_account a ON a.id = e.account_id WHERE a.path LIKE '%assets:receivable:%' GROUP BY 1) e
    ON e.journal_id = i.journal_id
WHERE i.state <> 'draft' AND i.total <> coalesce(e.amount, 0) ORDER BY 1
"""
_DEFERRED = """
WITH ahead AS (SELECT currency, sandbox, sum(net - taken - earned)::bigint AS rest FROM billing_deferral GROUP BY 1, 2),
    held AS (SELECT a.currency, a.sandbox, -sum(b.balance)::bigint AS balance
        FROM billing_ledger_account a JOIN billing_ledger_balance b ON b.account_id = a.id
        WHERE a.path IN ('liabilities:deferred', 'sandbox:liabilities:deferred') GROUP BY 1, 2)
SELECT CASE WHEN coalesce(ahead.sandbox, held.sandbox) THEN 'sandboxes ' ELSE 'books ' END
    || coalesce(ahead.currency, held.currency), coalesce(ahead.rest, 0), coalesce(held.balance, 0)
FROM ahead FULL JOIN held ON held.currency = ahead.currency AND held.sandbox = ahead.sandbox
WHERE coalesce(ahead.rest, 0) <> coalesce(held.balance, 0) ORDER BY 1
"""
_EARNED = """
SELECT 'line ' || line_id, fair, earned FROM (SELECT line_id, earned, base + round((net - taken - base)::numeric
    * (until_on - from_on) / (ends_on - from_on))::bigint AS fair FROM billing_deferral) d WHERE fair <> earned
UNION ALL SELECT 'line ' || d.line_id, l.net, d.net FROM billing_deferral d JOIN billing_invoice_line l ON l.id = d.line_id
    WHERE l.net <> d.net
ORDER BY 1
"""
CHECKS = (
    Check("receivable", _("What customers owe by their invoices is what the ledger says"), _RECEIVABLE),
    Check("posted", _("Every final invoice stands in the ledger with its total"), _POSTED),
    Check("settled", _("What is paid of an invoice is the sum of what settled it"), _SETTLED),
    Check("noted", _("What is credited of an invoice is the sum of its credit notes"), _NOTED),
    Check("lines", _("Every final invoice is the sum of its lines"), _LINES),
    Check("deferred", _("What the ledger holds as deferred is what is not earned yet of documents"), _DEFERRED),
    Check("earned", _("What is earned of each line is its share of the days that are over"), _EARNED),
    Check("numbers", _("The numbers of documents have no gaps"), _NUMBERS),
)


def differences(cursor: Any) -> Iterator[tuple[Check, list[Difference]]]:
    """Every check with the places where it does not hold. `cursor`: of a transaction that sees every organisation."""
    for check in CHECKS:
        cursor.execute(check.sql)
        yield check, [Difference(str(what), int(expected), int(found)) for what, expected, found in cursor.fetchall()]
