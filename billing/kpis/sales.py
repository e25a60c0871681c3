"""Key figures of selling: open trials, what becomes of them by plan, and who is won. Sandboxes are left out."""

from collections.abc import Sequence
from fractions import Fraction

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.kpis.asked import MOST_PARTS, parts_asked, share_asked
from billing.models import Subscription
from billing.mrr import monthly_value
from billing.subscription_terms import VERSION_PARTS, worths_of
from portal.kit.kpis import Figure, Kpi, Part, Span, kpis, once

# A trial is decided when it is over, and won when its subscription has been worth something since.
_BY_PLAN = """
SELECT p.name, NULL, 1.0 * count(*) FILTER (WHERE EXISTS (SELECT FROM billing_mrr_movement m
    WHERE m.subscription_id = s.id AND m.amount > 0 AND m.at < %(end)s)) / count(*)
FROM billing_subscription s JOIN billing_customer c ON c.id = s.customer_id
    JOIN billing_plan_version v ON v.id = s.plan_version_id JOIN billing_plan p ON p.id = v.plan_id
WHERE s.trial_end IS NOT NULL AND least(s.trial_end, coalesce(s.ended_at, s.trial_end)) >= %(start)s
    AND least(s.trial_end, coalesce(s.ended_at, s.trial_end)) < %(end)s AND s.currency = %(currency)s AND NOT c.sandbox
GROUP BY p.id, p.name ORDER BY 3 DESC, 1
"""
# Won: the first movement of a customer lies in the span. Lost: everything that a customer began without ever paying for
# it is over, the last of it within the span.
_WON = """
WITH won AS (
    SELECT m.customer_id FROM billing_mrr_movement m
    WHERE m.kind = 'new' AND m.currency = %(currency)s AND NOT m.sandbox AND m.at >= %(start)s AND m.at < %(end)s
), lost AS (
    SELECT s.customer_id FROM billing_subscription s JOIN billing_customer c ON c.id = s.customer_id
    WHERE s.started_at < %(end)s AND s.currency = %(currency)s AND NOT c.sandbox AND NOT EXISTS (
        SELECT FROM billing_mrr_movement m WHERE m.customer_id = s.customer_id AND m.at < %(end)s)
    GROUP BY s.customer_id
    HAVING bool_and(coalesce(s.ended_at < %(end)s, false)) AND max(s.ended_at) >= %(start)s
)
SELECT (SELECT count(DISTINCT customer_id) FROM won),
    (SELECT count(*) FROM (SELECT customer_id FROM won UNION SELECT customer_id FROM lost) decided)
"""


def _open_trials(span: Span) -> Sequence[Part]:
    """What each trial that is open at the end would be worth a month, the largest first."""
    rows = (
        Subscription.objects.filter(
            Q(ended_at=None) | Q(ended_at__gt=span.end),
            started_at__lt=span.end,
            trial_end__gt=span.end,
            currency=span.currency,
            customer__sandbox=False,
        )
        .select_related("customer")
        .prefetch_related(*(f"items__{part}" for part in VERSION_PARTS))
    )
    parts = [
        Part(
            row.customer.name,
            Fraction(monthly_value(worths_of(list(row.items.all()), row.currency, span.end))),
            row.organisation_id,
        )
        for row in rows
    ]
    return sorted(parts, key=lambda part: (-part.value, part.label))


def _trials(span: Span) -> Sequence[Part]:
    return once(("open_trials", span), lambda: _open_trials(span))


def _plans(span: Span) -> Sequence[Part]:
    return once(("conversion_by_plan", span), lambda: parts_asked(_BY_PLAN, span))


def _by_plan(span: Span) -> Figure:
    found = _plans(span)
    if not found:
        return Figure(None, note=_("no trial was over"))
    return Figure(sum((part.value for part in found), Fraction(0)) / len(found))


kpis.add(
    Kpi(
        "pipeline",
        gettext_lazy("Pipeline"),
        "money",
        "sales",
        "up",
        gettext_lazy(
            "Open trials x the price of their plan: the monthly value that all trials open at the end would have, by the "
            "fixed prices of what was taken. Not weighted by how many convert."
        ),
        lambda span: Figure(sum((part.value for part in _trials(span)), Fraction(0))),
        lambda span: _trials(span)[:MOST_PARTS],
    )
)
kpis.add(
    Kpi(
        "conversion_by_plan",
        gettext_lazy("Conversion by plan"),
        "share",
        "sales",
        "up",
        gettext_lazy(
            "Of each plan, trials that were over in the span and whose customer paid since / trials that were over in it; "
            "the number is the mean of the plans, each counted once."
        ),
        _by_plan,
        _plans,
    )
)
kpis.add(
    Kpi(
        "win_rate",
        gettext_lazy("Win rate"),
        "share",
        "sales",
        "up",
        gettext_lazy(
            "Customers that paid for the first time in the span / those and the customers whose last trial or checkout "
            "ended in it without any payment ever."
        ),
        lambda span: share_asked(_WON, span, _("nothing was decided")),
    )
)
