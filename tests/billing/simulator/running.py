"""A simulation, day by day."""

from datetime import datetime, timedelta

from django.db import transaction

from billing.models import Customer, TestClock
from billing.services.clocks import clock_advance
from billing.services.revenue import day_earn, first_day_due
from billing.times import now_of
from portal.kit import clock, context, jobs
from portal.kit.errors import StewardError
from tests.billing.simulator.actions import ACTIONS, use
from tests.billing.simulator.invariants import broken
from tests.billing.simulator.paying import PAYING
from tests.billing.simulator.workers import work
from tests.billing.simulator.world import Sim, world

REGULAR = ("billing.renew_subscriptions", "billing.advance_dunning")
DEEP = 7  # Days between two looks at everything.


def simulate(seed: int, *, customers: int, days: int, busy: int = 1) -> Sim:
    """Run a world of that seed for so many days; AssertionError with seed and last actions when something does not hold.

    `busy`: how often another thing is tried where one has nothing to be done to.
    """
    sim = world(seed, customers)
    end = sim.now + timedelta(days=days)
    number = 0
    try:
        while sim.now < end:
            _day(sim, deep=number % DEEP == 0 or sim.now + timedelta(days=1) >= end, busy=busy)
            number += 1
    except Exception as error:
        last = "\n".join(sim.done)
        where = f"Seed {seed}, {sim.now:%Y-%m-%d}, day {number + 1} of the simulation"
        raise AssertionError(f"{where} (again with STEWARD_TEST_SEED={seed}): {error}\n{last}") from error
    return sim


def _day(sim: Sim, *, deep: bool, busy: int) -> None:
    """A few things that people do, the workers, and the question whether all holds."""
    chance = sim.chance
    if not sim.away and chance.random() < 0.04:
        sim.away = chance.randint(1, 4)
        sim.note(f"no worker for {sim.away} days")
    for _ in range(chance.randint(0, max(1, len(sim.customers) // 2))):
        sim.now += timedelta(minutes=chance.randint(1, 90))
        for _try in range(busy):
            if _act(sim):
                break
        if chance.random() < 0.3 and not sim.away:
            with clock.at(sim.now):
                work(sim)
    # At times nothing happens for days, and then everything at once.
    sim.now = sim.now.replace(hour=9, minute=30) + timedelta(days=1 if chance.random() < 0.93 else chance.randint(2, 9))
    sim.away = max(0, sim.away - 1)
    if not sim.away:
        _regular(sim)
        _sandboxes(sim)
    with clock.at(sim.now):
        found = list(broken(sim, deep=deep))
    if found:
        raise AssertionError("\n".join(found[:12]))


def _regular(sim: Sim) -> None:
    """What schedules do, at times on a machine whose clock goes wrong first."""
    with context.system("a scheduler") as current:
        for moment in (_wrong(sim, 0.04), sim.now):
            if moment is None:
                continue
            with clock.at(moment):
                for name in REGULAR:
                    jobs.enqueue(name, actor=current.actor)
                    work(sim)
        with clock.at(sim.now):
            while sim.chance.random() < 0.8 and (day := first_day_due()) is not None:
                day_earn(day=day)
        if sim.chance.random() < 0.15:
            with clock.at(sim.now):
                jobs.enqueue("billing.reconcile_payments", actor=current.actor)
                work(sim)


def _wrong(sim: Sim, share: float) -> datetime | None:
    """A moment some hours off, which a machine takes for the present; mostly none."""
    if sim.chance.random() >= share:
        return None
    found = sim.now + timedelta(minutes=sim.chance.randint(-180, 180))
    sim.stepped = max(sim.now, found)
    sim.note(f"a clock says {found:%Y-%m-%d %H:%M}")
    return found


def _sandboxes(sim: Sim) -> None:
    """Move the clocks of sandboxes: mostly with everybody, at times a month ahead at once."""
    for stopped in TestClock.objects.order_by("created_at", "id"):
        customer = Customer.objects.select_related("test_clock", "entity").get(test_clock=stopped)
        if sim.chance.random() < 0.8:
            continue
        to = stopped.at + timedelta(days=sim.chance.choice([1, 3, 5, 12]))
        with clock.at(sim.now), context.system("a test") as current:
            clock_advance(actor=current.actor, customer=customer, to=to)
            work(sim)
        sim.note(f"the clock of {customer.name} goes to {to:%Y-%m-%d}")


def _act(sim: Sim) -> bool:
    """Somebody does something; what is refused by a typed error has changed nothing. Whether there was anything to do."""
    chosen = sim.chance.choice(sim.customers)
    customer = Customer.objects.select_related("test_clock", "entity", "organisation").get(pk=chosen.pk)
    choices = (*ACTIONS, *PAYING)
    act = sim.chance.choices([one for _weight, one in choices], [weight for weight, _one in choices])[0]
    name = act.__name__
    granted = dict(sim.granted)
    try:
        # Use is never reported by a wrong clock: what was billed until when could not be told from outside.
        moment = (None if act is use else _wrong(sim, 0.03)) or sim.now
        with clock.at(moment), transaction.atomic(), context.system("a person"):
            said = act(sim, customer)
    except StewardError as error:
        sim.granted = granted
        said, name = f"{name}: refused, {type(error).__name__}", f"{name} refused"
    if said is not None:
        sim.counts[name] = sim.counts.get(name, 0) + 1
        with clock.at(sim.now):
            sim.note(f"{customer.name} ({now_of(customer):%m-%d}) {said}")
    return said is not None
