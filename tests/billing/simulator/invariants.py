"""What must hold after every simulated day, asked of the rows by other ways than those that wrote them."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db import connection
from django.db.models import Q, Sum

from audit.models import Event
from billing import proof
from billing.differences import difference
from billing.ledger import balance, chart, checks
from billing.models import (
    BilledLine,
    CreditNote,
    DunningRun,
    Invoice,
    Meter,
    MrrMovement,
    Payment,
    Refund,
    SandboxCharge,
    Settlement,
    Subscription,
    SubscriptionEvent,
    SubscriptionItem,
    UsageEvent,
)
from billing.periods import Period
from billing.subscription_notes import mrr_of
from billing.subscription_states import FIRST, MOVES
from billing.subscription_terms import billed_of, history_of
from billing.times import now_of
from billing.wanted import Slot, Used, wanted_lines
from portal.kit import context
from tests.billing.simulator.world import Sim

# How the events of a period become a quantity, told apart from how the meters do it.
WAYS: dict[str, Callable[[list[Decimal]], Decimal]] = {
    "sum": lambda found: sum(found, Decimal(0)),
    "count": lambda found: Decimal(len(found)),
    "max": lambda found: max(found, default=Decimal(0)),
    "last": lambda found: found[-1] if found else Decimal(0),
}


def broken(sim: Sim, *, deep: bool) -> Iterator[str]:
    """Every sentence that does not hold now. `deep`: also what takes long to ask."""
    with context.system("a test"):
        yield from _books()
        yield from _documents()
        yield from _payments()
        yield from _credit(sim)
        yield from _movements(deep=deep)
        yield from _states()
        yield from _periods()
        if sim.away:
            return
        yield from _standing()
        if deep:
            yield from _left(sim)


def _number(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def _books() -> Iterator[str]:
    for text, number in checks.ask(_number):
        yield f"ledger: {text}: {number}"
    with connection.cursor() as cursor:
        for check, found in proof.differences(cursor):
            for one in found:
                yield f"proof {check.name}: {one}"


def _documents() -> Iterator[str]:
    for invoice in Invoice.objects.exclude(state="draft"):
        name = f"invoice {invoice.number}"
        if invoice.due < 0:
            yield f"{name}: more than its total has settled it, due {invoice.due}"
        if invoice.state == "open" and invoice.due == 0:
            yield f"{name}: open though nothing is due"
        if invoice.state == "void" and (invoice.paid or invoice.credited):
            yield f"{name}: void though paid"
    drafts = Invoice.objects.filter(state="draft").count()
    if drafts:
        yield f"{drafts} drafts were left behind"


def _payments() -> Iterator[str]:
    """No double charge: the provider took each payment once, and what documents did not need is credit."""
    charged: dict[str, int] = defaultdict(int)
    for row in SandboxCharge.objects.filter(state="succeeded", ref__startswith="sbxp_"):
        charged[row.reference] += row.amount
    by_invoice: dict[Any, int] = defaultdict(int)
    for payment in Payment.objects.all():
        taken = charged.get(str(payment.pk), 0)
        if taken > payment.amount:
            yield f"payment {payment.key}: the provider took {taken} of {payment.amount}"
        if payment.state == "succeeded":
            by_invoice[payment.invoice_id] += payment.applied
            if payment.provider == "sandbox" and not taken:
                yield f"payment {payment.key}: succeeded though the provider has nothing"
        elif payment.applied:
            yield f"payment {payment.key}: {payment.state} though {payment.applied} of it settled a document"
        if payment.refunded + payment.disputed > payment.amount:
            yield f"payment {payment.key}: more went back than came"
    yield from _settled(by_invoice)


def _settled(by_invoice: dict[Any, int]) -> Iterator[str]:
    """What payments settled of a document is what they say themselves, less what went back and what was in dispute."""
    back: dict[Any, int] = defaultdict(int)
    won: dict[Any, int] = defaultdict(int)
    net: dict[Any, int] = defaultdict(int)
    rows = Settlement.objects.filter(source="payment").values_list("invoice", "amount", "key")
    for invoice_id, amount, key in rows:
        net[invoice_id] += amount
        back[invoice_id] += min(amount, 0)
        won[invoice_id] += amount if key.endswith(":won") else 0
    for invoice_id, total in net.items():
        if total - back[invoice_id] - won[invoice_id] != by_invoice[invoice_id]:
            yield f"invoice {invoice_id}: payments settled {total} and not {by_invoice[invoice_id] + back[invoice_id]}"


def _credit(sim: Sim) -> Iterator[str]:
    """What a customer has to its credit: overpaid, credited or given, less used and paid out."""
    wanted: dict[Any, int] = defaultdict(int, sim.granted)
    for customer_id, amount, applied in Payment.objects.filter(state="succeeded").values_list(
        "customer", "amount", "applied"
    ):
        wanted[customer_id] += amount - applied
    for customer_id, total, applied in CreditNote.objects.values_list("customer", "total", "applied"):
        wanted[customer_id] += total - applied
    for customer_id, amount in Settlement.objects.filter(source="credit").values_list("invoice__customer", "amount"):
        wanted[customer_id] -= amount
    for customer_id, amount in Refund.objects.filter(state="succeeded").values_list("payment__customer", "from_credit"):
        wanted[customer_id] -= amount
    for customer in sim.customers:
        found = balance(chart.customer_credit(customer.pk, customer.currency, sandbox=customer.sandbox))
        if wanted[customer.pk] != found:
            yield f"customer {customer.name}: {found} to its credit and not {wanted[customer.pk]}"


def _movements(*, deep: bool) -> Iterator[str]:
    moved = dict(MrrMovement.objects.values_list("customer").annotate(total=Sum("amount")))
    standing: dict[Any, int] = defaultdict(int)
    for row in Subscription.objects.select_related("customer__test_clock", "plan_version"):
        standing[row.customer_id] += row.mrr
        if not deep:
            continue
        value = mrr_of(row, max(now_of(row.customer), row.billed_at or row.started_at))
        if value != row.mrr:
            yield f"subscription {row.pk} ({row.state}): worth {value} a month and not {row.mrr}"
    for customer_id, value in standing.items():
        if moved.get(customer_id, 0) != value:
            yield f"customer {customer_id}: movements sum to {moved.get(customer_id, 0)} and not {value}"


def _states() -> Iterator[str]:
    last: dict[Any, str] = {}
    for event in SubscriptionEvent.objects.order_by("subscription", "id"):
        before, after = last.get(event.subscription_id), event.after["state"]
        legal = after in FIRST if before is None else after == before or after in MOVES[before]
        if not legal or (before is not None and event.before.get("state", before) != before):
            yield f"subscription {event.subscription_id}: {before} became {after} by {event.kind}"
        last[event.subscription_id] = after
    for row in Subscription.objects.all():
        if last.get(row.pk) != row.state:
            yield f"subscription {row.pk}: is {row.state}, its history says {last.get(row.pk)}"


def _standing() -> Iterator[str]:
    """Nothing is left undone, and who is reminded owes."""
    for event in Event.objects.filter(code="billing.subscription.failed_step"):
        yield f"a step failed: {event.data}"
    for row in Subscription.objects.filter(next_at__isnull=False).select_related("customer__test_clock"):
        if row.next_at is not None and row.next_at <= now_of(row.customer) and row.halted_at is None:
            yield f"subscription {row.pk} ({row.state}): what was due at {row.next_at} was not done"
    late = Q(state__in=["past_due", "unpaid"])
    reminded = DunningRun.objects.exclude(state="cleared").values_list("customer_id", flat=True)
    for row in Subscription.objects.filter(late).exclude(customer__in=reminded):
        yield f"subscription {row.pk}: {row.state} though nobody is reminded"


def _periods() -> Iterator[str]:
    """One plan at a time, and each period of an item is billed once."""
    rows = SubscriptionItem.objects.filter(is_base=True).order_by("subscription", "starts_at", "ends_at", "id")
    for one, other in pairwise(item for item in rows if item.ends_at is None or item.ends_at > item.starts_at):
        same = one.subscription_id == other.subscription_id
        if same and (one.ends_at is None or one.ends_at > other.starts_at):
            yield f"subscription {one.subscription_id}: two plans at once from {other.starts_at}"
    billed = BilledLine.objects.filter(against=None).order_by("item", "price_id", "slot_start", "slot_end")
    for first, second in pairwise(billed):
        same_price = (first.item_id, first.price_id) == (second.item_id, second.price_id)
        if same_price and first.slot_start != second.slot_start and first.slot_end > second.slot_start:
            yield f"item {first.item_id}: the periods from {first.slot_start} and {second.slot_start} overlap"


def _left(sim: Sim) -> Iterator[str]:
    """Nothing is left to bill or to give back: what is billed is what the whole history says, use counted one by one."""
    rows = Subscription.objects.filter(halted_at=None, billed_at__isnull=False)
    for row in rows.exclude(state__in=["paused", "incomplete_expired"]).select_related("customer__test_clock"):
        assert row.billed_at is not None
        until = max(row.ended_at or now_of(row.customer), row.billed_at)
        wanted = wanted_lines(history_of(row), until, _counted(row))
        left = difference(wanted, billed_of(row).lines)
        charged = {(one.line.item_id, one.line.price_id, one.line.slot.start) for one in left.charges}
        wrong = (charged | {one.of.key for one in left.back}) - _void_since(row)
        # Which use came before a bill cannot be told where a clock was wrong or is a sandbox's own.
        if row.customer.test_clock_id is not None or row.billed_at <= sim.stepped:
            wrong = {one for one in wrong if one[1] in _fixed(row)}
        if wrong:
            yield f"subscription {row.pk} ({row.state}): there is more to bill: {left}"


def _fixed(row: Subscription) -> set[Any]:
    """The prices of a subscription that do not depend on use."""
    prices = (price for item in row.items.all() for price in item.plan_version.prices.all())
    return {price.pk for price in prices if price.meter_id is None}


def _counted(row: Subscription) -> Used:
    """What was reported until the last bill, counted event by event and not by what meters summed up."""

    ways = dict(Meter.objects.values_list("code", "aggregation"))

    def used(meter: str, model: str, period: Period) -> Decimal | list[Decimal]:
        rows = UsageEvent.objects.filter(
            organisation_id=row.organisation_id,
            meter=meter,
            occurred_at__gte=period.start,
            occurred_at__lt=period.end,
            received_at__lte=row.billed_at,
        )
        rows = rows.order_by("occurred_at", "key")
        if model != "percentage" and ways[meter] == "unique":
            return Decimal(len(set(rows.values_list("value", flat=True))))
        found = list(rows.values_list("quantity", flat=True))
        return found if model == "percentage" else WAYS[ways[meter]](found)

    return used


def _void_since(row: Subscription) -> set[Slot]:
    """What stood on documents that became void after the last bill: the next one says it again, if there is one."""
    void = Invoice.objects.filter(subscription_id=row.pk, state="void", voided_at__gte=row.billed_at)
    lines = BilledLine.objects.filter(invoice_id__in=list(void.values_list("pk", flat=True)))
    return set(lines.values_list("item_id", "price_id", "slot_start"))
