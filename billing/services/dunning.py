"""Reminding who does not pay: charges tried again and service taken away, on the days that the plan says."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce

from billing.contested import contested
from billing.dunning_policy import Policy, Step, read, steps
from billing.models import Customer, Dispute, DunningRun, DunningStep, Invoice, Subscription
from billing.services.payment_mails import last_tell, stage_tell
from billing.services.standing import subscriptions_owe, subscriptions_paid
from billing.times import now_of
from portal.kit import clock, jobs
from portal.kit.context import Actor
from portal.kit.record import record
from rbac.standing import standing_on

COLLECT = "billing.collect_invoice"
WORKER = Actor("system", None, "billing")
BATCH = 200  # Customers of one transaction of the job.
RANK = {"none": 0, "warn": 1, "restrict": 2, "suspend": 3}
OPEN = (Invoice.State.OPEN, Invoice.State.PAID)  # A paid one is owed again where its payment was taken back.
State = DunningRun.State


def policy_of(*, invoice: Invoice) -> Policy:
    """The reminders of the plan that the document is of; the defaults for a document without one."""
    subscription = None
    if invoice.subscription_id is not None:
        subscription = Subscription.objects.select_related("plan_version").filter(pk=invoice.subscription_id).first()
    return read(subscription.plan_version.dunning if subscription is not None else None)


def dunning_start(*, actor: Actor, invoice: Invoice, at: datetime, policy: Policy | None = None) -> DunningRun:
    """Begin to remind a customer of what it owes in the document's currency, or go on where that has begun; part of other
    services, which hold the customer's lock. `at`: the failed charge, or the due date. Event `billing.dunning.started`."""
    with standing_on(invoice.organisation_id):
        found = _open_run(invoice.customer, invoice.currency)
        if found is not None:
            return found
        run = DunningRun(
            organisation_id=invoice.organisation_id,
            customer=invoice.customer,
            invoice=invoice,
            currency=invoice.currency,
            policy=(policy or policy_of(invoice=invoice)).as_json(),
            since=at,
            due_at=invoice.due_at or at,
        )
        run.next_at = _next(run, ())
        try:
            with transaction.atomic():
                run.save(force_insert=True)
        except IntegrityError:  # Begun by another at this moment.
            return DunningRun.objects.get(customer=invoice.customer, currency=invoice.currency, ended_at=None)
        shown = {name: (None, getattr(run, name)) for name in ("state", "stage", "currency")}
        record("billing.dunning.started", target=run, changes=shown)
        subscriptions_owe(actor=WORKER, ids=[invoice.subscription_id], suspended=False)
    return run


def dunning_clear(*, actor: Actor, customer: Customer, currency: str) -> bool:
    """End the reminders when nothing overdue is left, by whichever road it was paid; service comes back. Part of other
    services, which hold the customer's lock. Event `billing.dunning.cleared`; whether something ended."""
    run = _open_run(customer, currency)
    if run is None or overdue(run=run).exists():
        return False
    with standing_on(customer.organisation_id):
        at = now_of(customer)
        before = (run.state, run.stage)
        run.state, run.stage, run.ended_at, run.next_at = State.CLEARED, DunningRun.Stage.NONE, at, None
        run.save(update_fields=["state", "stage", "ended_at", "next_at"])
        _done(run, Step("cleared", "cleared", at))
        changes = {"state": (before[0], run.state), "stage": (before[1], run.stage)}
        record("billing.dunning.cleared", target=run, changes={k: v for k, v in changes.items() if v[0] != v[1]})
        subscriptions_paid(actor=WORKER, customer=customer, currency=currency)
    return True


def dunning_advance(*, actor: Actor, run: DunningRun) -> int:
    """Do what is due in a run by the customer's time, each step once; how many. Part of the job of every few minutes, and
    of a test clock that moves. Events `billing.dunning.tried`, `.staged`, `.finished`, `.cleared`."""
    with standing_on(run.organisation_id):
        Customer.objects.select_for_update(no_key=True).get(pk=run.customer_id)
        run = (
            DunningRun.objects.select_for_update(of=("self",))
            .select_related("customer__test_clock", "customer__organisation", "invoice")
            .get(pk=run.pk)
        )
        if run.state == State.CLEARED or dunning_clear(actor=actor, customer=run.customer, currency=run.currency):
            return 0
        now, known = now_of(run.customer), _known(run)
        due = [step for step in _all(run) if step.key not in known and step.at <= now]
        for step in due:
            _done(run, step)
        # Several retries that were missed (a clock that jumped, a worker that was away) are one charge.
        if any(step.kind == "retry" for step in due):
            _retry(run, sum(step.kind == "retry" for step in due))
        for step in (one for one in due if one.kind == "stage"):
            _stage(run, step)
        run.next_at = _next(run, {*known, *(step.key for step in due)})
        run.save()
        _finish(run)
    return len(due)


