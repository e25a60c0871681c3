"""Invoices and credit notes over the API, for staff and their systems."""

from typing import Any, ClassVar
from uuid import UUID, uuid5

from django.http import HttpResponse
from rest_framework.request import Request

from billing.api.invoice_serializers import (
    INVOICE,
    NOTE,
    InvoiceBody,
    InvoiceReply,
    InvoiceWholeReply,
    NoteBody,
    NoteReply,
    invoice_body,
    invoice_whole,
    note_body,
)
from billing.documents import DraftLine
from billing.errors import invoices as refusals
from billing.errors.taxes import TaxRateMissing
from billing.lists.invoices import credit_notes, invoices
from billing.models import Invoice
from billing.selectors import invoices as selectors
from billing.services import invoice_states as states
from billing.services.credit_notes import credit_note_create
from billing.services.invoices import invoice_create, invoice_discard
from billing.views.files import XML, invoice_file, invoice_xml_file, note_file, note_xml_file
from portal.kit.api import ApiView, endpoint, json, minor_units
from portal.kit.api.listing import page_of, parameters_of
from portal.kit.ids import uuid7
from portal.kit.pdf import TYPE

MOVES = (refusals.InvoiceFinal, refusals.InvoiceEmpty, refusals.InvoiceMove, refusals.InvoiceSettled, TaxRateMissing)


class InvoicesView(ApiView):
    """Invoices of all customers."""

    access = "invoice:read"

    @endpoint(items=InvoiceReply, query=parameters_of(invoices))
    def get(self, request: Request) -> HttpResponse:
        """List invoices, with the filters, the search and the orders of the console."""
        page = page_of(invoices, self.actor, self.asked, *INVOICE)
        return self.listed((row.body for row in page.items), page.next)

    @endpoint(
        access="invoice:admin",
        body=InvoiceBody,
        reply=InvoiceReply,
        status=201,
        errors=(refusals.LinesInvalid, TaxRateMissing),
    )
    def post(self, request: Request) -> HttpResponse:
        """Draft a one-off invoice."""
        given: dict[str, Any] = dict(self.sent)
        customer = selectors.customer(self.actor, given.pop("customer_id"))
        lines = [
            DraftLine(
                key=str(place),
                kind="one_off",
                description=line["description"],
                quantity=line["quantity"],
                unit_amount=None,
                amount=minor_units(line["amount"], customer.currency, f"lines.{place - 1}.amount"),
                tax_category=line["tax_category"],
            )
            for place, line in enumerate(given.pop("lines"), 1)
        ]
        made = invoice_create(actor=self.actor, customer=customer, lines=lines, **given)
        reply = json(invoice_body(selectors.invoice(self.actor, made.pk)), status=201)
        reply.headers["Location"] = f"/api/v1/invoices/{made.pk}"
        return reply


class InvoiceBase(ApiView, abstract=True):
    """What the endpoints of one invoice share."""

    def told(self, invoice: Invoice) -> HttpResponse:
        """The invoice as it is now."""
        return self.single(invoice_body(selectors.invoice(self.actor, invoice.pk)))


class InvoiceView(InvoiceBase):
    """One invoice."""

    access = "invoice:read"

    @endpoint(reply=InvoiceWholeReply, etag=True)
    def get(self, request: Request, invoice_id: UUID) -> HttpResponse:
        """Read an invoice with its lines and taxes."""
        found = selectors.invoice(self.actor, invoice_id)
        return self.single(invoice_whole(found, selectors.lines_of(found), selectors.taxes_of(found)))

    @endpoint(access="invoice:admin", status=204, errors=(refusals.InvoiceFinal,))
    def delete(self, request: Request, invoice_id: UUID) -> HttpResponse:
        """Throw a draft away. A final invoice is never deleted."""
        invoice_discard(actor=self.actor, invoice=selectors.invoice(self.actor, invoice_id))
        return HttpResponse(status=204)


class InvoiceFinaliseView(InvoiceBase):
    """Finalising a draft."""

    access = "invoice:admin"

    @endpoint(reply=InvoiceReply, errors=MOVES)
    def post(self, request: Request, invoice_id: UUID) -> HttpResponse:
        """Make a draft final: it is numbered, posted and mailed."""
        return self.told(states.invoice_issue(actor=self.actor, invoice=selectors.invoice(self.actor, invoice_id)))


