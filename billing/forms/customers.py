"""Forms of legal entities and customers. They read what was sent; the services decide what is right."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy

from accounts.models import Organisation
from billing import tax_numbers
from billing.models import Customer, LegalEntity, TaxRate
from billing.places import countries
from portal.kit.forms import DateInput, DateTimeInput, Form, Segmented
from portal.kit.money import currencies
from portal.kit.settings import zones

_PLAIN = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}


def _text(label: Any, limit: int, *, required: bool = False, help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=label, max_length=limit, required=required, help_text=help_text)


def _countries() -> list[tuple[str, Any]]:
    return [("", gettext_lazy("Choose a country")), *countries()]


def _currencies() -> list[tuple[str, str]]:
    return [(code, code) for code in currencies()]


def _zones() -> list[tuple[str, str]]:
    return list(zones())


class AddressForm(Form):
    """Where somebody sits."""

    halves: ClassVar[frozenset[str]] = frozenset(
        {
            "line1",
            "line2",
            "postal_code",
            "city",
            "region",
            "country",
            "language",
            "time_zone",
            "tax_status",
            "currency",
        }
    )

    line1 = _text(gettext_lazy("Street and number"), 120)
    line2 = _text(gettext_lazy("Second line"), 120)
    postal_code = _text(gettext_lazy("Postal code"), 20)
    city = _text(gettext_lazy("City"), 80)
    region = _text(
        gettext_lazy("State or province"), 10, help_text=gettext_lazy("For India the code of GST, such as 29.")
    )
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False, choices=_countries)


class EntityForm(AddressForm):
    """A company that sells."""

    field_order = ("code", "name", "email", "registration")

    name = _text(gettext_lazy("Name"), 120, required=True)
    email = _text(gettext_lazy("E-mail address"), 254, help_text=gettext_lazy("Printed on documents."))
    registration = _text(gettext_lazy("Register"), 120, help_text=gettext_lazy("As in the register of companies."))
    regime = forms.ChoiceField(label=gettext_lazy("Taxes"), choices=LegalEntity.Regime.choices)
    tax_id = _text(gettext_lazy("Tax id"), 30, help_text=gettext_lazy("Such as DE136695976 or 27AAPFU0939F1ZV."))
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=_currencies, initial="EUR")
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=_zones, initial="UTC")
    prefix = forms.CharField(  # type: ignore[assignment] # a field; the form's own prefix stays what it is
        label=gettext_lazy("Numbers begin with"), max_length=12, initial="INV", widget=forms.TextInput(_PLAIN)
    )
    numbering = forms.ChoiceField(
        label=gettext_lazy("Numbers"), choices=LegalEntity.Numbering.choices, widget=Segmented, initial="entity"
    )
    due_days = forms.IntegerField(label=gettext_lazy("Days to pay"), min_value=0, max_value=365, initial=14)
    iban = _text("IBAN", 42)
    bic = _text("BIC", 11)
    upi_id = _text(gettext_lazy("UPI id"), 80)
    footer = _text(gettext_lazy("At the foot of documents"), 400)


class EntityNewForm(EntityForm):
    """One to name."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        help_text=gettext_lazy("For programs: lower-case letters, digits and hyphens. It stays."),
        widget=forms.TextInput(_PLAIN),
    )


class RateForm(Form):
    """A rate of tax to add."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=24,
        help_text=gettext_lazy("The same as before, where it follows an earlier rate."),
        widget=forms.TextInput(_PLAIN),
    )
    name = _text(gettext_lazy("Name"), 60, required=True, help_text=gettext_lazy("As printed, such as VAT."))
    percent = forms.DecimalField(label=gettext_lazy("Percent"), max_digits=7, decimal_places=4)
    category = forms.ChoiceField(label=gettext_lazy("For"), choices=TaxRate.Category.choices)
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False, choices=_countries)
    region = _text(gettext_lazy("State or province"), 10)
    valid_from = forms.DateField(label=gettext_lazy("In force from"), widget=DateInput)
    source = _text(gettext_lazy("Source"), 200)


class RateEndForm(forms.Form):
    """When a rate ends."""

    valid_until = forms.DateField(label=gettext_lazy("First day without it"), widget=DateInput)


class CustomerForm(AddressForm):
    """What documents are made out to."""

    field_order: tuple[str, ...] = ("name", "email")

    name = _text(gettext_lazy("Name on documents"), 120, required=True)
    email = _text(gettext_lazy("E-mail address for documents"), 254)
    language = forms.ChoiceField(
        label=gettext_lazy("Language of documents"), choices=lambda: list(settings.LANGUAGES), initial="en"
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=_zones,
        initial="UTC",
        help_text=gettext_lazy("Periods begin and end at its midnight."),
    )


class CustomerStaffForm(CustomerForm):
    """With what staff alone decides."""

    tax_status = forms.ChoiceField(label=gettext_lazy("Taxed"), choices=Customer.TaxStatus.choices)

    def __init__(self, *args: Any, entities: Sequence[LegalEntity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entity"] = forms.TypedChoiceField(
            label=gettext_lazy("Buys from"),
            choices=[(str(row.pk), row.name) for row in entities],
            coerce=lambda key: next(row for row in entities if str(row.pk) == key),
        )


class CustomerNewForm(CustomerStaffForm):
    """A customer to make of an organisation."""

    field_order = ("organisation", "name", "email")

    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        choices=_currencies,
        initial="EUR",
        help_text=gettext_lazy("It stays: all its documents and payments are in it."),
    )
    sandbox = forms.BooleanField(
        label=gettext_lazy("Sandbox"),
        required=False,
        help_text=gettext_lazy("For trying things out: no real money, documents with numbers of their own. It stays."),
    )

    def __init__(self, *args: Any, organisations: Sequence[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = False
        self.fields["name"].help_text = gettext_lazy("Empty: the name of the organisation.")
        self.fields["organisation"] = forms.TypedChoiceField(
            label=gettext_lazy("Organisation"),
            choices=[("", gettext_lazy("Choose an organisation")), *((str(one.pk), one.name) for one in organisations)],
            coerce=lambda key: next(one.pk for one in organisations if str(one.pk) == key),
            empty_value=None,
        )
        self.order_fields(self.field_order)


class ContactForm(forms.Form):
    """Who else gets the documents."""

    email = forms.CharField(label=gettext_lazy("E-mail address"), max_length=254)
    name = _text(gettext_lazy("Name"), 120)


class TaxIdForm(forms.Form):
    """A number of a tax office."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=tax_numbers.choices)
    value = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )


class ClockForm(forms.Form):
    """Where a test clock goes."""

    to = forms.DateTimeField(
        label=gettext_lazy("Day and time"),
        widget=DateTimeInput,
        help_text=gettext_lazy("In your time zone. At most two years ahead; it never goes back."),
    )
