"""Paying back, with a credit note or without one, and what chargebacks do to a payment."""

import re
from hashlib import sha256
from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext as _

from billing import providers
from billing.errors.payments import PaymentMove, PaymentUnknown, RefundKeyShort, RefundTooMuch
from billing.models import Dispute, Payment, Refund
from billing.providers.base import DisputeFact, RefundFact, RefundKeyReused
from billing.services import payment_books as books
from billing.services.credit_notes import credit_note_issue
from billing.services.invoices import locked
from billing.services.payment_mails import refund_tell
from billing.services.payment_states import payment_flag, payment_held
from billing.services.settlements import SETTLED, credit_take, invoice_settle, standing_of
from billing.times import now_of
from portal.kit import jobs
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Invalid
from portal.kit.record import record
from rbac.standing import standing_on

SEND = "billing.send_refund"
WORKER = Actor("system", None, "billing")
_KEY = re.compile(r"[A-Za-z0-9_-]{10,100}")  # As the strictest of the providers takes it (H11).
State = Refund.State


def refund_create(
    *, actor: Actor, payment: Payment, amount: int, key: str, reason: str, credit_note: bool = True
) -> Refund:
    """Ask for money to go back to the payer; a job sends it. Staff (`payment:admin`).

    With a credit note the document is smaller and nothing is owed; without one it is owed again when the money went
    (F03). The same `key` and content again is the same refund. Events `billing.refund.created` and those of the credit
    note. `RefundKeyShort`, `RefundKeyReused` (another content), `RefundTooMuch`, `PaymentMove`, `Invalid`.
    """
    authorise(actor, "payment:admin")
    if not _KEY.fullmatch(key):
        raise RefundKeyShort
    if isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0 or not reason.strip():
        raise Invalid(_("Give an amount above 0 and a reason."))
    body = sha256(f"{payment.pk} {amount} {int(credit_note)}".encode()).digest()
    with standing_on(payment.organisation_id):
        held = payment_held(payment_id=payment.pk)
        known = Refund.objects.filter(key=key).select_related("payment").first()
        if known is not None:
            if bytes(known.body_hash) != body:
                raise RefundKeyReused
            return known
        if held.state != Payment.State.SUCCEEDED:
            raise PaymentMove
        if amount > held.amount - held.refunded - held.disputed:
            raise RefundTooMuch
        refund = Refund(
            organisation_id=held.organisation_id,
            payment=held,
            key=key,
            body_hash=body,
            amount=amount,
            currency=held.currency,
            reason=reason.strip()[:200],
            from_credit=credited_of(payment=held, amount=amount),
        )
        if refund.from_credit > standing_of(held.customer).credit:
            raise RefundTooMuch  # What was paid too much is used for other documents by now.
        if credit_note and held.invoice is not None and refund.from_credit < amount:
            note = credit_note_issue(
                actor=actor,
                invoice=held.invoice,
                amount=amount - refund.from_credit,
                to="refund",
                reason=refund.reason,
                key=f"refund:{key}",
            )
            # What the note set off against the open amount is no money to be paid back.
            if note.applied:
                raise RefundTooMuch
            refund.credit_note_id, refund.from_credit = note.pk, amount
        refund.save(force_insert=True)
        held.refunded += amount
        held.save(update_fields=["refunded"])
        shown = ("amount", "currency", "reason", "state")
        record("billing.refund.created", target=refund, changes={one: (None, getattr(refund, one)) for one in shown})
        jobs.enqueue(SEND, actor=WORKER, args={"refund": str(refund.pk)}, key=str(refund.pk))
    return refund


def credited_of(*, payment: Payment, amount: int) -> int:
    """What of a refund is money that never settled a document: overpaid, so it is credit of the customer. Part of other
    services."""
    rest = payment.amount - payment.applied
    rows = Refund.objects.filter(payment=payment, credit_note_id=None).exclude(state=State.FAILED)
    gone = rows.aggregate(gone=Sum("from_credit"))["gone"] or 0
    return max(0, min(amount, rest - gone))


def refund_ask(*, refund: Refund) -> RefundFact:
    """Ask the provider to pay back, outside of any transaction; the provider knows the key. Part of the job."""
    provider = providers.of(refund.payment.account)
    ref = refund.payment.provider_ref or str(refund.payment_id)
    return provider.refund(payment_ref=ref, amount=refund.amount, currency=refund.currency, key=refund.key)


def refund_apply(*, actor: Actor, refund_id: UUID, fact: RefundFact) -> Refund:
    """Bring a refund to where the provider says it is: posted once when the money went; part of other services.

    Events `billing.refund.settled` or `.failed`. Old news changes nothing.
    """
    found = Refund.objects.filter(pk=refund_id).values_list("organisation_id", "payment_id").first()
    if found is None:
        raise PaymentUnknown
    with standing_on(found[0]):
        payment = payment_held(payment_id=found[1])
        refund = Refund.objects.select_for_update(of=("self",)).get(pk=refund_id)
        refund.payment = payment
        if refund.state in {State.SUCCEEDED, State.FAILED} or refund.state == fact.state:
            return refund
        before = refund.state
        refund.provider_ref = refund.provider_ref or fact.ref
        refund.state, refund.failure_text = fact.state, fact.failure_text[:200]
        if fact.state == "succeeded":
            refund.settled_at = now_of(payment.customer)
            _post(actor, refund, payment)
        elif fact.state == "failed":
            payment.refunded -= refund.amount
            payment.save(update_fields=["refunded"])
        refund.save()
        if fact.state != "pending":
            code = "settled" if fact.state == "succeeded" else "failed"
            record(f"billing.refund.{code}", target=refund, changes={"state": (before, refund.state)})
        if fact.state == "succeeded":
            refund_tell(refund=refund)
    return refund