class InvoiceVoidView(InvoiceBase):
    """Making an invoice void."""

    access = "invoice:admin"

    @endpoint(reply=InvoiceReply, errors=MOVES)
    def post(self, request: Request, invoice_id: UUID) -> HttpResponse:
        """Make an invoice void, of which nothing was paid or credited."""
        return self.told(states.invoice_void(actor=self.actor, invoice=selectors.invoice(self.actor, invoice_id)))


class InvoiceUncollectibleView(InvoiceBase):
    """Giving an invoice up."""

    access = "invoice:admin"

    @endpoint(reply=InvoiceReply, errors=MOVES)
    def post(self, request: Request, invoice_id: UUID) -> HttpResponse:
        """Give an open invoice up: what is due becomes a bad debt."""
        target = selectors.invoice(self.actor, invoice_id)
        return self.told(states.invoice_mark_uncollectible(actor=self.actor, invoice=target))


class CreditNotesView(ApiView):
    """Credit notes of all customers."""

    access = "invoice:read"

    @endpoint(items=NoteReply, query=parameters_of(credit_notes))
    def get(self, request: Request) -> HttpResponse:
        """List credit notes, with the filters, the search and the orders of the console."""
        page = page_of(credit_notes, self.actor, self.asked, *NOTE)
        return self.listed((row.body for row in page.items), page.next)


class CreditNoteView(ApiView):
    """One credit note."""

    access = "invoice:read"

    @endpoint(reply=NoteReply, etag=True)
    def get(self, request: Request, note_id: UUID) -> HttpResponse:
        """Read a credit note."""
        return self.single(note_body(selectors.credit_note(self.actor, note_id)))


class InvoiceNotesView(ApiView):
    """Credit notes of one invoice."""

    access = "invoice:admin"
    NAMESPACE: ClassVar[UUID] = UUID("01890000-0000-7000-8000-0000000000e0")

    @endpoint(body=NoteBody, reply=NoteReply, status=201, errors=(refusals.MoreThanLeft, refusals.InvoiceMove))
    def post(self, request: Request, invoice_id: UUID) -> HttpResponse:
        """Issue a credit note. Sent again with the same Idempotency-Key it is the same one, for ever."""
        target = selectors.invoice(self.actor, invoice_id)
        asked = request.headers.get("Idempotency-Key", "")
        # Of one invoice, so that nobody else's key is met.
        key = uuid5(self.NAMESPACE, f"{target.pk} {asked}") if asked else uuid7()
        given: dict[str, Any] = dict(self.sent)
        if "amount" in given:
            given["amount"] = minor_units(given["amount"], target.currency, "amount")
        made = credit_note_create(actor=self.actor, invoice=target, key=f"api:{key}", **given)
        reply = json(note_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/credit-notes/{made.pk}"
        return reply


class InvoicePdfView(ApiView):
    """The PDF of an invoice."""

    access = "invoice:read"

    @endpoint(file=TYPE)
    def get(self, request: Request, invoice_id: UUID) -> HttpResponse:
        """Download an invoice as a PDF, with its electronic form inside once it is final."""
        return invoice_file(selectors.invoice(self.actor, invoice_id))


class InvoiceXmlView(ApiView):
    """The electronic form of an invoice."""

    access = "invoice:read"

    @endpoint(file=XML, errors=(refusals.NotElectronic,))
    def get(self, request: Request, invoice_id: UUID) -> HttpResponse:
        """Download a final invoice as EN 16931 has it (Factur-X, the XML alone)."""
        return invoice_xml_file(selectors.invoice(self.actor, invoice_id))


class NotePdfView(ApiView):
    """The PDF of a credit note."""

    access = "invoice:read"

    @endpoint(file=TYPE)
    def get(self, request: Request, note_id: UUID) -> HttpResponse:
        """Download a credit note as a PDF, with its electronic form inside."""
        return note_file(selectors.credit_note(self.actor, note_id))


class NoteXmlView(ApiView):
    """The electronic form of a credit note."""

    access = "invoice:read"

    @endpoint(file=XML, errors=(refusals.NotElectronic,))
    def get(self, request: Request, note_id: UUID) -> HttpResponse:
        """Download a credit note as EN 16931 has it (Factur-X, the XML alone)."""
        return note_xml_file(selectors.credit_note(self.actor, note_id))
