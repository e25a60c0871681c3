"""Forms of plans, meters, features and coupons. They read what was sent; the services decide what is right."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from billing.models import Coupon, Feature, Meter, Plan, Product
from portal.kit.forms import DateTimeInput, Form, Segmented
from portal.kit.money import currencies

PLAIN = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}
NEW = "new"


def code_field(**kwargs: Any) -> forms.CharField:
    """A code: for programs, stays what it is."""
    words = {"label": gettext_lazy("Code"), "help_text": gettext_lazy("For programs and documents; stays what it is.")}
    return forms.CharField(max_length=40, widget=forms.TextInput(attrs=PLAIN), **(words | kwargs))


def currency_field(*, required: bool = True, none: Any = "") -> forms.ChoiceField:
    """A currency of ISO 4217."""
    first = [("", none or gettext_lazy("Choose a currency"))]
    return forms.ChoiceField(
        label=gettext_lazy("Currency"), required=required, choices=[*first, *((one, one) for one in currencies())]
    )


def as_number(value: Decimal | None) -> str:
    """A decimal as a number field shows it, without zeros that say nothing."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class PlanEditForm(Form):
    """What a plan is called, on which card it stands and who finds it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Stands on its card, below the name."),
    )
    family = forms.CharField(
        label=gettext_lazy("Card"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs=PLAIN),
        help_text=gettext_lazy("Plans with the same word here stand on one card, one for each interval."),
    )
    visibility = forms.ChoiceField(
        label=gettext_lazy("Offered to"),
        choices=Plan.Visibility.choices,
        initial=Plan.Visibility.PUBLIC,
        widget=Segmented,
    )


class PlanNewForm(PlanEditForm):
    """A plan to make, of a product that is there or a new one."""

    field_order = ("name", "code", "kind", "description", "product", "product_name", "visibility", "family")

    code = code_field()
    kind = forms.ChoiceField(
        label=gettext_lazy("Bought as"), choices=Plan.Kind.choices, initial=Plan.Kind.BASE, widget=Segmented
    )
    product_name = forms.CharField(label=gettext_lazy("Name of the new product"), max_length=80, required=False)

    def __init__(self, *args: Any, products: Sequence[Product], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.products = {str(row.pk): row for row in products}
        self.fields["product"] = forms.ChoiceField(
            label=gettext_lazy("Product"),
            choices=[*((key, row.name) for key, row in self.products.items()), (NEW, gettext_lazy("A new product"))],
            help_text=gettext_lazy("What it is a plan of."),
        )
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """A new product has a name."""
        found = super().clean() or self.cleaned_data
        if found.get("product") == NEW and not found.get("product_name"):
            self.add_error("product_name", gettext_lazy("Name the new product."))
        return found


class MeterEditForm(Form):
    """What a meter and its unit are called."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    unit = forms.CharField(
        label=gettext_lazy("Unit"),
        max_length=30,
        required=False,
        help_text=gettext_lazy("What one of it is called: call, GB."),
    )


class MeterForm(MeterEditForm):
    """A meter to make."""

    field_order = ("name", "code", "unit", "aggregation", "property")

    code = code_field(help_text=gettext_lazy("As the host product names it when it tells of use; stays what it is."))
    aggregation = forms.ChoiceField(
        label=gettext_lazy("Counts"),
        choices=Meter.Aggregation.choices,
        initial=Meter.Aggregation.SUM,
        help_text=gettext_lazy("How the events of a period become a quantity. Stays what it is."),
    )
    property = forms.CharField(
        label=gettext_lazy("Property"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs=PLAIN),
        help_text=gettext_lazy("Only for different values: of which property of the events."),
    )


class FeatureEditForm(Form):
    """What a feature is called."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    description = forms.CharField(label=gettext_lazy("What it is"), max_length=300, required=False)
    unit = forms.CharField(label=gettext_lazy("Unit"), max_length=30, required=False)


class FeatureForm(FeatureEditForm):
    """A feature to make."""

    field_order = ("name", "code", "description", "kind", "unit", "meter")

    code = code_field(help_text=gettext_lazy("As the host product asks for it; stays what it is."))
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=Feature.Kind.choices,
        initial=Feature.Kind.SWITCH,
        widget=Segmented,
        help_text=gettext_lazy("A switch is open or not; of a limit a plan gives a number."),
    )

    def __init__(self, *args: Any, meters: Sequence[Meter], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_id = {str(row.pk): row for row in meters}
        self.fields["meter"] = forms.TypedChoiceField(
            label=gettext_lazy("Counted by"),
            required=False,
            choices=[("", gettext_lazy("The host product itself")), *((key, row.name) for key, row in by_id.items())],
            coerce=lambda key: by_id[key],
            empty_value=None,
            help_text=gettext_lazy("A limit with a meter counts what was used in the running period."),
        )
        self.order_fields(self.field_order)


class CouponEditForm(Form):
    """What a coupon is called, until when and how often it may be redeemed."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("As invoices call the discount.")
    )
    redeem_by = forms.DateTimeField(
        label=gettext_lazy("Redeem by"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=DateTimeInput,
        help_text=gettext_lazy("Leave it empty for no end."),
    )
    max_redemptions = forms.IntegerField(
        label=gettext_lazy("How often at most"),
        required=False,
        min_value=1,
        max_value=10**9,
        help_text=gettext_lazy("By all customers together. Leave it empty for any number."),
    )


class CouponForm(CouponEditForm):
    """A coupon to make."""

    field_order = (
        "code", "name", "percent_off", "amount", "currency", "duration", "repeats", "redeem_by", "max_redemptions",
        "plans",
    )  # fmt: skip

    code = code_field(help_text=gettext_lazy("What customers type in; capital letters, digits and hyphens."))
    percent_off = forms.DecimalField(
        label=gettext_lazy("Percent off"), required=False, min_value=0, max_value=100, decimal_places=4
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Or an amount off"), required=False, min_value=0, max_digits=16, decimal_places=3
    )
    currency = currency_field(required=False, none=gettext_lazy("Only for an amount"))
    duration = forms.ChoiceField(
        label=gettext_lazy("For how long"),
        choices=Coupon.Duration.choices,
        initial=Coupon.Duration.ONCE,
        widget=Segmented,
    )
    repeats = forms.IntegerField(label=gettext_lazy("Periods"), required=False, min_value=1, max_value=1000)

    def __init__(self, *args: Any, plans: Sequence[Plan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_id = {str(row.pk): row for row in plans}
        self.fields["plans"] = forms.TypedMultipleChoiceField(
            label=gettext_lazy("Only for these plans"),
            required=False,
            choices=[(key, row.name) for key, row in by_id.items()],
            coerce=lambda key: by_id[key],
            widget=forms.CheckboxSelectMultiple,
            help_text=gettext_lazy("None chosen: it is good for all."),
        )
        self.order_fields(self.field_order)
