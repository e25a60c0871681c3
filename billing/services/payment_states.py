"""What becomes of a payment when somebody tells of it: forward only, posted once, whoever tells and how often."""

from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.errors.payments import PaymentDiffers, PaymentUnknown
from billing.models import Customer, Invoice, Payment, PaymentMethod, ProviderAccount
from billing.payment_moves import IN_FLIGHT, path
from billing.providers.base import PaymentFact, SavedMethod
from billing.services import payment_books as books
from billing.services.dunning import WORKER, dunning_clear, dunning_start
from billing.services.invoices import locked
from billing.services.payment_mails import failure_tell, receipt_tell
from billing.services.settlements import SETTLED, credit_put, invoice_settle
from billing.services.standing import subscription_begins
from billing.times import now_of
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.record import record
from portal.kit.services import writing
from rbac.standing import standing_on

State = Payment.State


def payment_held(*, payment_id: UUID) -> Payment:
    """The payment with its customer's row held: nobody else moves its money meanwhile; part of other services.

    The customer first, then documents, then the payment: in this order, as everybody takes these locks.
    """
    with writing():
        held = Customer.objects.select_for_update(no_key=True).filter(payments=payment_id).values_list("pk").first()
        if held is None:
            raise PaymentUnknown
        rows = Payment.objects.select_for_update(of=("self",), no_key=True)
        return rows.select_related(
            "customer__test_clock", "customer__organisation", "account", "method", "invoice"
        ).get(pk=payment_id)


def payment_found(*, account: ProviderAccount, fact: PaymentFact) -> Payment:
    """Our payment of which a provider tells: by its own id, by the checkout it is of, or by the reference that we gave.

    A second try under one checkout is a payment of its own, made here beside the first. `PaymentUnknown`.
    """
    rows = Payment.objects.filter(account=account)
    found = rows.filter(provider_ref=fact.ref).first()
    if found is not None:
        return found
    first = rows.filter(checkout_ref=fact.checkout_ref).first() if fact.checkout_ref else None
    if first is None and (named := _uuid(fact.reference)) is not None:
        first = rows.filter(pk=named).first()
    if first is None:
        raise PaymentUnknown
    return first if first.provider_ref == "" else _beside(first, fact)


def payment_apply(*, actor: Actor, payment_id: UUID, fact: PaymentFact) -> Payment:
    """Bring a payment to where `fact` says it is; part of other services, which have verified who says so.

    Money that arrives settles the document and the rest becomes credit, once, however often it is told. Events
    `billing.payment.changed`, `.succeeded` or `.failed`, with those of what is settled; a receipt or a word of failure
    by mail. Nothing at all where the news is old. `PaymentDiffers` for another amount or currency.
    """
    organisation_id = Payment.objects.values_list("organisation_id", flat=True).filter(pk=payment_id).first()
    if organisation_id is None:
        raise PaymentUnknown
    with standing_on(organisation_id):
        payment = payment_held(payment_id=payment_id)
        if (fact.amount, fact.currency) != (payment.amount, payment.currency) and fact.state in {
            "authorised",
            "succeeded",
        }:
            raise PaymentDiffers
        steps = path(payment.state, fact.state)
        if payment.provider_ref == "" and fact.ref:
            payment.provider_ref = fact.ref
            payment.save(update_fields=["provider_ref"])
        for state in steps:
            _step(actor, payment, state, fact)
    return payment


def payment_flag(*, payment: Payment, text: str) -> None:
    """Mark a payment for a person to look at. Event `billing.payment.flagged`; part of other services."""
    with standing_on(payment.organisation_id):
        if payment.flag == text:
            return
        before, payment.flag = payment.flag, text
        payment.save(update_fields=["flag"])
        record("billing.payment.flagged", target=payment, changes={"flag": (before, text)})


