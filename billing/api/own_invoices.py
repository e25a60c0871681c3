"""The final documents of an organisation, for its people and its own systems."""

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from billing.api.invoice_serializers import (
    INVOICE,
    InvoiceReply,
    InvoiceWholeReply,
    NoteReply,
    invoice_whole,
    note_body,
)
from billing.errors.invoices import NotElectronic
from billing.lists.invoices import own_invoices
from billing.models import CreditNote, Invoice
from billing.selectors import invoices as selectors
from billing.views.files import XML, invoice_file, invoice_xml_file, note_file, note_xml_file
from portal.kit import paging
from portal.kit.api import endpoint
from portal.kit.api.listing import page_of, parameters_of
from portal.kit.pdf import TYPE
from rbac.api.inside import InsideView

RIGHT = "billing:read"


class OwnBase(InsideView, abstract=True):
    """What the endpoints of one document share."""

    def invoice(self, organisation_id: UUID, invoice_id: UUID) -> Invoice:
        """The final invoice; `NotFound` for a draft and for that of another organisation."""
        self.place(organisation_id, RIGHT)
        return selectors.invoice(self.actor, invoice_id, RIGHT)

    def note(self, organisation_id: UUID, note_id: UUID) -> CreditNote:
        """The credit note; `NotFound` for that of another organisation."""
        self.place(organisation_id, RIGHT)
        return selectors.credit_note(self.actor, note_id, RIGHT)


class OwnInvoicesView(InsideView):
    """The invoices of an organisation."""

    access = "organisation:read"

    @endpoint(items=InvoiceReply, query=parameters_of(own_invoices), service=RIGHT)
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List the final invoices, with the filters, the search and the orders of the page."""
        self.place(organisation_id, RIGHT)
        page = page_of(own_invoices, self.actor, self.asked, *INVOICE)
        return self.listed((row.body for row in page.items), page.next)


class OwnInvoiceView(OwnBase):
    """One invoice of an organisation."""

    access = "organisation:read"

    @endpoint(reply=InvoiceWholeReply, etag=True, service=RIGHT)
    def get(self, request: Request, organisation_id: UUID, invoice_id: UUID) -> HttpResponse:
        """Read an invoice with its lines and taxes."""
        found = self.invoice(organisation_id, invoice_id)
        return self.single(invoice_whole(found, selectors.lines_of(found), selectors.taxes_of(found)))


class OwnInvoicePdfView(OwnBase):
    """The PDF of an invoice of an organisation."""

    access = "organisation:read"

    @endpoint(file=TYPE, service=RIGHT)
    def get(self, request: Request, organisation_id: UUID, invoice_id: UUID) -> HttpResponse:
        """Download an invoice as a PDF, with its electronic form inside."""
        return invoice_file(self.invoice(organisation_id, invoice_id))


class OwnInvoiceXmlView(OwnBase):
    """The electronic form of an invoice of an organisation."""

    access = "organisation:read"

    @endpoint(file=XML, errors=(NotElectronic,), service=RIGHT)
    def get(self, request: Request, organisation_id: UUID, invoice_id: UUID) -> HttpResponse:
        """Download an invoice as EN 16931 has it (Factur-X, the XML alone)."""
        return invoice_xml_file(self.invoice(organisation_id, invoice_id))


class OwnNotesView(InsideView):
    """The credit notes of an organisation."""

    access = "organisation:read"

    @endpoint(items=NoteReply, service=RIGHT)
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List the credit notes, the newest first."""
        self.place(organisation_id, RIGHT)
        rows = selectors.credit_notes(self.actor, RIGHT)
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(note_body, page.items), page.next)


class OwnNoteView(OwnBase):
    """One credit note of an organisation."""

    access = "organisation:read"

    @endpoint(reply=NoteReply, etag=True, service=RIGHT)
    def get(self, request: Request, organisation_id: UUID, note_id: UUID) -> HttpResponse:
        """Read a credit note."""
        return self.single(note_body(self.note(organisation_id, note_id)))


class OwnNotePdfView(OwnBase):
    """The PDF of a credit note of an organisation."""

    access = "organisation:read"

    @endpoint(file=TYPE, service=RIGHT)
    def get(self, request: Request, organisation_id: UUID, note_id: UUID) -> HttpResponse:
        """Download a credit note as a PDF, with its electronic form inside."""
        return note_file(self.note(organisation_id, note_id))


class OwnNoteXmlView(OwnBase):
    """The electronic form of a credit note of an organisation."""

    access = "organisation:read"

    @endpoint(file=XML, errors=(NotElectronic,), service=RIGHT)
    def get(self, request: Request, organisation_id: UUID, note_id: UUID) -> HttpResponse:
        """Download a credit note as EN 16931 has it (Factur-X, the XML alone)."""
        return note_xml_file(self.note(organisation_id, note_id))
