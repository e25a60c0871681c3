"""Who pays, by which account, and payments that are recorded by hand from a statement."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from billing.errors.payments import NoProvider, PaymentKeyReused
from billing.models import Customer, Invoice, Payment, ProviderAccount
from billing.providers.base import PaymentFact
from billing.services.collecting import SHOWN
from billing.services.invoices import locked
from billing.services.payment_states import payment_apply
from billing.times import now_of
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Invalid, NotFound
from portal.kit.record import record
from rbac.standing import standing_on

OWED = (Invoice.State.OPEN, Invoice.State.PAID, Invoice.State.UNCOLLECTIBLE)


def authorise_payer(*, actor: Actor, organisation_id: UUID) -> None:
    """Raise unless `actor` may pay for an organisation: `billing:admin` inside it, `payment:admin` as staff or system."""
    if actor.organisation_id is None:
        authorise(actor, "payment:admin")
    elif actor.organisation_id != organisation_id:
        raise NotFound
    else:
        authorise(actor, "billing:admin")


def account_for(*, customer: Customer) -> ProviderAccount:
    """The account that a customer pays by: the default one of real money, or of none for a sandbox. `NoProvider`.

    An installation that has no account of real money lets everybody pay by the one of none: nothing is sold yet there.
    """
    rows = ProviderAccount.objects.filter(is_active=True).order_by("-is_default", "created_at", "id")
    found = None if customer.sandbox else rows.filter(live=True).first()
    found = found or rows.filter(live=False).first()
    if found is None:
        raise NoProvider
    return found


def payment_record(
    *,
    actor: Actor,
    customer: Customer,
    amount: int,
    account: ProviderAccount,
    key: str,
    reference: str = "",
    invoice: Invoice | None = None,
    event_at: datetime | None = None,
    fee: int = 0,
) -> Payment:
    """Write down money that came by hand (a transfer, UPI, cash): what is due on `invoice` is settled, more becomes
    credit, less leaves the rest open (F07). Staff (`payment:admin`). The same `key` again is the same payment.

    Events of the payment. `Invalid` for an amount that is none, or an account that is not one of hand-made payments;
    `PaymentKeyReused` for the key of another customer, document or amount.
    """
    authorise(actor, "payment:admin")
    if isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0 or not 0 <= fee <= amount:
        raise Invalid(fields={"amount": [_("Give an amount above 0.")]})
    if account.provider != ProviderAccount.Provider.MANUAL or (invoice is not None and invoice.customer != customer):
        raise Invalid(_("Choose an account for payments by hand, and a document of this customer."))
    with standing_on(customer.organisation_id):
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        known = Payment.objects.filter(key=f"manual:{key}"[:120]).first()
        if known is not None:
            asked = (customer.pk, invoice.pk if invoice is not None else None, amount)
            if (known.customer_id, known.invoice_id, known.amount) != asked:
                raise PaymentKeyReused
            return known
        if invoice is not None:
            locked(invoice.pk)
        payment = Payment(
            organisation_id=customer.organisation_id,
            customer=customer,
            invoice=invoice,
            account=account,
            provider=account.provider,
            key=f"manual:{key}"[:120],
            origin=Payment.Origin.MANUAL,
            amount=amount,
            currency=invoice.currency if invoice is not None else customer.currency,
            reference=reference[:120],
            event_at=event_at or now_of(customer),
        )
        payment.save(force_insert=True)
        record("billing.payment.started", target=payment, changes={one: (None, getattr(payment, one)) for one in SHOWN})
        fact = PaymentFact(ref="", state="succeeded", amount=amount, currency=payment.currency, fee=fee)
        return payment_apply(actor=actor, payment_id=payment.pk, fact=fact)
