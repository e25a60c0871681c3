"""Forms of passkeys and recoveries."""

from django import forms
from django.utils.translation import gettext_lazy

from accounts.factor_forms import ANSWER_LIMIT
from accounts.models.passkeys import NAME_LIMIT
from portal.kit.forms import Form


class RecoveryForm(Form):
    """Why somebody's second factors shall be taken away."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("What happened, and how you made sure that it is them. Kept in the audit trail."),
    )


class AnswerForm(Form):
    """What an authenticator answered, as JSON; the page's script fills it in."""

    guarded = False

    answer = forms.CharField(max_length=ANSWER_LIMIT, strip=False, widget=forms.HiddenInput)


class PasskeyNameForm(Form):
    """The name of a passkey."""

    guarded = False

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=NAME_LIMIT,
        help_text=gettext_lazy("So that you know it again, such as “Phone” or “Blue key”."),
    )