def _retry(run: DunningRun, number: int) -> None:
    before, run.attempts = run.attempts, run.attempts + number
    run.save(update_fields=["attempts"])
    for invoice_id in overdue(run=run).values_list("pk", flat=True):
        key = f"collect:{invoice_id}"
        jobs.enqueue(COLLECT, actor=WORKER, args={"invoice": str(invoice_id)}, key=key)
    record("billing.dunning.tried", target=run, changes={"attempts": (before, run.attempts)})


def _stage(run: DunningRun, step: Step) -> None:
    if RANK[step.do] > RANK[run.stage]:
        before, run.stage = run.stage, step.do
        if step.do == DunningRun.Stage.SUSPEND and run.suspended_at is None:
            run.suspended_at = step.at
        record("billing.dunning.staged", target=run, changes={"stage": (before, run.stage)})
        owing = overdue(run=run).values_list("subscription_id", flat=True)
        subscriptions_owe(actor=WORKER, ids=list(owing), suspended=run.stage == DunningRun.Stage.SUSPEND)
    owed = overdue(run=run).order_by("due_at", "id").first()
    stage_tell(run=run, invoice=owed or run.invoice, stage=step.do)


def _finish(run: DunningRun) -> None:
    """The last retry was made: say so, once for all currencies of the customer (G05)."""
    if run.state != State.ACTIVE or any(step.kind == "retry" and step.key not in _known(run) for step in _all(run)):
        return
    run.state = State.FINISHED
    run.save(update_fields=["state"])
    record("billing.dunning.finished", target=run, changes={"state": (State.ACTIVE, run.state)})
    others = DunningRun.objects.filter(customer=run.customer, state=State.ACTIVE).exclude(pk=run.pk)
    if not others.exists():
        _done(run, Step("notice", "notice", now_of(run.customer)))
        last_tell(customer=run.customer)


def _done(run: DunningRun, step: Step) -> None:
    DunningStep.objects.create(
        organisation_id=run.organisation_id, run=run, kind=step.kind, key=step.key, text=step.do, at=step.at
    )


def _known(run: DunningRun) -> set[str]:
    return set(DunningStep.objects.filter(run=run).values_list("key", flat=True))


def _all(run: DunningRun) -> list[Step]:
    return list(steps(read(run.policy), since=run.since, due_at=run.due_at))


def _next(run: DunningRun, known: Iterable[str]) -> datetime | None:
    left = [step.at for step in _all(run) if step.key not in set(known)]
    return min(left, default=None)


def _open_run(customer: Customer, currency: str) -> DunningRun | None:
    return DunningRun.objects.filter(customer=customer, currency=currency).exclude(state=State.CLEARED).first()


def overdue(*, run: DunningRun) -> Any:
    """What the run is about: documents of the customer and currency that are due and not paid; part of other services."""
    # The document of the failed charge counts even before its due date: it was to be charged by itself.
    late = Q(due_at__lte=now_of(run.customer)) | Q(pk=run.invoice_id)
    rows = Invoice.objects.filter(customer_id=run.customer_id, currency=run.currency, state__in=OPEN, due__gt=0)
    return rows.filter(late).exclude(contested(Dispute.State.OPEN))  # The bank decides first.


def dunning_due(*, customer: Customer | None = None) -> list[DunningRun]:
    """Runs of which something is due by their customer's time, the longest waiting first; part of the job."""
    now = Coalesce("customer__test_clock__at", Value(clock.now()))
    # An annotation: in a filter Django would join the clock so that customers without one fall out.
    rows = DunningRun.objects.exclude(state=State.CLEARED).annotate(present=now).filter(next_at__lte=F("present"))
    rows = rows.order_by("next_at", "id")
    if customer is not None:
        rows = rows.filter(customer=customer)
    return list(rows.select_related("customer__test_clock")[:BATCH])


def dunning_of(*, actor: Actor, customer: Customer) -> int:
    """All of it for one customer, whose test clock has moved; how many things were done."""
    begun = dunning_begin_overdue(actor=actor, customer=customer)
    return begun + sum(dunning_advance(actor=actor, run=run) for run in dunning_due(customer=customer))


def dunning_begin_overdue(*, actor: Actor, customer: Customer | None = None) -> int:
    """Begin to remind of documents that are past their due date and that nobody reminds of yet; how many customers.
    Part of the job; `customer`: of that one only. Events of `dunning_start`."""
    now = Coalesce("customer__test_clock__at", Value(clock.now()))
    reminded = DunningRun.objects.exclude(state=State.CLEARED).filter(
        customer=OuterRef("customer"), currency=OuterRef("currency")
    )
    rows = Invoice.objects.annotate(present=now).filter(state__in=OPEN, due__gt=0, due_at__lte=F("present"))
    rows = rows.exclude(Exists(reminded)).exclude(contested(Dispute.State.OPEN))
    if customer is not None:
        rows = rows.filter(customer=customer)
    begun = 0
    for invoice in rows.select_related("customer__test_clock").order_by("due_at", "id")[:BATCH]:
        with standing_on(invoice.organisation_id):
            Customer.objects.select_for_update(no_key=True).get(pk=invoice.customer_id)
            begun += (
                dunning_start(actor=actor, invoice=invoice, at=invoice.due_at or invoice.created_at).invoice_id
                == invoice.pk
            )
    return begun
