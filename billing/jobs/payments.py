"""Jobs and schedules: payments and their providers."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.clock_steps import ClockStep, clock_steps
from billing.dunning_policy import OUTAGE
from billing.models import ProviderEvent, Refund
from billing.providers.base import ProviderAway, ProviderRefused, RefundFact, RefundKeyReused, RefundRunning
from billing.services import collecting, dunning, provider_events, reconciling, refunds, sandbox
from billing.services.payment_states import payment_apply
from portal.kit import clock, context
from portal.kit.jobs import Again
from portal.kit.registry import Job, Run, Schedule, jobs, schedules

SOON = timedelta(seconds=10)  # A webhook that was quicker than our own commit.


def collect_invoice(run: Run) -> Mapping[str, Any]:
    """Charge what is due on an invoice. Killed in between, it asks again under the same reference, and nobody is charged
    twice; a provider that is away is asked again after 300 seconds (G03)."""
    actor = context.actor()
    with run.batch():
        charge = collecting.charge_begin(actor=actor, invoice_id=UUID(str(run.args["invoice"])))
    if charge is None:
        run.log(_("Nothing was charged."))
        return {"charged": False}
    try:
        fact = collecting.charge_ask(charge=charge)
    except ProviderAway:
        run.log(_("The provider does not answer; it is asked again."))
        raise Again(OUTAGE) from None
    with run.batch():
        payment = payment_apply(actor=actor, payment_id=charge.payment_id, fact=fact)
    return {"charged": payment.state == "succeeded", "payment": str(payment.pk), "state": payment.state}


def process_provider_event(run: Run) -> Mapping[str, Any]:
    """Do what a webhook says. One whose payment is not there yet waits for it."""
    with run.batch():
        event = provider_events.provider_event_process(actor=context.actor(), event_id=UUID(str(run.args["event"])))
    if event.state == ProviderEvent.State.RECEIVED:
        raise Again(SOON)
    return {"state": event.state}


def send_refund(run: Run) -> Mapping[str, Any]:
    """Ask the provider to pay back, and post what it answers."""
    with run.batch():
        refund = Refund.objects.select_related("payment__account").get(pk=UUID(str(run.args["refund"])))
        ended = refund.state != Refund.State.CREATED
        account = refund.payment.account
    if ended:
        return {"state": refund.state}
    try:
        fact = refunds.refund_ask(refund=refund)
    except (ProviderAway, RefundRunning):
        raise Again(OUTAGE) from None
    except (ProviderRefused, RefundKeyReused) as error:
        fact = RefundFact(
            ref="",
            payment_ref=refund.payment.provider_ref,
            state="failed",
            amount=refund.amount,
            currency=refund.currency,
            failure_text=str(error.detail),
        )
    with run.batch():
        done = refunds.refund_apply(actor=context.actor(), refund_id=refund.pk, fact=fact)
    run.log(_("%(provider)s: %(state)s") % {"provider": account, "state": done.get_state_display()})
    return {"state": done.state}


def advance_dunning(run: Run) -> Mapping[str, Any]:
    """Remind: begin where something is overdue, and do what is due. Each customer is a transaction of its own."""
    actor, begun, done = context.actor(), 0, 0
    with run.batch():
        begun = dunning.dunning_begin_overdue(actor=actor)
        due = dunning.dunning_due()
    for place, one in enumerate(due, 1):
        with run.batch():
            done += dunning.dunning_advance(actor=actor, run=one)
            run.progress(place, len(due))
    return {"begun": begun, "steps": done}


def reconcile_payments(run: Run) -> Mapping[str, Any]:
    """Compare with every provider. One that is away is left for tomorrow; the others are compared."""
    actor = context.actor()
    totals = {"seen": 0, "repaired": 0, "unknown": 0, "flagged": 0, "away": 0}
    with run.batch():
        accounts = reconciling.accounts_to_compare()
        waiting = provider_events.events_unfinished()
    for event_id in waiting:
        with run.batch():
            provider_events.provider_event_process(actor=actor, event_id=event_id)
    for account in accounts:
        at = clock.now()
        run.phase(str(account))
        try:
            facts = reconciling.facts_ask(account=account)
        except (ProviderAway, ProviderRefused) as error:
            totals["away"] += 1
            run.log(f"{account}: {error.detail}")
            continue
        with run.batch():
            found = reconciling.facts_compare(actor=actor, account=account, facts=facts)
            reconciling.unopened_close(actor=actor, account=account, at=at)
            reconciling.compared(account_id=account.pk, at=at)
        for name in ("seen", "repaired", "unknown", "flagged"):
            totals[name] += getattr(found, name)
    run.log(_("Compared %(seen)s payments: %(repaired)s repaired, %(unknown)s unknown, %(flagged)s flagged.") % totals)
    return totals


def deliver_sandbox_webhook(run: Run) -> Mapping[str, Any]:
    """Deliver an event of the sandbox by the real door; refused, it is sent again later, as providers do."""
    args = run.args
    with run.batch():
        status = sandbox.webhook_deliver(
            account_id=UUID(str(args["account"])), event=str(args["event"]), kind=str(args["kind"]), data=args["data"]
        )
    if status >= 300:
        raise RuntimeError(f"The door answered {status}.")
    return {"status": status}


for function, label in (
    (collect_invoice, gettext_lazy("Charge an invoice")),
    (process_provider_event, gettext_lazy("Do what a payment provider told")),
    (send_refund, gettext_lazy("Send a refund")),
    (advance_dunning, gettext_lazy("Remind of what is not paid")),
    (reconcile_payments, gettext_lazy("Compare payments with their providers")),
    (deliver_sandbox_webhook, gettext_lazy("Deliver a webhook of the sandbox")),
):
    jobs.add(Job(f"billing.{function.__name__}", label, function, permission="payment:admin"))

for name, label, cron in (
    ("billing.advance_dunning", gettext_lazy("Remind of what is not paid"), "*/10 * * * *"),
    ("billing.reconcile_payments", gettext_lazy("Compare payments with their providers"), "20 4 * * *"),
):
    schedules.add(Schedule(name, label, name, cron))
clock_steps.add(
    ClockStep("billing.dunning", 20, lambda actor, customer: dunning.dunning_of(actor=actor, customer=customer))
)
