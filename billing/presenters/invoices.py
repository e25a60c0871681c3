"""Invoices and credit notes in lists and on their pages, and what one actor may do with each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.document_facts import due_on
from billing.models import CreditNote, Invoice
from billing.selectors import invoices as selectors
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.money import Money, shown

HUES = 5


def state_of(invoice: Invoice) -> tuple[str, str]:
    """Tone and word of an invoice's state; what is owed and late says so."""
    if invoice.state in selectors.OWED and invoice.due > 0 and invoice.due_at and invoice.due_at < clock.now():
        return "bad", _("Overdue")
    if invoice.state == Invoice.State.PAID and invoice.due > 0:
        return "warn", _("Owed again")
    tones = {"open": "info", "paid": "ok", "uncollectible": "warn"}
    return tones.get(invoice.state, ""), str(invoice.get_state_display())


@dataclass(frozen=True)
class InvoiceRow:
    """One invoice in a list. `inside` is the short name of the organisation whose own list it is."""

    invoice: Invoice
    inside: str = ""

    @property
    def id(self) -> str:
        """The invoice's id."""
        return str(self.invoice.pk)

    @property
    def label(self) -> str:
        """Its number, or that it is a draft."""
        return str(self.invoice)

    @property
    def second(self) -> str:
        """Whose it is; in the customer's own list the memo."""
        return self.invoice.memo if self.inside else self.invoice.customer.name

    @property
    def url(self) -> str:
        """Its page."""
        return invoice_url(self.invoice, self.inside)

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return self.invoice.customer_id.int % HUES

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return state_of(self.invoice)[0]

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return state_of(self.invoice)[1]

    @property
    def total(self) -> str:
        """Its total."""
        return shown(Money(self.invoice.total, self.invoice.currency))

    @property
    def due(self) -> str:
        """What is still to be paid; empty for nothing."""
        return shown(Money(self.invoice.due, self.invoice.currency)) if owed(self.invoice) else ""

    @property
    def due_at(self) -> date | None:
        """By when."""
        return due_on(self.invoice)

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return self.invoice.created_at


def owed(invoice: Invoice) -> bool:
    """Whether something is to be paid on it."""
    return invoice.state in selectors.OWED and invoice.due > 0


def invoice_url(invoice: Invoice, inside: str = "") -> str:
    """The page of an invoice, for staff or in its organisation."""
    if inside:
        return reverse("billing:own_invoice", args=[inside, invoice.pk])
    return reverse("billing:invoice", args=[invoice.pk])


def invoice_rows(actor: Actor, found: Sequence[Invoice]) -> list[InvoiceRow]:
    """Rows of the staff's list."""
    return [InvoiceRow(row) for row in found]


def own_invoice_rows(actor: Actor, found: Sequence[Invoice]) -> list[InvoiceRow]:
    """Rows of an organisation's own list."""
    return [InvoiceRow(row, row.organisation.slug) for row in found]


@dataclass(frozen=True)
class NoteRow:
    """One credit note in a list."""

    note: CreditNote

    @property
    def id(self) -> str:
        """The note's id."""
        return str(self.note.pk)

    @property
    def label(self) -> str:
        """Its number."""
        return self.note.number

    @property
    def second(self) -> str:
        """Whose it is."""
        return self.note.customer.name

    @property
    def url(self) -> str:
        """The page of the invoice that it corrects."""
        return invoice_url(self.note.invoice)

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return self.note.customer_id.int % HUES

    @property
    def invoice_number(self) -> str:
        """The invoice that it corrects."""
        return self.note.invoice_number

    @property
    def total(self) -> str:
        """What it gives back."""
        return shown(Money(self.note.total, self.note.currency))

    @property
    def destination(self) -> str:
        """Where that goes."""
        return str(self.note.get_destination_display())

    @property
    def created_at(self) -> datetime:
        """When it was issued."""
        return self.note.created_at


def note_rows(actor: Actor, found: Sequence[CreditNote]) -> list[NoteRow]:
    """Rows of the list of credit notes."""
    return [NoteRow(row) for row in found]


def facts_of(invoice: Invoice) -> list[dict[str, Any]]:
    """What stands beside the document."""

    def money(amount: int) -> str:
        return shown(Money(amount, invoice.currency))

    facts: list[dict[str, Any]] = [{"label": _("Total"), "value": money(invoice.total)}]
    for label, amount in (
        (_("Paid"), invoice.paid),
        (_("Credited"), invoice.credited),
        (_("Written off"), invoice.written_off),
    ):
        if amount:
            facts.append({"label": label, "value": money(amount)})
    facts.append({"label": _("Due"), "value": money(invoice.due)})
    if invoice.due_at:
        facts.append({"label": _("Due by"), "when": due_on(invoice)})
    return facts


def settlement_rows(invoice: Invoice) -> list[dict[str, Any]]:
    """What settled it, for the page."""
    return [
        {"label": row.get_source_display(), "when": row.event_at, "amount": shown(Money(row.amount, invoice.currency))}
        for row in selectors.settlements_of(invoice)
    ]


def note_rows_of(invoice: Invoice) -> list[NoteRow]:
    """The credit notes of an invoice, for its page."""
    return [NoteRow(row) for row in selectors.notes_of(invoice)]
