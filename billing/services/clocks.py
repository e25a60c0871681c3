"""Test clocks of sandboxes: set up, sent forward, and moved by a job in steps of at most a day."""

from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError

from billing.clock_steps import run_steps
from billing.errors.clocks import ClockBack, ClockMoving, ClockThere, NoSandbox
from billing.guards import authorise_for
from billing.models import Customer, TestClock
from billing.services.customer_details import customer_locked
from portal.kit import clock, context, jobs
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.plain import invalid
from portal.kit.record import record
from rbac.standing import standing_on

JOB = "billing.advance_clock"  # Of staff.
OWN_JOB = "billing.advance_own_clock"
STEP = timedelta(days=1)  # Nothing that is due daily is left out.
FURTHEST = timedelta(days=731)  # Of one journey: two years.


def clock_start(*, actor: Actor, customer: Customer, at: datetime | None = None, name: str = "") -> TestClock:
    """Give a sandbox customer a clock that stands at `at` (aware; now). Inside: `billing:admin`; staff: `invoice:admin`.

    Event `billing.clock.started`. `NoSandbox` for real money, `ClockThere` when it has one.
    """
    authorise_for(actor, customer.organisation_id)
    with standing_on(customer.organisation_id):
        customer = customer_locked(customer_id=customer.pk)
        if not customer.sandbox:
            raise NoSandbox
        if customer.test_clock_id is not None:
            raise ClockThere
        made = TestClock(
            organisation_id=customer.organisation_id, name=name.strip() or customer.name[:80], at=at or clock.now()
        )
        try:
            made.full_clean(
                exclude={"organisation", "advancing_to", "run_id"}, validate_unique=False, validate_constraints=False
            )
        except ValidationError as error:
            raise invalid(error) from error
        made.save(force_insert=True)
        customer.test_clock = made
        customer.save(update_fields=["test_clock"])
        record("billing.clock.started", target=made, changes={"at": (None, made.at)})
        record("billing.customer.updated", target=customer, changes={"test_clock_id": (None, str(made.pk))})
    return made


def clock_advance(*, actor: Actor, customer: Customer, to: datetime) -> TestClock:
    """Send the customer's clock forward to `to` (aware); a job takes it there. Asked again for the same moment while it is
    under way, nothing more happens; after a failed run, the rest is done. Inside: `billing:admin`; staff: `invoice:admin`.

    Event `billing.clock.sent`. `NoSandbox` without a clock, `ClockMoving` while it goes elsewhere, `ClockBack` for the
    past, the present, and more than two years.
    """
    authorise_for(actor, customer.organisation_id)
    with standing_on(customer.organisation_id):
        authorise_for(actor, customer.organisation_id)
        found = _clock_locked(customer)
        if found.advancing_to not in (None, to):
            raise ClockMoving
        if not found.at < to <= found.at + FURTHEST:
            raise ClockBack
        args = {"organisation": str(found.organisation_id), "clock": str(found.pk)}
        run_id = jobs.enqueue(
            JOB if actor.organisation_id is None else OWN_JOB, actor=actor, args=args, key=str(found.pk), about=customer
        )
        if found.advancing_to is None:
            record("billing.clock.sent", target=found, changes={"advancing_to": (None, to)})
        found.advancing_to, found.run_id = to, run_id
        found.save(update_fields=["advancing_to", "run_id"])
    return found


def clock_step(*, clock_id: UUID, organisation_id: UUID) -> tuple[TestClock, int]:
    """One step of the way, at most a day, and what falls due by it: the clock, and how many things were done. Part of the
    job, in its batch. Event `billing.clock.arrived` at the end of the way."""
    with standing_on(organisation_id):
        found = TestClock.objects.select_for_update().filter(pk=clock_id).first()
        if found is None:
            raise NotFound
        if found.advancing_to is None:
            return found, 0
        start, found.at = found.at, min(found.at + STEP, found.advancing_to)
        arrived = found.at == found.advancing_to
        if arrived:
            found.advancing_to = None
        found.save(update_fields=["at", "advancing_to"])
        customers = Customer.objects.select_related("test_clock", "entity").filter(test_clock=found).order_by("id")
        # What falls due does so whoever moved the clock, and whatever that one may do.
        time = Actor("system", None, "test clock", organisation_id)
        with context.acting(time):
            done = sum(run_steps(time, customer) for customer in customers)
        if arrived:
            record("billing.clock.arrived", target=found, changes={"at": (start, found.at)})
    return found, done


def _clock_locked(customer: Customer) -> TestClock:
    if customer.test_clock_id is None:
        raise NoSandbox
    found = TestClock.objects.select_for_update().filter(pk=customer.test_clock_id).first()
    if found is None:
        raise NotFound
    return found
