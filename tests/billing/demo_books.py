"""What the demonstration's money comes to, and whether its books hold."""

from datetime import datetime
from typing import Any

from audit.models import Event
from billing.models import Customer, Invoice, MrrMovement, Payment, Subscription, UsageRollup
from portal.kit import clock
from portal.kit.tenancy import behind_the_wall
from tests.billing.simulator.invariants import broken
from tests.billing.simulator.world import Sim


def shape() -> list[Any]:
    """What was told, without what is different at every load (ids)."""
    invoices = Invoice.objects.values_list("customer__name", "state", "issued_at", "total", "paid", "due")
    payments = Payment.objects.values_list("customer__name", "state", "event_at", "amount", "origin")
    moved = MrrMovement.objects.values_list("customer__name", "kind", "at", "amount")
    held = Subscription.objects.values_list("customer__name", "state", "mrr", "current_period_end")
    used = UsageRollup.objects.filter(grain="day").values_list("meter", "starts_at", "total", "events")
    return [sorted(map(repr, rows)) for rows in (invoices, payments, moved, held, used)]


def faults(until: datetime, *, deep: bool = True) -> list[str]:
    """What of the simulator's invariants does not hold. `deep` asks for single events, which are known for 90 days."""
    sim = Sim(0, None, until)  # type: ignore[arg-type]  # nothing is left to chance here
    with clock.at(until), behind_the_wall():
        sim.customers = list(Customer.objects.all())
        given = Event.objects.filter(code="billing.customer.credited", reason__startswith="Sorry")
        sim.granted = {event.target_id: 5000 for event in given}
        return list(broken(sim, deep=deep))
