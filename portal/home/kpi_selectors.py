"""What key figures there are to see, in which currencies, and over which time."""

from datetime import UTC, date, datetime, timedelta

from billing.selectors.cohorts import Cohort, cohorts
from billing.selectors.currencies import currencies_in_use
from portal.kit import clock, errors
from portal.kit.kpis import Figure, Kpi, Span, kpis

TREND = 12  # Spans of the history of one figure.
EARLIEST = date(2000, 1, 1)


def currencies() -> list[str]:
    """Currencies that customers pay in, that of the default legal entity first; EUR where nobody sells yet."""
    return currencies_in_use() or ["EUR"]


def kpi_named(code: str) -> Kpi:
    """The figure of that code; `NotFound` for none."""
    if code not in kpis:
        raise errors.NotFound
    return kpis.get(code)


def span_of(days: int, currency: str, at: date | None = None) -> Span:
    """The last so many days up to the end of a day (UTC), or up to now; what is not over yet ends now."""
    now = clock.now()
    end = now if at is None else min(now, datetime(at.year, at.month, at.day, tzinfo=UTC) + timedelta(days=1))
    return Span(end - timedelta(days=days), end, currency)


def past_day(text: str) -> date:
    """The day that a text names, as 2026-01-31; `ValueError` for none, and for one that has not come or is before 2000."""
    day = date.fromisoformat(text if len(text) == 10 else "")
    if not EARLIEST <= day <= clock.now().date():
        raise ValueError(text)
    return day


def trend_of(kpi: Kpi, span: Span) -> list[tuple[Span, Figure]]:
    """A figure over this span and those of the same length before it, the oldest first."""
    spans = [span]
    while len(spans) < TREND:
        spans.append(spans[-1].before())
    return [(one, kpi.read(one)) for one in reversed(spans)]


def cohorts_until(currency: str, end: datetime) -> list[Cohort]:
    """Customers by the month of their first payment, and what is left of them; the last twelve months."""
    return cohorts(currency, end)
