"""Key figures of trials, renewals and sales. Sandboxes are left out."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.kpis.asked import count_asked, parts_asked, share_asked
from portal.kit.kpis import Kpi, kpis

_REAL = "s.currency = %(currency)s AND NOT c.sandbox"
_FROM = "FROM billing_subscription s JOIN billing_customer c ON c.id = s.customer_id"
_STARTS = f"""
SELECT count(*) {_FROM} WHERE s.trial_end IS NOT NULL AND s.started_at >= %(start)s AND s.started_at < %(end)s AND {_REAL}
"""
_STARTS_PARTS = f"""
SELECT c.name, c.organisation_id, count(*) {_FROM}
WHERE s.trial_end IS NOT NULL AND s.started_at >= %(start)s AND s.started_at < %(end)s AND {_REAL}
GROUP BY c.id ORDER BY max(s.started_at) DESC LIMIT %(most)s
"""
# A trial is decided when it is over; it is won when the subscription has been worth something since.
_DECIDED = f"""
{_FROM} WHERE s.trial_end IS NOT NULL AND least(s.trial_end, coalesce(s.ended_at, s.trial_end)) >= %(start)s
    AND least(s.trial_end, coalesce(s.ended_at, s.trial_end)) < %(end)s AND {_REAL}
"""
_WON = """count(*) FILTER (WHERE EXISTS (SELECT FROM billing_mrr_movement m
    WHERE m.subscription_id = s.id AND m.amount > 0 AND m.at < %(end)s))"""
_CONVERTED = f"SELECT {_WON}, count(*) {_DECIDED}"
_BY_PLAN = f"""
SELECT coalesce(p.name, '?'), NULL, 1.0 * {_WON} / count(*)
{_DECIDED.replace(" WHERE ", " JOIN billing_plan_version v ON v.id = s.plan_version_id JOIN billing_plan p ON p.id = v.plan_id WHERE ", 1)}
GROUP BY p.id, p.name ORDER BY 3 DESC
"""
# By the append-only history, so that any day of the past is told as it was.
_DUE = """
(SELECT DISTINCT e.subscription_id, true AS renewed FROM billing_subscription_event e
    WHERE e.kind = 'renewed' AND e.at >= %(start)s AND e.at < %(end)s
UNION ALL
SELECT s.id, false FROM billing_subscription s WHERE s.state = 'cancelled' AND s.ended_at >= %(start)s AND s.ended_at < %(end)s
    AND EXISTS (SELECT FROM billing_mrr_movement m WHERE m.subscription_id = s.id))
"""
_OF_DUE = f"""
FROM {_DUE} due JOIN billing_subscription s ON s.id = due.subscription_id JOIN billing_customer c ON c.id = s.customer_id
WHERE {_REAL}
"""
_RENEWALS = f"SELECT count(*) FILTER (WHERE due.renewed), count(*) {_OF_DUE}"
_RENEWALS_DUE = f"SELECT count(*) {_OF_DUE}"
_RENEWALS_PARTS = f"""
SELECT c.name, c.organisation_id, count(*) {_OF_DUE} GROUP BY c.id ORDER BY count(*) DESC, c.name LIMIT %(most)s
"""
_COUPONS = """
SELECT coalesce(sum(discount), 0) FROM billing_invoice
WHERE issued_at >= %(start)s AND issued_at < %(end)s AND state <> 'void' AND currency = %(currency)s AND NOT sandbox
"""
_SUBSCRIBED = f"""
SELECT count(DISTINCT s.customer_id) {_FROM} WHERE s.started_at < %(end)s AND (s.ended_at IS NULL OR s.ended_at >= %(end)s)
    AND s.state NOT IN ('incomplete', 'incomplete_expired') AND {_REAL}
"""


for kpi in (
    Kpi(
        "trial_starts",
        gettext_lazy("Trial starts"),
        "count",
        "customers",
        "up",
        gettext_lazy("Subscriptions that began with a trial in the span."),
        lambda span: count_asked(_STARTS, span),
        lambda span: parts_asked(_STARTS_PARTS, span),
    ),
    Kpi(
        "trial_conversion",
        gettext_lazy("Trial conversion"),
        "share",
        "customers",
        "up",
        gettext_lazy("Trials that were over in the span and whose customer paid since / trials that were over in it."),
        lambda span: share_asked(_CONVERTED, span, _("no trial was over")),
        lambda span: parts_asked(_BY_PLAN, span),
    ),
    Kpi(
        "renewal_rate",
        gettext_lazy("Renewal rate"),
        "share",
        "finance",
        "up",
        gettext_lazy("Subscriptions that began a further period in the span / renewals due in it."),
        lambda span: share_asked(_RENEWALS, span, _("nothing to renew")),
    ),
    Kpi(
        "renewals_due",
        gettext_lazy("Renewals due"),
        "count",
        "finance",
        "none",
        gettext_lazy(
            "Subscriptions that began a further period in the span and paying ones that were cancelled in it."
        ),
        lambda span: count_asked(_RENEWALS_DUE, span),
        lambda span: parts_asked(_RENEWALS_PARTS, span),
    ),
    Kpi(
        "coupon_cost",
        gettext_lazy("Coupon cost"),
        "money",
        "sales",
        "down",
        gettext_lazy("Discounts of documents that were issued in the span."),
        lambda span: count_asked(_COUPONS, span),
    ),
    Kpi(
        "subscribed_customers",
        gettext_lazy("Subscribed customers"),
        "count",
        "customers",
        "up",
        gettext_lazy(
            "Customers with a subscription that has begun and has not ended, trials and paused ones included."
        ),
        lambda span: count_asked(_SUBSCRIBED, span),
    ),
):
    kpis.add(kpi)
