"""Paying on a provider's page: begun, led there, and taken back.

No transaction is open while a provider is asked. What is to be paid is written first and stays; the provider is asked;
what it answered is written. Whoever dies in between leaves a payment that was begun, which the comparison with the
provider settles (`reconciling`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from billing import providers
from billing.errors.payments import NothingDue, PaymentMove
from billing.models import Customer, Invoice, Payment, ProviderAccount
from billing.providers.base import Checkout, Order, PaymentFact, Provider, ProviderRefused
from billing.services.collecting import SHOWN
from billing.services.payment_mails import absolute
from billing.services.payment_states import payment_apply, payment_held
from billing.services.payments import account_for, authorise_payer
from billing.times import now_of
from portal.kit.context import Actor
from portal.kit.errors import Invalid
from portal.kit.ids import uuid7
from portal.kit.record import record
from portal.kit.services import step_out
from rbac.standing import standing_on

OWED = (Invoice.State.OPEN, Invoice.State.PAID, Invoice.State.UNCOLLECTIBLE)


@dataclass(frozen=True)
class Begun:
    """A payment that is written down, and what is to be asked of its provider."""

    payment: Payment
    provider: Provider
    order: Order


def checkout_start(
    *,
    actor: Actor,
    invoice: Invoice,
    amount: int | None = None,
    save_method: bool = False,
    account: ProviderAccount | None = None,
) -> tuple[Payment, Checkout]:
    """Begin to pay an invoice, or a part of it, on a page. Who may pay for the organisation (`billing:admin`), or staff.

    Event `billing.payment.started`. `NothingDue`, `NoProvider`, `Invalid` for an amount above what is due, after which
    nothing is written. The provider's own errors come through: refused, the payment has failed (`billing.payment.failed`);
    away, it stays begun until the comparison closes it.
    """
    authorise_payer(actor=actor, organisation_id=invoice.organisation_id)
    begun = checkout_begin(invoice=invoice, amount=amount, save_method=save_method, account=account)
    return checkout_open(actor=actor, begun=begun)


def checkout_begin(
    *,
    invoice: Invoice,
    amount: int | None = None,
    save_method: bool = False,
    account: ProviderAccount | None = None,
    back: Callable[[UUID], str] | None = None,
) -> Begun:
    """Write a payment down; part of other services, which have decided that it may be. `back` says where the payer of the
    payment with that id comes back to."""
    with standing_on(invoice.organisation_id):
        chosen = account or account_for(customer=invoice.customer)
        payment = Payment(
            id=uuid7(),
            organisation_id=invoice.organisation_id,
            customer=invoice.customer,
            invoice=invoice,
            account=chosen,
            provider=chosen.provider,
            origin=Payment.Origin.CHECKOUT,
            amount=_asked(invoice, amount),
            currency=invoice.currency,
            event_at=now_of(invoice.customer),
        )
        payment.key = f"checkout:{payment.pk}"
        payment.save(force_insert=True)
        record("billing.payment.started", target=payment, changes={one: (None, getattr(payment, one)) for one in SHOWN})
        order = _order(payment, invoice, save_method=save_method, return_url=back(payment.pk) if back else "")
        return Begun(payment, providers.of(chosen), order)


def checkout_open(*, actor: Actor, begun: Begun) -> tuple[Payment, Checkout]:
    """Ask the provider for its page and note which one it is; part of other services, of which nothing else is open."""
    step_out()
    try:
        checkout = begun.provider.checkout_start(begun.order)
    except ProviderRefused as error:
        with standing_on(begun.payment.organisation_id):
            payment_apply(actor=actor, payment_id=begun.payment.pk, fact=_refused(begun.order, str(error.detail)))
        raise
    with standing_on(begun.payment.organisation_id):
        payment = payment_held(payment_id=begun.payment.pk)
        payment.checkout_ref = checkout.ref
        payment.save(update_fields=["checkout_ref"])
    return payment, checkout


def _refused(order: Order, text: str) -> PaymentFact:
    return PaymentFact(
        ref="",
        state="failed",
        amount=order.amount,
        currency=order.currency,
        failure_code="refused",
        failure_text=text,
    )


def _asked(invoice: Invoice, amount: int | None) -> int:
    if invoice.state not in OWED or invoice.due <= 0:
        raise NothingDue
    asked = invoice.due if amount is None else amount
    if isinstance(asked, bool) or not isinstance(asked, int) or not 0 < asked <= invoice.due:
        raise Invalid(fields={"amount": [_("Pay an amount above 0 and at most what is due.")]})
    return asked


def _order(payment: Payment, invoice: Invoice, *, save_method: bool, return_url: str) -> Order:
    slug = invoice.customer.organisation.slug
    back = return_url or absolute(path=reverse("billing:payment_return", args=[slug, payment.pk]))
    return Order(
        reference=str(payment.pk),
        amount=payment.amount,
        currency=payment.currency,
        description=str(invoice.number),
        return_url=back,
        cancel_url=back,
        customer_name=invoice.customer.name,
        customer_email=invoice.customer.email,
        save_method=save_method,
    )


def setup_start(*, actor: Actor, customer: Customer) -> Checkout:
    """Begin to save a means of payment on a page, without paying. Who may pay for the organisation, or staff.

    Nothing is written here; a webhook brings it (`billing.method.added`). `NoProvider`, `ProviderRefused`.
    """
    authorise_payer(actor=actor, organisation_id=customer.organisation_id)
    with standing_on(customer.organisation_id):
        provider = providers.of(account_for(customer=customer))
        back = absolute(path=reverse("billing:methods", args=[customer.organisation.slug]))
    order = Order(
        reference=str(customer.pk),
        amount=0,
        currency=customer.currency,
        description=customer.name,
        return_url=back,
        cancel_url=back,
        save_method=True,
    )
    step_out()
    return provider.setup_start(order)


def checkout_return(*, actor: Actor, payment: Payment, sent: Mapping[str, str]) -> Payment:
    """The payer is back from the page: what the browser brings is verified, then the provider itself is asked, so that
    it does not matter whether its webhook was here already (H07). Who may pay for the organisation.

    Events of `payment_apply`; `WebhookRefused` for what is not signed.
    """
    authorise_payer(actor=actor, organisation_id=payment.organisation_id)
    return checkout_back(actor=actor, payment=payment, provider=providers.of(payment.account), sent=sent)


def checkout_back(*, actor: Actor, payment: Payment, provider: Provider, sent: Mapping[str, str]) -> Payment:
    """`checkout_return` as a part of other services, which have decided that it may be (a public payment link)."""
    ref = provider.callback(sent) if sent else ""
    step_out()
    fact = provider.payment_fetch(ref=ref or payment.provider_ref, checkout_ref=payment.checkout_ref)
    if fact is None:
        return payment
    if ref and fact.checkout_ref not in {"", payment.checkout_ref}:
        raise PaymentMove  # Signed, but for another order.
    with standing_on(payment.organisation_id):
        return payment_apply(actor=actor, payment_id=payment.pk, fact=fact)
