"""Key figures of finance, from the ledger, documents and payments. Sandboxes are left out."""

from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.kpis.asked import parts_asked, row_of
from portal.kit.kpis import Figure, Kpi, Span, kpis, ratio

_CASH = """
SELECT coalesce(sum(p.amount), 0) FROM billing_payment p JOIN billing_customer c ON c.id = p.customer_id
WHERE p.state = 'succeeded' AND p.event_at >= %(start)s AND p.event_at < %(end)s
    AND p.currency = %(currency)s AND NOT c.sandbox
"""
_CASH_PARTS = """
SELECT c.name, c.organisation_id, sum(p.amount) FROM billing_payment p JOIN billing_customer c ON c.id = p.customer_id
WHERE p.state = 'succeeded' AND p.event_at >= %(start)s AND p.event_at < %(end)s
    AND p.currency = %(currency)s AND NOT c.sandbox
GROUP BY c.id ORDER BY sum(p.amount) DESC, c.name LIMIT %(most)s
"""
# Accounts of the ledger by path; `since` adds the beginning of the span. Stripes of an account share its id.
_BOOKED = """
SELECT coalesce(sum(e.amount), 0) FROM billing_entry e JOIN billing_ledger_account a ON a.id = e.account_id
WHERE a.path ~ '{path}' AND a.currency = %(currency)s AND e.event_at < %(end)s {since}
"""
_SINCE = "AND e.event_at >= %(start)s"
_NET_CASH = _BOOKED.format(path="^assets:(bank|clearing):", since=_SINCE)
_RECEIVABLE = _BOOKED.format(path="^assets:receivable:", since="")
_DEFERRED = _BOOKED.format(path="^liabilities:deferred$", since="")
_RECEIVABLE_PARTS = """
SELECT c.name, c.organisation_id, sum(e.amount) FROM billing_entry e
JOIN billing_ledger_account a ON a.id = e.account_id JOIN billing_customer c ON c.id = a.customer_id
WHERE a.path ~ '^assets:receivable:' AND a.currency = %(currency)s AND e.event_at < %(end)s
GROUP BY c.id HAVING sum(e.amount) <> 0 ORDER BY sum(e.amount) DESC, c.name LIMIT %(most)s
"""
_SALES = """
SELECT coalesce(sum(total), 0) FROM billing_invoice
WHERE issued_at >= %(start)s AND issued_at < %(end)s AND state <> 'void' AND currency = %(currency)s AND NOT sandbox
"""
# What each late document was owed at the end, whatever became of it since: by the entries that name it.
_LATE_ITEMS = """
SELECT sum(e.amount) AS due, ceil(extract(epoch FROM %(end)s - i.due_at) / 86400) AS late
FROM billing_ledger_account a JOIN billing_entry e ON e.account_id = a.id
JOIN billing_invoice i ON i.id = CASE WHEN e.reference ~ '^[0-9a-f-]{36}$' THEN e.reference::uuid END
WHERE a.path ~ '^assets:receivable:' AND a.currency = %(currency)s AND e.event_at < %(end)s AND i.due_at < %(end)s
GROUP BY i.id HAVING sum(e.amount) > 0
"""
_LATE = f"SELECT coalesce(sum(due), 0) FROM ({_LATE_ITEMS}) owed"  # noqa: S608 - the statement above
_LATE_PARTS = f"""
SELECT CASE WHEN late <= 30 THEN '1-30' WHEN late <= 60 THEN '31-60' WHEN late <= 90 THEN '61-90' ELSE '90+' END, NULL, sum(due)
FROM ({_LATE_ITEMS}) owed GROUP BY 1 ORDER BY min(late)
"""  # noqa: S608 - the statement above
_FAILED = """
SELECT count(*) FILTER (WHERE p.state = 'failed'), count(*) FROM billing_payment p JOIN billing_customer c ON c.id = p.customer_id
WHERE p.state IN ('failed', 'succeeded') AND p.event_at >= %(start)s AND p.event_at < %(end)s
    AND p.currency = %(currency)s AND NOT c.sandbox
"""
_RECOVERED = """
SELECT count(*) FILTER (WHERE r.state = 'cleared'), count(*) FROM billing_dunning_run r
JOIN billing_customer c ON c.id = r.customer_id
WHERE r.created_at < %(end)s AND (r.ended_at IS NULL OR r.ended_at >= %(start)s) AND r.state <> 'active'
    AND r.currency = %(currency)s AND NOT c.sandbox
"""
_BACK = """
SELECT coalesce((SELECT sum(r.amount) FROM billing_refund r JOIN billing_payment p ON p.id = r.payment_id
        JOIN billing_customer c ON c.id = p.customer_id
        WHERE r.state = 'succeeded' AND r.settled_at >= %(start)s AND r.settled_at < %(end)s
            AND p.currency = %(currency)s AND NOT c.sandbox), 0)
    + coalesce((SELECT sum(d.amount) FROM billing_dispute d JOIN billing_payment p ON p.id = d.payment_id
        JOIN billing_customer c ON c.id = p.customer_id
        WHERE d.state <> 'won' AND d.opened_at >= %(start)s AND d.opened_at < %(end)s
            AND p.currency = %(currency)s AND NOT c.sandbox), 0)
"""


