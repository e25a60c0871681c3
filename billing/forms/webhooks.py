"""Forms of webhooks. They read what was sent; the services decide what is right."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from billing.models.webhooks import URL_LIMIT
from portal.kit.forms import Form
from portal.kit.webhooks import webhook_types


class WebhookForm(Form):
    """Where to, and what."""

    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=URL_LIMIT,
        help_text=gettext_lazy("A server of the public internet, with https://. It gets a POST with JSON."),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}
        ),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("What listens there, so that you know later what stops without it."),
    )
    types = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("What is sent. An event tells what changed, and nothing about people or secrets."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["types"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [(one.name, one.label) for one in webhook_types]
