"""Reads of payments, methods, providers, what they told, and reminders.

Inside an organisation by `billing:read`; staff by `payment:admin`, which the installation gives.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from billing.models import (
    Customer,
    Dispute,
    DunningRun,
    DunningStep,
    Invoice,
    Payment,
    PaymentMethod,
    ProviderAccount,
    ProviderEvent,
    ProviderSecret,
    Refund,
)
from portal.kit.context import Actor
from portal.kit.errors import NotFound

RANK = {"none": 0, "warn": 1, "restrict": 2, "suspend": 3}


def _code(actor: Actor) -> str:
    return "payment:admin" if actor.organisation_id is None else "billing:read"


def payments(actor: Actor) -> QuerySet[Payment]:
    """The payments that `actor` may see: all as staff, else those of the organisation it stands in."""
    rows = Payment.objects.visible_to(actor, _code(actor))
    return rows.select_related("customer__organisation", "account", "method", "invoice")


def payment(actor: Actor, key: UUID) -> Payment:
    """One of them; `NotFound` otherwise."""
    found = payments(actor).filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def customer(actor: Actor, key: UUID) -> Customer:
    """The customer that money came from, for staff (`payment:admin`); `NotFound` otherwise."""
    rows = Customer.objects.visible_to(actor, "payment:admin").filter(pk=key)
    found = rows.select_related("organisation", "test_clock", "entity").first()
    if found is None:
        raise NotFound
    return found


def refunds_of(actor: Actor, row: Payment) -> Sequence[Refund]:
    """What went back of a payment, newest first."""
    return list(Refund.objects.visible_to(actor, _code(actor)).filter(payment=row).order_by("-id"))


def disputes_of(actor: Actor, row: Payment) -> Sequence[Dispute]:
    """The chargebacks of a payment, newest first."""
    return list(Dispute.objects.visible_to(actor, _code(actor)).filter(payment=row).order_by("-id"))


def methods(actor: Actor) -> QuerySet[PaymentMethod]:
    """The means of payment that may be charged, of the organisation that `actor` stands in; the default first."""
    rows = PaymentMethod.objects.visible_to(actor, "billing:read").filter(removed_at=None)
    return rows.select_related("account", "customer").order_by("-is_default", "-created_at", "-id")


def method(actor: Actor, key: UUID) -> PaymentMethod:
    """One of them; `NotFound` otherwise."""
    found = methods(actor).filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def method_charged(actor: Actor, customer_id: UUID) -> PaymentMethod | None:
    """What a customer is charged by, for staff (`payment:admin`); None where nothing is."""
    rows = PaymentMethod.objects.visible_to(actor, "payment:admin")
    return rows.filter(customer_id=customer_id, is_default=True).first()


def customer_here(actor: Actor) -> Customer | None:
    """The organisation that `actor` stands in, as a customer; None before its first plan or document."""
    rows = Customer.objects.visible_to(actor, "billing:read").filter(organisation=actor.organisation_id)
    return rows.select_related("organisation", "test_clock", "entity").first()


def invoices_to_pay(actor: Actor) -> Sequence[Invoice]:
    """What the organisation that `actor` stands in has to pay, the oldest due first."""
    rows = Invoice.objects.visible_to(actor, "billing:read").filter(
        organisation=actor.organisation_id, state__in=("open", "paid"), due__gt=0
    )
    return list(rows.order_by("due_at", "id")[:50])


def invoice_to_pay(actor: Actor, key: UUID) -> Invoice:
    """One document of the organisation that `actor` stands in, to pay it; `NotFound` otherwise."""
    rows = Invoice.objects.visible_to(actor, "billing:read").filter(organisation=actor.organisation_id, pk=key)
    found = rows.select_related("customer__organisation", "customer__test_clock", "entity").first()
    if found is None:
        raise NotFound
    return found


def accounts(actor: Actor) -> QuerySet[ProviderAccount]:
    """The accounts at providers, for staff (`payment:admin`)."""
    return ProviderAccount.objects.visible_to(actor, "payment:admin")


def account(actor: Actor, key: UUID) -> ProviderAccount:
    """One of them; `NotFound` otherwise."""
    found = accounts(actor).filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def accounts_by_hand(actor: Actor, sandbox: bool) -> Sequence[ProviderAccount]:
    """The accounts on which money comes by hand, for staff (`payment:admin`); of a sandbox those of no real money."""
    rows = accounts(actor).filter(provider=ProviderAccount.Provider.MANUAL, is_active=True)
    return list((rows.filter(live=False) if sandbox else rows).order_by("-live", "label", "id"))


def secrets_of(actor: Actor, row: ProviderAccount) -> Sequence[ProviderSecret]:
    """Which secrets an account has, newest first; what they are stays sealed."""
    rows = ProviderSecret.objects.visible_to(actor, "payment:admin").filter(account=row)
    return list(rows.defer("sealed").order_by("kind", "-created_at"))


def provider_events(actor: Actor) -> QuerySet[ProviderEvent]:
    """What providers told, for staff (`payment:admin`); without the bodies."""
    return ProviderEvent.objects.visible_to(actor, "payment:admin").select_related("account").defer("body")


def provider_event(actor: Actor, key: UUID) -> ProviderEvent:
    """One of them, whole; `NotFound` otherwise."""
    rows = ProviderEvent.objects.visible_to(actor, "payment:admin").select_related("account")
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def dunning_runs(actor: Actor) -> QuerySet[DunningRun]:
    """Who is reminded, for staff (`payment:admin`)."""
    rows = DunningRun.objects.visible_to(actor, "payment:admin")
    return rows.select_related("customer__organisation", "customer__test_clock", "invoice")


def dunning_run(actor: Actor, key: UUID) -> DunningRun:
    """One of them; `NotFound` otherwise."""
    found = dunning_runs(actor).filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def steps_of(actor: Actor, run: DunningRun) -> Sequence[DunningStep]:
    """What was done in a run, newest first."""
    return list(DunningStep.objects.visible_to(actor, "payment:admin").filter(run=run).order_by("-at", "-id"))


def standing_of(customer_id: UUID) -> str:
    """What was taken from a customer for not paying: none, warn, restrict or suspend; the hardest of its currencies.

    Asked by other services and by the check of entitlements, which have decided that it may be.
    """
    rows = DunningRun.objects.filter(customer_id=customer_id).exclude(state=DunningRun.State.CLEARED)
    return max(rows.values_list("stage", flat=True), key=RANK.__getitem__, default="none")
