"""Payments for tests of billing: a provider, a customer's card, webhooks as the sandbox signs them, and the worker."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.test import Client

from billing import providers
from billing.ledger import balance, chart
from billing.models import Customer, Invoice, Payment, PaymentMethod, ProviderAccount
from billing.providers.base import PaymentFact, SavedMethod, signed
from billing.providers.sandbox import SIGNATURE, event_body
from billing.services import collecting
from billing.services.checkouts import checkout_start
from billing.services.payment_states import method_put
from billing.services.provider_accounts import provider_account_create
from maintenance import runner
from maintenance.models import JobRun
from portal.kit import clock, context, crypto
from portal.kit.context import Actor
from rbac.standing import standing_on

SYSTEM = Actor("system", None, "system")


def provider(kind: str = "sandbox", **values: Any) -> ProviderAccount:
    """An account at a provider; the one that is there of that kind, or a new one."""
    found = ProviderAccount.objects.filter(provider=kind).first()
    if found is not None and not values:
        return found
    with context.system("a test") as current:
        return provider_account_create(
            actor=current.actor,
            provider=kind,
            code=values.pop("code", kind),
            label=values.pop("label", kind.title()),
            **values,
        )


def card(customer: Customer, later: str = "succeeds") -> PaymentMethod:
    """A saved test card of the customer, with what becomes of its charges."""
    saved = SavedMethod(
        ref=f"sbxm_{later.replace('_', '-')}_{crypto.base62(12)}_4242", label="Test card ending in 4242"
    )
    with context.system("a test"), standing_on(customer.organisation_id):
        return method_put(account_id=provider().pk, customer=customer, saved=saved)


def begun(invoice: Invoice, amount: int | None = None, **values: Any) -> Payment:
    """A payment that was begun on the sandbox's page."""
    provider()
    with context.system("a test") as current:
        return checkout_start(actor=current.actor, invoice=invoice, amount=amount, **values)[0]


def fact(payment: Payment, state: Any = "succeeded", **values: Any) -> PaymentFact:
    """What the provider says of it."""
    return PaymentFact(
        **{
            "ref": payment.checkout_ref or "ref",
            "checkout_ref": payment.checkout_ref,
            "state": state,
            "amount": payment.amount,
            "currency": payment.currency,
            "reference": str(payment.pk),
            **values,
        }
    )


def collected(invoice: Invoice) -> Payment | None:
    """The invoice, charged by its customer's card."""
    with context.system("a test") as current:
        return collecting.invoice_collect(actor=current.actor, invoice_id=invoice.pk)


def told(
    kind: str,
    data: Mapping[str, Any],
    *,
    ref: str = "",
    at: datetime | None = None,
    secret: str = "",
    body: bytes | None = None,
    account: ProviderAccount | None = None,
) -> Any:
    """A webhook of the sandbox at the real door; what the door answers."""
    chosen = account or provider()
    moment = at or clock.now()
    sent = body or event_body(ref=ref or f"sbxe_{crypto.base62(12)}", kind=kind, at=moment, data=data)
    seconds = str(int(moment.timestamp()))
    key = secret or providers.of(chosen).keys.webhook[0]
    return Client().post(
        f"/webhooks/{chosen.provider}/{chosen.code}",
        sent,
        content_type="application/json",
        headers={SIGNATURE: f"t={seconds},v1={signed(key, seconds.encode() + b'.' + sent)}"},
    )


def payment_data(payment: Payment, **values: Any) -> dict[str, Any]:
    """What an event of the sandbox says of a payment."""
    ref = payment.checkout_ref or payment.provider_ref
    return {"id": ref, "amount": payment.amount, "currency": payment.currency, "reference": str(payment.pk), **values}


def worked(*names: str, most: int = 40) -> list[str]:
    """Work the queue off, oldest first; the names of the runs in their order."""
    done: list[str] = []
    for _ in range(most):
        rows = JobRun.objects.filter(state="queued", run_at__lte=clock.now(), name__startswith="billing.")
        waiting = rows.order_by("queued_at", "id").first()
        if waiting is None:
            return done
        done.append(waiting.name)
        runner.execute(waiting.pk)
    raise AssertionError(f"The queue is never empty: {done}")


def clearing(customer: Customer, kind: str = "sandbox") -> int:
    """What the provider holds for us, in the books of the customer."""
    return balance(chart.clearing(kind, customer.currency, sandbox=customer.sandbox))


def again(payment: Payment) -> Payment:
    """The payment as it stands now."""
    return Payment.objects.get(pk=payment.pk)
