"""Forms of payments. They read what was sent; the services decide what is right."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from billing.models import ProviderAccount, ProviderSecret
from portal.kit.forms import Form, Switch


class CardForm(Form):
    """A test card."""

    guarded = False

    number = forms.CharField(
        label=gettext_lazy("Test card number"),
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}),
    )


class RefundForm(Form):
    """How much goes back, why, and whether the document becomes smaller."""

    amount = forms.CharField(label=gettext_lazy("Amount"), max_length=30)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    credit_note = forms.BooleanField(
        label=gettext_lazy("Issue a credit note"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Without one the customer owes the amount again."),
        widget=Switch,
    )


class PayForm(Form):
    """Whether the card is kept for later."""

    guarded = False

    save_method = forms.BooleanField(
        label=gettext_lazy("Use this card for later invoices"), required=False, initial=True, widget=Switch
    )


class ProviderForm(Form):
    """What may change of an account."""

    label = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    public_key = forms.CharField(
        label=gettext_lazy("Public key"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("The key id of Razorpay, the publishable key of Stripe. Browsers may know it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    is_default = forms.BooleanField(label=gettext_lazy("Default"), required=False, widget=Switch)
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True, widget=Switch)


class ProviderNewForm(Form):
    """An account to set up."""

    provider = forms.ChoiceField(label=gettext_lazy("Provider"), choices=ProviderAccount.Provider.choices)
    label = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    code = forms.SlugField(
        label=gettext_lazy("Short name"),
        max_length=40,
        help_text=gettext_lazy("Stands in the address of its webhooks. Lower-case letters, digits and hyphens."),
    )
    live = forms.BooleanField(
        label=gettext_lazy("Real money"),
        required=False,
        help_text=gettext_lazy("Off for test accounts, which customers of a sandbox pay by."),
        widget=Switch,
    )
    public_key = forms.CharField(label=gettext_lazy("Public key"), max_length=120, required=False)


class SecretForm(Form):
    """A secret of an account; never shown again."""

    kind = forms.ChoiceField(label=gettext_lazy("Which"), choices=ProviderSecret.Kind.choices)
    secret = forms.CharField(
        label=gettext_lazy("Secret"),
        max_length=200,
        help_text=gettext_lazy("A former secret of webhooks stays right for a day."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class RecordForm(Form):
    """Money that came by hand."""

    amount = forms.CharField(label=gettext_lazy("Amount"), max_length=30)
    reference = forms.CharField(label=gettext_lazy("Reference on the statement"), max_length=120)

    def __init__(self, *args: Any, accounts: Sequence[ProviderAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"] = forms.TypedChoiceField(
            label=gettext_lazy("Account"),
            choices=[(str(row.pk), row.label) for row in accounts],
            coerce=lambda key: next(row for row in accounts if str(row.pk) == key),
        )
