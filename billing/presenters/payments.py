"""Payments and means of payment as pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.document_facts import due_on
from billing.models import Invoice, Payment, PaymentMethod, SandboxCharge
from billing.providers.base import Checkout
from billing.providers.manual import qr_image, upi_address
from portal.kit.context import Actor
from portal.kit.money import Money, exponent, shown

TONES = {
    "succeeded": "ok",
    "won": "ok",
    "processed": "ok",
    "cleared": "ok",
    "failed": "bad",
    "lost": "bad",
    "open": "warn",
    "pending": "info",
    "authorised": "info",
    "received": "info",
    "finished": "bad",
    "active": "warn",
    "warn": "info",
    "restrict": "warn",
    "suspend": "bad",
}


def money(amount: int, currency: str) -> str:
    """An amount with its currency."""
    return shown(Money(amount, currency))


@dataclass(frozen=True)
class PaymentRow:
    """One payment in a list."""

    payment: Payment

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.payment.pk)

    @property
    def label(self) -> str:
        """Who pays."""
        return self.payment.customer.name

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("billing:payment", args=[self.payment.pk])

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return self.payment.customer_id.int % 5

    @property
    def amount(self) -> str:
        """How much."""
        return money(self.payment.amount, self.payment.currency)

    @property
    def number(self) -> str:
        """The document that it is for."""
        return (self.payment.invoice.number or "") if self.payment.invoice is not None else _("Credit")

    @property
    def road(self) -> str:
        """By which account it came, and how."""
        return f"{self.payment.account.label} · {self.payment.get_origin_display()}"

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return "warn" if self.payment.flag else TONES.get(self.payment.state, "")

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return _("To look at") if self.payment.flag else str(self.payment.get_state_display())

    @property
    def event_at(self) -> datetime:
        """When it happened."""
        return self.payment.event_at


def payment_rows(actor: Actor, found: Sequence[Payment]) -> list[PaymentRow]:
    """Rows of a list."""
    return [PaymentRow(row) for row in found]


def payment_facts(row: Payment) -> list[dict[str, Any]]:
    """What is known of a payment."""
    shown_row = PaymentRow(row)
    facts: list[dict[str, Any]] = [
        {"label": _("Status"), "status": {"tone": shown_row.state_tone, "label": row.get_state_display()}},
        {"label": _("Amount"), "value": shown_row.amount},
        {"label": _("Set off against the document"), "value": money(row.applied, row.currency)},
        {"label": _("Document"), "value": shown_row.number},
        {"label": _("Way"), "value": shown_row.road},
        {"label": _("Fee"), "value": money(row.fee, row.currency)},
        {"label": _("Happened"), "when": row.event_at, "style": "exact"},
        {"label": _("Attempt"), "value": row.attempt},
    ]
    for label, value in (
        (_("Means of payment"), str(row.method or "")),
        (_("Id at the provider"), row.provider_ref),
        (_("Id of the checkout"), row.checkout_ref),
        (_("Reference"), row.reference),
        (_("Why it failed"), row.failure_text),
        (_("To look at"), row.flag),
    ):
        if value:
            facts.append({"label": label, "value": value, "mono": label == _("Id at the provider")})
    if row.refunded:
        facts.append({"label": _("Paid back or on its way"), "value": money(row.refunded, row.currency)})
    if row.disputed:
        facts.append({"label": _("Disputed"), "value": money(row.disputed, row.currency)})
    return facts


def plain_amount(amount: int, currency: str) -> str:
    """An amount as a field of a form has it: 19.99."""
    return str(Money(amount, currency).major) if exponent(currency) else str(amount)


def method_rows(found: Sequence[PaymentMethod], slug: str) -> list[dict[str, Any]]:
    """Means of payment as their page lists them."""
    return [
        {
            "id": str(row.pk),
            "label": row.label,
            "second": row.account.label,
            "expires": row.expires,
            "is_default": row.is_default,
            "prefer_url": reverse("billing:method_prefer", args=[slug, row.pk]),
            "dialog": f"remove-{row.pk}",
        }
        for row in found
    ]


def method_dialogs(found: Sequence[PaymentMethod], slug: str) -> list[dict[str, Any]]:
    """A confirmation for each that may be removed."""
    return [
        {
            "id": f"remove-{row.pk}",
            "title": _("Remove %(name)s?") % {"name": row.label},
            "text": _("It is charged no more. Invoices to come have to be paid another way."),
            "confirm_label": _("Remove"),
            "glyph": "trash",
            "url": reverse("billing:method_remove", args=[slug, row.pk]),
        }
        for row in found
    ]


def due_rows(found: Sequence[Invoice], slug: str) -> list[dict[str, Any]]:
    """Documents that are to be paid."""
    return [
        {
            "number": row.number,
            "amount": money(row.due, row.currency),
            "due_at": due_on(row),
            "pay_url": reverse("billing:invoice_pay", args=[slug, row.pk]),
        }
        for row in found
    ]


def checkout_page(charge: SandboxCharge) -> dict[str, Any]:
    """The sandbox's page: what is to be paid, or that it is over."""
    return {
        "state": charge.state,
        "amount": money(charge.amount, charge.currency),
        "is_setup": charge.amount == 0,
        "description": charge.description,
        "cards": [
            ("4242 4242 4242 4242", _("is paid")),
            ("4000 0025 0000 3155", _("asks for a confirmation")),
            ("4000 0000 0000 0002", _("is declined")),
            ("4000 0000 0000 9995", _("has not enough money")),
            ("4000 0000 0000 0341", _("is paid now and declined later")),
            ("4000 0000 0000 0259", _("is paid and disputed afterwards")),
        ],
    }


def hosted_page(payment: Payment, checkout: Checkout, back_url: str) -> dict[str, Any]:
    """The page that leads to a provider, opens its script, or says where to transfer the money."""
    page = dict(checkout.page or {})
    values: dict[str, Any] = {
        "amount": money(payment.amount, payment.currency),
        "number": payment.invoice.number if payment.invoice is not None else "",
        "provider": payment.account.label,
        "url": checkout.url,
        "road": page.pop("road", "hosted"),
        "order": page,
        "back_url": back_url,
    }
    if values["road"] == "manual" and payment.invoice is not None:
        entity = payment.invoice.entity
        values["facts"] = [
            {"label": _("Payee"), "value": entity.name},
            {"label": _("IBAN"), "value": entity.iban or "–", "mono": True},
            {"label": _("BIC"), "value": entity.bic or "–", "mono": True},
            {"label": _("Reference"), "value": payment.invoice.number, "mono": True},
            {"label": _("Amount"), "value": values["amount"]},
        ]
        if entity.upi_id and payment.currency == "INR":
            amount = Money(payment.amount, payment.currency)
            address = upi_address(upi_id=entity.upi_id, name=entity.name, amount=amount, note=str(values["number"]))
            values["qr"] = qr_image(address)
    return values
