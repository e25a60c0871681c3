"""Money: integers in minor units of a currency of ISO 4217. Rounding happens here, once, half up; nothing is a float.

The exponents come from the standard's table (package `iso4217`), never from a guess of two decimals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from typing import Self

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from iso4217 import Currency

from portal.kit import errors

MOST = 10**15  # Minor units that one amount may have: sums of a million of them still fit into bigint.


class CurrencyUnknown(errors.Invalid):
    """No such currency, or one without minor units (gold, test codes)."""

    code = "kit.currency_unknown"
    title = _("That currency is not known")
    default_detail = _("Choose a currency of ISO 4217, such as EUR, USD, INR or JPY.")


class AmountInvalid(errors.Invalid):
    """No amount, or more decimals than the currency has: nothing is rounded in silence."""

    code = "kit.amount_invalid"
    title = _("That is no amount of this currency")
    default_detail = _("Give an amount with no more decimals than the currency has.")


@cache
def exponent(currency: str) -> int:
    """Decimals of a currency: 2 for EUR, 0 for JPY, 3 for KWD. `CurrencyUnknown` for anything else."""
    try:
        found = Currency(currency).exponent
    except ValueError:
        raise CurrencyUnknown from None
    if found is None:
        raise CurrencyUnknown
    return int(found)


@cache
def currencies() -> tuple[str, ...]:
    """Codes of all currencies that money can be counted in, sorted."""
    return tuple(sorted(one.code for one in Currency if one.exponent is not None))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units: `Money(1999, "EUR")` is 19.99 euros. Sums are of one currency only."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)
        if isinstance(self.amount, bool) or not isinstance(self.amount, int) or abs(self.amount) > MOST:
            raise AmountInvalid

    def __add__(self, other: Self) -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Self) -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return shown(self)

    @property
    def major(self) -> Decimal:
        """The amount in major units, with as many decimals as the currency has."""
        return Decimal(self.amount).scaleb(-exponent(self.currency))

    def _same(self, other: Self) -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added; convert by a journal.")
        return other.amount


def parsed(text: str | Decimal, currency: str) -> Money:
    """Money from major units as people write them ("19.99"). `AmountInvalid` for anything else, or too many decimals."""
    places = exponent(currency)
    try:
        minor = (text if isinstance(text, Decimal) else Decimal(text.strip())).scaleb(places)
    except (InvalidOperation, ValueError):
        raise AmountInvalid from None
    if not minor.is_finite() or minor != minor.to_integral_value() or abs(minor) > MOST:
        raise AmountInvalid
    return Money(int(minor), currency)


def half_up(exact: Fraction | Decimal | int) -> int:
    """The nearest integer, halves away from zero. The one rounding of a line of money."""
    value = Fraction(exact)
    rounded = (abs(value.numerator) * 2 + value.denominator) // (value.denominator * 2)
    return rounded if value >= 0 else -rounded


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Integer parts in proportion to `weights` (not negative, not all 0) that sum to exactly `total`: largest remainder
    first, of equal ones the earlier."""
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("Weights are integers of at least 0, and one of them is above.")
    sign, amount = (-1 if total < 0 else 1), abs(total)
    parts = [amount * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: (-(amount * weights[place] % whole), place))
    for place in order[: amount - sum(parts)]:
        parts[place] += 1
    return [sign * part for part in parts]


def shown(money: Money) -> str:
    """The amount as people of the active language write it, with its currency: "€19.99", "19,99 €"."""
    try:
        locale = Locale.parse(get_language() or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")  # The pseudo-locale of tests.
    return format_currency(money.major, money.currency, locale=locale)
