"""Documents as they look, on pages and on paper: from their frozen columns only, never from what stands there today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from django.utils import formats
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from billing.models import CreditNote, CreditNoteLine, CreditNoteTax, Invoice, InvoiceLine, InvoiceTax
from portal.kit.money import Money, exponent, shown

TAX_LABELS = {"eu_vat": "VAT ID", "gb_vat": "VAT", "in_gst": "GSTIN"}


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line as it is printed."""

    description: str
    period: str
    quantity: str
    unit: str
    amount: str


@dataclass(frozen=True, slots=True)
class Sum:
    """A row below the lines; `strong` is the one that counts."""

    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole document, every text in the language that is active. `qr` is what a banking program reads."""

    title: str
    number: str
    mark: str
    seller: str
    seller_lines: Sequence[str]
    buyer: str
    buyer_lines: Sequence[str]
    facts: Sequence[tuple[str, str]]
    lines: Sequence[SheetLine]
    sums: Sequence[Sum]
    payment: Sequence[tuple[str, str]]
    qr: str
    qr_label: str
    notes: Sequence[str]
    footer: Sequence[str]
    memo: str = ""


def invoice_sheet(
    invoice: Invoice, lines: Sequence[InvoiceLine], taxes: Sequence[InvoiceTax], notes: Sequence[CreditNote] = ()
) -> Sheet:
    """An invoice, final or not. What is printed as due on a final one is its total: payments move later."""
    seller, buyer = _sides(invoice)
    zone = ZoneInfo(seller.get("time_zone") or "UTC")
    money = _money(invoice.currency)
    facts = [(_("Invoice number"), invoice.number or _("Draft"))]
    if invoice.issued_at:
        facts.append((_("Date of issue"), _day(invoice.issued_at, zone)))
    if invoice.due_at:
        facts.append((_("Due by"), _day(invoice.due_at, zone)))
    if invoice.period_start and invoice.period_end:
        facts.append((_("Period"), _span(invoice.period_start, invoice.period_end, zone)))
    sums = [Sum(_("Subtotal"), money(invoice.subtotal))]
    if invoice.discount:
        sums.append(Sum(_coupons(invoice), money(-invoice.discount)))
        sums.append(Sum(_("Net"), money(invoice.subtotal - invoice.discount)))
    sums += [_tax_sum(tax, money) for tax in taxes]
    sums.append(Sum(_("Total"), money(invoice.total), strong=True))
    return Sheet(
        title=_("Invoice"),
        number=invoice.number or _("Draft"),
        mark=_mark(invoice),
        facts=facts,
        lines=[_line(line, invoice.currency, zone) for line in lines],
        sums=sums,
        **_qr(invoice, seller),
        notes=list(invoice.notes),
        memo=invoice.memo,
        **_people(seller, buyer),
    )


def note_sheet(note: CreditNote, lines: Sequence[CreditNoteLine], taxes: Sequence[CreditNoteTax]) -> Sheet:
    """A credit note."""
    zone = ZoneInfo(note.seller.get("time_zone") or "UTC")
    money = _money(note.currency)
    return Sheet(
        title=_("Credit note"),
        number=note.number,
        mark=_("Test") if note.sandbox else "",
        facts=[
            (_("Credit note number"), note.number),
            (_("Date of issue"), _day(note.issued_at, zone)),
            (_("For invoice"), note.invoice_number),
            (_("Reason"), note.reason),
        ],
        lines=[SheetLine(line.description, "", "", "", money(line.net)) for line in lines],
        sums=[
            Sum(_("Subtotal"), money(note.subtotal)),
            *(_tax_sum(tax, money) for tax in taxes),
            Sum(_("Total credit"), money(note.total), strong=True),
        ],
        payment=[(_("The amount goes to"), str(note.get_destination_display()))],
        qr="",
        qr_label="",
        notes=list(note.notes),
        **_people(note.seller, note.buyer),
    )


def _sides(invoice: Invoice) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides as frozen; of a draft, which has nothing frozen yet, what would be."""
    if invoice.state != Invoice.State.DRAFT:
        return invoice.seller, invoice.buyer
    entity, customer = invoice.entity, invoice.customer
    names = ("name", "line1", "line2", "postal_code", "city", "region", "country", "email", "time_zone")
    return (
        {name: getattr(entity, name) for name in (*names, "registration", "tax_id", "footer")},
        {name: getattr(customer, name) for name in names},
    )


