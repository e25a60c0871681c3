"""What people do in a simulation: each action is a service called as the customer's staff or payer would, chosen by chance.

An action that the rooms refuse by a typed error is part of life; it is counted, and what must hold afterwards still does.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from billing.documents import Destination
from billing.models import Customer, Invoice, Subscription
from billing.services import subscription_changes as changes
from billing.services import subscription_life as life
from billing.services.credit_notes import credit_note_create
from billing.services.invoice_states import invoice_issue, invoice_mark_uncollectible, invoice_void
from billing.services.invoices import invoice_create
from billing.services.settlements import credit_grant, invoice_write_off
from billing.services.subscription_bills import subscription_bill
from billing.services.subscriptions import Stretch, Taken, Terms, subscription_create
from billing.services.usage import usage_record
from billing.subscription_states import OPEN
from billing.times import now_of
from billing.usage_reports import Report
from portal.kit import context
from tests.billing.document_world import line
from tests.billing.simulator.world import Sim

Act = Callable[[Sim, Customer], str | None]


def running(customer: Customer) -> Subscription | None:
    """The subscription that the customer has, if any."""
    return Subscription.objects.filter(customer=customer, state__in=OPEN).order_by("started_at", "id").first()


def owed(sim: Sim, customer: Customer, *states: str) -> Invoice | None:
    """One of the customer's documents in those states, by chance."""
    rows = Invoice.objects.filter(customer=customer, state__in=states or ("open",))
    found = list(rows.select_related("customer__test_clock", "entity").order_by("issued_at", "number"))
    return sim.chance.choice(found) if found else None


def sign_up(sim: Sim, customer: Customer) -> str | None:
    """Subscribe, with whatever terms."""
    if running(customer) is not None:
        return None
    chance, version = sim.chance, sim.chance.choice(sim.plans)
    addons = [Taken(one, chance.randint(1, 4)) for one in sim.addons if chance.random() < 0.2]
    terms = Terms(
        addons=addons,
        coupon=chance.choice(sim.coupons).code if chance.random() < 0.3 else "",
        bill_day=chance.choice([0, 0, 0, 15, 31]),
        discount=Stretch(Decimal(25), 2) if chance.random() < 0.1 else None,
        term_months=6 if chance.random() < 0.05 else 0,
        first_payment=True if chance.random() < 0.2 else None,
    )
    quantity = chance.randint(1, 9)
    subscription_create(actor=context.actor(), customer=customer, version=version, quantity=quantity, terms=terms)
    return f"signs up for {version.plan.code} x {quantity}, coupon {terms.coupon or 'none'}, day {terms.bill_day}"


def _changing(text: str, call: Callable[[Sim, Subscription], Any]) -> Act:
    def act(sim: Sim, customer: Customer) -> str | None:
        found = running(customer)
        if found is None:
            return None
        said = call(sim, found)
        return f"{text} {said if isinstance(said, str) else ''}".strip()

    act.__name__ = text.replace(" ", "_")
    return act


def _plan(sim: Sim, found: Subscription) -> str:
    version = sim.chance.choice(sim.plans)
    when: changes.When | None = sim.chance.choice([None, "now", "period_end"])
    quantity = sim.chance.choice([None, sim.chance.randint(1, 9)])
    changes.subscription_change_plan(
        actor=context.actor(), subscription=found, version=version, quantity=quantity, when=when
    )
    return f"to {version.plan.code} x {quantity} {when}"


def _rewrite(sim: Sim, found: Subscription) -> str:
    version, back = sim.chance.choice(sim.plans), timedelta(days=sim.chance.randint(1, 20))
    at = max(now_of(_with_clock(found)) - back, found.started_at)
    changes.subscription_change_plan(actor=context.actor(), subscription=found, version=version, at=at)
    return f"to {version.plan.code} from {at:%Y-%m-%d}"


def _with_clock(found: Subscription) -> Customer:
    return Customer.objects.select_related("test_clock").get(pk=found.customer_id)


def _quantity(sim: Sim, found: Subscription) -> str:
    number = sim.chance.randint(1, 12)
    changes.subscription_set_quantity(actor=context.actor(), subscription=found, quantity=number)
    return str(number)


def _addon(sim: Sim, found: Subscription) -> str:
    version = sim.chance.choice(sim.addons)
    if sim.chance.random() < 0.5:
        changes.subscription_add_addon(
            actor=context.actor(), subscription=found, version=version, quantity=sim.chance.randint(1, 5)
        )
        return f"takes {version.plan.code}"
    changes.subscription_remove_addon(
        actor=context.actor(), subscription=found, version=version, when=sim.chance.choice([None, "now"])
    )
    return f"drops {version.plan.code}"


def _cancel(sim: Sim, found: Subscription) -> str:
    when: changes.When = sim.chance.choice(["period_end", "now"])
    credit = sim.chance.random() < 0.8
    life.subscription_cancel(actor=context.actor(), subscription=found, when=when, credit=credit)
    return f"{when} credit={credit}"