def _post(actor: Actor, refund: Refund, payment: Payment) -> None:
    """The money that went: out of the customer's credit, of what settled the document, and what neither has, a loss."""
    key, road, at = f"refund:{refund.pk}", books.road(payment=payment), now_of(payment.customer)
    if refund.from_credit:
        credit_take(actor=actor, customer=payment.customer, amount=refund.from_credit, key=key, into=road)
    rest = refund.amount - refund.from_credit
    invoice = locked(payment.invoice_id) if payment.invoice_id is not None else None
    owed = min(rest, max(invoice.paid, 0)) if invoice is not None and invoice.state in SETTLED else 0
    if invoice is not None and owed:
        invoice_settle(
            actor=actor,
            invoice=invoice,
            amount=-owed,
            key=key,
            source="payment",
            event_at=at,
            lines_from=road,
        )
    if rest > owed:
        # It went whatever our books say: what was paid too much has settled another document by now.
        books.moved(
            payment=payment,
            amount=rest - owed,
            into=books.lost(payment=payment),
            of=road,
            key=f"{key}:lost",
            at=at,
            kind="refund",
            description=_("Refund of credit that was used"),
        )
        payment_flag(payment=payment, text=_("More was paid back than was left of it; the rest is a loss."))


def refund_found(*, payment: Payment, fact: RefundFact) -> Refund | None:
    """Our refund of which a provider tells; part of other services."""
    rows = Refund.objects.filter(payment=payment)
    return rows.filter(provider_ref=fact.ref).first() or (rows.filter(key=fact.key).first() if fact.key else None)


def dispute_apply(*, actor: Actor, payment_id: UUID, fact: DisputeFact) -> Dispute:
    """A chargeback: the money is gone and the document owed again; won, it is back (F01). Part of other services.

    Money that had become credit is kept on an account of disputes until the end. Events `billing.dispute.opened`,
    `.closed`. Told twice, it happens once.
    """
    organisation_id = Payment.objects.values_list("organisation_id", flat=True).filter(pk=payment_id).first()
    if organisation_id is None:
        raise PaymentUnknown
    with standing_on(organisation_id):
        payment = payment_held(payment_id=payment_id)
        dispute = Dispute.objects.filter(payment=payment, provider_ref=fact.ref).first()
        if dispute is None:
            dispute = _opened(actor, payment, fact)
        if dispute.state == Dispute.State.OPEN and fact.state != "open":
            _closed(actor, payment, dispute, fact)
    return dispute


def _opened(actor: Actor, payment: Payment, fact: DisputeFact) -> Dispute:
    if payment.state != Payment.State.SUCCEEDED:
        raise PaymentMove
    amount = min(fact.amount, payment.amount - payment.refunded - payment.disputed)
    if amount <= 0:
        raise RefundTooMuch
    at = now_of(payment.customer)
    owed = 0 if payment.invoice is None else min(amount, payment.applied, max(payment.invoice.paid, 0))
    dispute = Dispute(
        organisation_id=payment.organisation_id,
        payment=payment,
        provider_ref=fact.ref,
        amount=amount,
        currency=payment.currency,
        settled=owed,
        fee=fact.fee,
        reason=fact.reason[:120],
        opened_at=at,
    )
    dispute.save(force_insert=True)
    payment.disputed += amount
    payment.save(update_fields=["disputed"])
    _take(actor, payment, dispute, sign=1, key=f"dispute:{dispute.pk}")
    books.fee_posted(
        payment=payment, amount=fact.fee, key=f"dispute:{dispute.pk}:fee", at=at, description=_("Fee of a dispute")
    )
    shown = ("amount", "currency", "fee", "reason", "state")
    record("billing.dispute.opened", target=dispute, changes={one: (None, getattr(dispute, one)) for one in shown})
    return dispute


def _closed(actor: Actor, payment: Payment, dispute: Dispute, fact: DisputeFact) -> None:
    before, dispute.state, dispute.closed_at = dispute.state, fact.state, now_of(payment.customer)
    if fact.state == "won":
        payment.disputed -= dispute.amount
        payment.save(update_fields=["disputed"])
        _take(actor, payment, dispute, sign=-1, key=f"dispute:{dispute.pk}:won")
    else:
        # What no document is owed for is lost to us.
        books.moved(
            payment=payment,
            amount=dispute.amount - dispute.settled,
            into=books.lost(payment=payment),
            of=books.disputed(payment=payment),
            key=f"dispute:{dispute.pk}:lost",
            at=now_of(payment.customer),
            kind="dispute",
            description=_("Dispute lost"),
        )
    dispute.save()
    record("billing.dispute.closed", target=dispute, changes={"state": (before, dispute.state)})


def _take(actor: Actor, payment: Payment, dispute: Dispute, *, sign: int, key: str) -> None:
    """Take the money of a dispute out of what came in, or put it back."""
    at, road = now_of(payment.customer), books.road(payment=payment)
    if dispute.settled and payment.invoice is not None:
        invoice_settle(
            actor=actor,
            invoice=payment.invoice,
            amount=-sign * dispute.settled,
            key=key,
            source="payment",
            event_at=at,
            lines_from=road,
        )
    books.moved(
        payment=payment,
        amount=sign * (dispute.amount - dispute.settled),
        into=books.disputed(payment=payment),
        of=road,
        key=f"{key}:credit",
        at=at,
        kind="dispute",
        description=_("Dispute of a payment"),
    )
