"""The history of a subscription and what was billed of it, read from the database for the pure computation."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from django.db.models import Min, Q, Sum

from billing.differences import Billed
from billing.metering import known_from, usage_amounts, usage_quantity
from billing.models import (
    BilledLine,
    Customer,
    Invoice,
    InvoiceLine,
    Phase,
    PlanVersion,
    Subscription,
    SubscriptionItem,
)
from billing.mrr import Worth, monthly
from billing.periods import Anchor, Interval, Period, anchor_of, period_at
from billing.pricing import charge
from billing.times import zone_of
from billing.usage_reports import LATE
from billing.wanted import Discounted, History, ItemTerms, MinimumTerms, PriceTerms, Settled, Slot, Used

VERSION_PARTS = (
    "plan_version__plan",
    "plan_version__prices__tiers",
    "plan_version__prices__meter",
    "plan_version__minimums",
)


# So long after a period nothing of its use can still arrive; the hour is for what was taken last and committed after it.
CLOSED_AFTER = LATE + timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """What was billed of a subscription: the lines that stand, and the slots of which a line is on a void document."""

    lines: tuple[Billed, ...]
    voided: frozenset[Slot]


def anchor_for(subscription: Subscription, version: PlanVersion) -> Anchor:
    """Where the periods of a plan's version are counted from in this subscription."""
    return anchor_of(
        subscription.anchor_at,
        Interval(version.interval_unit, version.interval_count),  # type: ignore[arg-type]
        zone_of(subscription.customer),
        kind=version.anchor,  # type: ignore[arg-type]
        day=subscription.anchor_day,
        exact=version.proration == PlanVersion.Proration.SECONDS,
    )


def period_for(subscription: Subscription, version: PlanVersion, moment: datetime) -> Period:
    """The whole billing period of a plan's version that holds `moment`."""
    return period_at(anchor_for(subscription, version), moment)


def items_of(subscription: Subscription) -> list[SubscriptionItem]:
    """Every item that it has or had, with the terms of its plan; the base first, then by start."""
    rows = SubscriptionItem.objects.filter(subscription=subscription).prefetch_related(*VERSION_PARTS)
    return sorted(rows, key=lambda item: (not item.is_base, item.starts_at, item.id))


def history_of(subscription: Subscription, items: Sequence[SubscriptionItem] | None = None) -> History:
    """What decides about the wanted lines of a subscription, at its present state."""
    phases = list(Phase.objects.filter(subscription=subscription))
    return History(
        zone=zone_of(subscription.customer),
        items=tuple(_terms(subscription, item) for item in (items_of(subscription) if items is None else items)),
        trial_end=subscription.trial_end,
        charges_from=subscription.charges_from,
        cancel_at=subscription.cancel_at if subscription.ended_at is None else None,
        pauses=tuple(
            Period(phase.starts_at, phase.ends_at)
            for phase in phases
            if phase.kind == Phase.Kind.PAUSE and phase.ends_at is not None
        ),
        discounts=tuple(
            Discounted(phase.starts_at, phase.ends_at, phase.percent_off)
            for phase in phases
            if phase.kind == Phase.Kind.DISCOUNT and phase.ends_at is not None and phase.percent_off is not None
        ),
    )


def _terms(subscription: Subscription, item: SubscriptionItem) -> ItemTerms:
    version, currency = item.plan_version, subscription.currency
    minimum = next((row for row in version.minimums.all() if row.currency == currency), None)
    return ItemTerms(
        id=item.pk,
        name=version.plan.name,
        is_base=item.is_base,
        quantity=item.quantity,
        starts_at=item.starts_at,
        ends_at=item.ends_at,
        through_day=item.through_day,
        anchor=anchor_for(subscription, version),
        in_advance=version.billing == PlanVersion.Billing.ADVANCE,
        policy=version.proration,  # type: ignore[arg-type]
        fixed_days=version.fixed_days,
        prices=tuple(
            PriceTerms(price.pk, price.name, price.shape, price.meter.code if price.meter else "")
            for price in version.prices.all()
            if price.currency == currency
        ),
        minimum=MinimumTerms(minimum.pk, minimum.amount) if minimum else None,
    )


def worths_of(items: Sequence[SubscriptionItem], currency: str, at: datetime) -> list[Worth]:
    """What the fixed prices of the items that are taken at a moment cost a period; use is left out."""
    return [
        Worth(charge(price.shape, item.quantity), item.plan_version.interval_unit, item.plan_version.interval_count)
        for item in items
        if item.starts_at <= at and (item.ends_at is None or item.ends_at > at)
        for price in item.plan_version.prices.all()
        if price.currency == currency and price.meter_id is None
    ]