def _coupon(sim: Sim, found: Subscription) -> str:
    code = sim.chance.choice(sim.coupons).code
    life.subscription_apply_coupon(actor=context.actor(), subscription=found, code=code)
    return code


def _trial(sim: Sim, found: Subscription) -> str:
    until = (found.trial_end or found.started_at) + timedelta(days=sim.chance.randint(1, 9))
    life.subscription_extend_trial(actor=context.actor(), subscription=found, until=until)
    return f"until {until:%Y-%m-%d}"


def reactivate(sim: Sim, customer: Customer) -> str | None:
    """Take up again what was cancelled, planned or done."""
    found = running(customer) or Subscription.objects.filter(customer=customer).order_by("-started_at", "-id").first()
    if found is None:
        return None
    life.subscription_reactivate(actor=context.actor(), subscription=found)
    return f"reactivates what is {found.state}"


def use(sim: Sim, customer: Customer) -> str | None:
    """Report use: new events, the same ones again, and some that happened days ago."""
    assert sim.meter is not None
    now = now_of(customer)
    sent = []
    for _ in range(sim.chance.randint(1, 4)):
        moment = now - timedelta(hours=sim.chance.choice([0, 1, 30, 200]))
        one = {
            "key": f"use-{sim.next()}",
            "meter": sim.meter.code,
            "quantity": sim.chance.randint(1, 60),
            "occurred_at": moment.isoformat(),
        }
        sent += [one] * sim.chance.choice([1, 1, 2])
    sim.chance.shuffle(sent)
    usage_record(
        actor=context.actor(), organisation_id=customer.organisation_id, reports=[Report.of(one) for one in sent]
    )
    return f"uses {len(sent)} reports"


def credit_note(sim: Sim, customer: Customer) -> str | None:
    """Staff takes back part of a document."""
    invoice = owed(sim, customer, "open", "paid")
    if invoice is None or invoice.total <= 0:
        return None
    amount = sim.chance.randint(1, max(1, invoice.total))
    to: Destination = sim.chance.choice(["balance", "open"])
    credit_note_create(
        actor=context.actor(), invoice=invoice, amount=amount, to=to, reason="Goodwill", key=f"note-{sim.next()}"
    )
    return f"gets a credit note of {amount} on {invoice.number} to {to}"


def gift(sim: Sim, customer: Customer) -> str | None:
    """Staff gives credit."""
    amount = sim.chance.randint(1, 5000)
    credit_grant(
        actor=context.actor(), customer=customer, amount=amount, key=f"gift-{sim.next()}", reason="Sorry for the outage"
    )
    sim.granted[customer.pk] = sim.granted.get(customer.pk, 0) + amount
    return f"is given {amount}"


def give_up(sim: Sim, customer: Customer) -> str | None:
    """Staff gives a document up: a rest of it, all of it as a bad debt, or as if it had never been."""
    invoice = owed(sim, customer)
    if invoice is None:
        return None
    how = sim.chance.choice(["rest", "uncollectible", "void"])
    if how == "rest":
        invoice_write_off(actor=context.actor(), invoice=invoice, amount=min(invoice.due, 50), key=f"rest-{sim.next()}")
    elif how == "uncollectible":
        invoice_mark_uncollectible(actor=context.actor(), invoice=invoice, reason="Gone")
    else:
        invoice_void(actor=context.actor(), invoice=invoice, reason="A mistake")
        found = running(customer)
        if found is not None and sim.chance.random() < 0.5:  # At once, or by whatever bills it next.
            subscription_bill(actor=context.actor(), subscription=found, until=now_of(customer))
    return f"{invoice.number} is given up: {how}"


def by_hand(sim: Sim, customer: Customer) -> str | None:
    """Staff bills something once."""
    amount = sim.chance.randint(1, 30_000)
    made = invoice_create(
        actor=context.actor(), customer=customer, lines=[line(amount)], collect=sim.chance.random() < 0.5
    )
    invoice_issue(actor=context.actor(), invoice=made)
    return f"is billed {amount} by hand"


ACTIONS: tuple[tuple[int, Act], ...] = (
    (30, sign_up),
    (10, _changing("changes plan", _plan)),
    (3, _changing("rewrites plan", _rewrite)),
    (8, _changing("sets quantity", _quantity)),
    (6, _changing("add-on", _addon)),
    (
        2,
        _changing(
            "drops what waits", lambda _s, f: changes.subscription_drop_change(actor=context.actor(), subscription=f)
        ),
    ),
    (3, _changing("pauses", lambda _s, f: life.subscription_pause(actor=context.actor(), subscription=f))),
    (6, _changing("resumes", lambda _s, f: life.subscription_resume(actor=context.actor(), subscription=f))),
    (4, _changing("cancels", _cancel)),
    (3, _changing("uses coupon", _coupon)),
    (2, _changing("lengthens trial", _trial)),
    (6, reactivate),
    (14, use),
    (3, credit_note),
    (2, gift),
    (3, give_up),
    (3, by_hand),
)
