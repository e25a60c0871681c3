"""What is wanted minus what is billed: the lines that the next bill has to say. Pure: no database, no clock.

Giving back is capped: never more than what is left of the line that it takes back of, after credit notes, so nothing is
given back twice. What a credit note of staff has taken does not count as billed less: it lowers the cap, not the claim.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Literal
from uuid import UUID

from billing.periods import Period
from billing.wanted import Slot, WantedLine
from portal.kit.money import half_up


@dataclass(frozen=True, slots=True)
class Billed:
    """A line that was billed (`gross`, before discounts), with what is left of it to give back.

    `gross_left`: gross minus what differences have given back; `net` after discounts; `net_left`: net minus all that was
    given back of it, by whomever.
    """

    id: UUID
    item_id: UUID
    price_id: UUID
    slot: Period
    covers: Period
    name: str
    gross: int
    gross_left: int
    net: int
    net_left: int
    invoice_id: UUID | None
    line_id: UUID

    @property
    def key(self) -> Slot:
        """What it is a line of."""
        return self.item_id, self.price_id, self.slot.start


@dataclass(frozen=True, slots=True)
class Charge:
    """More is wanted than was billed: `amount` minor units, above 0."""

    line: WantedLine
    amount: int


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Less is wanted: `gross` minor units of a billed line, of which `net` are really given back; `exact` is the net
    before it was rounded, from which taxes are computed."""

    of: Billed
    covers: Period
    gross: int
    net: int
    exact: Fraction


@dataclass(frozen=True, slots=True)
class Difference:
    """What a bill says; empty when all is billed as it ought to be."""

    charges: tuple[Charge, ...] = ()
    back: tuple[GiveBack, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.charges or self.back)

    @property
    def total(self) -> int:
        """Net minor units before coupons and taxes."""
        return sum(one.amount for one in self.charges) - sum(one.net for one in self.back)


def difference(wanted: Sequence[WantedLine], billed: Iterable[Billed]) -> Difference:
    """Charges and what is given back, slot by slot."""
    done: dict[Slot, list[Billed]] = defaultdict(list)
    for row in billed:
        done[row.key].append(row)
    charges: list[Charge] = []
    back: list[GiveBack] = []
    for line in wanted:
        rows = done.pop((line.item_id, line.price_id, line.slot.start), [])
        missing = line.amount - sum(row.gross_left for row in rows)
        if missing > 0:
            charges.append(Charge(line, missing))
        elif missing < 0:
            owed = sum(row.gross_left for row in rows) - line.exact
            back += _give_back(rows, -missing, line.covers.end, owed)
    for rows in done.values():  # Billed, and no longer wanted at all.
        whole = sum(row.gross_left for row in rows)
        back += _give_back(rows, whole, rows[0].slot.start, Fraction(whole))
    return Difference(tuple(charges), tuple(back))


def _give_back(rows: Sequence[Billed], amount: int, unused_from: datetime, owed: Fraction) -> list[GiveBack]:
    """Take `amount` (`owed` before rounding) off the lines of one slot, the newest first."""
    found = []
    whole = amount
    for row in sorted(rows, key=lambda one: one.id, reverse=True):
        gross = min(amount, row.gross_left)
        if gross <= 0:
            continue
        amount -= gross
        # A line that was discounted gives back as much less; the last part gives what is left.
        net = row.net_left if gross == row.gross_left else half_up(Fraction(gross * row.net, row.gross))
        covers = row.covers.clipped(unused_from) or row.covers
        net = min(net, row.net_left)
        exact = owed * Fraction(row.net, row.gross) if gross == whole else Fraction(net)
        found.append(GiveBack(row, covers, gross, net, exact if half_up(exact) == net else Fraction(net)))
    return found


Way = Literal["nothing", "one_invoice", "apart"]


def way_of(found: Difference, policy: str) -> Way:
    """How a difference becomes documents; the one rule.

    Under `day_counts` what is given back is always a credit note on the invoice that it was billed by. Under the other
    policies it stands as negative lines on the same invoice as the new charges, while those are at least as much; where
    more is given back than charged there is nothing to pay, and credit notes put it into the customer's balance.
    """
    if not found:
        return "nothing"
    if not found.back:
        return "one_invoice"
    if policy == "day_counts" or not found.charges or found.total < 0:
        return "apart"
    return "one_invoice"
