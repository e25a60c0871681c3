"""Forms of documents."""

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.models import CreditNote


class WriteOffForm(forms.Form):
    """How much of what is due is given up."""

    amount = forms.CharField(label=_("Amount"), max_length=30, help_text=_("In the invoice's currency."))


class NoteForm(forms.Form):
    """A credit note by amount, with its taxes; the service decides what is right."""

    amount = forms.DecimalField(
        label=_("Amount with tax"),
        min_value=0,
        max_digits=18,
        help_text=_("In the invoice's currency; empty: all of it."),
        required=False,
    )
    to = forms.ChoiceField(label=_("Where it goes"), choices=CreditNote.Destination.choices)
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Printed on the credit note."))
