"""Key figures as pages show them: cards by category, one figure with its history and its parts, cohorts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.selectors.cohorts import Cohort
from portal.home.kpi_selectors import past_day, span_of, trend_of
from portal.kit import charts, clock, preferences
from portal.kit.kpis import CATEGORIES, Figure, Kpi, Span, change, kpis, together, written
from portal.kit.money import Money, exponent, half_up, shown

LENGTHS: Mapping[str, tuple[int, Promise]] = {
    "7": (7, gettext_lazy("7 days")),
    "30": (30, gettext_lazy("30 days")),
    "90": (90, gettext_lazy("90 days")),
    "365": (365, gettext_lazy("365 days")),
}


@dataclass(frozen=True)
class Asked:
    """What somebody wants to see: the last so many days, in one currency, up to the end of a day `at`, or up to now."""

    days: str
    currency: str
    at: date | None
    span: Span

    @property
    def query(self) -> str:
        """As in the address."""
        day = f"&at={self.at}" if self.at else ""
        return f"days={self.days}&currency={self.currency}{day}"


def asked_of(given: QueryDict, currencies: list[str]) -> Asked:
    """What the address asks for; what it does not name, or nobody can show, is 30 days of the first currency up to now."""
    days = given.get("days", "30")
    days = days if days in LENGTHS else "30"
    wanted = given.get("currency", "")
    currency = wanted if wanted in currencies else currencies[0]
    try:
        at = past_day(text) if (text := given.get("at", "")) else None
    except ValueError:
        at = None
    return Asked(days, currency, at, span_of(LENGTHS[days][0], currency, at))


def choices(asked: Asked, currencies: list[str]) -> dict[str, Any]:
    """What the form above the figures offers."""
    return {
        "lengths": [
            {"value": value, "label": label, "on": value == asked.days} for value, (_days, label) in LENGTHS.items()
        ],
        "currencies": [{"value": one, "on": one == asked.currency} for one in currencies],
        "query": asked.query,
        "at": asked.at.isoformat() if asked.at else "",
        "at_text": preferences.day_text(asked.at) if asked.at else "",
        "today": clock.now().date().isoformat(),
    }


def overview(asked: Asked) -> list[dict[str, Any]]:
    """All figures by category, with what they were in the span before."""
    before = asked.span.before()
    with together():
        rows = {kpi.code: (kpi.read(asked.span), kpi.read(before)) for kpi in kpis}
    return [
        {
            "label": label,
            "cards": [_card(kpi, asked, *rows[kpi.code]) for kpi in kpis if kpi.category == category],
        }
        for category, label in CATEGORIES.items()
        if any(kpi.category == category for kpi in kpis)
    ]


def _card(kpi: Kpi, asked: Asked, now: Figure, then: Figure) -> dict[str, Any]:
    return {
        "label": kpi.label,
        "url": f"{reverse('home:kpi', args=[kpi.code])}?{asked.query}",
        "value": written(kpi, now, asked.currency),
        "missing": now.missing,
        "bare": now.value is None,
        **moved(kpi, now, then),
    }


def moved(kpi: Kpi, now: Figure, then: Figure) -> dict[str, Any]:
    """How far a figure moved since the span before, in words, and whether that is good."""
    by, tone = change(kpi, now, then)
    if by is None:
        return {"change": "", "tone": ""}
    tenths = half_up(abs(by) * 1000)
    points = preferences.number_text(tenths / 10, 1)
    sign = "" if not tenths else "+" if by > 0 else "\N{MINUS SIGN}"
    text = _("%(sign)s%(points)s points") if kpi.unit == "share" else _("%(sign)s%(points)s %%")
    return {"change": text % {"sign": sign, "points": points}, "tone": tone}


def single(kpi: Kpi, asked: Asked) -> dict[str, Any]:
    """One figure: its value, how it was, and who it is made of."""
    with together():
        now, then = kpi.read(asked.span), kpi.read(asked.span.before())
        parts = kpi.parts(asked.span) if kpi.parts is not None else None
        chart = charts.line(history(kpi, asked.span), title=str(kpi.label), unit=unit_of(kpi, asked.currency))
    return {
        "kpi": kpi,
        "files": [
            {"label": kind.upper(), "url": f"{reverse('home:kpi_file', args=[kpi.code, kind])}?{asked.query}"}
            for kind in ("png", "svg", "csv")
        ],
        "value": written(kpi, now, asked.currency),
        "bare": now.value is None,
        "before": written(kpi, then, asked.currency),
        "missing": now.missing,
        "chart": chart,
        "notes": any(part.note for part in parts or ()),
        "parts": None
        if parts is None
        else [
            {
                "label": part.label,
                "value": written(kpi, Figure(part.value), asked.currency),
                "note": part.note,
                "url": _organisation_url(part.organisation_id),
            }
            for part in parts
        ],
        **moved(kpi, now, then),
    }


def history(kpi: Kpi, span: Span) -> list[charts.Point]:
    """The points of a figure's chart: this span and those before it that have a value."""
    points = []
    for one, figure in trend_of(kpi, span):
        if figure.value is not None:
            last = (one.end - timedelta(microseconds=1)).date()
            value = plain_value(kpi, figure, span.currency)
            points.append(charts.Point(formats.date_format(last, "j M"), value, preferences.day_text(last)))
    return points


def plain_value(kpi: Kpi, figure: Figure, currency: str) -> float:
    """A value as it is drawn: money in whole units, a share in percent."""
    assert figure.value is not None  # noqa: S101 - only what has a value is drawn
    if kpi.unit == "money":
        places = exponent(currency)
        return round(float(figure.value / Fraction(10**places)), places)
    return round(float(figure.value) * (100 if kpi.unit == "share" else 1), 2)


def unit_of(kpi: Kpi, currency: str) -> str:
    """What stands behind a drawn value."""
    return {"money": currency, "share": "%", "days": _("days"), "months": _("months")}.get(kpi.unit, str(kpi.label))


def _organisation_url(organisation_id: Any) -> str:
    return "" if organisation_id is None else reverse("accounts:organisation", args=[organisation_id])


SHADES = 5  # Steps of the colour of a cell of the cohorts.


def cohort_table(found: Sequence[Cohort], currency: str, *, money: bool) -> dict[str, Any]:
    """The cohorts as a table: of each month its customers (or their first monthly value) and the share that is left."""
    most = max((len(cohort.kept) for cohort in found), default=0)
    return {
        "months": list(range(most)),
        "rows": [
            {
                "month": formats.date_format(cohort.month, "M Y"),
                "size": shown(Money(cohort.mrr, currency)) if money else preferences.number_text(cohort.customers, 0),
                "cells": [
                    _cell(kept.mrr if money else kept.customers, cohort.mrr if money else cohort.customers)
                    for kept in cohort.kept
                ],
                "rest": range(most - len(cohort.kept)),
            }
            for cohort in found
        ],
    }


def _cell(left: int, of: int) -> dict[str, Any]:
    share = Fraction(left, of) if of else Fraction(0)
    return {
        "text": _("%(number)s %%") % {"number": preferences.number_text(half_up(share * 100), 0)},
        "shade": min(SHADES, half_up(share * SHADES)),
    }
