"""Mails about payments, to the customer's address and its billing contacts. A sandbox's go to nobody."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse

from billing.document_facts import due_on
from billing.models import Customer, DunningRun, Invoice, Payment, Refund
from billing.services.document_mails import CATEGORY, addresses_of
from portal.kit.money import Money, shown
from portal.kit.notify import notify
from portal.kit.preferences import day_text


def absolute(*, path: str) -> str:
    """A page of this installation by its whole address, as mails and providers need it."""
    return f"{settings.STEWARD_PUBLIC_URL}{path}"


def receipt_tell(*, payment: Payment) -> int:
    """Say that a payment arrived; how many mails."""
    data = _payment(payment) | {
        "credit": shown(Money(payment.amount - payment.applied, payment.currency)),
        "is_credit": payment.amount > payment.applied,
    }
    return _sent(payment.customer, "payment_receipt", data)


def failure_tell(*, payment: Payment) -> int:
    """Say that a charge failed, and how to pay instead."""
    return _sent(payment.customer, "payment_failed", _payment(payment) | {"why": payment.failure_text})


def refund_tell(*, refund: Refund) -> int:
    """Say that money is on its way back."""
    data = {"amount": shown(Money(refund.amount, refund.currency)), "why": refund.reason}
    return _sent(refund.payment.customer, "payment_refunded", data)


def stage_tell(*, run: DunningRun, invoice: Invoice, stage: str) -> int:
    """Say what is overdue and what was taken away, or soon will be."""
    data = {
        "stage": stage,
        "number": invoice.number,
        "amount": shown(Money(invoice.due, invoice.currency)),
        "due_on": day_text(due) if (due := due_on(invoice)) else "",
        "url": _invoices_url(run.customer),
    }
    return _sent(run.customer, "payment_reminder", data)


def last_tell(*, customer: Customer) -> int:
    """Say that nothing is charged any more by itself: the customer has to pay."""
    return _sent(customer, "payment_last_notice", {"customer": customer.name, "url": _invoices_url(customer)})


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "amount": shown(Money(payment.amount, payment.currency)),
        "number": payment.invoice.number if payment.invoice is not None else "",
        "method": str(payment.method or payment.account),
        "url": _invoices_url(payment.customer),
    }


def _invoices_url(customer: Customer) -> str:
    return absolute(path=reverse("billing:methods", args=[customer.organisation.slug]))


def _sent(customer: Customer, template: str, data: Mapping[str, Any]) -> int:
    if customer.sandbox:
        return 0
    return sum(notify(address, CATEGORY, template, data) is not None for address in addresses_of(customer))
