"""What the log of movements says of a span, and the formulas over it. Pure but for `flow_of`.

Names as everywhere: S is the monthly recurring revenue at the start, E at the end; N new, R reactivation, X expansion, K
contraction, C churn (positive); P paying customers at the start. E - S = N + R + X - K - C, since the log is all there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

import orjson
from django.db import connection
from django.utils.translation import gettext as _

from billing.kpis.asked import row_of, values_of
from billing.models import MrrMovement
from portal.kit.kpis import Figure, Part, Span, ratio

MONTHS_OF_YEAR = 12
_FLOW = """
WITH totals AS (
    SELECT customer_id, sum(amount) FILTER (WHERE at < %(start)s) AS before, sum(amount) AS after
    FROM billing_mrr_movement WHERE at < %(end)s AND currency = %(currency)s AND NOT sandbox GROUP BY customer_id
), kinds AS (
    SELECT kind, sum(amount) AS amount, count(DISTINCT customer_id) AS customers FROM billing_mrr_movement
    WHERE at >= %(start)s AND at < %(end)s AND currency = %(currency)s AND NOT sandbox GROUP BY kind
)
SELECT coalesce((SELECT sum(before) FROM totals), 0), coalesce((SELECT sum(after) FROM totals), 0),
    (SELECT count(*) FROM totals WHERE before > 0), (SELECT count(*) FROM totals WHERE after > 0),
    (SELECT count(*) FROM totals WHERE before > 0 AND after = 0),
    (SELECT coalesce(json_object_agg(kind, json_build_array(amount, customers)), '{}') FROM kinds)::text
"""
_PARTS = """
SELECT c.name, c.organisation_id, sum(m.amount) FROM billing_mrr_movement m JOIN billing_customer c ON c.id = m.customer_id
WHERE m.at >= %(start)s AND m.at < %(end)s AND m.currency = %(currency)s AND NOT m.sandbox AND m.kind = ANY(%(kinds)s)
GROUP BY c.id HAVING sum(m.amount) <> 0 ORDER BY abs(sum(m.amount)) DESC, c.name LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Flow:
    """The movements of a span in minor units, all but `start` and `end` positive, and how many customers they were."""

    start: int
    end: int
    payers_start: int
    payers_end: int
    lost: int
    new: int = 0
    reactivation: int = 0
    expansion: int = 0
    contraction: int = 0
    churn: int = 0
    new_customers: int = 0

    @property
    def net_new(self) -> int:
        """N + R + X - K - C, which is E - S."""
        return self.new + self.reactivation + self.expansion - self.contraction - self.churn

    @property
    def arpa(self) -> Fraction | None:
        """Monthly revenue per paying customer at the end, in minor units."""
        return Fraction(self.end, self.payers_end) if self.payers_end else None

    @property
    def customer_churn(self) -> Fraction | None:
        """Paying customers of the start that pay nothing at the end, as a share of those of the start."""
        return Fraction(self.lost, self.payers_start) if self.payers_start else None


def flow_of(span: Span) -> Flow:
    """The flow of a span; one statement."""
    start, end, payers_start, payers_end, lost, kinds = row_of(_FLOW, span)
    moved = orjson.loads(kinds)

    def amount(kind: str) -> int:
        return abs(int(moved.get(kind, (0, 0))[0]))

    return Flow(
        start=int(start),
        end=int(end),
        payers_start=payers_start,
        payers_end=payers_end,
        lost=lost,
        new=amount("new"),
        reactivation=amount("reactivation"),
        expansion=amount("expansion"),
        contraction=amount("contraction"),
        churn=amount("churn"),
        new_customers=int(moved.get("new", (0, 0))[1]),
    )


def parts_of(span: Span, *kinds: str) -> Sequence[Part]:
    """What each customer moved in a span, largest first; at most 200."""
    values = {**values_of(span), "kinds": list(kinds or MrrMovement.Kind.values)}
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, values)
        return [Part(name, Fraction(int(amount)), organisation) for name, organisation, amount in cursor.fetchall()]


def standing_parts(span: Span) -> Sequence[Part]:
    """What each customer is worth a month at the end of a span, largest first."""
    return parts_of(Span(datetime(1970, 1, 1, tzinfo=UTC), span.end, span.currency))


def gross_retention(flow: Flow) -> Figure:
    """GRR = (S - K - C) / S."""
    return ratio(flow.start - flow.contraction - flow.churn, flow.start, none=_("nothing at the start"))


def net_retention(flow: Flow) -> Figure:
    """NRR = (S + X - K - C) / S; reactivation is left out."""
    kept = flow.start + flow.expansion - flow.contraction - flow.churn
    return ratio(kept, flow.start, none=_("nothing at the start"))


def quick_ratio(flow: Flow, *, with_reactivation: bool = False) -> Figure:
    """(N + X) / (K + C), "no loss" when the divisor is 0; R on top only where that is asked for."""
    gained = flow.new + flow.expansion + (flow.reactivation if with_reactivation else 0)
    return ratio(gained, flow.contraction + flow.churn, none=_("no loss"))


def net_churn_netted(flow: Flow) -> Figure:
    """(C + K - X - R) / S, the convention in which reactivation is netted."""
    lost = flow.churn + flow.contraction - flow.expansion - flow.reactivation
    return ratio(lost, flow.start, none=_("nothing at the start"))


def lifetime_value(flow: Flow, margin: Fraction) -> Figure:
    """LTV = ARPA x margin / customer churn; undefined when nobody leaves."""
    if flow.arpa is None or flow.customer_churn is None:
        return Figure(None, note=_("nobody pays"))
    return ratio(flow.arpa * margin, flow.customer_churn, none=_("nobody left"))
