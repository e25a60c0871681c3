"""Bodies of invoices and credit notes."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from billing.models import CreditNote, Invoice, InvoiceLine, InvoiceTax
from billing.version_words import plain
from portal.kit.api import Amount, Body, MoneyField, Reply, money_body, row_body

INVOICE = (
    "id",
    "number",
    "state",
    "customer_id",
    "organisation_id",
    "currency",
    "sandbox",
    Amount("subtotal"),
    Amount("discount"),
    Amount("tax"),
    Amount("total"),
    Amount("paid"),
    Amount("credited"),
    Amount("due"),
    "memo",
    "created_at",
    "issued_at",
    "due_at",
)
NOTE = (
    "id",
    "number",
    "invoice_id",
    "currency",
    "destination",
    "reason",
    Amount("subtotal"),
    Amount("tax"),
    Amount("total"),
    Amount("applied"),
    "issued_at",
)
_ID = "01890000-0000-7000-8000-0000000000e1"
_OTHER = "01890000-0000-7000-8000-0000000000e2"
_MOMENT = "2026-01-31T08:30:00Z"


class InvoiceReply(Reply):
    """An invoice."""

    id = serializers.UUIDField()
    number = serializers.CharField(allow_null=True, help_text="None of a draft.")
    state = serializers.ChoiceField(choices=Invoice.State.values)
    customer_id = serializers.UUIDField()
    organisation_id = serializers.UUIDField()
    currency = serializers.CharField(help_text="ISO 4217; that of every amount of it.")
    sandbox = serializers.BooleanField(help_text="Whether it is a test.")
    subtotal = MoneyField(help_text="Before discounts and taxes.")
    discount = MoneyField()
    tax = MoneyField()
    total = MoneyField()
    paid = MoneyField()
    credited = MoneyField(help_text="Credit notes set off against what was open.")
    due = MoneyField(help_text="What is still to be paid.")
    memo = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    issued_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    example = {
        "id": _ID,
        "number": "INV-2026-0001",
        "state": "open",
        "customer_id": _OTHER,
        "organisation_id": _OTHER,
        "currency": "EUR",
        "sandbox": False,
        "subtotal": money_body(10000, "EUR"),
        "discount": money_body(0, "EUR"),
        "tax": money_body(1900, "EUR"),
        "total": money_body(11900, "EUR"),
        "paid": money_body(0, "EUR"),
        "credited": money_body(0, "EUR"),
        "due": money_body(11900, "EUR"),
        "memo": "",
        "created_at": _MOMENT,
        "issued_at": _MOMENT,
        "due_at": _MOMENT,
    }


class InvoiceLineReply(serializers.Serializer[Any]):
    """A line of an invoice."""

    kind = serializers.CharField()
    description = serializers.CharField()
    quantity = serializers.CharField(help_text="Exact, as a text.")
    amount = MoneyField(help_text="Before discount and tax.")
    discount = MoneyField()
    net = MoneyField()
    tax = MoneyField()
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True, help_text="The first moment after it.")


class InvoiceTaxReply(serializers.Serializer[Any]):
    """What an invoice asks for at one rate."""

    name = serializers.CharField()
    percent = serializers.CharField(help_text="Exact, as a text.")
    base = MoneyField()
    amount = MoneyField()


class InvoiceWholeReply(InvoiceReply):
    """An invoice with its lines and taxes."""

    lines = InvoiceLineReply(many=True)
    taxes = InvoiceTaxReply(many=True)
    example = InvoiceReply.example | {
        "lines": [
            {
                "kind": "one_off",
                "description": "Setup",
                "quantity": "1",
                "amount": money_body(10000, "EUR"),
                "discount": money_body(0, "EUR"),
                "net": money_body(10000, "EUR"),
                "tax": money_body(1900, "EUR"),
                "period_start": None,
                "period_end": None,
            }
        ],
        "taxes": [
            {"name": "VAT", "percent": "19", "base": money_body(10000, "EUR"), "amount": money_body(1900, "EUR")}
        ],
    }


class LineBody(Body):
    """A line of a one-off invoice."""

    description = serializers.CharField(max_length=300)
    amount = MoneyField(help_text="Before tax, in the customer's currency; below 0 gives back.")
    quantity = serializers.DecimalField(
        max_digits=24, decimal_places=9, required=False, default=Decimal(1), help_text="Printed only."
    )
    tax_category = serializers.CharField(max_length=10, required=False, default="standard")
    example = {"description": "Setup", "amount": money_body(10000, "EUR")}


class InvoiceBody(Body):
    """A one-off invoice, drafted."""

    customer_id = serializers.UUIDField()
    lines = LineBody(many=True, allow_empty=False)
    memo = serializers.CharField(max_length=500, required=False, allow_blank=True)
    collect = serializers.BooleanField(required=False, help_text="Whether it is collected automatically.")
    example = {"customer_id": _OTHER, "lines": [{"description": "Setup", "amount": money_body(10000, "EUR")}]}


class NoteReply(Reply):
    """A credit note."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    invoice_id = serializers.UUIDField()
    currency = serializers.CharField()
    destination = serializers.ChoiceField(choices=CreditNote.Destination.values)
    reason = serializers.CharField()
    subtotal = MoneyField()
    tax = MoneyField()
    total = MoneyField()
    applied = MoneyField(help_text="Of it, set off against what was due.")
    issued_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "number": "INV-CN-2026-0001",
        "invoice_id": _OTHER,
        "currency": "EUR",
        "destination": "open",
        "reason": "Late",
        "subtotal": money_body(1000, "EUR"),
        "tax": money_body(190, "EUR"),
        "total": money_body(1190, "EUR"),
        "applied": money_body(1190, "EUR"),
        "issued_at": _MOMENT,
    }


class NoteBody(Body):
    """A credit note over an amount with its taxes."""

    amount = MoneyField(least=1, required=False, help_text="With tax; absent: all that is left.")
    to = serializers.ChoiceField(choices=CreditNote.Destination.values)
    reason = serializers.CharField(max_length=300)
    example = {"amount": money_body(1190, "EUR"), "to": "open", "reason": "Late"}


def invoice_body(invoice: Invoice) -> dict[str, Any]:
    """An invoice without its parts."""
    return row_body(invoice, INVOICE)


def note_body(note: CreditNote) -> dict[str, Any]:
    """A credit note."""
    return row_body(note, NOTE)


def invoice_whole(invoice: Invoice, lines: Sequence[InvoiceLine], taxes: Sequence[InvoiceTax]) -> dict[str, Any]:
    """An invoice with its lines and taxes, in its currency."""
    currency = invoice.currency
    return invoice_body(invoice) | {
        "lines": [
            {
                **row_body(line, ("kind", "description", "period_start", "period_end")),
                "quantity": plain(line.quantity),
                **{name: money_body(getattr(line, name), currency) for name in ("amount", "discount", "net", "tax")},
            }
            for line in lines
        ],
        "taxes": [
            {
                "name": tax.name,
                "percent": plain(tax.percent),
                "base": money_body(tax.base, currency),
                "amount": money_body(tax.amount, currency),
            }
            for tax in taxes
        ],
    }
