"""The health score of customers: five parts, weighted; what is not known of a customer is left out and named.

A part is between 0 (bad) and 1 (good). The score is the weighted mean of those that are known, times 100.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from statistics import median
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.kpis.adoption import HELD
from billing.kpis.asked import MOST_PARTS, values_of
from billing.settings import WEIGHTS
from portal.kit import clock
from portal.kit.kpis import Figure, Kpi, Part, Span, kpis, once

GREEN, AMBER = 70, 40  # From these scores on.
SEEN_KNOWN = timedelta(days=1)  # Who was seen when is known of the present alone.
PARTS: Mapping[str, Promise] = {
    "use": gettext_lazy("Use"),
    "seats": gettext_lazy("Seats"),
    "payment": gettext_lazy("Payment"),
    "features": gettext_lazy("Features"),
    "survey": gettext_lazy("Survey"),
}
# Of each customer with a subscription that has begun and not ended: events of use of the 28 days and of the 28 before;
# members, those of them seen in 28 days, and seats that are paid for one by one; days since the oldest open document was
# due; features that a meter counts, and those of them in use; the newest answer of the last year, 0 to 1.
_CUSTOMERS = f"""
WITH live AS (
    SELECT c.id, c.name, c.organisation_id FROM billing_customer c
    WHERE NOT c.sandbox AND (%(only)s::uuid IS NULL OR c.id = %(only)s) AND EXISTS (SELECT FROM billing_subscription s
        WHERE s.customer_id = c.id AND s.started_at < %(end)s AND (s.ended_at IS NULL OR s.ended_at >= %(end)s)
            AND s.state NOT IN ('incomplete', 'incomplete_expired')
            AND (%(currency)s = '' OR s.currency = %(currency)s))
), used AS (
    SELECT r.organisation_id, coalesce(sum(r.events) FILTER (WHERE r.starts_at >= %(day)s - interval '28 days'), 0) AS late,
        coalesce(sum(r.events) FILTER (WHERE r.starts_at < %(day)s - interval '28 days'), 0) AS early
    FROM billing_usage_rollup r JOIN live ON live.organisation_id = r.organisation_id
    WHERE r.grain = 'day' AND r.starts_at >= %(day)s - interval '56 days' AND r.starts_at < %(day)s
    GROUP BY r.organisation_id
), people AS (
    SELECT m.organisation_id, count(*) AS members,
        count(*) FILTER (WHERE u.last_seen_at >= %(end)s - interval '28 days') AS seen
    FROM accounts_membership m JOIN live ON live.organisation_id = m.organisation_id
        JOIN accounts_user u ON u.id = m.user_id
    WHERE u.kind = 'person' AND m.joined_at < %(end)s GROUP BY m.organisation_id
), seats AS (
    SELECT s.customer_id, sum(i.quantity) AS taken FROM billing_subscription s JOIN live ON live.id = s.customer_id
        JOIN billing_subscription_item i ON i.subscription_id = s.id
    WHERE i.is_base AND i.starts_at < %(end)s AND (i.ends_at IS NULL OR i.ends_at >= %(end)s)
        AND EXISTS (SELECT FROM billing_price p WHERE p.plan_version_id = i.plan_version_id AND p.meter_id IS NULL
            AND p.model = 'per_seat')
    GROUP BY s.customer_id
), owed AS (
    SELECT v.customer_id, max(extract(epoch FROM %(end)s - v.due_at)) / 86400 AS days
    FROM billing_invoice v JOIN live ON live.id = v.customer_id
    WHERE v.state <> 'void' AND v.issued_at < %(end)s AND v.due_at < %(end)s
        AND (v.due > 0 OR v.paid_at >= %(end)s) AND v.state <> 'draft'
    GROUP BY v.customer_id
), features AS (
    SELECT held.customer_id, count(*) AS given, count(*) FILTER (WHERE EXISTS (SELECT FROM billing_usage_rollup r
        WHERE r.organisation_id = held.organisation_id AND r.meter = held.meter AND r.grain = 'day' AND r.events > 0
            AND r.starts_at >= %(day)s - interval '28 days' AND r.starts_at < %(day)s)) AS used
    FROM ({HELD}) held
    WHERE %(only)s::uuid IS NULL OR held.customer_id = %(only)s GROUP BY held.customer_id
)
SELECT live.id, live.name, live.organisation_id, used.late, used.early, people.members, people.seen, seats.taken, owed.days,
    features.given, features.used, (SELECT CASE a.kind WHEN 'nps' THEN a.score / 10.0 ELSE (a.score - 1) / 4.0 END
        FROM accounts_survey_answer a WHERE a.organisation_id = live.organisation_id AND a.score IS NOT NULL
            AND a.answered_at < %(end)s AND a.answered_at >= %(end)s - interval '365 days'
        ORDER BY a.answered_at DESC, a.id DESC LIMIT 1)
