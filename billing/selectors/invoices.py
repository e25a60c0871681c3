"""Reading documents: lists, and one of them with its parts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Min, Q, QuerySet

from billing import document_books as books
from billing.ledger import balance
from billing.models import (
    CreditNote,
    CreditNoteLine,
    CreditNoteTax,
    Customer,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    Journal,
    PaymentLink,
    Settlement,
)
from portal.kit import clock, errors
from portal.kit.context import Actor

OWED = (Invoice.State.OPEN, Invoice.State.PAID)


def invoices(actor: Actor, code: str = "invoice:read") -> QuerySet[Invoice]:
    """The invoices that the actor may see, with their customers: all for staff, in an organisation its own."""
    rows = Invoice.objects.visible_to(actor, code).select_related("customer")
    if actor.organisation_id is not None:
        # A draft is staff's own affair until it is final.
        rows = rows.filter(organisation_id=actor.organisation_id).exclude(state=Invoice.State.DRAFT)
    return rows


def invoices_here(actor: Actor) -> QuerySet[Invoice]:
    """The invoices of the organisation that the actor stands in."""
    return invoices(actor, "billing:read")


def invoice(actor: Actor, key: UUID, code: str = "invoice:read") -> Invoice:
    """One of them; `NotFound` else."""
    rows = invoices(actor, code).select_related("customer__test_clock", "entity", "series", "organisation")
    found = rows.filter(pk=key).first()
    if found is None:
        raise errors.NotFound
    return found


def links(actor: Actor, row: Invoice) -> QuerySet[PaymentLink]:
    """The links to an invoice that `actor` may see, those that ended among them."""
    return PaymentLink.objects.visible_to(actor, "invoice:read").filter(invoice=row)


def overdue(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Those of `rows` that are owed and late."""
    return rows.filter(state__in=OWED, due__gt=0, due_at__lt=clock.now())


def by_owed(rows: QuerySet[Invoice], value: str) -> QuerySet[Invoice]:
    """Those of `rows` that are overdue, waiting for their day, or with nothing to be paid."""
    if value == "overdue":
        return overdue(rows)
    owed = Q(state__in=OWED, due__gt=0)
    return rows.filter(owed, due_at__gte=clock.now()) if value == "waiting" else rows.exclude(owed)


def lines_of(target: Invoice) -> list[InvoiceLine]:
    """The lines of an invoice that was found."""
    return list(InvoiceLine.objects.filter(invoice=target).order_by("position"))


def taxes_of(target: Invoice) -> list[InvoiceTax]:
    """Its taxes by rate."""
    return list(InvoiceTax.objects.filter(invoice=target).order_by("position"))


def first_paid(actor: Actor, customer_id: UUID) -> datetime | None:
    """When a customer paid for the first time (`invoice:read`); None before."""
    rows = Settlement.objects.visible_to(actor, "invoice:read").filter(source=Settlement.Source.PAYMENT, amount__gt=0)
    found: datetime | None = rows.filter(invoice__customer=customer_id).aggregate(first=Min("event_at"))["first"]
    return found


def settlements_of(target: Invoice) -> list[Settlement]:
    """What settled it, in order."""
    return list(Settlement.objects.filter(invoice=target).order_by("event_at", "id"))


def notes_of(target: Invoice) -> list[CreditNote]:
    """Its credit notes, oldest first."""
    return list(CreditNote.objects.filter(invoice=target).order_by("id"))


def journals_of(target: Invoice) -> list[Journal]:
    """The journals of the ledger about it, oldest first."""
    return list(Journal.objects.filter(document_id=target.pk).order_by("id"))


def links_of(target: Invoice) -> int:
    """How many links to it are good."""
    return PaymentLink.objects.filter(invoice=target, revoked_at=None, expires_at__gt=clock.now()).count()


def credit_notes(actor: Actor, code: str = "invoice:read") -> QuerySet[CreditNote]:
    """The credit notes that the actor may see, with their customers."""
    rows = CreditNote.objects.visible_to(actor, code).select_related("customer", "invoice")
    if actor.organisation_id is not None:
        rows = rows.filter(organisation_id=actor.organisation_id)
    return rows


def credit_note(actor: Actor, key: UUID, code: str = "invoice:read") -> CreditNote:
    """One of them; `NotFound` else."""
    found = credit_notes(actor, code).filter(pk=key).first()
    if found is None:
        raise errors.NotFound
    return found


def note_parts(target: CreditNote) -> tuple[list[CreditNoteLine], list[CreditNoteTax]]:
    """Lines and taxes of a credit note that was found."""
    return (
        list(CreditNoteLine.objects.filter(credit_note=target).select_related("line").order_by("position")),
        list(CreditNoteTax.objects.filter(credit_note=target).order_by("position")),
    )


@dataclass(frozen=True, slots=True)
class Account:
    """What stands between a customer and us, in minor units: owed, credit, prepaid."""

    owed: int
    credit: int
    prepaid: int

    @property
    def net(self) -> int:
        """What the customer owes after its credit; below 0: what it has."""
        return self.owed - self.credit


def account_of(customer: Customer) -> Account:
    """The customer's account, from the ledger; of a customer that was found."""
    return Account(
        balance(books.receivable(customer)), balance(books.credit(customer)), balance(books.wallet(customer))
    )


def newest(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """In the order of a list: what was issued last first, drafts before."""
    return rows.order_by(F("issued_at").desc(nulls_first=True), "-id")


def customer(actor: Actor, key: UUID) -> Customer:
    """The customer that a document is made for; `NotFound` else."""
    rows = Customer.objects.visible_to(actor, "invoice:read").select_related("test_clock", "entity")
    found = rows.filter(pk=key).first()
    if found is None:
        raise errors.NotFound
    return found
