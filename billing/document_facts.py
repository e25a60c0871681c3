"""What is frozen on a document of its two sides: copied, never linked, so that later changes do not touch it."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from billing.models import BillingContact, Customer, Invoice, LegalEntity, TaxId

_ADDRESS = ("line1", "line2", "postal_code", "city", "region", "country")
_SELLER = (
    "name",
    *_ADDRESS,
    "email",
    "registration",
    "tax_id",
    "regime",
    "time_zone",
    "iban",
    "bic",
    "upi_id",
    "footer",
)
_BUYER = ("name", *_ADDRESS, "email", "language", "time_zone", "tax_status")


def seller_of(entity: LegalEntity) -> dict[str, Any]:
    """Who sells, as it is printed."""
    return {name: getattr(entity, name) for name in _SELLER}


def buyer_of(customer: Customer) -> dict[str, Any]:
    """Who buys, as it is printed, with the tax ids that no office refused."""
    numbers = TaxId.objects.filter(customer=customer).exclude(checked=TaxId.Check.INVALID).order_by("created_at", "id")
    return {name: getattr(customer, name) for name in _BUYER} | {
        "tax_ids": [{"kind": one.kind, "value": one.value} for one in numbers]
    }


def addresses_of(customer: Customer) -> list[str]:
    """Where the customer's documents go, each address once."""
    contacts = BillingContact.objects.filter(customer=customer).order_by("created_at", "id")
    found = [customer.email, *contacts.values_list("email", flat=True)]
    return list({address.lower(): address for address in found if address}.values())


def due_on(invoice: Invoice) -> date | None:
    """The day that is printed on it as its last: one of the seller, whatever time zone somebody reads it in."""
    zone = ZoneInfo(invoice.seller.get("time_zone") or "UTC")
    return invoice.due_at.astimezone(zone).date() if invoice.due_at else None
