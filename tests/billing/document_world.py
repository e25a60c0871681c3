"""Documents for tests of billing: a customer with a flat tax, lines, drafts and final invoices."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from accounts.models import Organisation
from billing import document_books as books
from billing.documents import DraftCoupon, DraftLine
from billing.ledger import AccountRef, balance, chart
from billing.models import Customer, Invoice, LegalEntity, Settlement, TaxRate
from billing.services.invoice_states import invoice_finalise
from billing.services.invoices import invoice_draft
from billing.services.settlements import invoice_settle
from billing.times import now_of
from portal.kit import context
from portal.kit.context import Actor
from portal.kit.services import writing
from tests.accounts.organisation_world import organisation
from tests.billing.money_world import customer_of, seller

_numbers = count(1)
SYSTEM = Actor("system", None, "system")


def taxed_seller(percent: str = "0", **values: Any) -> LegalEntity:
    """Who sells, with one rate for everybody; "0": none at all."""
    if percent == "0":
        return seller(**values)
    entity = seller(regime="flat", **values)
    rate(entity, percent)
    return entity


def rate(entity: LegalEntity, percent: str, code: str = "vat", **values: Any) -> TaxRate:
    """A rate of the seller's, in force since for ever."""
    with context.system("a test"), writing():
        return TaxRate.objects.create(
            entity=entity,
            code=code,
            name=values.pop("name", "VAT"),
            percent=Decimal(percent),
            valid_from=date(2000, 1, 1),
            **values,
        )


def buyer(percent: str = "0", *, where: Organisation | None = None, **values: Any) -> Customer:
    """A customer of a seller with that rate of tax; `seller_values` are the seller's."""
    entity = values.pop("entity", None) or taxed_seller(percent, **values.pop("seller_values", {}))
    return customer_of(where or organisation(), entity=entity, **values)


def line(amount: int, kind: Any = "one_off", **values: Any) -> DraftLine:
    """A line of that many minor units."""
    return DraftLine(
        key=values.pop("key", f"line{next(_numbers)}"),
        kind=kind,
        description=values.pop("description", "Something good"),
        quantity=values.pop("quantity", Decimal(1)),
        unit_amount=values.pop("unit_amount", None),
        amount=amount,
        **values,
    )


def draft(
    customer: Customer, *amounts: int | DraftLine, coupons: list[DraftCoupon] | None = None, **values: Any
) -> Invoice:
    """A draft with lines of those amounts."""
    lines = [one if isinstance(one, DraftLine) else line(one) for one in amounts]
    with context.system("a test") as current:
        return invoice_draft(
            actor=current.actor,
            customer=customer,
            lines=lines,
            key=values.pop("key", f"draft{next(_numbers)}"),
            coupons=coupons or [],
            **values,
        )


def final(customer: Customer, *amounts: int | DraftLine, **values: Any) -> Invoice:
    """A final invoice with lines of those amounts."""
    made = draft(customer, *amounts, **values)
    with context.system("a test") as current:
        return fresh(invoice_finalise(actor=current.actor, invoice=made))


def paid(invoice: Invoice, amount: int | None = None, key: str | None = None) -> Settlement:
    """A payment of the invoice by bank, of all that is due or of `amount` (below 0: taken back)."""
    with context.system("a test") as current:
        return invoice_settle(
            actor=current.actor,
            invoice=invoice,
            amount=fresh(invoice).due if amount is None else amount,
            key=key or f"pay{next(_numbers)}",
            source="payment",
            event_at=now_of(invoice.customer),
            lines_from=bank(invoice),
        )


def bank(invoice: Invoice) -> AccountRef:
    """Our bank account in the books of the invoice."""
    return chart.bank("main", invoice.currency, sandbox=invoice.sandbox)


def fresh(invoice: Invoice) -> Invoice:
    """The invoice as it stands now."""
    return Invoice.objects.select_related("customer__test_clock", "entity").get(pk=invoice.pk)


def receivable(customer: Customer) -> int:
    """What the ledger says that the customer owes."""
    return balance(books.receivable(customer))


def credit(customer: Customer) -> int:
    """What the ledger says that is owed to the customer."""
    return balance(books.credit(customer))
