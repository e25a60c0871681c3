"""Refunds that were made on the provider's own page: we learn of them by its webhooks, and keep them like ours."""

from hashlib import sha256
from uuid import UUID

from django.utils.translation import gettext as _

from billing.errors.payments import PaymentDiffers, PaymentUnknown, RefundTooMuch
from billing.models import Payment, Refund
from billing.providers.base import RefundFact
from billing.services.payment_states import payment_held
from billing.services.refunds import credited_of, refund_found
from billing.services.settlements import standing_of
from portal.kit.context import Actor
from portal.kit.record import record
from rbac.standing import standing_on


def refund_discover(*, actor: Actor, payment_id: UUID, fact: RefundFact) -> Refund:
    """Write down a refund that nobody asked for here, so that `refund_apply` can bring it to where the provider says.

    Part of other services, which have verified who says so. Without a credit note: staff issues one if the document is
    to be smaller. Told twice or by two at once, it is one. Event `billing.refund.discovered`. `PaymentUnknown` while the
    payment's own news is on its way, `PaymentDiffers` for another currency, `RefundTooMuch`.
    """
    found = Payment.objects.filter(pk=payment_id).first()
    if found is None:
        raise PaymentUnknown
    with standing_on(found.organisation_id):
        held = payment_held(payment_id=found.pk)
        known = refund_found(payment=held, fact=fact)  # Somebody else was told of it while this one waited.
        if known is not None:
            return known
        if held.state != Payment.State.SUCCEEDED:
            raise PaymentUnknown
        if fact.currency != held.currency:
            raise PaymentDiffers
        if not 0 < fact.amount <= held.amount - held.refunded - held.disputed:
            raise RefundTooMuch
        refund = Refund(
            organisation_id=held.organisation_id,
            payment=held,
            key=f"discovered:{held.account_id}:{fact.ref}"[:120],
            body_hash=sha256(f"{held.pk} {fact.amount} 0".encode()).digest(),
            provider_ref=fact.ref,
            amount=fact.amount,
            currency=held.currency,
            reason=_("Made on the provider's own page"),
            # The money went already, so never more than the customer still has: the rest is what the document owes.
            from_credit=min(credited_of(payment=held, amount=fact.amount), standing_of(held.customer).credit),
        )
        refund.save(force_insert=True)
        held.refunded += refund.amount
        held.save(update_fields=["refunded"])
        shown = ("amount", "currency", "reason", "state")
        record("billing.refund.discovered", target=refund, changes={one: (None, getattr(refund, one)) for one in shown})
    return refund
