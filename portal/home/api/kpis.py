"""Key figures over the API."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from portal.home.kpi_selectors import cohorts_until, currencies, kpi_named, past_day, span_of, trend_of
from portal.kit.api import ApiView, MoneyField, Parameter, Reply, endpoint, money_body, one_of, whole
from portal.kit.kpis import CATEGORIES, Figure, Kpi, Span, kpis, together
from portal.kit.money import currencies as all_currencies
from portal.kit.money import half_up


def _day(given: str) -> date:
    try:
        return past_day(given)
    except ValueError:
        raise ValueError(_("Write a day from 2000 to today, such as 2026-01-31.")) from None


DAYS = whole("days", "Length of the span in days.", low=1, high=3660, default=30)
CURRENCY = one_of("currency", "Of money; that of the default legal entity if none is named.", all_currencies())
AT = Parameter(
    "at",
    "As of the end of this day (UTC): the figures of a span that ends there. Absent: up to now.",
    _day,
    {"type": "string", "format": "date"},
    "2026-01-31",
)


class PointReply(Reply):
    """A figure of one span of its history."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    value = serializers.FloatField(allow_null=True)
    money = MoneyField(allow_null=True)
    example = {
        "starts_at": "2026-01-01T00:00:00Z",
        "ends_at": "2026-01-31T00:00:00Z",
        "value": None,
        "money": money_body(105000, "EUR"),
    }


class PartReply(Reply):
    """What one organisation, or one group, adds to a figure."""

    label = serializers.CharField()  # type: ignore[assignment] # A field of the reply, as serializers declare them.
    organisation_id = serializers.UUIDField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    money = MoneyField(allow_null=True)
    note = serializers.CharField(allow_blank=True, help_text="What its value is made of.")
    example = {
        "label": "Lindenfeld Research",
        "organisation_id": "01890000-0000-7000-8000-000000000001",
        "value": None,
        "money": money_body(30000, "EUR"),
        "note": "",
    }


class KpiReply(Reply):
    """A key figure of a span, and of the span of the same length before it."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # A field of the reply, as serializers declare them.
    category = serializers.ChoiceField(choices=list(CATEGORIES))
    unit = serializers.CharField(help_text="money: told in `money`; all others in `value`, a share as 0 to 1.")
    direction = serializers.ChoiceField(choices=["up", "down", "none"], help_text="Which way is good.")
    definition = serializers.CharField()
    currency = serializers.CharField(help_text="Of the documents that it was computed from, also where it is no money.")
    value = serializers.FloatField(
        allow_null=True, help_text="null of money, and where there is none; `missing` or `note` says why."
    )
    money = MoneyField(allow_null=True, help_text="The figure where it is money.")
    before = serializers.FloatField(allow_null=True, help_text="Its value in the span before.")
    before_money = MoneyField(allow_null=True)
    missing = serializers.CharField(allow_blank=True, help_text="The input that is not there.")
    note = serializers.CharField(allow_blank=True)
    example = {
        "code": "mrr",
        "label": "MRR",
        "category": "business",
        "unit": "money",
        "direction": "up",
        "definition": "Monthly value of active and past due subscriptions at the end.",
        "currency": "EUR",
        "value": None,
        "money": money_body(105000, "EUR"),
        "before": None,
        "before_money": money_body(65000, "EUR"),
        "missing": "",
        "note": "",
    }


class KpiWholeReply(KpiReply):
    """A key figure with its history and with what it is made of."""

    trend = PointReply(many=True, help_text="Twelve spans of this length, the oldest first.")
    parts = PartReply(many=True, help_text="The largest first, at most 200; none where it cannot be split.")
    example = {**KpiReply.example, "trend": [PointReply.example], "parts": [PartReply.example]}


class KpisReply(Reply):
    """All key figures of a span."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    items = KpiReply(many=True)
    example = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-01-31T00:00:00Z", "items": [KpiReply.example]}


class KeptReply(Reply):
    """What is left of a cohort at the end of a month."""

    customers = serializers.IntegerField()
    mrr = MoneyField()
    example = {"customers": 3, "mrr": money_body(9000, "EUR")}


