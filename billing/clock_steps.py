"""What falls due when the time of a sandbox moves: each noun of billing declares its part here, in `billing/jobs/`.

The job that moves a test clock calls every part, in the order of `order`, for each customer of the clock after each step
of at most a day. A part does what is due by `now_of(customer)` and nothing twice: after a kill it is called again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from billing.models import Customer
from portal.kit.context import Actor
from portal.kit.registry import Registry


@dataclass(frozen=True)
class ClockStep:
    """A part: `run(actor, customer)` does what is due and returns how many things it did, inside the step's batch."""

    name: str
    order: int
    run: Callable[[Actor, Customer], int]


clock_steps: Registry[ClockStep] = Registry("Clock step", lambda item: item.name)


def run_steps(actor: Actor, customer: Customer) -> int:
    """Every part for one customer, lowest order first; how many things were done."""
    return sum(step.run(actor, customer) for step in sorted(clock_steps, key=lambda one: (one.order, one.name)))
