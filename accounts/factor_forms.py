"""Forms for codes and for confirming who one is."""

from typing import Any, Self

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.passwords import INPUT_LIMIT
from portal.kit.forms import Form

CODE_LIMIT = 100  # Characters; a recovery code has 29, and people put blanks into both.
ANSWER_LIMIT = 20_000  # What an authenticator answered, as JSON; an attestation with certificates has some 6,000.
LABELS: dict[str, str | Promise] = {
    "totp": gettext_lazy("Code of the authenticator app"),
    "recovery": gettext_lazy("Recovery code"),
}


class CodeForm(Form):
    """A code of an app, a recovery code, or what a passkey answered, which the page's script fills in."""

    guarded = False

    code = forms.CharField(max_length=CODE_LIMIT)

    def __init__(self, *args: Any, kind: str = "totp", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind == "passkey":
            self.fields["code"] = forms.CharField(max_length=ANSWER_LIMIT, strip=False, widget=forms.HiddenInput)
        self.fields["code"].label = str(LABELS.get(kind, LABELS["totp"]))

    @classmethod
    def refused(cls, kind: str, why: str = "") -> Self:
        """The form after a code that was refused: empty, with one sentence for every reason there can be, or `why`."""
        form = cls({"code": ""}, kind=kind)
        form.errors.clear()
        if kind == "passkey":
            why = _("That passkey was not accepted, or sign-in is locked for a while. Try again, or another way.")
        same = _(
            "That code is wrong, was used already, or codes are locked for a while. Wait for the next one and type it; "
            "after several failures wait some minutes."
        )
        form.add_error(None, why or same)
        return form


class ConfirmPasswordForm(Form):
    """One's own password."""

    guarded = False

    password = forms.CharField(
        label=gettext_lazy("Password"), strip=False, max_length=INPUT_LIMIT, widget=forms.PasswordInput
    )

    @classmethod
    def refused(cls) -> Self:
        """The form after a password that was refused."""
        form = cls({"password": ""})
        form.errors.clear()
        form.add_error(
            None,
            _("That is not your password, or it was wrong too often. After several failures wait some minutes."),
        )
        return form