def _step(actor: Actor, payment: Payment, state: str, fact: PaymentFact) -> None:
    before, at = payment.state, now_of(payment.customer)
    payment.state, payment.changed_at, payment.event_at = state, clock.now(), at
    failed = state == State.FAILED
    payment.failure_code = fact.failure_code[:60] if failed else ""
    payment.failure_text = fact.failure_text[:200] if failed else ""
    if state == State.SUCCEEDED:
        if fact.method is not None:
            payment.method = method_put(account_id=payment.account_id, customer=payment.customer, saved=fact.method)
        payment.fee = fact.fee
    payment.save()  # Before the money: its journals name it, and the trigger refuses a wrong move first.
    code = {State.SUCCEEDED: "succeeded", State.FAILED: "failed"}.get(State(state), "changed")
    if state == State.SUCCEEDED:
        _arrived(actor, payment)
    changes = {"state": (before, state), "failure_code": ("", payment.failure_code), "applied": (0, payment.applied)}
    record(
        f"billing.payment.{code}",
        target=payment,
        changes={k: v for k, v in changes.items() if v[0] != v[1]},
        data={"amount": payment.amount, "currency": payment.currency, "invoice": _named(payment)},
    )
    if state == State.SUCCEEDED:
        receipt_tell(payment=payment)
        if payment.invoice is not None:
            subscription_begins(actor=WORKER, subscription_id=payment.invoice.subscription_id)
        dunning_clear(actor=actor, customer=payment.customer, currency=payment.currency)
    elif failed and payment.origin == Payment.Origin.METHOD:
        failure_tell(payment=payment)
        if payment.invoice is not None:
            dunning_start(actor=actor, invoice=payment.invoice, at=at)


def _named(payment: Payment) -> str | None:
    return str(payment.invoice_id) if payment.invoice_id is not None else None


def _arrived(actor: Actor, payment: Payment) -> None:
    """Post the money: to the document as far as something is due on it, the rest as credit, and what it cost."""
    at, key, road = payment.event_at, f"payment:{payment.pk}", books.road(payment=payment)
    invoice = locked(payment.invoice_id) if payment.invoice_id is not None else None
    due = max(invoice.due, 0) if invoice is not None and invoice.state in SETTLED else 0
    payment.applied = min(payment.amount, due)
    if invoice is not None and payment.applied:
        invoice_settle(
            actor=actor,
            invoice=invoice,
            amount=payment.applied,
            key=key,
            source="payment",
            event_at=at,
            lines_from=road,
        )
    payment.save(update_fields=["applied"])
    rest = payment.amount - payment.applied
    if rest:
        credit_put(actor=actor, customer=payment.customer, amount=rest, key=key, of=road)
    books.fee_posted(payment=payment, amount=payment.fee, key=f"{key}:fee", at=at, description=_("Fee of a payment"))


def method_put(*, account_id: UUID, customer: Customer, saved: SavedMethod) -> PaymentMethod:
    """Keep a means of payment that a provider saved; the customer's first one is the default.

    Event `billing.method.added`. Part of other services, which hold the customer's lock.
    """
    known = PaymentMethod.objects.filter(account_id=account_id, provider_ref=saved.ref).first()
    if known is not None:
        return known
    method = PaymentMethod(
        organisation_id=customer.organisation_id,
        customer=customer,
        account_id=account_id,
        kind=saved.kind[:20],
        label=saved.label[:80],
        provider_ref=saved.ref,
        provider_customer=saved.provider_customer,
        expires=date.fromisoformat(saved.expires) if saved.expires else None,
        is_default=not PaymentMethod.objects.filter(customer=customer, is_default=True).exists(),
    )
    method.save(force_insert=True)
    changes = {name: (None, getattr(method, name)) for name in ("label", "kind", "is_default")}
    record("billing.method.added", target=method, changes=changes)
    return method


def _beside(first: Payment, fact: PaymentFact) -> Payment:
    """A further try of the payer's under the same checkout."""
    made = Payment(
        organisation_id=first.organisation_id,
        customer_id=first.customer_id,
        invoice_id=first.invoice_id,
        account_id=first.account_id,
        provider=first.provider,
        provider_ref=fact.ref,
        key=f"try:{first.pk}:{fact.ref}"[:120],
        origin=Payment.Origin.PROVIDER,
        amount=first.amount,
        currency=first.currency,
        attempt=first.attempt + 1,
        event_at=first.event_at,
    )
    with standing_on(first.organisation_id):
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError:  # Somebody else was told of it at this moment.
            return Payment.objects.get(account_id=first.account_id, provider_ref=fact.ref)
        shown = ("amount", "currency", "origin", "provider", "attempt")
        record("billing.payment.started", target=made, changes={one: (None, getattr(made, one)) for one in shown})
    return made


def in_flight(*, invoice: Invoice) -> Payment | None:
    """A payment of the invoice that may still succeed without anybody's doing; part of other services."""
    rows = Payment.objects.filter(invoice=invoice, origin=Payment.Origin.METHOD, state__in=IN_FLIGHT)
    return rows.order_by("-attempt").first()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
