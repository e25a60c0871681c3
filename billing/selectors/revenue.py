"""Deferred income month by month: what came to it, what was earned of it, and what is still to come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import connection

from portal.kit.context import Actor
from portal.kit.decision import authorise

READ = "ledger:read"
MONTHS_BACK, MONTHS_AHEAD = 6, 24
_BEFORE = """
SELECT coalesce(-sum(e.amount), 0)::bigint FROM billing_entry e JOIN billing_ledger_account a ON a.id = e.account_id
WHERE a.path = %(path)s AND a.currency = %(currency)s AND e.event_at < %(start)s
"""
_MOVED = """
SELECT date_trunc('month', e.event_at AT TIME ZONE 'UTC')::date, j.kind, -sum(e.amount)::bigint
FROM billing_entry e JOIN billing_ledger_account a ON a.id = e.account_id JOIN billing_journal j ON j.id = e.journal_id
WHERE a.path = %(path)s AND a.currency = %(currency)s AND e.event_at >= %(start)s GROUP BY 1, 2 ORDER BY 1, 2
"""
# Each line's share of each month still to come; days that are over and not posted yet belong to the present month.
_AHEAD = """
SELECT greatest(m.month, %(present)s)::date, sum(round(d.amount * (least(d.ends_on, (m.month + interval '1 month')::date) - d.from_on)
    / d.days) - round(d.amount * (greatest(d.until_on, m.month::date) - d.from_on) / d.days))::bigint
FROM (SELECT *, (net - taken - base)::numeric AS amount, ends_on - from_on AS days FROM billing_deferral
    WHERE until_on < ends_on AND currency = %(currency)s AND sandbox = %(sandbox)s) d
CROSS JOIN LATERAL generate_series(date_trunc('month', d.until_on::timestamp), d.ends_on - interval '1 day', '1 month')
    AS m(month)
GROUP BY 1 ORDER BY 1
"""
_PARTS = {"invoice": "billed", "revenue": "earned", "credit_note": "back", "reversal": "back"}


@dataclass(slots=True)
class Month:
    """Deferred income of a month, in minor units: `opening` + `billed` - `back` - `earned` + `other` = `closing`."""

    first: date
    opening: int = 0
    billed: int = 0
    back: int = 0
    earned: int = 0
    other: int = 0

    @property
    def closing(self) -> int:
        """What stands there at its end."""
        return self.opening + self.billed - self.back - self.earned + self.other


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Months that were and months to come. `held`: what the account holds now; `ahead` sums to what documents say."""

    currency: str
    past: Sequence[Month]
    ahead: Sequence[tuple[date, int]] = field(default_factory=tuple)

    @property
    def held(self) -> int:
        """What the ledger has as deferred, journals dated ahead included."""
        return self.past[-1].closing if self.past else 0

    @property
    def to_come(self) -> int:
        """What documents say is still to be earned."""
        return sum(amount for _month, amount in self.ahead)


def waterfall(actor: Actor, currency: str, today: date, *, sandbox: bool = False) -> Waterfall:
    """The months until `today` (UTC), and every one in which something is still to be earned."""
    authorise(actor, READ)
    present = today.replace(day=1)
    first = _later(present, -MONTHS_BACK)
    values: dict[str, Any] = {
        "path": f"{'sandbox:' if sandbox else ''}liabilities:deferred",
        "currency": currency,
        "sandbox": sandbox,
        "start": datetime.combine(first, time(), UTC),
        "present": present,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, values)
        opening = int(cursor.fetchone()[0])
        cursor.execute(_MOVED, values)
        moved = cursor.fetchall()
        cursor.execute(_AHEAD, values)
        ahead = [(month, int(amount)) for month, amount in cursor.fetchall()]
    return Waterfall(currency, _months(first, present, opening, moved), ahead)


def _months(first: date, present: date, opening: int, moved: Sequence[tuple[Any, ...]]) -> list[Month]:
    last = max([present, *(month for month, _kind, _amount in moved)])
    months = {}
    month = first
    while month <= last:
        months[month] = Month(month)
        month = _later(month, 1)
    for month, kind, amount in moved:
        part = _PARTS.get(kind, "other")
        sign = -1 if part in {"earned", "back"} else 1
        setattr(months[month], part, getattr(months[month], part) + sign * int(amount))
    for one in months.values():
        one.opening = opening
        opening = one.closing
    return list(months.values())


def _later(month: date, by: int) -> date:
    number = month.year * 12 + month.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)