def _people(seller: dict[str, Any], buyer: dict[str, Any]) -> dict[str, Any]:
    numbers = [f"{TAX_LABELS.get(one['kind'], _('Tax ID'))} {one['value']}" for one in buyer.get("tax_ids", [])]
    contact = [seller.get("email", "")] if seller.get("email") else []
    said = [seller["name"], seller.get("registration", ""), _labelled(_("Tax ID"), seller.get("tax_id", ""))]
    footer = [" · ".join(part for part in said if part), seller.get("footer", "")]
    return {
        "seller": seller["name"],
        "seller_lines": [*address_lines(seller), *contact],
        "buyer": buyer["name"],
        "buyer_lines": [*address_lines(buyer), *numbers],
        "footer": [part for part in footer if part],
    }


def address_lines(facts: dict[str, Any]) -> list[str]:
    """An address as it is written, line by line."""
    town = " ".join(part for part in (facts.get("postal_code", ""), facts.get("city", "")) if part)
    found = [facts.get("line1", ""), facts.get("line2", ""), town, country_name(facts.get("country", ""))]
    return [part for part in found if part]


def country_name(code: str) -> str:
    """The name of a country in the language that is active."""
    try:
        locale = Locale.parse(get_language() or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return str(locale.territories.get(code, code))


def _qr(invoice: Invoice, seller: dict[str, Any]) -> dict[str, Any]:
    """How to pay by bank, and what a banking program reads of it, where the seller has an account."""
    rows, code, label = [], "", ""
    iban, upi = seller.get("iban", ""), seller.get("upi_id", "")
    if invoice.number and invoice.total > 0 and (iban or upi):
        major = Money(invoice.total, invoice.currency).major
        if iban:
            rows.append((_("IBAN"), " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))))
            rows += [(_("BIC"), seller["bic"])] if seller.get("bic") else []
        if upi:
            rows.append((_("UPI"), upi))
        rows.append((_("Reference"), invoice.number))
        if iban and invoice.currency == "EUR":
            # EPC069-12, version 002: SEPA credit transfer with free text.
            name = seller["name"][:70]
            code = "\n".join(
                ("BCD", "002", "1", "SCT", seller.get("bic", ""), name, iban, f"EUR{major}", "", "", invoice.number)
            )
            label = _("Scan with your banking app")
        elif upi and invoice.currency == "INR":
            from urllib.parse import quote, urlencode

            asked = {"pa": upi, "pn": seller["name"], "am": str(major), "cu": "INR", "tn": invoice.number}
            code = f"upi://pay?{urlencode(asked, quote_via=quote)}"
            label = _("Scan with any UPI app")
    if invoice.sandbox:
        return {"payment": [], "qr": "", "qr_label": ""}  # Nobody shall pay a test.
    return {"payment": rows, "qr": code, "qr_label": label}


def _line(line: InvoiceLine, currency: str, zone: ZoneInfo) -> SheetLine:
    money = _money(currency)
    period = _span(line.period_start, line.period_end, zone) if line.period_start and line.period_end else ""
    return SheetLine(
        description=line.description,
        period=period,
        quantity=_number(line.quantity),
        unit=_unit(line.unit_amount, currency) if line.unit_amount is not None else "",
        amount=money(line.amount),
    )


def _number(value: Decimal) -> str:
    whole = value == value.to_integral_value()
    return formats.number_format(value.to_integral_value() if whole else value.normalize(), force_grouping=True)


def _unit(minor: Decimal, currency: str) -> str:
    """A price of one, which may have more decimals than the currency."""
    if minor == minor.to_integral_value():
        return shown(Money(int(minor), currency))
    return f"{formats.number_format(minor.scaleb(-exponent(currency)).normalize())} {currency}"


def _tax_sum(tax: InvoiceTax | CreditNoteTax, money: Any) -> Sum:
    label = _("%(name)s on %(base)s") if tax.percent == 0 else _("%(name)s %(percent)s %% on %(base)s")
    said = {"name": tax.name, "percent": _number(tax.percent), "base": money(tax.base)}
    return Sum(label % said, money(tax.amount))


def _coupons(invoice: Invoice) -> str:
    names = ", ".join(str(one["name"]) for one in invoice.coupons)
    return _("Discount (%(names)s)") % {"names": names} if names else _("Discount")


def _mark(invoice: Invoice) -> str:
    if invoice.state == Invoice.State.VOID:
        return _("Void")
    if invoice.state == Invoice.State.DRAFT:
        return _("Draft")
    return _("Test") if invoice.sandbox else ""


def _labelled(label: str, value: str) -> str:
    return f"{label} {value}" if value else ""


def _money(currency: str) -> Any:
    return lambda amount: shown(Money(int(amount), currency))


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return _date(moment.astimezone(zone).date())


def _date(day: date) -> str:
    """A day with its month as a word: documents go to many countries, and none may read it as another day."""
    return formats.date_format(day, pgettext("date format, day month year", "j M Y"))


def _span(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """A period by its first and last day, both included, as people count."""
    from datetime import timedelta

    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    return f"{_day(start, zone)} \N{EN DASH} {_date(last)}"
