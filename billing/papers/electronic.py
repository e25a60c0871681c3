"""The electronic invoice (EN 16931, as Factur-X) of a document, and its place inside the PDF.

Everything comes from the frozen columns. A line stands with its net after discounts, so that the sums of the standard
hold without allowances. A line with several taxes (GST, which has an e-invoice of its own) has no place in the standard:
such documents are PDF alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from drafthorse.models.accounting import ApplicableTradeTax
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.tradelines import LineItem
from facturx import generate_from_binary

from billing.legal import CATEGORIES, notes_of
from billing.models import CreditNote, CreditNoteLine, CreditNoteTax, Invoice, InvoiceLine, InvoiceTax
from portal.kit.money import Money

GUIDELINE = "urn:cen.eu:en16931:2017"
INVOICE, CREDIT_NOTE = "380", "381"  # UNTDID 1001
UNIT = "C62"  # One, of no unit.
CREDIT_TRANSFER, SEPA = "30", "58"  # UNTDID 4461
SCHEMA = "FACTUR-X_EN16931"
Tax = InvoiceTax | CreditNoteTax


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as the standard wants it."""

    key: str
    name: str
    net: int
    period: tuple[date, date] | None = None


def invoice_xml(invoice: Invoice, lines: Sequence[InvoiceLine], taxes: Sequence[InvoiceTax]) -> bytes | None:
    """The XML of a final invoice; None where the standard has no place for it."""
    zone = ZoneInfo(invoice.seller.get("time_zone") or "UTC")
    rows = [
        _Line(
            line.key,
            line.description,
            line.amount - line.discount,
            (_day(line.period_start, zone), _day(line.period_end, zone))
            if line.period_start and line.period_end
            else None,
        )
        for line in lines
    ]
    if not _fits(rows, taxes):
        return None
    made = _begun(INVOICE, str(invoice.number), _day(invoice.issued_at, zone), invoice)
    terms = PaymentTerms()
    if invoice.due_at:
        terms.due = _day(invoice.due_at, zone)
    made.trade.settlement.terms.add(terms)
    _means(made, invoice)
    return _finished(made, rows, taxes, invoice.currency)


def note_xml(note: CreditNote, lines: Sequence[CreditNoteLine], taxes: Sequence[CreditNoteTax]) -> bytes | None:
    """The XML of a credit note; None where the standard has no place for it."""
    zone = ZoneInfo(note.seller.get("time_zone") or "UTC")
    rows = [_Line(line.line.key, line.description, line.net) for line in lines]
    if not _fits(rows, taxes):
        return None
    made = _begun(CREDIT_NOTE, note.number, _day(note.issued_at, zone), note)
    made.trade.settlement.invoice_referenced_document.issuer_assigned_id = note.invoice_number
    return _finished(made, rows, taxes, note.currency)


def embedded(pdf: bytes, xml: bytes | None) -> bytes:
    """The PDF as PDF/A-3 with the XML inside; as it is without one."""
    if xml is None:
        return pdf
    made: bytes = generate_from_binary(
        pdf, xml, flavor="factur-x", level="en16931", check_xsd=False, afrelationship="alternative"
    )
    return made


def _day(moment: datetime | None, zone: ZoneInfo) -> date:
    if moment is None:
        raise ValueError("A final document has its dates.")
    return moment.astimezone(zone).date()


def _fits(lines: Iterable[_Line], taxes: Sequence[Tax]) -> bool:
    return all(sum(line.key in tax.parts for tax in taxes) <= 1 for line in lines)


def _begun(kind: str, number: str, day: date, document: Invoice | CreditNote) -> Any:
    """A document with its head and both sides."""
    made: Any = Document()
    made.context.guideline_parameter.id = GUIDELINE
    made.header.id = number
    made.header.type_code = kind
    made.header.issue_date_time = day
    for text in document.notes:
        note: Any = IncludedNote()
        note.content.add(text)
        made.header.notes.add(note)
    _side(made.trade.agreement.seller, document.seller, document.seller.get("tax_id", ""))
    numbers = document.buyer.get("tax_ids", [])
    _side(made.trade.agreement.buyer, document.buyer, numbers[0]["value"] if numbers else "")
    made.trade.delivery.event.occurrence = day
    made.trade.settlement.currency_code = document.currency
    return made


