"""Forms of sign-in, passwords, people and imports. They read what was sent; the services decide what is right."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.base import File
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import passwords, people_csv, rules
from portal.kit.forms import Form
from rbac.models import Role

PASSWORD_INPUT_LIMIT = passwords.INPUT_LIMIT  # The rules of passwords name the real limit.


def _password(label: Any) -> forms.CharField:
    # Never rendered back, and taken as it is: blanks around a password belong to it.
    return forms.CharField(label=label, strip=False, max_length=PASSWORD_INPUT_LIMIT, widget=forms.PasswordInput)


class SignInForm(Form):
    """Who, and the password."""

    guarded = False

    identifier = forms.CharField(label=gettext_lazy("User name or e-mail address"), max_length=254)
    password = _password(gettext_lazy("Password"))


class NewPasswordForm(Form):
    """A new password, twice."""

    guarded = False

    new = _password(gettext_lazy("New password"))
    repeat = _password(gettext_lazy("New password again"))

    def clean(self) -> dict[str, Any]:
        """Both new ones must be the same."""
        values = super().clean() or {}
        if "new" in values and "repeat" in values and values["new"] != values["repeat"]:
            self.add_error("repeat", _("This is not the same as the new password."))
        return values


class PasswordForm(NewPasswordForm):
    """A new password of one's own."""

    field_order = ("current", "new", "repeat")
    current = _password(gettext_lazy("Current password"))


class PersonForm(Form):
    """Name, user name and e-mail address; `roles` are those that may be given at once."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=rules.LIMITS["name"])
    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=rules.LIMITS["username"],
        help_text=gettext_lazy("Lower-case letters, digits, dots, hyphens and underscores."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=rules.LIMITS["email"])

    def __init__(self, *args: Any, roles: Sequence[Role] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if roles:
            self.fields["role"] = _role_field(roles, required=False)


class ReasonForm(Form):
    """Why, for the audit trail."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=300, help_text=gettext_lazy("Kept in the audit trail.")
    )


class RoleForm(ReasonForm):
    """A role to give."""

    field_order = ("role", "reason")

    def __init__(self, *args: Any, roles: Sequence[Role] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = _role_field(roles, required=True)
        self.order_fields(self.field_order)


class ImportForm(Form):
    """The file."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        allow_empty_file=True,
        help_text=gettext_lazy("CSV in UTF-8, up to 10 MB and 100,000 rows."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain,text/tab-separated-values"}),
    )

    def clean_file(self) -> "File[bytes]":
        """Refuse by size before anything is read."""
        file: File[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > people_csv.MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %(limit)s MB. Split it and import the parts.")
                % {"limit": people_csv.MAX_BYTES // 1_000_000}
            )
        return file


def _role_field(roles: Sequence[Role], *, required: bool) -> forms.TypedChoiceField:
    # Never preselected: the first of the list is the mightiest.
    choices = [("", _("Choose a role") if required else _("No role"))]
    return forms.TypedChoiceField(
        label=_("Role"),
        required=required,
        choices=[*choices, *((role.code, role.label) for role in roles)],
        coerce=lambda code: next(role for role in roles if role.code == code),
        empty_value=None,
    )
