"""What the search finds of invoices, credit notes and payments."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.lists.customers import customers
from billing.lists.invoices import credit_notes, invoices, own_invoices
from billing.lists.payments import payments
from billing.models import CreditNote, Invoice, Payment
from billing.presenters.invoices import invoice_url
from billing.presenters.subscriptions import money
from portal.kit.lists import List
from portal.kit.search import Hit, Realm, Records, kinds


def _told(row: Invoice) -> str:
    return f"{money(row.total, row.currency)} · {row.get_state_display()}"


def _invoice(row: Invoice) -> Hit:
    note = f"{row.customer.name} · {_told(row)}"
    return Hit(str(row.pk), row.number or _("Draft"), note, invoice_url(row))


def _own_invoice(row: Invoice) -> Hit:
    return Hit(str(row.pk), row.number or _("Draft"), _told(row), invoice_url(row, row.organisation.slug))


def _note(row: CreditNote) -> Hit:
    note = _("%(amount)s for %(invoice)s") % {
        "amount": money(row.total, row.currency),
        "invoice": row.invoice_number,
    }
    # It has no page of its own: its invoice shows it.
    return Hit(str(row.pk), row.number, note, reverse("billing:invoice", args=[row.invoice_id]))


def _payment(row: Payment) -> Hit:
    note = f"{money(row.amount, row.currency)} · {row.get_state_display()}"
    return Hit(str(row.pk), row.customer.name, note, reverse("billing:payment", args=[row.pk]))


def _documents(name: str, realm: Realm, declared: List, place: int, hit: Callable[[Any], Hit]) -> Records:
    return Records(
        name,
        realm,
        declared.label,
        "document",
        declared.code,
        declared.url,
        place,
        source=declared.source,
        hit=hit,
        search=declared.search,
        spelled=("number__iexact",),
        order=("-created_at", "-id"),
    )


for kind in (
    _documents("invoices", "platform", invoices, 18, _invoice),
    _documents("invoices", "organisation", own_invoices, 18, _own_invoice),
    _documents("credit_notes", "platform", credit_notes, 19, _note),
    # By who pays, since the list has no search of its own.
    Records(
        "payments",
        "platform",
        gettext_lazy("Payments"),
        "card",
        payments.code,
        place=20,
        source=payments.source,
        hit=_payment,
        search=customers.search,
        order=("-event_at", "-id"),
    ),
):
    kinds.add(kind)