def _side(party: Any, facts: Mapping[str, Any], tax_id: str) -> None:
    party.name = facts["name"]
    party.address.postcode = facts.get("postal_code", "")
    party.address.line_one = facts.get("line1", "")
    party.address.line_two = facts.get("line2", "")
    party.address.city_name = facts.get("city", "")
    party.address.country_id = facts.get("country", "") or "ZZ"
    if tax_id:
        registration: Any = TaxRegistration()
        registration.id = ("VA", tax_id)
        party.tax_registrations.add(registration)


def _means(made: Any, invoice: Invoice) -> None:
    iban = invoice.seller.get("iban", "")
    if not iban or invoice.sandbox:
        return
    means: Any = PaymentMeans()
    means.type_code = SEPA if invoice.currency == "EUR" else CREDIT_TRANSFER
    means.payee_account.iban = iban
    if invoice.seller.get("bic"):
        means.payee_institution.bic = invoice.seller["bic"]
    made.trade.settlement.payment_reference = invoice.number
    made.trade.settlement.payment_means.add(means)


def _finished(made: Any, lines: Sequence[_Line], taxes: Sequence[Tax], currency: str) -> bytes:
    """Add lines, taxes and sums, and write the file, checked against the schema."""

    def major(amount: int) -> Decimal:
        return Money(int(amount), currency).major

    for place, line in enumerate(lines, 1):
        made.trade.items.add(_item(str(place), line, taxes, major))
    for tax in taxes:
        row: Any = ApplicableTradeTax()
        row.calculated_amount, row.basis_amount = major(tax.amount), major(tax.base)
        row.type_code, row.category_code = "VAT", CATEGORIES.get(tax.category, "S")
        row.rate_applicable_percent = tax.percent
        reasons = notes_of([tax.category])
        if reasons:
            row.exemption_reason = reasons[0]
        made.trade.settlement.trade_tax.add(row)
    net, tax_sum = sum(line.net for line in lines), sum(tax.amount for tax in taxes)
    if not taxes:
        row = ApplicableTradeTax()
        row.calculated_amount, row.basis_amount = major(0), major(net)
        row.type_code, row.category_code = "VAT", CATEGORIES["outside"]
        row.exemption_reason = "VATEX-EU-O"
        made.trade.settlement.trade_tax.add(row)
    sums = made.trade.settlement.monetary_summation
    sums.line_total, sums.charge_total, sums.allowance_total = major(net), major(0), major(0)
    sums.tax_basis_total, sums.tax_total = major(net), (major(tax_sum), currency)
    sums.grand_total = sums.due_amount = major(net + tax_sum)
    xml: bytes = made.serialize(schema=SCHEMA)
    return xml


def _item(place: str, line: _Line, taxes: Sequence[Tax], major: Any) -> Any:
    item: Any = LineItem()
    item.document.line_id = place
    item.product.name = line.name
    # A price is never below 0: what gives back is so many times minus one.
    item.agreement.net.amount = major(abs(line.net))
    item.delivery.billed_quantity = (Decimal(-1 if line.net < 0 else 1), UNIT)
    own = next((tax for tax in taxes if line.key in tax.parts), None)
    item.settlement.trade_tax.type_code = "VAT"
    item.settlement.trade_tax.category_code = CATEGORIES.get(own.category, "S") if own else CATEGORIES["outside"]
    if own is not None:
        item.settlement.trade_tax.rate_applicable_percent = own.percent
    if line.period is not None:
        item.settlement.period.start, item.settlement.period.end = line.period
    item.settlement.monetary_summation.total_amount = major(line.net)
    return item
