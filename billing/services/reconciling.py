"""Comparing with providers, every day: what they have is looked up, what we missed is done, what differs is flagged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing import providers
from billing.errors.payments import PaymentDiffers, PaymentUnknown, RefundTooMuch
from billing.models import Payment, ProviderAccount, Refund
from billing.payment_moves import ENDED, IN_FLIGHT
from billing.providers.base import PaymentFact, Provider, RefundFact
from billing.services.payment_states import payment_apply, payment_flag, payment_found
from billing.services.provider_events import fact_apply
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.record import record
from portal.kit.services import writing
from portal.kit.tenancy import behind_the_wall

BACK = timedelta(days=2)  # Further back than the last comparison: what came meanwhile may have begun before it.
OLD = timedelta(hours=1)  # What is on its way for so long is asked for by itself.
MOST = 500
Found = PaymentFact | RefundFact


@dataclass
class Compared:
    """What a comparison came to."""

    seen: int = 0
    repaired: int = 0
    unknown: int = 0
    flagged: int = 0


def accounts_to_compare() -> list[ProviderAccount]:
    """The accounts whose provider can be asked; part of the job."""
    rows = ProviderAccount.objects.filter(is_active=True).exclude(provider=ProviderAccount.Provider.MANUAL)
    return list(rows.order_by("created_at", "id"))


def facts_ask(*, account: ProviderAccount) -> list[Found]:
    """Ask a provider for payments and refunds that changed since the last comparison, and for those that are on their way
    for too long; payments first, since a refund takes its payment.

    Outside of any transaction. `ProviderAway`.
    """
    provider = providers.of(account)
    since = (account.reconciled_at or account.created_at) - BACK
    facts: list[Found] = [*_payments_ask(account, provider, since)]
    refunds = list(provider.refunds_since(since))
    for ref in refunds_pending(account=account) - {fact.ref for fact in refunds}:
        refund = provider.refund_fetch(ref=ref)
        refunds += [] if refund is None else [refund]
    return facts + refunds


def _payments_ask(account: ProviderAccount, provider: Provider, since: datetime) -> list[PaymentFact]:
    facts = list(provider.payments_since(since))
    seen = {fact.ref for fact in facts} | {fact.checkout_ref for fact in facts}
    for provider_ref, checkout_ref in pending(account=account):
        if seen.isdisjoint({provider_ref, checkout_ref} - {""}):
            fact = provider.payment_fetch(ref=provider_ref, checkout_ref=checkout_ref)
            facts += [] if fact is None else [fact]
    return facts


def pending(*, account: ProviderAccount) -> Sequence[tuple[str, str]]:
    """Ids at the provider of payments whose end we do not know for too long; part of the job."""
    with behind_the_wall():
        rows = Payment.objects.filter(account=account, state__in=IN_FLIGHT, created_at__lt=clock.now() - OLD)
        rows = rows.exclude(provider_ref="", checkout_ref="").order_by("created_at")
        return list(rows.values_list("provider_ref", "checkout_ref")[:MOST])


def refunds_pending(*, account: ProviderAccount) -> set[str]:
    """Ids at the provider of refunds whose end we do not know for too long; part of the job."""
    with behind_the_wall():
        rows = Refund.objects.filter(payment__account=account, state=Refund.State.PENDING).exclude(provider_ref="")
        old = rows.filter(created_at__lt=clock.now() - OLD).order_by("created_at", "id")
        return set(old.values_list("provider_ref", flat=True)[:MOST])


def facts_compare(*, actor: Actor, account: ProviderAccount, facts: Sequence[Found]) -> Compared:
    """Do what we missed; part of the job. What is of no payment of ours is told (`billing.webhook.failed`); a payment of
    another amount, or of which more went back than was left, is flagged (`billing.payment.flagged`)."""
    found = Compared(seen=len(facts))
    for fact in facts:
        try:
            with transaction.atomic():
                found.repaired += _repaired(actor, account, fact)
        except PaymentUnknown:
            found.unknown += 1
            with writing():
                data = {"event": fact.ref, "state": fact.state}
                record("billing.webhook.failed", target=account, reason=PaymentUnknown.code, data=data)
        except (PaymentDiffers, RefundTooMuch):
            found.flagged += 1
            _flag(account, fact)
    return found


def _repaired(actor: Actor, account: ProviderAccount, fact: Found) -> bool:
    """Do what a fact says; whether something ended by it that had not."""
    if isinstance(fact, RefundFact):
        ended = Refund.objects.filter(
            payment__account=account, provider_ref=fact.ref, state__in=[Refund.State.SUCCEEDED, Refund.State.FAILED]
        )
        before = ended.exists()
        fact_apply(actor=actor, account=account, fact=fact)
        return not before and ended.exists()
    payment = payment_found(account=account, fact=fact)
    after = payment_apply(actor=actor, payment_id=payment.pk, fact=fact).state
    return after != payment.state and after in ENDED


def unopened_close(*, actor: Actor, account: ProviderAccount, at: datetime) -> int:
    """End payments that were begun more than an hour before `at` and whose page never opened: whoever began them died
    while the provider was asked, or it did not answer. How many; part of the job, after `facts_compare`, which has found
    what the provider knows of them all the same. Event `billing.payment.failed`."""
    rows = Payment.objects.filter(
        account=account,
        origin=Payment.Origin.CHECKOUT,
        state=Payment.State.CREATED,
        checkout_ref="",
        provider_ref="",
        created_at__lt=at - OLD,
    )
    found = list(rows.order_by("created_at", "id")[:MOST])
    for row in found:
        # Failed, not called off: should money come for it in spite of all, it is taken.
        fact = PaymentFact(
            ref="",
            state="failed",
            amount=row.amount,
            currency=row.currency,
            failure_code="not_opened",
            failure_text=_("The page of the provider did not open."),
        )
        payment_apply(actor=actor, payment_id=row.pk, fact=fact)
    return len(found)


def _flag(account: ProviderAccount, fact: Found) -> None:
    if isinstance(fact, RefundFact):
        payment = Payment.objects.get(account=account, provider_ref=fact.payment_ref)
        text = _("The provider paid back %(amount)s %(currency)s in minor units, which is not booked here.")
    else:
        payment = payment_found(account=account, fact=fact)
        text = _("The provider has %(amount)s %(currency)s in minor units.")
    text %= {
        "amount": fact.amount,
        "currency": fact.currency,
    }
    payment_flag(payment=payment, text=text)


def compared(*, account_id: UUID, at: datetime) -> None:
    """Note when an account was compared; part of the job."""
    with writing():
        ProviderAccount.objects.filter(pk=account_id).update(reconciled_at=at)
