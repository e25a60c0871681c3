"""Mails about documents, to the customer's address and its billing contacts, written with the document."""

from collections.abc import Iterable

from billing.document_facts import addresses_of as addresses_of  # noqa: PLC0414 - others take it from here
from billing.document_facts import due_on
from billing.models import CreditNote, Invoice
from billing.services.payment_links import link_put
from portal.kit.context import Actor
from portal.kit.money import Money, shown
from portal.kit.notify import notify
from portal.kit.preferences import day_text

CATEGORY = "documents"


def invoice_tell(*, actor: Actor, invoice: Invoice) -> int:
    """Mail a final invoice with a link to it; how many mails. A sandbox's go to nobody: its documents are no debts."""
    addresses = addresses_of(invoice.customer)
    if invoice.sandbox or not addresses:
        return 0
    data = {
        "number": invoice.number,
        "seller": invoice.seller["name"],
        "buyer": invoice.buyer["name"],
        "amount": shown(Money(invoice.total, invoice.currency)),
        "due": shown(Money(invoice.due, invoice.currency)),
        "is_due": invoice.due > 0,
        "due_on": day_text(due) if (due := due_on(invoice)) else "",
        "url": link_put(invoice=invoice),
    }
    return _sent(addresses, "invoice_issued", data)


def note_tell(*, actor: Actor, note: CreditNote) -> int:
    """Mail a credit note's facts with a link to its invoice; how many mails. A sandbox's go to nobody."""
    addresses = addresses_of(note.customer)
    if note.sandbox or not addresses:
        return 0
    data = {
        "number": note.number,
        "invoice": note.invoice_number,
        "seller": note.seller["name"],
        "buyer": note.buyer["name"],
        "amount": shown(Money(note.total, note.currency)),
        "destination": note.destination,
        "reason_given": note.reason,
        "url": link_put(invoice=note.invoice),
    }
    return _sent(addresses, "credit_note_issued", data)


def _sent(addresses: Iterable[str], template: str, data: dict[str, object]) -> int:
    return sum(notify(address, CATEGORY, template, data) is not None for address in addresses)
