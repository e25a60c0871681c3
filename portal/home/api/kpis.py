"""Key figures over the API."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from portal.home.kpi_selectors import cohorts_until, currencies, kpi_named, past_day, span_of, trend_of
from portal.kit.api import ApiView, Parameter, Reply, endpoint, one_of, whole
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
    example = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-01-31T00:00:00Z", "value": 105000}


class PartReply(Reply):
    """What one organisation, or one group, adds to a figure."""

    label = serializers.CharField()  # type: ignore[assignment] # A field of the reply, as serializers declare them.
    organisation_id = serializers.UUIDField(allow_null=True)
    value = serializers.FloatField()
    note = serializers.CharField(allow_blank=True, help_text="What its value is made of.")
    example = {
        "label": "Lindenfeld Research",
        "organisation_id": "01890000-0000-7000-8000-000000000001",
        "value": 30000,
        "note": "",
    }


class KpiReply(Reply):
    """A key figure of a span, and of the span of the same length before it."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # A field of the reply, as serializers declare them.
    category = serializers.ChoiceField(choices=list(CATEGORIES))
    unit = serializers.CharField(help_text="money: minor units of the currency; share: 0 to 1.")
    direction = serializers.ChoiceField(choices=["up", "down", "none"], help_text="Which way is good.")
    definition = serializers.CharField()
    currency = serializers.CharField()
    value = serializers.FloatField(allow_null=True, help_text="null where there is none; `missing` or `note` says why.")
    before = serializers.FloatField(allow_null=True, help_text="Its value in the span before.")
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
        "value": 105000,
        "before": 65000,
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
    mrr = serializers.IntegerField(help_text="Minor units.")
    example = {"customers": 3, "mrr": 9000}


class CohortReply(Reply):
    """The customers whose first payment fell into one month (UTC)."""

    month = serializers.DateField(help_text="Its first day.")
    customers = serializers.IntegerField()
    mrr = serializers.IntegerField(help_text="Their first monthly value, in minor units.")
    kept = KeptReply(many=True, help_text="At the end of that month and of each one since.")
    example = {"month": "2026-01-01", "customers": 4, "mrr": 12000, "kept": [KeptReply.example]}


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
                {"starts_at": one.start, "ends_at": one.end, "value": _plain(kpi, figure)}
                for one, figure in trend_of(kpi, span)
            ]
            parts = kpi.parts(span) if kpi.parts is not None else ()
            body = _body(kpi, span)
        return self.single({**body, "trend": trend, "parts": [_part(kpi, part) for part in parts]})


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
                "mrr": cohort.mrr,
                "kept": [{"customers": kept.customers, "mrr": kept.mrr} for kept in cohort.kept],
            }
            for cohort in cohorts_until(span.currency, span.end)
        ]
        return self.single({"ends_at": span.end, "currency": span.currency, "items": items})


def _span(asked: Any) -> Span:
    return span_of(asked["days"], asked["currency"] or currencies()[0], asked["at"])


def _plain(kpi: Kpi, figure: Figure) -> float | int | None:
    if figure.value is None:
        return None
    return half_up(figure.value) if kpi.unit == "money" else float(figure.value)


def _part(kpi: Kpi, part: Any) -> dict[str, Any]:
    value = _plain(kpi, Figure(part.value))
    return {"label": part.label, "organisation_id": part.organisation_id, "value": value, "note": part.note}


def _body(kpi: Kpi, span: Span) -> dict[str, Any]:
    figure = kpi.read(span)
    return {
        "code": kpi.code,
        "label": str(kpi.label),
        "category": kpi.category,
        "unit": kpi.unit,
        "direction": kpi.direction,
        "definition": str(kpi.definition),
        "currency": span.currency,
        "value": _plain(kpi, figure),
        "before": _plain(kpi, kpi.read(span.before())),
        "missing": str(figure.missing),
        "note": str(figure.note),
    }
