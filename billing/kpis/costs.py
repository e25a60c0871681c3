"""What was spent on sales and marketing, from the ledger's expense accounts that are marked so by their path."""

from fractions import Fraction

from billing.kpis.asked import row_of
from portal.kit.kpis import Span

# Accounts at or below these paths count as spend for the acquisition cost.
_SPEND = """
SELECT sum(e.amount) FILTER (WHERE e.event_at >= %(start)s), count(*) FROM billing_entry e
JOIN billing_ledger_account a ON a.id = e.account_id
WHERE a.path ~ '^expenses:(marketing|sales)(:|$)' AND a.currency = %(currency)s AND e.event_at < %(end)s
"""


def spend_of(span: Span) -> Fraction | None:
    """Spend of a span in minor units of its currency; None while no such account has an entry at all."""
    spent, entries = row_of(_SPEND, span)
    return Fraction(int(spent or 0)) if entries else None
