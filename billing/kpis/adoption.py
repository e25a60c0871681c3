"""Key figures of use by customers: features, limits, and how quickly new organisations begin. Sandboxes are left out."""

from collections.abc import Sequence
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.kpis.asked import parts_asked, row_of
from portal.kit.kpis import Figure, Kpi, Part, Span, kpis, once, ratio

ACTIVATION_DAYS = 14
# What customers held at the end: each feature of their plans that a meter counts, with its limit, and the period that
# its use is counted in. Of a past day it is a period of the same length as the present one, which ends or began there.
HELD = """
SELECT s.customer_id, c.name AS customer, c.organisation_id, f.id AS feature_id, f.name AS feature, m.code AS meter,
    m.aggregation,
    sum(coalesce(e.hard_limit, e.soft_limit) * CASE WHEN i.is_base THEN 1 ELSE i.quantity END) AS bound,
    min(s.current_period_start - ceil(greatest(0, extract(epoch FROM s.current_period_start - %(end)s))
        / extract(epoch FROM s.current_period_end - s.current_period_start))
        * (s.current_period_end - s.current_period_start)) AS since
FROM billing_subscription s JOIN billing_customer c ON c.id = s.customer_id
    JOIN billing_subscription_item i ON i.subscription_id = s.id
    JOIN billing_entitlement e ON e.plan_version_id = i.plan_version_id
    JOIN billing_feature f ON f.id = e.feature_id JOIN billing_meter m ON m.id = f.meter_id
WHERE s.started_at < %(end)s AND (s.ended_at IS NULL OR s.ended_at >= %(end)s)
    AND s.state NOT IN ('incomplete', 'incomplete_expired') AND NOT c.sandbox
    AND (%(currency)s = '' OR s.currency = %(currency)s)
    AND i.starts_at < %(end)s AND (i.ends_at IS NULL OR i.ends_at >= %(end)s)
GROUP BY s.customer_id, c.name, c.organisation_id, f.id, f.name, m.code, m.aggregation
"""
_USED = """EXISTS (SELECT FROM billing_usage_rollup r WHERE r.organisation_id = held.organisation_id
    AND r.meter = held.meter AND r.grain = 'day' AND r.starts_at >= date_trunc('day', %(start)s::timestamptz, 'UTC')
    AND r.starts_at < %(end)s AND r.events > 0)"""
_ADOPTION = f"""
SELECT held.feature, NULL, 1.0 * count(*) FILTER (WHERE {_USED}) / count(*)
FROM ({HELD}) held GROUP BY held.feature_id, held.feature ORDER BY 3 DESC, 1
"""  # noqa: S608 - constants
# Each day of the period is a row; `unique` and `last` cannot be added up from days and are left out.
_QUOTAS = f"""
SELECT held.customer, held.organisation_id, avg(least(1, held.used / held.bound)), count(*) FROM (
    SELECT held.*, (SELECT coalesce(CASE held.aggregation WHEN 'count' THEN sum(r.events) WHEN 'sum' THEN sum(r.total)
            ELSE max(r.largest) END, 0)
        FROM billing_usage_rollup r WHERE r.organisation_id = held.organisation_id AND r.meter = held.meter
            AND r.grain = 'day' AND r.starts_at >= date_trunc('day', held.since, 'UTC') AND r.starts_at < %(end)s) AS used
    FROM ({HELD}) held WHERE held.bound > 0 AND held.aggregation IN ('count', 'sum', 'max')
) held GROUP BY held.customer_id, held.customer, held.organisation_id ORDER BY 3 DESC, 1 LIMIT %(most)s
"""  # noqa: S608 - constants
_QUOTA = f"""
SELECT coalesce(sum(held.share * held.limits), 0), coalesce(sum(held.limits), 0)
FROM ({_QUOTAS.replace(" LIMIT %(most)s", "")}) held (customer, organisation_id, share, limits)
"""  # noqa: S608 - constants
# An organisation begins with the first use that is reported of it, or with the first thing that it pays for.
_ACTIVATED = f"""
SELECT count(*) FILTER (WHERE EXISTS (SELECT FROM billing_usage_rollup r WHERE r.organisation_id = o.id
            AND r.grain = 'day' AND r.events > 0 AND r.starts_at < least(o.created_at + interval '{ACTIVATION_DAYS} days', %(end)s))
        OR EXISTS (SELECT FROM billing_mrr_movement m WHERE m.organisation_id = o.id AND m.kind = 'new'
            AND m.at < least(o.created_at + interval '{ACTIVATION_DAYS} days', %(end)s))), count(*)
FROM accounts_organisation o WHERE o.created_at >= %(start)s AND o.created_at < %(end)s
    AND NOT EXISTS (SELECT FROM billing_customer c WHERE c.organisation_id = o.id AND c.sandbox)
"""  # noqa: S608 - constants


def _adopted(span: Span) -> Figure:
    found = once(("adoption", span), lambda: parts_asked(_ADOPTION, span))
    if not found:
        return Figure(None, missing=_("a plan in use with a feature that a meter counts"))
    return Figure(sum((part.value for part in found), Fraction(0)) / len(found))


def _quota(span: Span) -> Figure:
    used, limits = row_of(_QUOTA, span)
    if not limits:
        return Figure(None, missing=_("a plan in use with a limit that a meter counts"))
    return Figure(Fraction(used) / int(limits))


def _features(span: Span) -> Sequence[Part]:
    return once(("adoption", span), lambda: parts_asked(_ADOPTION, span))


def _activation(span: Span) -> Figure:
    begun, made = row_of(_ACTIVATED, span)
    return ratio(begun, made, none=_("no new organisation"))


kpis.add(
    Kpi(
        "feature_adoption",
        gettext_lazy("Feature adoption"),
        "share",
        "product",
        "up",
        gettext_lazy(
            "Of each feature that a meter counts, customers that used it in the span / customers whose plan had it at the "
            "end; the number is the mean of the features."
        ),
        _adopted,
        _features,
        heavy=True,
    )
)
kpis.add(
    Kpi(
        "quota_utilisation",
        gettext_lazy("Quota utilisation"),
        "share",
        "product",
        "none",
        gettext_lazy(
            "Mean of used / limit over all limits of customers' plans at the end, at most 100 % each, counted from the first "
            "day of the billing period. Limits on distinct things and on last values are left out."
        ),
        _quota,
        lambda span: parts_asked(_QUOTAS, span),
        heavy=True,
    )
)
kpis.add(
    Kpi(
        "activation_rate",
        gettext_lazy("Activation rate"),
        "share",
        "sales",
        "up",
        gettext_lazy(
            "Organisations made in the span that reported use or paid within 14 days / organisations made in it. Those "
            "whose 14 days are not over count as they stand."
        ),
        _activation,
    )
)
