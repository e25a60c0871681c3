"""Forms of keys and service accounts. They read what was sent; the services decide what is right."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts import rules
from accounts.forms import ReasonForm
from accounts.models import Key, ServiceAccount
from accounts.services.service_accounts import HANDLE_LIMIT
from portal.kit import clock
from portal.kit.forms import Form, Segmented, Switch
from rbac.models import Role

NAME_LIMIT = int(getattr(Key._meta.get_field("name"), "max_length", 0))
TEXT_LIMIT = int(getattr(ServiceAccount._meta.get_field("description"), "max_length", 0))
DAYS = (7, 30, 90, 180, 365)
_SECOND = timedelta(seconds=1)


class KeyForm(Form):
    """A key to make; `codes` are the permissions that may be given, with their labels."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=NAME_LIMIT,
        help_text=gettext_lazy("What uses it, so that you know later what stops when you revoke it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=(("live", gettext_lazy("Live")), ("test", gettext_lazy("Test"))),
        initial="live",
        widget=Segmented,
        help_text=gettext_lazy("A test key is marked as such wherever it appears. It has the same rights."),
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Ends after"),
        coerce=int,
        choices=[(days, ngettext_lazy("%(n)d day", "%(n)d days", days) % {"n": days}) for days in DAYS],
        initial=90,
        help_text=gettext_lazy("You are told 30 and 7 days before. Rotate it then, without a gap."),
    )
    everything = forms.BooleanField(
        label=gettext_lazy("All permissions of the owner"),
        required=False,
        widget=Switch,
        help_text=gettext_lazy("Also those that the owner gets later. Whoever finds the key can do all of it."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Permissions"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("As few as it needs. What the owner loses, the key loses with the next call."),
    )
    addresses = forms.CharField(
        label=gettext_lazy("Only from these networks"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "placeholder": "192.0.2.0/24"}),
        help_text=gettext_lazy("Addresses or networks, one to a line. Empty: from anywhere."),
    )
    rate_limit = forms.IntegerField(
        label=gettext_lazy("Calls a minute"),
        required=False,
        min_value=1,
        help_text=gettext_lazy("Less than the installation allows to every key. Empty: as many as that."),
    )

    def __init__(self, *args: Any, codes: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(code, f"{label} ({code})") for code, label in codes]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Either all permissions or some."""
        values = super().clean() or {}
        if "scopes" in values and not values["scopes"] and not values.get("everything"):
            self.add_error("scopes", _("Choose what the key may do."))
        return values

    def asked(self) -> dict[str, Any]:
        """What the service takes, of a form that is valid."""
        sent = self.cleaned_data
        # The hours that pass between form and service would make the longest choice too long.
        expires_at: datetime = clock.now() + timedelta(days=sent["days"]) - _SECOND
        return {
            "name": sent["name"],
            "live": sent["kind"] == "live",
            "expires_at": expires_at,
            "scopes": None if sent["everything"] else sent["scopes"],
            "addresses": sent["addresses"].splitlines(),
            "rate_limit": sent["rate_limit"],
        }


class ServiceAccountForm(Form):
    """Name and purpose of a service account."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=rules.LIMITS["name"])
    description = forms.CharField(
        label=gettext_lazy("Purpose"),
        required=False,
        max_length=TEXT_LIMIT,
        help_text=gettext_lazy("What it does, and whom to ask about it."),
    )


class ServiceAccountNewForm(ServiceAccountForm):
    """A service account to make, with its role."""

    field_order = ("name", "handle", "role", "description")
    handle = forms.CharField(
        label=gettext_lazy("Short name"),
        max_length=HANDLE_LIMIT,
        help_text=gettext_lazy("Lower-case letters, digits, dots and hyphens. With the organisation's it is unique."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = role_field(roles)
        self.order_fields(self.field_order)


class ServiceRoleForm(ReasonForm):
    """The role of a service account."""

    field_order = ("role", "reason")

    def __init__(self, *args: Any, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = role_field(roles)
        self.order_fields(self.field_order)


def role_field(roles: Sequence[Role]) -> forms.TypedChoiceField:
    """A role to choose; never preselected: the first of the list is the mightiest."""
    return forms.TypedChoiceField(
        label=_("Role"),
        choices=[("", _("Choose a role")), *((role.code, role.label) for role in roles)],
        coerce=lambda code: next(role for role in roles if role.code == code),
        empty_value=None,
    )
