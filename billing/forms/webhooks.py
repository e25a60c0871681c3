"""Forms of webhooks. They read what was sent; the services decide what is right."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from billing.models.webhooks import URL_LIMIT
from portal.kit.forms import Form, GroupedChecks
from portal.kit.webhooks import webhook_types

# Types by what they are about, the first part of their names; one that nobody put anywhere stands under the last.
_GROUPS = (
    (gettext_lazy("Organisation and people"), {"organisation", "member"}),
    (gettext_lazy("Keys and roles"), {"key", "role"}),
    (gettext_lazy("Invoices"), {"invoice", "credit_note"}),
    (gettext_lazy("Payments"), {"payment"}),
    (gettext_lazy("Subscriptions"), {"subscription"}),
    (gettext_lazy("Usage"), {"usage"}),
)
_OTHERS = gettext_lazy("Other events")


def _choices() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """The types that there are, in their groups."""
    known = {kind: label for label, kinds in _GROUPS for kind in kinds}
    groups: dict[Any, list[tuple[str, Any]]] = {label: [] for label in (*(label for label, _kinds in _GROUPS), _OTHERS)}
    for one in webhook_types:
        groups[known.get(one.name.partition(".")[0], _OTHERS)].append((one.name, one.label))
    return [(label, found) for label, found in groups.items() if found]


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
        widget=GroupedChecks,
        help_text=gettext_lazy("What is sent. An event tells what changed, and nothing about people or secrets."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["types"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = _choices()
