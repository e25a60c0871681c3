"""Series of money for Prometheus: what is owed, renewed, used, refused and on its way. Sandboxes are left out of money."""

from portal.kit import clock, context, ids
from portal.kit.readings import Reading, Samples, Series, quickly, readings

MONEY = (
    Series("steward_billing_invoices_open", "gauge", "Invoices of which something is due."),
    Series("steward_billing_invoices_overdue", "gauge", "Those of them whose date to pay is over."),
    Series(
        "steward_billing_invoices_overdue_minor_units",
        "gauge",
        "What is due on those, in minor units of the currency.",
        ("currency",),
    ),
    Series("steward_billing_renewals", "counter", "Periods of subscriptions that began today (UTC)."),
    Series(
        "steward_billing_renewals_late_seconds",
        "gauge",
        "For how long the oldest subscription waits whose moment has come; 0 when none does.",
    ),
)
PROOF = (
    Series("steward_billing_proof_last_run_timestamp_seconds", "gauge", "When the last proof of the books ended."),
    Series("steward_billing_proof_differences", "gauge", "Differences that the last proof of the books found."),
)
TRAFFIC = (
    Series("steward_billing_usage_events", "counter", "Events of use that happened today (UTC) and were reported."),
    Series(
        "steward_billing_webhooks_rejected",
        "counter",
        "Webhooks of payment providers that were refused today (UTC).",
    ),
    Series("steward_billing_deliveries_waiting", "gauge", "Webhooks to customers that wait to be sent."),
    Series(
        "steward_billing_deliveries_late_seconds",
        "gauge",
        "For how long the oldest of them could have been sent; 0 when none could.",
    ),
    Series("steward_billing_deliveries_failed", "gauge", "Webhooks to customers of the last 30 days that failed."),
)
_OWED = """
SELECT currency, count(*), count(*) FILTER (WHERE due_at < %(now)s), coalesce(sum(due) FILTER (WHERE due_at < %(now)s), 0)
FROM billing_invoice WHERE state = 'open' AND due > 0 AND NOT sandbox GROUP BY currency ORDER BY currency
"""
# By the id, which holds the time: there is no other index over all of them.
_RENEWED = "SELECT count(*) FROM billing_subscription_event WHERE id >= %(first)s AND kind = 'renewed'"
_LATE = """
SELECT min(s.next_at) FROM billing_subscription s JOIN billing_customer c ON c.id = s.customer_id
WHERE s.next_at < %(now)s AND s.halted_at IS NULL AND c.test_clock_id IS NULL
"""
_USED = """
SELECT coalesce(sum(events), 0) FROM billing_usage_rollup WHERE grain = 'day' AND starts_at = %(midnight)s
"""
_REJECTED = """
SELECT count(*) FROM audit_event
WHERE code = 'billing.webhook.rejected' AND occurred_at >= %(midnight)s AND id >= %(first)s
"""
_PROOF = "SELECT ended_at, wrong FROM billing_proof_run ORDER BY id DESC LIMIT 1"
_WAITING = "SELECT count(*), min(next_at) FROM billing_webhook_delivery WHERE state = 'queued'"
_FAILED = "SELECT count(*) FROM billing_webhook_delivery WHERE state = 'failed'"


def _money() -> Samples:
    now = clock.now()
    values = {"now": now, "first": ids.first_of(now.replace(hour=0, minute=0, second=0, microsecond=0))}
    with context.system("metrics"), quickly() as cursor:
        cursor.execute(_OWED, values)
        owed = cursor.fetchall()
        cursor.execute(_RENEWED, values)
        renewed = cursor.fetchone()[0]
        cursor.execute(_LATE, values)
        oldest = cursor.fetchone()[0]
    return {
        "steward_billing_invoices_open": [((), sum(row[1] for row in owed))],
        "steward_billing_invoices_overdue": [((), sum(row[2] for row in owed))],
        "steward_billing_invoices_overdue_minor_units": [((row[0],), int(row[3])) for row in owed],
        "steward_billing_renewals": [((), renewed)],
        "steward_billing_renewals_late_seconds": [((), (now - oldest).total_seconds() if oldest else 0.0)],
    }


def _proof() -> Samples:
    with context.system("metrics"), quickly() as cursor:
        cursor.execute(_PROOF)
        last = cursor.fetchone()
    if last is None:  # Before the first one nothing is known.
        return {series.name: [] for series in PROOF}
    return {
        "steward_billing_proof_last_run_timestamp_seconds": [((), last[0].timestamp())],
        "steward_billing_proof_differences": [((), last[1])],
    }


def _traffic() -> Samples:
    now = clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"midnight": midnight, "first": ids.first_of(midnight)}
    with context.system("metrics"), quickly() as cursor:
        cursor.execute(_USED, values)
        used = cursor.fetchone()[0]
        cursor.execute(_REJECTED, values)
        rejected = cursor.fetchone()[0]
        cursor.execute(_WAITING)
        waiting, oldest = cursor.fetchone()
        cursor.execute(_FAILED)
        failed = cursor.fetchone()[0]
    return {
        "steward_billing_usage_events": [((), int(used))],
        "steward_billing_webhooks_rejected": [((), rejected)],
        "steward_billing_deliveries_waiting": [((), waiting)],
        "steward_billing_deliveries_late_seconds": [((), max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)],
        "steward_billing_deliveries_failed": [((), failed)],
    }


readings.add(Reading("billing.money", MONEY, _money))
readings.add(Reading("billing.proof", PROOF, _proof))
readings.add(Reading("billing.traffic", TRAFFIC, _traffic))
