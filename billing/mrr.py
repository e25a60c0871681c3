"""What a subscription is worth a month (metrics.md): the one computation of MRR, without the database.

yearly/12, weekly x 52/12, daily x 365/12, by the interval's count; without tax, use and trials; discounts that last for
ever count, others do not. Exact until it is rounded once per subscription, half up, to minor units.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from portal.kit.money import half_up

_MONTHS = {"day": Fraction(12, 365), "week": Fraction(12, 52), "month": Fraction(1), "year": Fraction(12)}


@dataclass(frozen=True, slots=True)
class Worth:
    """One price of an item: `amount` exact minor units for a period of `count` `unit`s."""

    amount: Fraction
    unit: str
    count: int


def monthly(worth: Worth) -> Fraction:
    """The exact value of one price in a month, in minor units."""
    return worth.amount / (_MONTHS[worth.unit] * worth.count)


def monthly_value(
    worths: Iterable[Worth], *, percent_off: Decimal | None = None, amount_off: Fraction = Fraction(0)
) -> int:
    """The monthly value of a subscription in minor units, at least 0. `percent_off` and `amount_off` (a month) are of a
    coupon that lasts for ever."""
    exact = sum((monthly(one) for one in worths), Fraction(0))
    if percent_off is not None:
        exact *= 1 - Fraction(percent_off) / 100
    return max(0, half_up(exact - amount_off))


def movement_kind(before: int, after: int, *, had_some: bool) -> str:
    """What kind of movement it is when a customer's total goes from `before` to another `after`, minor units of MRR.

    `had_some`: whether it was above 0 at any earlier time. One of two subscriptions that ends is a contraction; the last
    one is churn (the convention of Stripe).
    """
    if before == after:
        raise ValueError("Nothing moved.")
    if after == 0:
        return "churn"
    if before == 0:
        return "reactivation" if had_some else "new"
    return "expansion" if after > before else "contraction"
