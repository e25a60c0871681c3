"""What a credit note takes back of lines and of their taxes: arithmetic without a database.

Nets are exact until the one rounding per line; the tax of each rate is computed from the exact nets and rounded once,
then capped by what is left of it. A line that is taken back whole takes back all that is left of its taxes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from billing.errors.invoices import MoreThanLeft
from billing.taxes import spread
from portal.kit.money import allocate, half_up

Rate = tuple[str, str]  # Code and percent, as they stand on the invoice.


@dataclass(frozen=True, slots=True)
class Left:
    """What earlier credit notes left of a line: its net and, by rate, its taxes."""

    key: str
    net: int
    taxes: Mapping[Rate, int]

    @property
    def gross(self) -> int:
        """Net and taxes."""
        return self.net + sum(self.taxes.values())


@dataclass(slots=True)
class Back:
    """What is taken back of a line."""

    key: str
    net: int
    taxes: dict[Rate, int] = field(default_factory=dict)

    @property
    def tax(self) -> int:
        """All its taxes."""
        return sum(self.taxes.values())


def by_nets(left: Mapping[str, Left], wanted: Sequence[tuple[str, Fraction | Decimal | int]]) -> list[Back]:
    """What is taken back for exact nets by the key of the line; `MoreThanLeft` above what is left of one."""
    backs: list[Back] = []
    exact: dict[str, Fraction] = {}
    for key, net in wanted:
        whole = half_up(net)
        if key not in left or key in exact or whole <= 0 or whole > left[key].net:
            raise MoreThanLeft
        exact[key] = Fraction(net)
        backs.append(Back(key, whole))
    whole_lines = [back for back in backs if back.net == left[back.key].net]
    for back in whole_lines:
        back.taxes = dict(left[back.key].taxes)
    parts = [back for back in backs if back not in whole_lines]
    for rate in dict.fromkeys(rate for back in parts for rate in left[back.key].taxes):
        share = Fraction(Decimal(rate[1])) / 100
        of_rate = [back for back in parts if rate in left[back.key].taxes]
        for back, tax in zip(of_rate, spread([exact[back.key] * share for back in of_rate]), strict=True):
            back.taxes[rate] = min(tax, left[back.key].taxes[rate])
    return backs


def by_gross(left: Mapping[str, Left], amount: int) -> list[Back]:
    """What is taken back for an amount with its taxes, in proportion to what is left of each line."""
    lines = [line for line in left.values() if line.gross > 0]
    if amount <= 0 or amount > sum(line.gross for line in lines):
        raise MoreThanLeft
    backs = []
    for line, gross in zip(lines, allocate(amount, [line.gross for line in lines]), strict=True):
        if gross == 0:
            continue
        if gross == line.gross:
            backs.append(Back(line.key, line.net, dict(line.taxes)))
            continue
        taxes_left = sum(line.taxes.values())
        # Within what is left on both sides: a rounding goes to the other.
        tax = max(gross - line.net, min(half_up(Fraction(gross * taxes_left, line.gross)), taxes_left))
        rates = list(line.taxes)
        shares = allocate(tax, [line.taxes[rate] for rate in rates]) if tax else [0] * len(rates)
        backs.append(Back(line.key, gross - tax, dict(zip(rates, shares, strict=True))))
    return backs
