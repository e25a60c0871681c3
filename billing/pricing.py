"""What a quantity costs, by the six models. Pure: no database, no clock. Results are exact minor units; the caller rounds
once per line (`portal.kit.money.half_up`).

Conventions, as docs/plans.md tells them:

- **flat**: the fee, whatever the quantity.
- **per_seat**: fee times quantity.
- **graduated**: each unit costs what its own tier says; the flat fee of each tier that is reached is added.
- **volume**: all units cost what the tier of the whole quantity says, plus that tier's flat fee.
- **package**: every begun package of `package_size` units costs the fee; `free_units` come off first.
- **percentage**: a share of the sum of the events' amounts (minor units) above `free_amount`, plus a fee for each event
  that goes beyond it. The event that crosses the free amount pays the fee, and the share of what is above.
- **No use**: the flat fee of the first tier is due all the same, unless `charge_zero` is off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

Number = Decimal | Fraction | int


@dataclass(frozen=True, slots=True)
class Tier:
    """Up to and with `up_to` units (None: without end): a fee per unit and one for reaching it, in minor units."""

    up_to: Number | None
    unit_amount: Number = 0
    flat_amount: Number = 0


@dataclass(frozen=True, slots=True)
class PriceShape:
    """A price without its database row; see `billing.models.Price` for what each field means."""

    model: str
    unit_amount: Number = 0
    tiers: tuple[Tier, ...] = ()
    package_size: Number | None = None
    free_units: Number = 0
    percent: Number | None = None
    free_amount: Number = 0
    charge_zero: bool = True


@dataclass(frozen=True, slots=True)
class TierCharge:
    """What one tier added: so many units of it, and the exact amount in minor units, flat fee included."""

    position: int
    units: Fraction
    amount: Fraction


class ShapeInvalid(ValueError):
    """A price that cannot be computed: no such model, tiers out of order or without end, a package of nothing."""


def check(shape: PriceShape) -> None:
    """Raise `ShapeInvalid` where `charge` could not compute the price."""
    if shape.model not in _MODELS:
        raise ShapeInvalid("model")
    amounts = [shape.unit_amount, shape.free_units, shape.free_amount, shape.percent or 0]
    amounts += [amount for tier in shape.tiers for amount in (tier.unit_amount, tier.flat_amount)]
    if min(amounts) < 0:
        raise ShapeInvalid("negative")
    if shape.model in ("graduated", "volume"):
        _check_tiers(shape.tiers)
    elif shape.tiers:
        raise ShapeInvalid("tiers")
    if shape.model == "package" and (shape.package_size is None or shape.package_size <= 0):
        raise ShapeInvalid("package_size")
    if shape.model == "percentage" and (shape.percent is None or shape.percent > 100):
        raise ShapeInvalid("percent")


def _check_tiers(tiers: Sequence[Tier]) -> None:
    if not tiers or tiers[-1].up_to is not None:
        raise ShapeInvalid("open_tier")
    ends = [tier.up_to for tier in tiers[:-1]]
    below: Number = 0
    for end in ends:
        if end is None or end <= below:
            raise ShapeInvalid("tier_order")
        below = end


def charge(shape: PriceShape, quantity: Number = 0, *, events: Sequence[Number] | None = None) -> Fraction:
    """What `quantity` costs, in exact minor units, not rounded.

    `events` are the amounts (minor units) of the events of a percentage price, in the order in which they happened; a
    percentage without a fee per event can be asked by their sum as `quantity` alone. `ShapeInvalid` for a shape that
    `check` refuses, `ValueError` for a negative quantity or a fee per event without the events.
    """
    check(shape)
    if quantity < 0 or (events and min(events) < 0):
        raise ValueError("A quantity is not negative.")
    if shape.model == "percentage":
        return _percentage(shape, Fraction(quantity), events)
    if events is not None:
        raise ValueError("Events are for percentages; give the quantity.")
    return _MODELS[shape.model](shape, Fraction(quantity))


def tier_charges(shape: PriceShape, quantity: Number) -> list[TierCharge]:
    """How a graduated price comes about, tier by tier, for the lines of documents; the amounts sum to `charge`."""
    found: list[TierCharge] = []
    whole, below = Fraction(quantity), Fraction(0)
    for position, tier in enumerate(shape.tiers):
        reached = whole > below or (position == 0 and shape.charge_zero)
        if not reached:
            break
        end = whole if tier.up_to is None else min(whole, Fraction(tier.up_to))
        units = max(end - below, Fraction(0))
        found.append(TierCharge(position, units, units * Fraction(tier.unit_amount) + Fraction(tier.flat_amount)))
        below = end
        if tier.up_to is not None and whole <= tier.up_to:
            break
    return found


def _flat(shape: PriceShape, quantity: Fraction) -> Fraction:
    return Fraction(shape.unit_amount)


def _per_seat(shape: PriceShape, quantity: Fraction) -> Fraction:
    return quantity * Fraction(shape.unit_amount)


def _graduated(shape: PriceShape, quantity: Fraction) -> Fraction:
    return sum((part.amount for part in tier_charges(shape, quantity)), Fraction(0))


def _volume(shape: PriceShape, quantity: Fraction) -> Fraction:
    if not quantity and not shape.charge_zero:
        return Fraction(0)
    tier = next(tier for tier in shape.tiers if tier.up_to is None or quantity <= tier.up_to)
    return quantity * Fraction(tier.unit_amount) + Fraction(tier.flat_amount)


def _package(shape: PriceShape, quantity: Fraction) -> Fraction:
    charged = max(quantity - Fraction(shape.free_units), Fraction(0))
    size = Fraction(shape.package_size or 1)
    begun = -(-charged // size)
    return begun * Fraction(shape.unit_amount)


def _percentage(shape: PriceShape, quantity: Fraction, events: Sequence[Number] | None) -> Fraction:
    if events is None and shape.unit_amount:
        raise ValueError("A fee per event needs the events, not their sum.")
    total = quantity if events is None else sum((Fraction(one) for one in events), Fraction(0))
    free = Fraction(shape.free_amount)
    share = max(total - free, Fraction(0)) * Fraction(shape.percent or 0) / 100
    beyond, run = 0, Fraction(0)
    for one in events or ():
        run += Fraction(one)
        beyond += run > free or not free
    return share + beyond * Fraction(shape.unit_amount)


_MODELS = {
    "flat": _flat,
    "per_seat": _per_seat,
    "graduated": _graduated,
    "volume": _volume,
    "package": _package,
    "percentage": _flat,  # Asked through `_percentage`, which also sees the events.
}
