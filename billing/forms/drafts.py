"""The form of a draft by hand. It reads what was sent; the service decides what is right."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.documents import DraftLine
from billing.models import TaxRate
from portal.kit.errors import StewardError
from portal.kit.forms import Form, Switch
from portal.kit.money import half_up, parsed

ROWS = 5  # Lines of a draft by hand; longer ones come over the API.


class DraftForm(Form):
    """Lines of a one-off invoice, in the customer's currency. The hidden key makes one invoice of a form sent twice."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    tax_category = forms.ChoiceField(label=gettext_lazy("Tax of all lines"), choices=TaxRate.Category.choices)
    memo = forms.CharField(
        label=gettext_lazy("Memo"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Printed on the invoice, such as an order number."),
    )
    collect = forms.BooleanField(
        label=gettext_lazy("Charge by itself"),
        required=False,
        help_text=gettext_lazy("When it is final, the customer's default card is charged."),
        widget=Switch,
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        for number in range(1, ROWS + 1):
            values = {"number": number}
            self.fields[f"description_{number}"] = forms.CharField(
                label=_("Description of line %(number)d") % values, required=False, max_length=200
            )
            self.fields[f"quantity_{number}"] = forms.DecimalField(
                label=_("Quantity of line %(number)d") % values,
                required=False,
                min_value=Decimal(0),
                max_digits=12,
                decimal_places=4,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "placeholder": "1"}),
            )
            self.fields[f"price_{number}"] = forms.CharField(
                label=_("Price of one of line %(number)d") % values,
                required=False,
                max_length=24,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "placeholder": "0.00"}),
            )

    def rows(self) -> list[tuple[Any, Any, Any]]:
        """The fields of each line."""
        return [(self[f"description_{n}"], self[f"quantity_{n}"], self[f"price_{n}"]) for n in range(1, ROWS + 1)]

    def clean(self) -> dict[str, Any]:
        """Each line has a description and a price, or nothing at all; one of them has."""
        values = super().clean() or {}
        self.lines = [line for n in range(1, ROWS + 1) if (line := self._line(n, values)) is not None]
        if not self.lines and not self.errors:
            self.add_error("description_1", _("Give at least one line."))
        return values

    def _line(self, number: int, values: dict[str, Any]) -> DraftLine | None:
        text, price = (str(values.get(f"{name}_{number}") or "").strip() for name in ("description", "price"))
        sent = values.get(f"quantity_{number}")
        if not text and not price and sent is None:
            return None
        quantity = Decimal(1) if sent is None else sent
        if not text:
            self.add_error(f"description_{number}", _("Say what is billed."))
        try:
            money = parsed(price, self.currency)
        except StewardError as error:
            self.add_error(f"price_{number}", str(error.detail))
            return None
        return DraftLine(
            key=str(number),
            kind="one_off",
            description=text,
            quantity=quantity,
            unit_amount=Decimal(money.amount),
            amount=half_up(Fraction(quantity) * money.amount),
            tax_category=str(values.get("tax_category", "standard")),
        )

    @property
    def unit_label(self) -> str:
        """The head of the column of prices."""
        return _("Price in %(currency)s") % {"currency": self.currency}
