"""Charging what is due by itself: a saved method, off the payer's hands, once per attempt however often it is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Max, Q

from billing import providers
from billing.contested import contested
from billing.models import Dispute, Invoice, Payment, PaymentMethod, ProviderAccount
from billing.providers.base import Order, PaymentFact, Provider, ProviderAway, ProviderRefused
from billing.services.invoices import locked
from billing.services.payment_states import in_flight, payment_apply
from billing.times import now_of
from portal.kit.context import Actor
from portal.kit.record import record
from rbac.standing import standing_on

SHOWN = ("amount", "currency", "origin", "provider", "attempt")


@dataclass(frozen=True)
class Charge:
    """What is to be asked of a provider, after the transaction that decided it and before the one that writes what came."""

    payment_id: UUID
    provider: Provider
    order: Order


def invoice_collect(*, actor: Actor, invoice_id: UUID) -> Payment | None:
    """Charge what is due on an invoice, all in one: for test clocks and simulations, whose provider is the sandbox.

    None where nothing is to be charged. Events of the payment; `ProviderAway` leaves the payment as begun.
    """
    charge = charge_begin(actor=actor, invoice_id=invoice_id)
    if charge is None:
        return None
    return payment_apply(actor=actor, payment_id=charge.payment_id, fact=charge_ask(charge=charge))


def charge_begin(*, actor: Actor, invoice_id: UUID) -> Charge | None:
    """Decide whether an invoice is charged now, and write the payment down before anybody is asked.

    None: nothing is due (it may have been paid by another road meanwhile), its payment is or was disputed, or there is
    nothing to charge. A payment that
    was begun and whose end is not known is gone on with, by the same reference, so that nobody is charged twice. Event
    `billing.payment.started`. Part of the job.
    """
    organisation_id = Invoice.objects.values_list("organisation_id", flat=True).filter(pk=invoice_id).first()
    if organisation_id is None:
        return None
    with standing_on(organisation_id):
        invoice = locked(invoice_id)
        if invoice.state not in (Invoice.State.OPEN, Invoice.State.PAID) or invoice.due <= 0 or not invoice.collect:
            return None
        # Who had the bank take a payment back is not charged for the same again, unless the dispute is won by us.
        if Invoice.objects.filter(contested(Dispute.State.OPEN, Dispute.State.LOST), pk=invoice.pk).exists():
            return None
        payment = in_flight(invoice=invoice)
        if payment is None:
            method = method_to_charge(invoice=invoice)
            if method is None:
                return None
            payment = _begun(invoice, method)
        elif payment.state != Payment.State.CREATED:
            return None  # The provider has it and will tell.
    method = payment.method
    if method is None:
        return None
    order = Order(
        reference=str(payment.pk),
        amount=payment.amount,
        currency=payment.currency,
        description=str(invoice.number),
        customer_name=invoice.customer.name,
        customer_email=invoice.customer.email,
        method_ref=method.provider_ref,
        provider_customer=method.provider_customer,
    )
    return Charge(payment.pk, providers.of(payment.account), order)


def charge_ask(*, charge: Charge) -> PaymentFact:
    """Ask the provider; a refusal is a failure of the payment. `ProviderAway`: nothing is known, ask again soon (G03)."""
    try:
        return charge.provider.charge(charge.order)
    except ProviderAway:
        raise
    except ProviderRefused as error:
        return PaymentFact(
            ref="",
            state="failed",
            amount=charge.order.amount,
            currency=charge.order.currency,
            failure_code="refused",
            failure_text=str(error.detail),
        )


def method_to_charge(*, invoice: Invoice) -> PaymentMethod | None:
    """The customer's default method, where its provider charges without the payer and the method has not expired."""
    today = now_of(invoice.customer).date()
    rows = PaymentMethod.objects.filter(customer_id=invoice.customer_id, is_default=True, account__is_active=True)
    rows = rows.filter(Q(expires__isnull=True) | Q(expires__gte=today)).select_related("account")
    found = rows.first()
    if found is None or not provider_class(account=found.account).off_session:
        return None
    return None if invoice.sandbox and found.account.live else found


def provider_class(*, account: ProviderAccount) -> type[Provider]:
    """What the provider of an account can do."""
    return providers.opening.PROVIDERS[account.provider]


def _begun(invoice: Invoice, method: PaymentMethod) -> Payment:
    last: Mapping[str, Any] = Payment.objects.filter(invoice=invoice, origin=Payment.Origin.METHOD).aggregate(
        last=Max("attempt")
    )
    attempt = (last["last"] or 0) + 1
    payment = Payment(
        organisation_id=invoice.organisation_id,
        customer=invoice.customer,
        invoice=invoice,
        account=method.account,
        method=method,
        provider=method.account.provider,
        key=f"invoice:{invoice.pk}:{attempt}",
        origin=Payment.Origin.METHOD,
        amount=invoice.due,
        currency=invoice.currency,
        attempt=attempt,
        event_at=now_of(invoice.customer),
    )
    payment.save(force_insert=True)
    record("billing.payment.started", target=payment, changes={one: (None, getattr(payment, one)) for one in SHOWN})
    return payment
