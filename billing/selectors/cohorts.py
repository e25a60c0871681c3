"""Customers by the month in which they first paid, and how many of them, and how much of what they paid, is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

MONTHS = 12
# One row for each month of first payment and each month since: customers that pay at its end, and what they pay a month.
_KEPT = """
WITH moved AS (
    SELECT customer_id, date_trunc('month', at AT TIME ZONE 'UTC') AS month, sum(amount) AS amount,
        min(at) FILTER (WHERE kind = 'new') AS began, sum(amount) FILTER (WHERE kind = 'new') AS first
    FROM billing_mrr_movement WHERE at < %(end)s AND currency = %(currency)s AND NOT sandbox GROUP BY 1, 2
), began AS (
    SELECT customer_id, date_trunc('month', min(began) AT TIME ZONE 'UTC') AS month, sum(first) AS first
    FROM moved GROUP BY 1 HAVING min(began) IS NOT NULL
), cells AS (
    SELECT b.customer_id, b.month, upto, b.first,
        sum(coalesce(m.amount, 0)) OVER (PARTITION BY b.customer_id ORDER BY upto) AS total
    FROM began b CROSS JOIN LATERAL generate_series(b.month, date_trunc('month', %(last)s AT TIME ZONE 'UTC'), '1 month') upto
        LEFT JOIN moved m ON m.customer_id = b.customer_id AND m.month = upto
    WHERE b.month > date_trunc('month', %(last)s AT TIME ZONE 'UTC') - interval '1 month' * %(months)s
)
SELECT month::date, count(*) FILTER (WHERE total > 0), coalesce(sum(total), 0)::bigint, count(*), sum(first)::bigint
FROM cells GROUP BY month, upto ORDER BY month, upto
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """Of a cohort at the end of a month: customers that pay, and their monthly value in minor units."""

    customers: int
    mrr: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """The customers whose first payment fell into one month (UTC), with their first monthly value in minor units.

    `kept` begins with the end of that very month and ends with the month that runs.
    """

    month: date
    customers: int
    mrr: int
    kept: Sequence[Kept]


def cohorts(currency: str, end: datetime, months: int = MONTHS) -> list[Cohort]:
    """The cohorts of the last `months` months up to `end`, the oldest first; months in which nobody began have none.

    Sandboxes are left out. Who left and came back counts again from then on, in the cohort of the first time. One query.
    """
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "currency": currency,
            "end": end,
            "last": end - timedelta(microseconds=1),
            "months": months,
        }
        cursor.execute(_KEPT, values)
        rows = cursor.fetchall()
    found: dict[date, Cohort] = {}
    for month, customers, mrr, size, first in rows:
        known = found.get(month)
        kept = Kept(customers, int(mrr))
        found[month] = Cohort(month, size, int(first), (*(known.kept if known else ()), kept))
    return list(found.values())