FROM live LEFT JOIN used ON used.organisation_id = live.organisation_id
    LEFT JOIN people ON people.organisation_id = live.organisation_id LEFT JOIN seats ON seats.customer_id = live.id
    LEFT JOIN owed ON owed.customer_id = live.id LEFT JOIN features ON features.customer_id = live.id
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Health:
    """How well a customer stands: each part by its name, None where it is not known, and the score that comes of them."""

    name: str
    organisation_id: UUID
    parts: Mapping[str, Fraction | None]

    @property
    def score(self) -> Fraction | None:
        """0 to 100, by the parts that are known; None where none is, or none has a weight."""
        weights = weights_of()
        known = [(weights[name], value) for name, value in self.parts.items() if value is not None and weights[name]]
        weight = sum(one for one, _value in known)
        return sum((one * value for one, value in known), Fraction(0)) * 100 / weight if weight else None

    @property
    def missing(self) -> list[str]:
        """What is left out, as people call it."""
        return [str(PARTS[name]) for name, value in self.parts.items() if value is None]


def tone_of(score: Fraction) -> str:
    """The colour of a score: good from 70, a warning from 40."""
    return "ok" if score >= GREEN else "warn" if score >= AMBER else "bad"


def weights_of() -> dict[str, int]:
    """How much each part counts, by the settings."""
    return {name: WEIGHTS[name].value() for name in PARTS}


def health_of(customer_id: UUID) -> Health | None:
    """The health of one customer now; None without a subscription that runs, and for a sandbox."""
    now = clock.now()
    found = _asked(Span(now - timedelta(days=28), now, ""), customer_id)
    return found[0] if found else None


def _asked(span: Span, only: UUID | None = None) -> list[Health]:
    day = span.end if span.end == span.end.replace(hour=0, minute=0, second=0, microsecond=0) else _tomorrow(span)
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMERS, {**values_of(span), "only": only, "day": day})
        rows = cursor.fetchall()
    seen_known = span.end >= clock.now() - SEEN_KNOWN
    return [Health(row[1], row[2], _parts(row, seen_known=seen_known)) for row in rows]


def _tomorrow(span: Span) -> Any:
    """Use is summed by whole days: the running one counts with what there is of it."""
    return span.end.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _parts(row: Sequence[Any], *, seen_known: bool) -> dict[str, Fraction | None]:
    _id, _name, _organisation, late, early, members, seen, taken, owed, given, used, answer = row
    seats = taken or members
    return {
        "use": _capped(late or 0, early) if early else Fraction(1) if late else None,
        "seats": _capped(seen or 0, seats) if seats and seen_known else None,
        "payment": Fraction(1) if owed is None else Fraction(1, 2) if owed <= 30 else Fraction(0),
        "features": _capped(used, given) if given else None,
        "survey": None if answer is None else Fraction(answer),
    }


def _capped(some: Any, everything: Any) -> Fraction:
    return min(Fraction(1), Fraction(int(some), int(everything)))


def _all(span: Span) -> list[Health]:
    return once(("health", span), lambda: _asked(span))


def _median(span: Span) -> Figure:
    scores = [one.score for one in _all(span)]
    known = [score for score in scores if score is not None]
    if not known:
        return Figure(None, missing=_("a customer with a subscription"))
    return Figure(Fraction(median(known)))


def _scores(span: Span) -> Sequence[Part]:
    """The customers that stand worst first, each with its parts."""
    scored = [(one.score, one) for one in _all(span)]
    known = sorted(
        ((score, one) for score, one in scored if score is not None), key=lambda pair: (pair[0], pair[1].name)
    )
    return [Part(one.name, score, one.organisation_id, note_of(one)) for score, one in known[:MOST_PARTS]]


def note_of(health: Health) -> str:
    """The parts of a score in a line: each in percent, and what is left out."""
    told = ", ".join(f"{PARTS[name]} {round(value * 100)}" for name, value in health.parts.items() if value is not None)
    if not health.missing:
        return told
    return _("%(parts)s; not known: %(missing)s") % {"parts": told, "missing": ", ".join(health.missing)}


kpis.add(
    Kpi(
        "health_score",
        gettext_lazy("Customer health score"),
        "score",
        "customers",
        "up",
        gettext_lazy(
            "Median over customers with a subscription of 0 to 100 = 30 use (events of 28 days / those of the 28 before, at "
            "most 1) + 20 members seen in 28 days / seats + 20 payment (nothing overdue 1, up to 30 days 1/2, else 0) + 15 "
            "features in use / features of the plan + 15 newest survey answer of a year. The weights are settings; a part "
            "that is not known is left out and named. Green from 70, amber from 40."
        ),
        _median,
        _scores,
        heavy=True,
    )
)
