"""What a subscription ought to have been billed for, computed from its history. Pure: no database, no clock.

A subscription is items over time. Each price of an item has a slot for each whole period of its plan; what is wanted for a
slot is the price of the period, prorated to the part of it in which the item was there, no trial ran and nothing was
paused, rounded once. What is wanted minus what is billed (`billing.differences`) is what the next bill says, so a bill
that is made again says nothing, and a history that was rewritten is put right by the next one.

Fixed prices in advance are due when the part begins, in arrears when it ends; use is due when it ends. What happens under
a pause that still runs is billed when it is over.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.periods import Anchor, Period, period_at
from billing.pricing import PriceShape, charge
from billing.proration import Policy, cut, ratio
from portal.kit.money import half_up

# The use of a meter in a period: a quantity, or for percentages the amounts of the events.
Used = Callable[[str, str, Period], Decimal | Sequence[Decimal]]
# One price of an item in one whole period, by its start.
Slot = tuple[UUID, UUID, datetime]
# What the use of a slot was billed at, when nothing of what ended at this moment can still arrive; None: ask the meters.
Settled = Callable[[Slot, datetime], int | None]
Kind = Literal["subscription", "addon", "usage", "minimum"]


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """A price of an item; `meter` is the code of what it measures, empty for fixed prices."""

    id: UUID
    name: str
    shape: PriceShape
    meter: str = ""


@dataclass(frozen=True, slots=True)
class MinimumTerms:
    """What a whole period costs at least, in minor units."""

    id: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class ItemTerms:
    """An item with the terms of its plan's version; see `SubscriptionItem` and `PlanVersion` for the fields."""

    id: UUID
    name: str
    is_base: bool
    quantity: int
    starts_at: datetime
    ends_at: datetime | None
    through_day: bool
    anchor: Anchor
    in_advance: bool
    policy: Policy
    fixed_days: int | None
    prices: tuple[PriceTerms, ...]
    minimum: MinimumTerms | None = None


@dataclass(frozen=True, slots=True)
class Discounted:
    """A stretch in which a share of fixed prices is left out."""

    starts_at: datetime
    ends_at: datetime
    percent: Decimal


@dataclass(frozen=True, slots=True)
class History:
    """All that decides about the wanted lines of one subscription. `pauses` are over; one that runs stops all billing."""

    zone: ZoneInfo
    items: tuple[ItemTerms, ...]
    trial_end: datetime | None = None
    charges_from: datetime | None = None
    cancel_at: datetime | None = None
    pauses: tuple[Period, ...] = ()
    discounts: tuple[Discounted, ...] = ()


@dataclass(frozen=True, slots=True)
class WantedLine:
    """What one price of an item ought to have cost for one whole period `slot`, of which `covers` is charged."""

    item_id: UUID
    price_id: UUID
    slot: Period
    covers: Period
    kind: Kind
    name: str
    quantity: Decimal
    unit_amount: Decimal | None
    exact: Fraction

    @property
    def amount(self) -> int:
        """In minor units: the one rounding of the line."""
        return half_up(self.exact)


@dataclass(frozen=True, slots=True)
class _Part:
    """A whole period of an item's plan, what of it is charged, and which share of the period that is."""

    item: ItemTerms
    slot: Period
    covers: Period
    share: Fraction


def _open(_slot: Slot, _end: datetime) -> None:
    return None


def wanted_lines(
    history: History, until: datetime, used: Used, *, since: datetime | None = None, settled: Settled = _open
) -> list[WantedLine]:
    """The lines that are due at `until` (inclusive), oldest slot first. `since`: only slots that end after it.

    Use that arrived late makes more of its slot wanted than was billed. Use of a slot that is `settled` is wanted as it
    was billed: the meters need not know single events for ever.
    """
    found: list[WantedLine] = []
    metered = partial(_metered, used=used, settled=settled)
    for item in history.items:
        for part in _parts(history, item, until, since):
            found += _lines(history, part, until, metered)
    return sorted(found, key=lambda line: (line.slot.start, line.covers.start))


