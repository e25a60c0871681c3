"""How people pay in a simulation, and how the provider behaves: cards that fail, transfers, refunds, disputes, and
workers that die between asking and writing."""

from billing.models import Customer, Dispute, Payment, PaymentMethod, SandboxCharge
from billing.providers.base import ProviderAway
from billing.providers.sandbox import CARDS
from billing.services import collecting
from billing.services.checkouts import checkout_return, checkout_start
from billing.services.methods import method_remove
from billing.services.payments import payment_record
from billing.services.refunds import refund_create
from billing.services.sandbox import sandbox_confirm, sandbox_leave, sandbox_pay, webhook_send
from portal.kit import context
from tests.billing.payment_world import card
from tests.billing.simulator.actions import Act, owed
from tests.billing.simulator.world import Sim

OUTCOMES = ("succeeds", "succeeds", "succeeds", "declined", "no_funds", "away")


def checkout(sim: Sim, customer: Customer) -> str | None:
    """Pay a document on the provider's page, all of it or a part, with some card; or leave."""
    invoice = owed(sim, customer, "open", "paid", "uncollectible")
    if invoice is None:
        return None
    amount = sim.chance.choice([None, None, max(1, invoice.due // 2)])
    payment, page = checkout_start(
        actor=context.actor(), invoice=invoice, amount=amount, save_method=sim.chance.random() < 0.4
    )
    token = page.url.rpartition("/")[2]
    number = sim.chance.choice([*list(CARDS)[:6], *["4242424242424242"] * 4])
    if sim.chance.random() < 0.1:
        sandbox_leave(token=token)
        return f"leaves the page for {invoice.number}"
    charge = sandbox_pay(token=token, number=number)
    if charge.state == SandboxCharge.State.CONFIRM:
        sandbox_confirm(token=token, agreed=sim.chance.random() < 0.7)
    if sim.chance.random() < 0.5:  # The browser is back before any webhook.
        checkout_return(actor=context.actor(), payment=payment, sent={})
    return f"pays {amount or 'all'} of {invoice.number} with {number[-4:]}"


def new_card(sim: Sim, customer: Customer) -> str | None:
    """Save another card, whose charges come out some way; the old ones go."""
    outcome = sim.chance.choice(OUTCOMES)
    if customer.sandbox and outcome == "away":
        return None
    for method in PaymentMethod.objects.filter(customer=customer, removed_at=None).order_by("created_at", "id"):
        method_remove(actor=context.actor(), method=method)
    card(customer, outcome)
    return f"has a card that {outcome}"


def transfer(sim: Sim, customer: Customer) -> str | None:
    """Send money by the bank: just right, short, or too much; the statement is read twice."""
    assert sim.bank is not None
    invoice = owed(sim, customer, "open", "paid")
    if invoice is None:
        return None
    amount = max(1, invoice.due + sim.chance.choice([0, 0, -50, 700]))
    key = f"bank-{sim.next()}"
    for _ in range(sim.chance.choice([1, 2])):
        payment_record(
            actor=context.actor(), customer=customer, amount=amount, account=sim.bank, key=key, invoice=invoice
        )
    return f"transfers {amount} for {invoice.number}"


def refund(sim: Sim, customer: Customer) -> str | None:
    """Staff pays back a payment or a part of it."""
    rows = Payment.objects.filter(customer=customer, state="succeeded", provider="sandbox").order_by("event_at", "key")
    found = [row for row in rows if row.amount > row.refunded + row.disputed]
    if not found:
        return None
    payment = sim.chance.choice(found)
    left = payment.amount - payment.refunded - payment.disputed
    amount = sim.chance.choice([left, sim.chance.randint(1, left)])
    note = sim.chance.random() < 0.7
    key = f"refund-{sim.next():08d}"
    for _ in range(sim.chance.choice([1, 2])):
        refund_create(
            actor=context.actor(), payment=payment, amount=amount, key=key, reason="Asked for", credit_note=note
        )
    return f"gets {amount} of a payment back, credit note {note}"


def dispute(sim: Sim, customer: Customer) -> str | None:
    """A bank takes a payment back, or decides about one that it took; told twice at times."""
    rows = Dispute.objects.filter(payment__customer=customer, state="open").select_related("payment")
    found = rows.order_by("opened_at", "amount").first()
    if found is None:
        paid = Payment.objects.filter(customer=customer, state="succeeded", provider="sandbox", disputed=0, refunded=0)
        payment = paid.order_by("event_at", "key").first()
        if payment is None:
            return None
        ref, kind, amount = f"sbxd_{sim.next()}", "open", payment.amount
    else:
        ref, kind, amount, payment = found.provider_ref, sim.chance.choice(["won", "lost"]), found.amount, found.payment
    assert sim.account is not None
    data = {
        "id": ref,
        "payment": payment.provider_ref,
        "amount": amount,
        "currency": payment.currency,
        "fee": 0,
        "reason": "unknown",
    }
    webhook_send(account=sim.account, kind=f"dispute.{kind}", data=data)
    return f"dispute of {amount} {kind}"


def killed(sim: Sim, customer: Customer) -> str | None:
    """A worker asks the provider to charge, and dies before it writes what came; another does the same run again."""
    invoice = owed(sim, customer)
    if invoice is None:
        return None
    charge = collecting.charge_begin(actor=context.actor(), invoice_id=invoice.pk)
    if charge is None:
        return None
    try:
        collecting.charge_ask(charge=charge)
    except ProviderAway:
        return f"the provider was away for {invoice.number}"
    return f"a worker died while it charged {invoice.number}"


PAYING: tuple[tuple[int, Act], ...] = (
    (16, checkout),
    (8, new_card),
    (5, transfer),
    (3, refund),
    (3, dispute),
    (4, killed),
)
