"""What coupons take off the lines of a document. Pure: no database, no clock.

Conventions, as docs/plans.md tells them: before tax; a share is taken of each line and rounded once over all of them; an
amount is spread over the lines by their value, largest remainder first; nothing falls below zero, and what a
coupon has left over is lost. Several coupons come one after the other, each on what the ones before it left.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from portal.kit.money import allocate, half_up


def discounts(
    amounts: Sequence[int], *, percent_off: Decimal | None = None, amount_off: int | None = None
) -> list[int]:
    """What comes off each line, in minor units, 0 or more; lines of 0 or less (credits) stay as they are.

    Sums to exactly the rounded share of the positive lines, or to `amount_off`, or to all of them where that is more.
    `ValueError` unless it is one of the two, above zero.
    """
    if (percent_off is None) == (amount_off is None) or (percent_off or amount_off or 0) <= 0:
        raise ValueError("A discount is a share or an amount, above zero.")
    weights = [max(amount, 0) for amount in amounts]
    whole = sum(weights)
    wanted = amount_off if percent_off is None else half_up(Fraction(whole) * Fraction(percent_off) / 100)
    total = min(wanted or 0, whole)
    return allocate(total, weights) if total else [0] * len(weights)
