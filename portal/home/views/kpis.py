"""Key figures: all of them, one with its history and its parts, and the cohorts."""

from django.http import HttpRequest, HttpResponse

from portal.home import kpi_presenters
from portal.home.kpi_selectors import cohorts_until, currencies, kpi_named
from portal.kit.views import PageView


class Kpis(PageView):
    """All key figures by category, against the span before."""

    access = "kpi:read"
    template_name = "home/kpis.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page for the span, the day and the currency of the address."""
        known = currencies()
        asked = kpi_presenters.asked_of(request.GET, known)
        return self.page({"groups": kpi_presenters.overview(asked), **kpi_presenters.choices(asked, known)})


class KpiPage(PageView):
    """One key figure: definition, history, and the customers it is made of."""

    access = "kpi:read"
    template_name = "home/kpi.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        """The page for the span, the day and the currency of the address."""
        known = currencies()
        asked = kpi_presenters.asked_of(request.GET, known)
        return self.page(
            {**kpi_presenters.single(kpi_named(code), asked), **kpi_presenters.choices(asked, known)},
        )


class KpiCohorts(PageView):
    """Customers by the month of their first payment: how many are left, and how much of what they paid."""

    access = "kpi:read"
    template_name = "home/kpi_cohorts.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The two tables for the day and the currency of the address."""
        known = currencies()
        asked = kpi_presenters.asked_of(request.GET, known)
        found = cohorts_until(asked.currency, asked.span.end)
        tables = [kpi_presenters.cohort_table(found, asked.currency, money=money) for money in (False, True)]
        return self.page({"customers": tables[0], "mrr": tables[1], **kpi_presenters.choices(asked, known)})
