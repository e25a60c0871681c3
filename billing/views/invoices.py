"""Pages of invoices and credit notes: the staff's, and those of the organisation that they are for."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors import history_page
from billing.forms.invoices import NoteForm
from billing.lists.invoices import credit_notes, invoices, own_invoices
from billing.models import Invoice
from billing.presenters import invoices as presenters
from billing.presenters.documents import invoice_sheet
from billing.presenters.invoice_acts import actions_of
from billing.selectors import invoices as selectors
from billing.services import invoice_states as states
from billing.services.credit_notes import credit_note_create
from billing.services.invoices import invoice_discard
from billing.views.files import invoice_file, note_file
from portal.kit import errors
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab, notes_tab
from portal.kit.ids import uuid7
from portal.kit.lists.views import ListView
from portal.kit.money import parsed
from portal.kit.views import PageView


class InvoicesView(ListView):
    """The invoices of all customers."""

    access = "invoice:read"
    declared = invoices

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return {"lead": _("What customers were asked to pay, and what of it is still due.")}


class CreditNotesView(ListView):
    """The credit notes of all customers."""

    access = "invoice:read"
    declared = credit_notes

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return {"lead": _("Documents that took back part of an invoice.")}


class OwnInvoicesView(ListView):
    """The invoices of an organisation, for its own people."""

    access = "billing:read"
    declared = own_invoices

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return {"lead": _("What this organisation was asked to pay, each as a file to keep.")}


def sheet_values(target: Invoice) -> dict[str, Any]:
    """The document as it looks, and what settled it."""
    return {
        "sheet": invoice_sheet(target, selectors.lines_of(target), selectors.taxes_of(target)),
        "facts": presenters.facts_of(target),
        "settlements": presenters.settlement_rows(target),
        "credit_notes": presenters.note_rows_of(target),
    }


def _overview(view: DetailPage[Any], target: Invoice) -> Mapping[str, Any]:
    return sheet_values(target) | {
        "journals": selectors.journals_of(target),
        "may_see_ledger": can(view.actor, "ledger:read").allowed,
        "note_url": "billing:credit_note_pdf",
    }


class InvoicePageBase(DetailPage[Invoice], abstract=True):
    """What the page of an invoice and the acts upon it share."""

    template_name = "billing/invoice_detail.html"
    tabs = (
        Tab("overview", gettext_lazy("Document"), "billing/_invoice_overview.html", _overview),
        notes_tab("invoice:admin"),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> Invoice:
        """The invoice; `NotFound` for none."""
        return selectors.invoice(self.actor, key)

    def address(self, target: Invoice) -> str:
        """Its page."""
        return presenters.invoice_url(target)

    def head(self, target: Invoice) -> Head:
        """Number, customer, state, actions."""
        actions, more, dialogs = actions_of(self.actor, target)
        return Head(
            title=str(target),
            subtitle=target.customer.name,
            states=[presenters.state_of(target)],
            actions=actions,
            more=more,
            dialogs=dialogs,
            crumbs=[(_("Invoices"), reverse("billing:invoices"))],
            glyph="document",
        )


class InvoiceView(InvoicePageBase, DetailView[Invoice]):
    """One invoice."""

    access = "invoice:read"


class InvoiceActView(InvoicePageBase):
    """A move of an invoice; which one stands in the route."""

    access = "invoice:admin"
    act: ClassVar[str] = ""

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Do it, and go back to the page."""
        target = self.find(key)
        try:
            told = self.done(target)
        except (errors.Conflict, errors.Invalid) as error:
            return self.conflict(target, error)
        messages.success(request, told)
        return redirect(reverse("billing:invoices") if self.act == "discard" else self.address(target))

    def done(self, target: Invoice) -> str:
        """Do it; the sentence that says so."""
        if self.act == "finalise":
            return _("Invoice %(number)s is issued.") % {
                "number": states.invoice_issue(actor=self.actor, invoice=target)
            }
        if self.act == "void":
            states.invoice_void(actor=self.actor, invoice=target)
            return _("The invoice is void.")
        if self.act == "uncollectible":
            states.invoice_mark_uncollectible(actor=self.actor, invoice=target)
            return _("The invoice is given up; it can still be paid.")
        invoice_discard(actor=self.actor, invoice=target)
        return _("The draft is thrown away.")


class InvoiceNoteView(InvoicePageBase):
    """Issue a credit note on an invoice."""

    access = "invoice:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Issue it, and go back to the page."""
        target = self.find(key)
        form = NoteForm(request.POST)
        try:
            if not form.is_valid():
                raise errors.Invalid(_("Give a reason, and an amount in the invoice's currency or none."))
            sent = form.cleaned_data
            amount = None if sent["amount"] is None else parsed(sent["amount"], target.currency).amount
            made = credit_note_create(
                actor=self.actor,
                invoice=target,
                to=sent["to"],
                reason=sent["reason"],
                key=f"by-hand:{uuid7()}",
                amount=amount,
            )
        except (errors.Conflict, errors.Invalid) as error:
            return self.conflict(target, error)
        messages.success(request, _("Credit note %(number)s is issued.") % {"number": made})
        return redirect(self.address(target))


class InvoicePdfView(PageView):
    """An invoice as PDF."""

    access = "invoice:read"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The file."""
        return invoice_file(selectors.invoice(self.actor, key))


class CreditNotePdfView(PageView):
    """A credit note as PDF."""

    access = "invoice:read"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The file."""
        return note_file(selectors.credit_note(self.actor, key))


class OwnInvoiceView(PageView):
    """One invoice, for the people of the organisation that it is for."""

    access = "billing:read"
    template_name = "billing/own_invoice.html"

    def get(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """The document, what settled it, and its files."""
        target = selectors.invoice(self.actor, key, "billing:read")
        values = {
            "invoice": target,
            "state": presenters.state_of(target),
            "pay_url": reverse("billing:invoice_pay", args=[slug, key]) if self._may_pay(target) else "",
            "list_url": reverse("billing:own_invoices", args=[slug]),
            "pdf_url": reverse("billing:own_invoice_pdf", args=[slug, key]),
            "slug": slug,
        }
        return self.page(values | sheet_values(target))

    def _may_pay(self, target: Invoice) -> bool:
        return presenters.owed(target) and can(self.actor, "billing:admin").allowed


class OwnInvoicePdfView(PageView):
    """One invoice as PDF, for the people of the organisation that it is for."""

    access = "billing:read"

    def get(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """The file."""
        return invoice_file(selectors.invoice(self.actor, key, "billing:read"))


class OwnCreditNotePdfView(PageView):
    """A credit note as PDF, for the people of the organisation that it is for."""

    access = "billing:read"

    def get(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """The file."""
        return note_file(selectors.credit_note(self.actor, key, "billing:read"))
