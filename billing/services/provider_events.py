"""Webhooks that come in: verified, kept as they are, answered at once, and done once by a job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from billing import providers
from billing.errors.payments import EventDone, PaymentUnknown
from billing.models import Customer, Payment, ProviderAccount, ProviderEvent
from billing.providers.base import DisputeFact, Fact, MethodFact, PaymentFact, Told, WebhookRefused, WebhookUnreadable
from billing.services.payment_states import method_put, payment_apply, payment_found
from billing.services.refunds import dispute_apply, refund_apply, refund_found
from billing.services.refunds_discovered import refund_discover
from portal.kit import clock, jobs
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound, StewardError, TooLarge
from portal.kit.record import record
from portal.kit.services import writing
from rbac.standing import standing_on

PROCESS = "billing.process_provider_event"
WORKER = Actor("system", None, "payment provider")
LARGEST = 262_144  # Bytes; the largest documented event of both providers is a twentieth of it.
TRIES = 5  # So often an event whose payment is not there yet is tried by itself.
State = ProviderEvent.State


@dataclass(frozen=True)
class Taken:
    """What the door answers: the event, or why there is none."""

    event: ProviderEvent | None
    error: StewardError | None = None


def webhook_take(*, provider: str, code: str, body: bytes, headers: Mapping[str, str]) -> Taken:
    """Take in a webhook: verify exactly these bytes, keep them, and have a job do what they say. No rights: the signature
    is the proof, compared in constant time with every secret that is right now (H05).

    A webhook that came before (its id, or the hash of its bytes) is counted and answered as the first was. A refusal is
    returned and not raised, so that its event `billing.webhook.rejected` stays. `NotFound` for no such account.
    """
    account = ProviderAccount.objects.filter(provider=provider, code=code, is_active=True).first()
    if account is None:
        raise NotFound
    if len(body) > LARGEST:
        raise TooLarge
    opened = providers.of(account)
    try:
        opened.verify(body, headers, clock.now())
        told = opened.read(body, headers)
    except (WebhookRefused, WebhookUnreadable) as error:
        with writing():
            record("billing.webhook.rejected", target=account, outcome="denied", reason=error.code)
        return Taken(None, error)
    kept = {name: _masked(name, headers[name]) for name in opened.headers if name in headers}
    return Taken(_keep(account, told, body, kept))


def _keep(account: ProviderAccount, told: Told, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
    event = ProviderEvent(
        account=account,
        event_ref=told.ref,
        kind=told.kind,
        body=body,
        headers=dict(headers),
        occurred_at=told.at,
        state=State.RECEIVED if told.facts else State.IGNORED,
    )
    with writing():
        try:
            with transaction.atomic():
                event.save(force_insert=True)
        except IntegrityError:
            ProviderEvent.objects.filter(account=account, event_ref=told.ref).update(repeats=F("repeats") + 1)
            return ProviderEvent.objects.get(account=account, event_ref=told.ref)
        if told.facts:
            jobs.enqueue(PROCESS, actor=WORKER, args={"event": str(event.pk)}, key=str(event.pk))
        else:
            record("billing.webhook.ignored", target=account, data={"kind": told.kind, "event": told.ref})
    return event


def _masked(name: str, value: str) -> str:
    """A signature proves nothing any more, but a replay elsewhere needs it: only its length is kept."""
    return f"({len(value)})" if "signature" in name.lower() else value[:120]


def provider_event_process(*, actor: Actor, event_id: UUID) -> ProviderEvent:
    """Do what a webhook says, once; part of the job and of a replay. Harmless when it was done.

    Events of what it says. A typed refusal is kept with the event (`billing.webhook.failed`), whose state is failed
    then. `PaymentUnknown` is raised while it may still be on its way to us, so that the job waits.
    """
    with writing():
        event = ProviderEvent.objects.select_for_update(of=("self",)).select_related("account").get(pk=event_id)
        if event.state in (State.PROCESSED, State.IGNORED):
            return event
        event.attempts += 1
        try:
            with transaction.atomic():
                event.payment_id = _done(actor, event)
            event.state, event.error = State.PROCESSED, ""
        except StewardError as error:
            if isinstance(error, PaymentUnknown) and event.attempts < TRIES:
                event.save(update_fields=["attempts"])
                return event
            event.state, event.error = State.FAILED, str(error.detail)[:300]
            record("billing.webhook.failed", target=event.account, reason=error.code, data={"event": event.event_ref})
        event.processed_at = clock.now()
        event.save(update_fields=["attempts", "state", "error", "processed_at", "payment_id"])
    return event


def _done(actor: Actor, event: ProviderEvent) -> UUID | None:
    told = providers.of(event.account).read(bytes(event.body), event.headers)
    found: UUID | None = None
    for fact in told.facts:
        found = fact_apply(actor=actor, account=event.account, fact=fact)
    return found


def fact_apply(*, actor: Actor, account: ProviderAccount, fact: Fact) -> UUID | None:
    """Do what one fact says; the id of the payment. Part of other services, which know who says so.

    A refund that was not asked for here (it was made on the provider's own page) is posted as one without a credit note.
    """
    if isinstance(fact, PaymentFact):
        payment = payment_found(account=account, fact=fact)
        payment_apply(actor=actor, payment_id=payment.pk, fact=fact)
        return payment.pk
    if isinstance(fact, MethodFact):
        _saved(account, fact)
        return None
    found = Payment.objects.filter(account=account, provider_ref=fact.payment_ref).first()
    if found is None:
        raise PaymentUnknown
    if isinstance(fact, DisputeFact):
        dispute_apply(actor=actor, payment_id=found.pk, fact=fact)
        return found.pk
    refund = refund_found(payment=found, fact=fact) or refund_discover(actor=actor, payment_id=found.pk, fact=fact)
    refund_apply(actor=actor, refund_id=refund.pk, fact=fact)
    return found.pk


def _saved(account: ProviderAccount, fact: MethodFact) -> None:
    customer = Customer.objects.select_for_update(no_key=True).filter(pk=fact.reference).first()
    if customer is None:
        raise PaymentUnknown
    with standing_on(customer.organisation_id):
        method_put(account_id=account.pk, customer=customer, saved=fact.method)


def provider_event_replay(*, actor: Actor, event: ProviderEvent) -> ProviderEvent:
    """Do a webhook again that failed or was never done. Staff (`payment:admin`). Event `billing.webhook.replayed`.

    What was done already is not done twice, whatever a replay says: `EventDone`.
    """
    authorise(actor, "payment:admin")
    with writing():
        held = ProviderEvent.objects.select_for_update(of=("self",)).select_related("account").get(pk=event.pk)
        if held.state in (State.PROCESSED, State.IGNORED):
            raise EventDone
        record("billing.webhook.replayed", target=held.account, data={"event": held.event_ref, "kind": held.kind})
        held.state, held.attempts = State.RECEIVED, TRIES
        held.save(update_fields=["state", "attempts"])
    return provider_event_process(actor=actor, event_id=held.pk)


def events_unfinished(*, limit: int = 200) -> Sequence[UUID]:
    """Events that were kept and never done, oldest first; part of the comparison of every day."""
    rows = ProviderEvent.objects.filter(state=State.RECEIVED).order_by("received_at", "id")
    return list(rows.values_list("pk", flat=True)[:limit])
