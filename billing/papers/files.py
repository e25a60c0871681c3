"""The files of a document: its PDF, in the language of its buyer, an archive (PDF/A-3) with the electronic invoice inside;
and that electronic invoice by itself."""

from django.utils import translation

from billing.errors.invoices import NotElectronic
from billing.models import CreditNote, Invoice
from billing.papers.drawing import drawn
from billing.papers.electronic import embedded, invoice_xml, note_xml
from billing.presenters.documents import invoice_sheet, note_sheet
from billing.selectors.invoices import lines_of, note_parts, taxes_of


def invoice_pdf(invoice: Invoice) -> bytes:
    """The file of an invoice that was found. A draft is no invoice yet: nothing electronic is inside."""
    lines, taxes = lines_of(invoice), taxes_of(invoice)
    with translation.override(invoice.buyer.get("language") or invoice.customer.language):
        page = drawn(invoice_sheet(invoice, lines, taxes))
    if not _electronic(invoice):
        return page
    return embedded(page, invoice_xml(invoice, lines, taxes))


def note_pdf(note: CreditNote) -> bytes:
    """The file of a credit note that was found."""
    lines, taxes = note_parts(note)
    with translation.override(note.buyer.get("language") or "en"):
        page = drawn(note_sheet(note, lines, taxes))
    return embedded(page, note_xml(note, lines, taxes))


def invoice_electronic(invoice: Invoice) -> bytes:
    """The electronic invoice alone (XML) of an invoice that was found; `NotElectronic` where there is none."""
    made = invoice_xml(invoice, lines_of(invoice), taxes_of(invoice)) if _electronic(invoice) else None
    if made is None:
        raise NotElectronic
    return made


def note_electronic(note: CreditNote) -> bytes:
    """The electronic credit note alone (XML) of one that was found; `NotElectronic` where there is none."""
    made = note_xml(note, *note_parts(note))
    if made is None:
        raise NotElectronic
    return made


def _electronic(invoice: Invoice) -> bool:
    return invoice.state != Invoice.State.DRAFT and invoice.total >= 0
