"""Documents as files to download."""

from django.http import HttpResponse
from django.utils.text import slugify

from billing.models import CreditNote, Invoice
from billing.papers.files import invoice_electronic, invoice_pdf, note_electronic, note_pdf
from portal.kit.pdf import TYPE

XML = "application/xml"


def invoice_file(invoice: Invoice) -> HttpResponse:
    """The PDF of an invoice that was found, named by its number."""
    return _file(invoice_pdf(invoice), f"{slugify(invoice.number or 'draft')}.pdf", TYPE)


def note_file(note: CreditNote) -> HttpResponse:
    """The PDF of a credit note that was found, named by its number."""
    return _file(note_pdf(note), f"{slugify(note.number)}.pdf", TYPE)


def invoice_xml_file(invoice: Invoice) -> HttpResponse:
    """The electronic form of an invoice that was found; `NotElectronic`."""
    return _file(invoice_electronic(invoice), f"{slugify(invoice.number or 'draft')}.xml", XML)


def note_xml_file(note: CreditNote) -> HttpResponse:
    """The electronic form of a credit note that was found; `NotElectronic`."""
    return _file(note_electronic(note), f"{slugify(note.number)}.xml", XML)


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    reply = HttpResponse(content, content_type=kind)
    reply["Content-Disposition"] = f'attachment; filename="{name}"'
    return reply
