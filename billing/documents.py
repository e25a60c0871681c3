"""What documents are made from: lines and coupons of a draft, amounts of a credit note. Shapes without a database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal, Protocol
from uuid import UUID

from portal.kit.money import allocate, half_up

LineKind = Literal["subscription", "usage", "addon", "proration", "minimum", "one_off"]
SettlementSource = Literal["payment", "credit", "wallet", "write_off"]
Destination = Literal["open", "balance", "refund"]
# Earned over their period; the others are earned when they are billed.
DEFERRED: frozenset[str] = frozenset({"subscription", "addon", "proration"})


class Span(Protocol):
    """A period, half open."""

    @property
    def start(self) -> datetime:
        """Its first moment."""

    @property
    def end(self) -> datetime:
        """The first moment after it."""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line as it is asked for. `amount` is in minor units, below 0 to give back; `key` is unique within the document.

    `quantity` and `unit_amount` (exact, minor units) are printed only. `item_id` is the item of a subscription that it
    bills. Coupons reduce it unless it is not `discountable`.
    """

    key: str
    kind: LineKind
    description: str
    quantity: Decimal
    unit_amount: Decimal | None
    amount: int
    period: Span | None = None
    tax_category: str = "standard"
    item_id: UUID | None = None
    discountable: bool = True


@dataclass(frozen=True, slots=True)
class DraftCoupon:
    """A discount of the whole document: so many `percent` of what is left of the lines, or an `amount` in minor units."""

    code: str
    name: str
    percent: Decimal | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class NoteLine:
    """What a credit note takes back of a line: its exact net in minor units, from which the tax is computed, too."""

    line_id: UUID
    net: Fraction | Decimal | int
    description: str = ""


def discounts(lines: Sequence[DraftLine], coupons: Sequence[DraftCoupon]) -> list[int]:
    """What coupons take off each line. One after the other, each on what the earlier ones left, never below 0.

    The amount of a coupon is rounded once and spread over the lines in proportion to what is left of them, by largest
    remainder, so that the parts sum to it. Lines that give back are left alone.
    """
    left = [max(line.amount, 0) if line.discountable else 0 for line in lines]
    taken = [0] * len(left)
    for coupon in coupons:
        whole = sum(left)
        if whole == 0:
            break
        amount = half_up(Fraction(coupon.percent) * whole / 100) if coupon.percent is not None else coupon.amount or 0
        for place, part in enumerate(allocate(min(amount, whole), left)):
            left[place] -= part
            taken[place] += part
    return taken
