"""Key figures of organisations, people, keys and what people answer."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import ids
from portal.kit.kpis import Figure, Kpi, Part, Span, kpis, ratio

_ORGANISATIONS = "SELECT count(*) FROM accounts_organisation WHERE created_at >= %(start)s AND created_at < %(end)s"
_ORGANISATIONS_PARTS = """
SELECT name, id, 1 FROM accounts_organisation WHERE created_at >= %(start)s AND created_at < %(end)s
ORDER BY created_at DESC LIMIT 200
"""
# In the trail: a registration itself goes after a week.
_SIGN_UPS = """
SELECT count(*) FROM audit_event WHERE code = 'accounts.registration.completed'
    AND id >= %(first)s AND id < %(last)s AND occurred_at >= %(start)s AND occurred_at < %(end)s
"""
_KEYS_OF = """
FROM accounts_key k JOIN accounts_user u ON u.id = k.owner_id LEFT JOIN accounts_organisation o ON o.id = k.organisation_id
WHERE k.created_at < %(end)s AND k.expires_at > %(end)s AND u.is_active
"""
_KEYS = f"SELECT count(*) {_KEYS_OF}"
_KEYS_PARTS = f"""
SELECT coalesce(o.name, ''), o.id, count(*) {_KEYS_OF} GROUP BY o.id, o.name ORDER BY count(*) DESC, 1 LIMIT 200
"""
_ANSWERS = """
SELECT count(*) FILTER (WHERE score >= {good}), count(*) FILTER (WHERE score <= {bad}), count(*)
FROM accounts_survey_answer WHERE kind = '{kind}' AND score IS NOT NULL AND answered_at >= %(start)s AND answered_at < %(end)s
"""
_NPS = _ANSWERS.format(kind="nps", good=9, bad=6)
_CSAT = _ANSWERS.format(kind="csat", good=4, bad=2)


def _row(statement: str, span: Span) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, _values(span))
        found: tuple[Any, ...] = cursor.fetchone()
    return found


def _values(span: Span) -> dict[str, Any]:
    return {"start": span.start, "end": span.end, "first": ids.first_of(span.start), "last": ids.first_of(span.end)}


def _count(statement: str, span: Span) -> Figure:
    return Figure(Fraction(_row(statement, span)[0]))


def _parts(statement: str, span: Span) -> Sequence[Part]:
    with connection.cursor() as cursor:
        cursor.execute(statement, _values(span))
        rows = cursor.fetchall()
    return [
        Part(label or _("The installation"), Fraction(number), organisation) for label, organisation, number in rows
    ]


def _nps(span: Span) -> Figure:
    good, bad, answers = _row(_NPS, span)
    return ratio((good - bad) * 100, answers, none=_("no answers"))


def _csat(span: Span) -> Figure:
    good, _bad, answers = _row(_CSAT, span)
    return ratio(good, answers, none=_("no answers"))


for kpi in (
    Kpi(
        "new_organisations",
        gettext_lazy("New organisations"),
        "count",
        "customers",
        "up",
        gettext_lazy("Organisations that were made in the span, by themselves or by staff, paying or not."),
        lambda span: _count(_ORGANISATIONS, span),
        lambda span: _parts(_ORGANISATIONS_PARTS, span),
    ),
    Kpi(
        "nps",
        gettext_lazy("NPS"),
        "score",
        "customers",
        "up",
        gettext_lazy(
            "Net promoter score, -100 to 100: (answers of 9 and 10 - answers of 0 to 6) / answers x 100, of those given in "
            "the span."
        ),
        _nps,
    ),
    Kpi(
        "csat",
        gettext_lazy("CSAT"),
        "share",
        "customers",
        "up",
        gettext_lazy("Customer satisfaction: answers of 4 and 5 / answers from 1 to 5, of those given in the span."),
        _csat,
    ),
    Kpi(
        "active_api_keys",
        gettext_lazy("Active API keys"),
        "count",
        "product",
        "none",
        gettext_lazy(
            "Keys that let somebody in at the end: made, not expired and not revoked, of an owner who is active."
        ),
        lambda span: _count(_KEYS, span),
        lambda span: _parts(_KEYS_PARTS, span),
    ),
    Kpi(
        "sign_ups",
        gettext_lazy("Sign-ups"),
        "count",
        "sales",
        "up",
        gettext_lazy(
            "People who made an account themselves in the span, by the audit trail; not who was invited or made."
        ),
        lambda span: _count(_SIGN_UPS, span),
    ),
):
    kpis.add(kpi)
