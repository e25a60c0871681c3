"""Forms of organisations, members and invitations. They read what was sent; the services decide what is right."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from accounts import rules
from accounts.forms import NewPasswordForm, ReasonForm
from accounts.models import Membership, Organisation
from portal.kit.forms import Form
from rbac.models import Role

NAME_LIMIT = int(getattr(Organisation._meta.get_field("name"), "max_length", 0))
SLUG_LIMIT = int(getattr(Organisation._meta.get_field("slug"), "max_length", 0))


class OrganisationForm(Form):
    """Name and short name."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=NAME_LIMIT)
    slug = forms.CharField(
        label=gettext_lazy("Short name"),
        max_length=SLUG_LIMIT,
        help_text=gettext_lazy("Stands in the addresses of its pages. Lower-case letters, digits and hyphens."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )


class OrganisationNewForm(OrganisationForm):
    """An organisation to create, with its first owner."""

    owner = forms.CharField(
        label=gettext_lazy("Owner"),
        required=False,
        max_length=rules.LIMITS["email"],
        help_text=gettext_lazy("User name or e-mail address of a person. You can invite an owner later, too."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )


class MemberRoleForm(ReasonForm):
    """The role of a member."""

    field_order = ("role", "reason")

    def __init__(self, *args: Any, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = _role_field(roles)
        self.order_fields(self.field_order)


class InviteForm(forms.Form):
    """Addresses, one to a line, and the role that they get."""

    field_order = ("addresses", "role")

    addresses = forms.CharField(
        label=gettext_lazy("E-mail addresses"),
        max_length=30_000,
        help_text=gettext_lazy("One to a line, or separated by commas; up to 200."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = _role_field(roles)
        self.fields["role"].initial = "viewer"  # The least of them.
        self.order_fields(self.field_order)

    def written(self) -> list[str]:
        """The addresses as they were written."""
        text = str(self.cleaned_data["addresses"])
        return text.replace(",", "\n").replace(";", "\n").splitlines()


class TransferForm(ReasonForm):
    """Who becomes owner."""

    field_order = ("member", "reason")

    def __init__(self, *args: Any, members: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"] = forms.TypedChoiceField(
            label=gettext_lazy("New owner"),
            choices=[("", gettext_lazy("Choose a member")), *((str(row.pk), str(row.user)) for row in members)],
            coerce=lambda key: next(row for row in members if str(row.pk) == key),
            empty_value=None,
        )
        self.order_fields(self.field_order)


class JoinForm(NewPasswordForm):
    """A new person who was invited: name, user name and an own password."""

    field_order = ("name", "username", "new", "repeat")

    name = forms.CharField(label=gettext_lazy("Name"), max_length=rules.LIMITS["name"])
    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=rules.LIMITS["username"],
        help_text=gettext_lazy("Lower-case letters, digits, dots, hyphens and underscores."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )


def _role_field(roles: Sequence[Role]) -> forms.TypedChoiceField:
    # Never preselected: the first of the list is the mightiest.
    return forms.TypedChoiceField(
        label=gettext_lazy("Role"),
        choices=[("", gettext_lazy("Choose a role")), *((role.code, role.label) for role in roles)],
        coerce=lambda code: next(role for role in roles if role.code == code),
        empty_value=None,
    )