def worth_of_version(version: PlanVersion, currency: str, quantity: int) -> Fraction:
    """The exact price of a month of a plan's version: what tells an upgrade from a downgrade."""
    return sum(
        (
            monthly(Worth(charge(price.shape, quantity), version.interval_unit, version.interval_count))
            for price in version.prices.all()
            if price.currency == currency and price.meter_id is None
        ),
        Fraction(0),
    )


def billed_of(subscription: Subscription, since: datetime | None = None) -> Standing:
    """What was billed of a subscription and what is left of it; what stands on void documents was not billed."""
    rows = BilledLine.objects.filter(subscription=subscription, against=None).order_by("id")
    if since is not None:
        rows = rows.filter(slot_end__gt=since)
    void = _void(subscription)
    stands = ~Q(given_back__invoice_id__in=void) if void else Q()
    found = list(rows.annotate(back=Sum("given_back__amount", filter=stands, default=0)))
    lines = _lines_of(found)
    negative = BilledLine.objects.filter(against__in=[row.pk for row in found], credit_note_id=None)
    apart = {
        row["against"]: row["total"]
        for row in negative.exclude(invoice_id__in=void).values("against").annotate(total=Sum("taken"))
    }
    shown, voided = [], set()
    for row in found:
        line = lines.get(row.line_key)
        if line is None:  # Its invoice is void or was thrown away.
            voided.add((row.item_id, row.price_id, row.slot_start))
            continue
        left = line.net - line.credited_net - apart.get(row.pk, 0)
        shown.append(_billed(row, line, max(0, left)))
    return Standing(tuple(shown), frozenset(voided))


def looked_at_from(subscription: Subscription, items: Sequence[SubscriptionItem], since: datetime) -> datetime:
    """From when on a bill has to look: further back than `since` where use that has arrived since the last bill may lie,
    and where a document has become void."""
    void = _void(subscription)
    if void:
        rows = BilledLine.objects.filter(subscription=subscription, invoice_id__in=void)
        since = min(since, rows.aggregate(first=Min("slot_start"))["first"] or since)
    counted = any(price.meter_id for item in items for price in item.plan_version.prices.all())
    if not counted or subscription.billed_at is None:
        return since
    return min(since, subscription.billed_at - CLOSED_AFTER)


def settled_by(subscription: Subscription, standing: Standing) -> Settled:
    """The use that was billed when nothing of it could still arrive stays as it was billed, unless that became void while
    single events of it are still known."""
    amounts: dict[Slot, int] = defaultdict(int)
    for line in standing.lines:
        amounts[line.key] += line.gross_left
    billed_at, known = subscription.billed_at, known_from(subscription.customer)

    def settled(slot: Slot, end: datetime) -> int | None:
        if billed_at is None or end > billed_at - CLOSED_AFTER:
            return None
        return None if slot in standing.voided and slot[2] >= known else amounts[slot]

    return settled


def _billed(row: BilledLine, line: InvoiceLine, left: int) -> Billed:
    back: int = row.back  # type: ignore[attr-defined]
    return Billed(
        id=row.pk,
        item_id=row.item_id,
        price_id=row.price_id,
        slot=Period(row.slot_start, row.slot_end),
        covers=Period(row.covers_from, row.covers_until),
        name=line.description,
        gross=row.amount,
        gross_left=row.amount + back,
        net=line.net,
        net_left=left,
        invoice_id=row.invoice_id,
        line_id=line.pk,
    )


def _void(subscription: Subscription) -> list[UUID]:
    void = Q(state=Invoice.State.VOID)
    return list(Invoice.objects.filter(void, subscription_id=subscription.pk).values_list("pk", flat=True))


def _lines_of(rows: Sequence[BilledLine]) -> dict[str, InvoiceLine]:
    """The lines of documents that stand, by their key."""
    lines = InvoiceLine.objects.filter(invoice__in={row.invoice_id for row in rows if row.invoice_id})
    return {line.key: line for line in lines.exclude(invoice__state=Invoice.State.VOID)}


def used_of(customer: Customer) -> Used:
    """What meters counted for a customer: a quantity, or for a percentage the amounts of the events in order."""

    def used(meter: str, model: str, period: Period) -> Decimal | Sequence[Decimal]:
        if model == "percentage":
            return usage_amounts(customer.pk, meter, period.start, period.end)
        return usage_quantity(customer.pk, meter, period.start, period.end)

    return used
