"""Forms of the acts on people that ask for more than a reason."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from portal.kit.forms import Form

LONGEST_HOURS = 72


class ViewAsForm(Form):
    """Why somebody sees the console as somebody else, and whether to change things."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("The person is told, and it stands in the audit trail."),
    )
    write = forms.BooleanField(
        label=gettext_lazy("Let me change things, too"),
        required=False,
        help_text=gettext_lazy("Each change is recorded with both names. Only when looking is not enough."),
    )

    def __init__(self, *args: Any, may_write: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_write:
            del self.fields["write"]


class DeveloperRoleForm(Form):
    """For how long the developer role counts in production, and why."""

    hours = forms.IntegerField(
        label=gettext_lazy("Hours"),
        min_value=1,
        max_value=LONGEST_HOURS,
        initial=24,
        help_text=gettext_lazy("From now on, at most 72. It ends by itself."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, help_text=gettext_lazy("Kept in the audit trail.")
    )