class CohortReply(Reply):
    """The customers whose first payment fell into one month (UTC)."""

    month = serializers.DateField(help_text="Its first day.")
    customers = serializers.IntegerField()
    mrr = MoneyField(help_text="Their first monthly value.")
    kept = KeptReply(many=True, help_text="At the end of that month and of each one since.")
    example = {"month": "2026-01-01", "customers": 4, "mrr": money_body(12000, "EUR"), "kept": [KeptReply.example]}


class CohortsReply(Reply):
    """The cohorts of the last twelve months."""

    ends_at = serializers.DateTimeField()
    currency = serializers.CharField()
    items = CohortReply(many=True)
    example = {"ends_at": "2026-01-31T00:00:00Z", "currency": "EUR", "items": [CohortReply.example]}


class KpisView(ApiView):
    """All key figures."""

    access = "kpi:read"

    @endpoint(reply=KpisReply, query=(DAYS, CURRENCY, AT))
    def get(self, request: Request) -> HttpResponse:
        """Read all key figures of the last so many days, now or as of a day of the past."""
        span = _span(self.asked)
        with together():
            items = [_body(kpi, span) for kpi in kpis]
        return self.single({"starts_at": span.start, "ends_at": span.end, "items": items})


class KpiView(ApiView):
    """One key figure."""

    access = "kpi:read"

    @endpoint(reply=KpiWholeReply, query=(DAYS, CURRENCY, AT))
    def get(self, request: Request, code: str) -> HttpResponse:
        """Read one key figure with its history and its parts, now or as of a day of the past."""
        kpi, span = kpi_named(code), _span(self.asked)
        with together():
            trend = [
                {"starts_at": one.start, "ends_at": one.end, **_told(kpi, figure, span)}
                for one, figure in trend_of(kpi, span)
            ]
            parts = kpi.parts(span) if kpi.parts is not None else ()
            body = _body(kpi, span)
        return self.single({**body, "trend": trend, "parts": [_part(kpi, part, span) for part in parts]})


class CohortsView(ApiView):
    """Customers by the month of their first payment."""

    access = "kpi:read"

    @endpoint(reply=CohortsReply, query=(CURRENCY, AT))
    def get(self, request: Request) -> HttpResponse:
        """Read how many customers of each of the last twelve months are left, and how much of what they paid."""
        span = _span({**self.asked, "days": 1})
        items = [
            {
                "month": cohort.month,
                "customers": cohort.customers,
                "mrr": money_body(cohort.mrr, span.currency),
                "kept": [
                    {"customers": kept.customers, "mrr": money_body(kept.mrr, span.currency)} for kept in cohort.kept
                ],
            }
            for cohort in cohorts_until(span.currency, span.end)
        ]
        return self.single({"ends_at": span.end, "currency": span.currency, "items": items})


def _span(asked: Any) -> Span:
    return span_of(asked["days"], asked["currency"] or currencies()[0], asked["at"])


def _told(kpi: Kpi, figure: Figure, span: Span) -> dict[str, Any]:
    """The figure: money in its one shape, anything else as a number."""
    if figure.value is None:
        return {"value": None, "money": None}
    if kpi.unit == "money":
        return {"value": None, "money": money_body(half_up(figure.value), span.currency)}
    return {"value": float(figure.value), "money": None}


def _part(kpi: Kpi, part: Any, span: Span) -> dict[str, Any]:
    told = _told(kpi, Figure(part.value), span)
    return {"label": part.label, "organisation_id": part.organisation_id, **told, "note": part.note}


def _body(kpi: Kpi, span: Span) -> dict[str, Any]:
    figure, before = kpi.read(span), _told(kpi, kpi.read(span.before()), span)
    return {
        "code": kpi.code,
        "label": str(kpi.label),
        "category": kpi.category,
        "unit": kpi.unit,
        "direction": kpi.direction,
        "definition": str(kpi.definition),
        "currency": span.currency,
        **_told(kpi, figure, span),
        "before": before["value"],
        "before_money": before["money"],
        "missing": str(figure.missing),
        "note": str(figure.note),
    }
