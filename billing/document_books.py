"""How documents stand in the ledger: which accounts an invoice, a credit note and a settlement move."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Sum

from billing.documents import DEFERRED
from billing.ledger import AccountRef, Line, Posting, balance, chart
from billing.models import Customer, Entry, Invoice, InvoiceLine, InvoiceTax, Journal, Refund


def receivable(customer: Customer) -> AccountRef:
    """What the customer owes."""
    return chart.receivable(customer.pk, customer.currency, sandbox=customer.sandbox)


def credit(customer: Customer) -> AccountRef:
    """What is owed to the customer."""
    return chart.customer_credit(customer.pk, customer.currency, sandbox=customer.sandbox)


def wallet(customer: Customer) -> AccountRef:
    """What the customer paid in advance."""
    return chart.wallet(customer.pk, customer.currency, sandbox=customer.sandbox)


def bad_debt(invoice: Invoice) -> AccountRef:
    """What nobody will pay."""
    return chart.bad_debt(invoice.currency, sandbox=invoice.sandbox)


def income_of(line: InvoiceLine, invoice: Invoice) -> AccountRef:
    """The income that the net of a line is, or becomes once its days are over."""
    kind = {"usage": "usage", "minimum": "usage", "one_off": "one_off"}.get(line.kind, "subscription")
    return chart.income(kind, invoice.currency, sandbox=invoice.sandbox)  # type: ignore[arg-type]


def deferred(invoice: Invoice) -> AccountRef:
    """What is billed and not earned yet."""
    return chart.deferred(invoice.currency, sandbox=invoice.sandbox)


def issued(
    invoice: Invoice,
    lines: Iterable[InvoiceLine],
    taxes: Iterable[InvoiceTax],
    at: datetime,
    ahead: Mapping[UUID, int],
) -> Posting | None:
    """The journal of a finalised invoice; None when it moves nothing.

    The customer owes the total; nets are income, or deferred as far as they are billed `ahead` (by the id of the line);
    taxes are owed to their offices. What is earned over days is posted after discounts, so that what is earned sums to
    it; discounts of all else stand on an account of their own.
    """
    sums: dict[AccountRef, int] = defaultdict(int)
    sums[receivable(invoice.customer)] += invoice.total
    for line in lines:
        later = ahead.get(line.pk, 0)
        sums[deferred(invoice)] -= later
        if line.kind in DEFERRED and line.period_end is not None:
            sums[income_of(line, invoice)] -= line.amount - line.discount - later
        else:
            sums[income_of(line, invoice)] -= line.amount
            sums[chart.discounts(invoice.currency, sandbox=invoice.sandbox)] += line.discount
    for tax in taxes:
        sums[chart.tax(tax.code, invoice.currency, sandbox=invoice.sandbox)] -= tax.amount
    return posting(f"invoice:{invoice.pk}:issue", at, "invoice", invoice, sums)


def moved(
    key: str, at: datetime, kind: str, invoice: Invoice, amount: int, *, into: AccountRef, of: AccountRef
) -> Posting:
    """A journal of two lines: `amount` from one account to another (below 0: the other way)."""
    found = posting(key, at, kind, invoice, {into: amount, of: -amount})
    if found is None:
        raise ValueError("A journal moves something.")
    return found


def posting(key: str, at: datetime, kind: str, invoice: Invoice, sums: Mapping[AccountRef, int]) -> Posting | None:
    """A journal about an invoice; None when every amount is 0."""
    lines = [Line(account, amount, str(invoice.pk)) for account, amount in sums.items() if amount]
    if not lines:
        return None
    return Posting(
        key=key,
        event_at=at,
        kind=kind,
        description=f"{kind.replace('_', ' ').capitalize()} of {invoice.customer.name}",
        lines=lines,
        document_kind="invoice",
        document_id=invoice.pk,
        customer_id=invoice.customer_id,
    )


def of_customer(key: str, at: datetime, kind: str, customer: Customer, **accounts: Any) -> Posting:
    """A journal between two accounts about a customer: `amount` `into` one and out `of` another."""
    amount = int(accounts["amount"])
    return Posting(
        key=key,
        event_at=at,
        kind=kind,
        description=f"{kind.replace('_', ' ').capitalize()} of {customer.name}",
        lines=[Line(accounts["into"], amount), Line(accounts["of"], -amount)],
        document_kind="customer",
        document_id=customer.pk,
        customer_id=customer.pk,
    )


def is_posted(key: str) -> bool:
    """Whether the journal of a key stands: what it belongs to was done. Under a lock, or it may come meanwhile."""
    return Journal.objects.filter(key=key).exists()


def is_same(made: Posting) -> bool:
    """Whether the journal that stands under the key of `made` moved the same between the same accounts."""
    rows = Entry.objects.filter(journal__key=made.key).values_list("account__path", "currency", "amount")
    return sorted(rows) == sorted((line.account.path, line.account.currency, line.amount) for line in made.lines)


def settlement_key(invoice_id: UUID, key: str) -> str:
    """The ledger's key of a settlement."""
    return f"settlement:{invoice_id}:{key}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a customer has to its credit, in minor units of its currency."""

    credit: int
    wallet: int


def standing_of(customer: Customer) -> Standing:
    """The customer's credit and prepaid balance, read from the ledger; part of other services, which hold its lock.

    Credit that a refund pays out is spoken for from the moment it is asked for: a document that used it meanwhile would
    leave the refund without cover after the provider has paid.
    """
    rows = Refund.objects.filter(payment__customer=customer, state__in=(Refund.State.CREATED, Refund.State.PENDING))
    spoken_for: int = rows.aggregate(sum=Sum("from_credit"))["sum"] or 0
    return Standing(max(0, balance(credit(customer)) - spoken_for), balance(wallet(customer)))
