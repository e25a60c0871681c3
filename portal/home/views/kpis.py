"""Key figures: all of them, one with its history and its parts, and the cohorts."""

from django.http import HttpRequest, HttpResponse

from portal.home import kpi_presenters
from portal.home.kpi_selectors import cohorts_until, currencies, kpi_named
from portal.kit import chart_files, errors
from portal.kit.kpis import together
from portal.kit.views import PageView

KINDS = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}


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


class KpiFile(PageView):
    """The chart of a key figure as a file."""

    access = "kpi:read"

    def get(self, request: HttpRequest, code: str, kind: str) -> HttpResponse:
        """The picture (png, svg) or the numbers (csv) of the span that the address names."""
        if kind not in KINDS:
            raise errors.NotFound
        kpi, asked = kpi_named(code), kpi_presenters.asked_of(request.GET, currencies())
        with together():
            points = kpi_presenters.history(kpi, asked.span)
        unit, title = kpi_presenters.unit_of(kpi, asked.currency), str(kpi.label)
        if kind == "csv":
            body: str | bytes = chart_files.csv_text(points, unit=unit)
        else:
            draw = chart_files.svg_text if kind == "svg" else chart_files.png_bytes
            body = draw(points, title=title, unit=unit)
        reply = HttpResponse(body, content_type=KINDS[kind])
        reply["Content-Disposition"] = f'attachment; filename="{code}-{asked.days}.{kind}"'
        return reply


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
