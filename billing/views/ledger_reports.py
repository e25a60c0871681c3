"""Reports of the ledger: of any day or time, beside an earlier one."""

from datetime import UTC, date, datetime, time, timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.forms.ledger import day_of
from billing.models.ledger import Kind
from billing.presenters import ledger_reports as reports
from billing.selectors.totals import Total, totals
from billing.times import end_of
from billing.views.ledger import BooksPage, Page
from portal.kit import clock, errors
from portal.kit.preferences import day_text

REPORTS = ("trial", "sheet", "income")


class ReportView(BooksPage):
    """Trial balance, balance sheet and income statement of any day or time."""

    access = "ledger:read"
    template_name = "billing/ledger_report.html"

    def get(self, request: HttpRequest, report: str) -> HttpResponse:
        """One report."""
        if report not in REPORTS:
            raise errors.NotFound
        sandbox, currency, values = self.books(request)
        today = clock.now().date()
        last = day_of(request.GET.get("to", ""), today)
        first = day_of(request.GET.get("from", ""), last.replace(month=1, day=1))
        against = request.GET.get("against", "")
        earlier = _earlier(first, last, against)
        values |= {"report": report, "first": first, "last": last, "report_tabs": _report_tabs(request, report)}
        values |= {"title": _labels()[report], "span": _span(report, currency, first, last, sandbox=sandbox)}
        values |= {"against": against if earlier else "", "earlier_last": day_text(earlier[1]) if earlier else ""}
        if currency:
            found = self._totals(report, currency, sandbox, first, last)
            before = self._totals(report, currency, sandbox, *earlier) if earlier and report != "trial" else None
            values |= _SHOWN[report](found, before, currency)
        return self.page(values)

    def _totals(self, report: str, currency: str, sandbox: bool, first: date, last: date) -> list[Total]:
        since: datetime | None = None
        kinds: tuple[Kind, ...] = ()
        if report == "income":
            since, kinds = datetime.combine(first, time(), UTC), (Kind.INCOME, Kind.EXPENSE)
        return totals(self.actor, currency, sandbox=sandbox, since=since, until=end_of(last), kinds=kinds)


_SHOWN = {
    "trial": lambda found, _before, currency: reports.trial_rows(found, currency),
    "sheet": reports.sheet,
    "income": reports.statement_of_income,
}


def _earlier(first: date, last: date, against: str) -> tuple[date, date] | None:
    """The time that a report is compared with: as many days right before, or the same days a year before."""
    if against == "before":
        return first - (last - first) - timedelta(days=1), first - timedelta(days=1)
    if against == "year":
        return _year_before(first), _year_before(last)
    return None


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # The 29th of February.
        return day.replace(year=day.year - 1, day=28)


def _labels() -> dict[str, str]:
    return {"trial": _("Trial balance"), "sheet": _("Balance sheet"), "income": _("Income statement")}


def _span(report: str, currency: str, first: date, last: date, *, sandbox: bool) -> str:
    """What the figures are of, for the head: paper has none of the controls."""
    if not currency:
        return _("Of any day, by what had happened up to its end (UTC).")
    words = {
        "books": _("Sandboxes") if sandbox else _("Real books"),
        "currency": currency,
        "first": day_text(first),
        "last": day_text(last),
    }
    if report == "income":
        return _("%(books)s in %(currency)s, from %(first)s to the end of %(last)s (UTC).") % words
    return _("%(books)s in %(currency)s, up to the end of %(last)s (UTC).") % words


def _report_tabs(request: HttpRequest, report: str) -> list[Page]:
    query = request.GET.urlencode()
    return [
        {
            "label": label,
            "current": key == report,
            "url": f"{reverse('billing:ledger_report', args=[key])}{'?' if query else ''}{query}",
            "count": None,
        }
        for key, label in _labels().items()
    ]
