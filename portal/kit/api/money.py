"""Money in bodies: always `{"amount": 1999, "currency": "EUR"}`, an integer in minor units and its currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from portal.kit import errors
from portal.kit.money import MOST, CurrencyUnknown, Money, exponent

EXAMPLE = {"amount": 1999, "currency": "EUR"}


@dataclass(frozen=True, slots=True)
class Amount:
    """A column of minor units in the rows of a reply, told as money in the currency of the column `currency`."""

    name: str
    currency: str = "currency"


class MoneyField(serializers.Serializer[Any]):
    """An amount in minor units of its currency: 1999 of EUR is 19.99 euros, 1999 of JPY is 1999 yen.

    Read from a body it is a `Money`: whole numbers only, nothing is rounded. `least` is what it must be at least.
    """

    amount = serializers.IntegerField(min_value=-MOST, max_value=MOST, help_text=gettext_lazy("In minor units."))
    currency = serializers.CharField(min_length=3, max_length=3, help_text=gettext_lazy("ISO 4217."))

    class Meta:
        """Its name in the OpenAPI document."""

        ref_name = "Money"

    def __init__(self, *args: Any, least: int = -MOST, **kwargs: Any) -> None:
        self.least = least
        super().__init__(*args, **kwargs)

    def to_internal_value(self, data: Any) -> Money:
        """The money that was sent; each part of it that is wrong is named."""
        if not isinstance(data, dict):
            raise serializers.ValidationError([_("Send an amount in minor units and its currency.")])
        wrong = {name: [_("There is no such field here.")] for name in sorted(data.keys() - self.fields.keys())}
        amount, currency = data.get("amount"), data.get("currency")
        # A text or 19.0 would be taken by REST framework's field: who sends them may mean major units.
        if isinstance(amount, bool) or not isinstance(amount, int):
            wrong["amount"] = [_("Send a whole number of minor units.")]
        elif not self.least <= amount <= MOST:
            wrong["amount"] = [_("Send a number from %(least)s to %(most)s.") % {"least": self.least, "most": MOST}]
        try:
            exponent(currency if isinstance(currency, str) else "")
        except CurrencyUnknown as error:
            wrong["currency"] = [str(error.detail)]
        if wrong:
            raise serializers.ValidationError(wrong)
        return Money(amount, currency)  # type: ignore[arg-type] # both were just checked


def money_body(amount: int, currency: str) -> dict[str, Any]:
    """Money as replies have it."""
    return {"amount": amount, "currency": currency}


def row_body(row: Any, names: Iterable[str | Amount]) -> dict[str, Any]:
    """The fields `names` of a row as replies have them."""
    body: dict[str, Any] = {}
    for one in names:
        if isinstance(one, Amount):
            body[one.name] = money_body(getattr(row, one.name), getattr(row, one.currency))
        else:
            body[one] = getattr(row, one)
    return body


def minor_units(money: Money, currency: str, field: str) -> int:
    """The amount of what was sent, which must be in `currency`; `Invalid` naming `field`: nothing is converted."""
    if money.currency != currency:
        raise errors.Invalid(fields={f"{field}.currency": [_("Send it in %(currency)s.") % {"currency": currency}]})
    return money.amount
