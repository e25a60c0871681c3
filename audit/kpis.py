"""Key figures of who comes and how requests are answered, from the activity of pages and endpoints."""

from collections.abc import Callable
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors.activity_days import Active, Requests, active_at, requests_of
from audit.spreads import percentile
from portal.kit.kpis import Category, Figure, Kpi, Span, Unit, kpis, missing, once, ratio
from portal.kit.registry import Text

_NOT_KEPT = gettext_lazy("the activity of that time, of which neither requests nor sums are kept")


def _requests(make: Callable[[Requests], Figure]) -> Callable[[Span], Figure]:
    def read(span: Span) -> Figure:
        found = once(("requests", span.days), lambda: requests_of(*span.days))
        return missing(_NOT_KEPT) if found is None else make(found)

    return read


def _active(make: Callable[[Active], Figure]) -> Callable[[Span], Figure]:
    def read(span: Span) -> Figure:
        found = once(("active", span.end), lambda: active_at(span.end))
        return missing(_NOT_KEPT) if found is None else make(found)

    return read


def _took(share: int, *, page: bool = False) -> Callable[[Span], Figure]:
    def took(found: Requests) -> Figure:
        value = percentile(found.page if page else found.api, Fraction(share, 100))
        return Figure(value) if value is not None else Figure(None, note=_("no requests"))

    return _requests(took)


def _kpi(
    code: str,
    label: Text,
    definition: Text,
    read: Callable[[Span], Figure],
    *,
    unit: Unit = "count",
    category: Category = "product",
    good: bool = True,
) -> None:
    kpis.add(Kpi(code, label, unit, category, "up" if good else "down", definition, read))


_kpi(
    "active_organisations",
    gettext_lazy("Active organisations"),
    gettext_lazy("Organisations that a request named within the 30 days up to the end."),
    _active(lambda found: Figure(Fraction(found.organisations))),
    category="customers",
)
_kpi(
    "active_users_daily",
    gettext_lazy("Active users, daily"),
    gettext_lazy(
        "People with a request within the last day; of a day of the past, on that day (UTC). Keys are nobody."
    ),
    _active(lambda found: Figure(Fraction(found.people))),
    category="customers",
)
_kpi(
    "active_users_weekly",
    gettext_lazy("Active users, weekly"),
    gettext_lazy("People with a request within the 7 days up to the end, each counted once."),
    _active(lambda found: Figure(Fraction(found.people_week))),
    category="customers",
)
_kpi(
    "active_users_monthly",
    gettext_lazy("Active users, monthly"),
    gettext_lazy("People with a request within the 30 days up to the end, each counted once."),
    _active(lambda found: Figure(Fraction(found.people_month))),
    category="customers",
)
_kpi(
    "stickiness",
    gettext_lazy("Stickiness"),
    gettext_lazy("Daily / monthly active users (DAU / MAU), both at the end."),
    _active(lambda found: ratio(found.people, found.people_month, none=_("nobody was here"))),
    unit="share",
    category="customers",
)
_kpi(
    "api_calls",
    gettext_lazy("API calls"),
    gettext_lazy("Calls of the API on the days (UTC) of the span, however they were answered."),
    _requests(lambda found: Figure(Fraction(found.calls))),
)
_kpi(
    "api_error_rate",
    gettext_lazy("API error rate"),
    gettext_lazy(
        "Calls answered with 500 and above / all calls, on the days (UTC) of the span; refusals are no errors."
    ),
    _requests(lambda found: ratio(found.failed, found.calls, none=_("no calls"))),
    unit="share",
    good=False,
)
for _share, _label in (
    (50, gettext_lazy("API latency p50")),
    (95, gettext_lazy("API latency p95")),
    (99, gettext_lazy("API latency p99")),
):
    _kpi(
        f"api_latency_p{_share}",
        _label,
        gettext_lazy(
            "At most so long took the share of calls that the percentile names (p50: half of them), quickest first, on the "
            "days (UTC) of the span, in the server; to within 5 %."
        ),
        _took(_share),
        unit="seconds",
        good=False,
    )
_kpi(
    "page_latency_p95",
    gettext_lazy("Page latency p95"),
    gettext_lazy(
        "At most so long took 95 of 100 pages, quickest first, on the days (UTC) of the span, in the server; to within 5 %."
    ),
    _took(95, page=True),
    unit="seconds",
    good=False,
)