def _number(statement: str, span: Span, sign: int = 1) -> Figure:
    return Figure(Fraction(int(row_of(statement, span)[0]) * sign))


def _share(statement: str, span: Span, none: str) -> Figure:
    some, all_of_them = row_of(statement, span)
    return ratio(some, all_of_them, none=none)


def _dso(span: Span) -> Figure:
    owed, sold = int(row_of(_RECEIVABLE, span)[0]), int(row_of(_SALES, span)[0])
    days = Fraction(int(span.length.total_seconds()), 86_400)
    return ratio(owed * days, sold, none=_("nothing sold"))


for kpi in (
    Kpi(
        "cash_collected",
        gettext_lazy("Cash collected"),
        "money",
        "finance",
        "up",
        gettext_lazy("Payments that succeeded in the span, taxes and fees included."),
        lambda span: _number(_CASH, span),
        lambda span: parts_asked(_CASH_PARTS, span),
    ),
    Kpi(
        "net_cash_flow",
        gettext_lazy("Net cash flow"),
        "money",
        "finance",
        "up",
        gettext_lazy(
            "What bank and provider accounts of the ledger grew by: payments less refunds, fees and chargebacks."
        ),
        lambda span: _number(_NET_CASH, span),
    ),
    Kpi(
        "receivable",
        gettext_lazy("Accounts receivable"),
        "money",
        "finance",
        "down",
        gettext_lazy("What customers owe by final documents at the end, from the ledger."),
        lambda span: _number(_RECEIVABLE, span),
        lambda span: parts_asked(_RECEIVABLE_PARTS, span),
    ),
    Kpi(
        "dso",
        gettext_lazy("Days sales outstanding"),
        "days",
        "finance",
        "down",
        gettext_lazy("Receivable at the end / invoiced in the span x days of the span."),
        _dso,
    ),
    Kpi(
        "overdue",
        gettext_lazy("Overdue"),
        "money",
        "finance",
        "down",
        gettext_lazy(
            "What was owed at the end by documents whose due date was past then, in parts of 1-30, 31-60, 61-90 and over "
            "90 days. What was paid, credited, void or given up by then is not in it; what was paid later is."
        ),
        lambda span: _number(_LATE, span),
        lambda span: parts_asked(_LATE_PARTS, span),
    ),
    Kpi(
        "failed_payments",
        gettext_lazy("Failed payment rate"),
        "share",
        "finance",
        "down",
        gettext_lazy("Failed charges / charges that failed or succeeded, by number; each retry counts."),
        lambda span: _share(_FAILED, span, _("no charges")),
    ),
    Kpi(
        "dunning_recovery",
        gettext_lazy("Dunning recovery rate"),
        "share",
        "finance",
        "up",
        gettext_lazy("Reminders that ended with everything paid / all that ended in the span."),
        lambda span: _share(_RECOVERED, span, _("none ended")),
    ),
    Kpi(
        "deferred_revenue",
        gettext_lazy("Deferred revenue"),
        "money",
        "finance",
        "none",
        gettext_lazy("Invoiced and not earned yet at the end, from the ledger."),
        lambda span: _number(_DEFERRED, span, sign=-1),
    ),
    Kpi(
        "refunds",
        gettext_lazy("Refunds and chargebacks"),
        "money",
        "finance",
        "down",
        gettext_lazy("Paid back in the span, and disputes opened in it that are not won."),
        lambda span: _number(_BACK, span),
    ),
):
    kpis.add(kpi)
