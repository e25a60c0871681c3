"""Forms of people on their way in: forgotten passwords, registration, addresses, and many invitations at once."""

from typing import Any

from django import forms
from django.core.files.base import File
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import rules
from accounts.organisation_forms import NAME_LIMIT, InviteForm, JoinForm
from portal.kit.forms import Form

FILE_BYTES = 200_000  # Two hundred addresses are far less.


class ForgotForm(Form):
    """Whose password was forgotten."""

    guarded = False

    identifier = forms.CharField(label=gettext_lazy("User name or e-mail address"), max_length=rules.LIMITS["email"])


class AddressForm(Form):
    """An e-mail address; the service says what is wrong with it."""

    guarded = False

    email = forms.CharField(
        label=gettext_lazy("E-mail address"),
        max_length=rules.LIMITS["email"],
        widget=forms.EmailInput,
    )

    def clean_email(self) -> str:
        """In its one form; refused with a sentence when it is no address or looks like another."""
        email = rules.normalised("email", self.cleaned_data["email"])
        code = rules.problem("email", email)
        if code:
            raise forms.ValidationError(rules.reason_text(code, "email"))
        return email


class NewAddressForm(AddressForm):
    """Another address of one's own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New e-mail address")


class AccountForm(JoinForm):
    """Name, user name, organisation and password of somebody who registered."""

    organisation = forms.CharField(
        label=gettext_lazy("Name of your organisation"),
        max_length=NAME_LIMIT,
        help_text=gettext_lazy("A company, a team or yourself. You own it, and invite others later."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(("name", "username", "organisation", "new", "repeat"))


class InviteManyForm(InviteForm):
    """Many addresses, pasted or in a file, and the role that they get."""

    file = forms.FileField(
        label=gettext_lazy("Or a file"),
        required=False,
        help_text=gettext_lazy("Plain text or CSV with one address to a line, in UTF-8."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["addresses"].required = False
        self.fields["addresses"].help_text = _("One to a line, or separated by commas; up to 200.")
        self.fields["addresses"].widget.attrs["rows"] = 8
        self.order_fields(("addresses", "file", "role"))

    def clean_file(self) -> "File[bytes] | None":
        """Refuse by size before anything is read."""
        file: File[bytes] | None = self.cleaned_data["file"]
        if file is not None and (file.size or 0) > FILE_BYTES:
            raise forms.ValidationError(_("The file is too large. Send at most 200 addresses at once."))
        return file

    def clean(self) -> dict[str, Any]:
        """What the file holds comes after what was pasted; a file that is no text is refused."""
        values = super().clean() or {}
        file: File[bytes] | None = values.get("file")
        if file is not None:
            try:
                text = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", _("This is no text in UTF-8. Save it as plain text or CSV."))
            else:
                values["addresses"] = f"{values.get('addresses', '')}\n{text}"
        return values

    def written(self) -> list[str]:
        """One entry for each line, empty ones included, so that lines keep their numbers."""
        text = str(self.cleaned_data["addresses"]).strip("\n")
        return text.replace(",", "\n").replace(";", "\n").replace('"', "").splitlines()
