"""Forms of the acts on subscriptions."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.models import Customer
from billing.services.subscriptions import Terms
from portal.kit.forms import DateTimeInput
from portal.kit.templatetags.kit import count


class ActForm(forms.Form):
    """What an act asks for; `asks` names the fields, `plans` are what can be chosen, `staff` may choose when."""

    plan = forms.ChoiceField(label=_("Plan"))
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=1_000_000, required=False)
    when = forms.ChoiceField(
        label=_("When"),
        required=False,
        choices=[("", _("As the terms say")), ("now", _("At once")), ("period_end", _("At the end of the period"))],
    )
    code = forms.CharField(label=_("Coupon"), max_length=40)
    until = forms.DateTimeField(label=_("Until (UTC)"), help_text=_("Such as 2026-12-31 18:00."))
    note = forms.CharField(label=_("Note for the history"), max_length=300, required=False)

    def __init__(
        self, *args: Any, asks: Sequence[str], plans: Sequence[tuple[str, str]], staff: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name in list(self.fields):
            if name not in asks or (name == "when" and not staff):
                del self.fields[name]
        chosen = self.fields.get("plan")
        if isinstance(chosen, forms.ChoiceField):
            chosen.choices = list(plans)
            chosen.required = asks[0] == "plan"
            if not chosen.required and plans:
                chosen.label, chosen.choices = _("For"), [("", _("The plan itself")), *plans]
            elif not chosen.required:
                del self.fields["plan"]
        if asks and asks[0] == "quantity":
            self.fields["quantity"].required = True

    def start_from(self, quantity: int) -> None:
        """How many there are, where the number is what is asked for."""
        self.fields["quantity"].initial = quantity
        self.fields["quantity"].help_text = _("The plan has %(quantity)s now.") % {"quantity": count(quantity)}

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """What was chosen, in words, as the preview repeats it."""
        if not self.is_bound:
            return []
        named = {str(value): str(label) for value, label in getattr(self.fields.get("plan"), "choices", ())}
        number = self.given.get("quantity")
        sent = {"plan": named.get(str(self.given.get("plan", "")), ""), "quantity": count(number) if number else ""}
        return [(str(self.fields[name].label), text) for name, text in sent.items() if name in self.fields and text]

    @property
    def given(self) -> dict[str, Any]:
        """What was entered, without what is empty."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


class CustomerForm(forms.Form):
    """Which customer is to be subscribed."""

    def __init__(self, *args: Any, customers: Sequence[Customer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(row.pk), f"{row.name} ({row.currency})") for row in customers]
        self.fields["customer"] = forms.ChoiceField(label=_("Customer"), choices=choices)


class SubscribeForm(forms.Form):
    """What staff agrees with a customer; what stays empty is as the plan says, from now on."""

    quantity = forms.IntegerField(
        label=_("Quantity"),
        min_value=1,
        max_value=1_000_000,
        initial=1,
        help_text=_("Seats, where it is sold by seats."),
    )
    coupon = forms.CharField(label=_("Coupon"), max_length=40, required=False)
    trial_days = forms.IntegerField(
        label=_("Days of trial"), min_value=0, max_value=730, required=False, help_text=_("0 for none.")
    )
    first_payment = forms.TypedChoiceField(
        label=_("Begins"),
        required=False,
        choices=[("", _("As the plan says")), ("no", _("At once")), ("yes", _("With its first payment"))],
        coerce=lambda value: value == "yes",
        empty_value=None,
    )
    starts_at = forms.DateTimeField(
        label=_("Began (UTC)"),
        required=False,
        widget=DateTimeInput,
        help_text=_("In the past, where it began earlier."),
    )
    charges_from = forms.DateTimeField(
        label=_("Billed elsewhere until (UTC)"),
        required=False,
        widget=DateTimeInput,
        help_text=_("Nothing before this moment is billed here."),
    )

    def __init__(self, *args: Any, plans: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["plan"] = forms.ChoiceField(label=_("Plan"), choices=list(plans))

    @property
    def terms(self) -> Terms:
        """What was entered beside plan and quantity."""
        sent = self.cleaned_data
        return Terms(
            coupon=sent["coupon"].strip(),
            trial_days=sent["trial_days"],
            first_payment=sent["first_payment"],
            starts_at=sent["starts_at"],
            charges_from=sent["charges_from"],
        )
