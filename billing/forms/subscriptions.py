"""Forms of the acts on subscriptions."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.models import Customer
from billing.services.subscriptions import Terms
from portal.kit.forms import DateTimeInput


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
            if not chosen.required:
                chosen.choices = [("", _("The plan itself")), *plans]
        if asks and asks[0] == "quantity":
            self.fields["quantity"].required = True

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
