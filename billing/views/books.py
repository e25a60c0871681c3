"""What the books say beyond the ledger itself: revenue by month, what is owed by age, and the proof."""

from datetime import date, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from billing.forms.ledger import day_of
from billing.presenters import books as presenters
from billing.selectors import ageing, proofs, revenue
from billing.services.proofs import proof_start
from billing.views.ledger import BooksPage
from portal.kit import clock, errors, limits
from portal.kit.decision import can
from portal.kit.lists import export
from portal.kit.preferences import day_text
from portal.kit.views import PageView

LATEST = timedelta(days=366)  # A day that an ageing report may look ahead.


class RevenueView(BooksPage):
    """Deferred income month by month: billed, earned, and still to come."""

    access = "ledger:read"
    template_name = "billing/revenue.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The months of one currency."""
        sandbox, currency, values = self.books(request)
        if currency:
            found = revenue.waterfall(self.actor, currency, clock.now().date(), sandbox=sandbox)
            values |= presenters.waterfall_shown(found)
        return self.page(values)


class AgeingView(BooksPage):
    """What customers owe by days late, on any day; `customer` shows the documents of one."""

    access = "ledger:read"
    template_name = "billing/ageing.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The columns of one currency."""
        sandbox, currency, values = self.books(request)
        today = clock.now().date()
        day = min(day_of(request.GET.get("to", ""), today), today + LATEST)
        whose = _id_of(request.GET.get("customer", ""))
        values |= {"day": day, "day_label": day_text(day), "whose": whose, "today": today}
        if request.GET.get("format"):
            return self._file(request, currency, day, sandbox=sandbox, whose=whose)
        if currency:
            found = ageing.ageing(self.actor, currency, day, sandbox=sandbox, customer_id=whose)
            documents = (
                ageing.open_documents(self.actor, currency, day, whose, sandbox=sandbox) if whose is not None else []
            )
            values |= presenters.ageing_shown(found, documents, books=values["books"], whose=whose)
        return self.page(values)

    def _file(
        self, request: HttpRequest, currency: str, day: date, *, sandbox: bool, whose: UUID | None
    ) -> HttpResponse:
        """What each customer owes, or one of them, as CSV or as a workbook; all of them, not the first 200."""
        name = request.GET["format"]
        if name not in export.TYPES or not currency:
            raise errors.NotFound
        limits.spend(request, limits.EXPORT)
        kind: export.Format = "xlsx" if name == "xlsx" else "csv"
        found = ageing.ageing(self.actor, currency, day, sandbox=sandbox, customer_id=whose, most=export.MOST + 1)
        columns, rows = presenters.ageing_table(found)
        content = export.table_export(
            name="billing.ageing", columns=columns, rows=rows, format=kind, question=request.GET.urlencode()
        )
        reply = HttpResponse(content, content_type=export.TYPES[kind])
        reply["Content-Disposition"] = f'attachment; filename="ageing-{currency.lower()}-{day.isoformat()}.{kind}"'
        return reply


class ProofView(PageView):
    """Documents against the ledger: what each check found, when, and running them now."""

    access = "ledger:read"
    template_name = "billing/proof.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The last run check by check, and the runs before it."""
        may_run = can(self.actor, "ledger:admin").allowed
        return self.page(presenters.proof_shown(proofs.proof_runs(self.actor)) | {"may_run": may_run})


class ProofRunView(PageView):
    """Run the proof now."""

    access = "ledger:admin"

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask for it; the page shows what came of it once it is done."""
        proof_start(actor=self.actor)
        messages.success(request, _("The proof is running. Look here again in a moment."))
        return redirect("billing:ledger_proof")


def _id_of(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise errors.NotFound from None