def service_end(history: History, item: ItemTerms) -> datetime | None:
    """When an item stops being charged: its end, or the moment for which the subscription is cancelled."""
    ends = [moment for moment in (item.ends_at, history.cancel_at) if moment is not None]
    if not ends:
        return None
    end = min(ends)
    return cut(end, item.policy, history.zone, ending=item.through_day) if item.policy != "seconds" else end


def _parts(history: History, item: ItemTerms, until: datetime, since: datetime | None) -> Iterator[_Part]:
    """The whole periods that the item touches and that have begun, with the part of each that it is charged for."""
    starts = [moment for moment in (item.starts_at, history.trial_end, history.charges_from) if moment is not None]
    start = cut(max(starts), item.policy, history.zone)
    end = service_end(history, item)
    slot = period_at(item.anchor, max(start, since) if since else start)
    while slot.start <= until and (end is None or slot.start < end):
        covers = slot.clipped(start, end)
        # What begins on the day on which a trial ends is not due before that hour.
        if covers and max(starts) <= until:
            yield _Part(item, slot, covers, _share(history, item, slot, covers))
        slot = period_at(item.anchor, slot.end)


def _lines(
    history: History, part: _Part, until: datetime, metered: Callable[[_Part, PriceTerms], WantedLine]
) -> list[WantedLine]:
    item = part.item
    over = part.covers.end <= until or (item.ends_at is not None and item.ends_at <= until)
    fixed = [price for price in item.prices if not price.meter]
    lines = [_fixed(history, part, price) for price in fixed] if item.in_advance or over else []
    if over:
        lines += [metered(part, price) for price in item.prices if price.meter]
        if item.minimum is not None:
            lines += _minimum(part, item.minimum, lines)
    return lines


def _line(part: _Part, price_id: UUID, kind: Kind, name: str, exact: Fraction) -> WantedLine:
    return WantedLine(part.item.id, price_id, part.slot, part.covers, kind, name, Decimal(1), None, exact)


def _fixed(history: History, part: _Part, price: PriceTerms) -> WantedLine:
    item, covers, shape = part.item, part.covers, price.shape
    off = sum(
        (
            Fraction(one.percent) / 100 * _share(history, item, part.slot, covers.clipped(one.starts_at, one.ends_at))
            for one in history.discounts
            if one.starts_at < covers.end and one.ends_at > covers.start
        ),
        Fraction(0),
    )
    exact = charge(shape, item.quantity) * (part.share - off)
    line = _line(part, price.id, "subscription" if item.is_base else "addon", price.name, exact)
    if shape.model not in ("per_seat", "flat"):
        return line
    quantity = Decimal(item.quantity if shape.model == "per_seat" else 1)
    return replace(line, quantity=quantity, unit_amount=Decimal(str(shape.unit_amount)))


def _metered(part: _Part, price: PriceTerms, *, used: Used, settled: Settled) -> WantedLine:
    billed = settled((part.item.id, price.id, part.slot.start), part.covers.end)
    if billed is not None:
        return _line(part, price.id, "usage", price.name, Fraction(billed))
    found = used(price.meter, price.shape.model, part.covers)
    if isinstance(found, Decimal):
        return replace(_line(part, price.id, "usage", price.name, charge(price.shape, found)), quantity=found)
    line = _line(part, price.id, "usage", price.name, charge(price.shape, events=found))
    return replace(line, quantity=Decimal(len(found)))


def _minimum(part: _Part, minimum: MinimumTerms, lines: Sequence[WantedLine]) -> list[WantedLine]:
    missing = half_up(minimum.amount * part.share) - sum(line.amount for line in lines)
    return [_line(part, minimum.id, "minimum", part.item.name, Fraction(missing))] if missing > 0 else []


def _share(history: History, item: ItemTerms, slot: Period, covers: Period) -> Fraction:
    """The share of the slot that is charged: what the item covers of it, without pauses. One ratio per stretch."""
    if not covers:
        return Fraction(0)
    taken = sum(
        (
            ratio(pause.clipped(covers.start, covers.end), slot, item.policy, history.zone, fixed_days=item.fixed_days)
            for pause in history.pauses
            if pause.start < covers.end and pause.end > covers.start
        ),
        Fraction(0),
    )
    return ratio(covers, slot, item.policy, history.zone, fixed_days=item.fixed_days) - taken
