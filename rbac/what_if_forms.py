"""Forms of the page that asks what a change would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from portal.kit.forms import Form, Segmented
from rbac.models import Binding, Role, Team
from rbac.role_forms import Choosing, role_field
from rbac.role_presenters import right_label, role_name


class TakeWhatForm(Form):
    """A role that somebody holds, to be taken away."""

    guarded = False

    def __init__(self, *args: Any, bindings: Sequence[tuple[Binding, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["binding"] = forms.TypedChoiceField(
            label=gettext_lazy("Which role of whom"),
            choices=[("", gettext_lazy("Choose a role")), *((str(row.pk), text) for row, text in bindings)],
            coerce=lambda key: next(row for row, _text in bindings if str(row.pk) == key),
            empty_value=None,
        )


class TeamWhatForm(Form):
    """Somebody who comes into a team."""

    guarded = False

    def __init__(self, *args: Any, choosing: Choosing, teams: Sequence[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["holder"] = choosing.field()
        self.fields["team"] = forms.TypedChoiceField(
            label=gettext_lazy("Team"),
            choices=[("", gettext_lazy("Choose a team")), *((str(row.pk), row.name) for row in teams)],
            coerce=lambda key: next(row for row in teams if str(row.pk) == key),
            empty_value=None,
        )


class RoleWhatForm(Form):
    """What an own role shall say of a right."""

    guarded = False

    def __init__(self, *args: Any, roles: Sequence[Role], codes: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = role_field(gettext_lazy("Role"), roles)
        self.fields["code"] = forms.ChoiceField(
            label=gettext_lazy("Right"),
            choices=[("", gettext_lazy("Choose a right")), *((code, right_label(code)) for code in codes)],
        )
        self.fields["effect"] = forms.ChoiceField(
            label=gettext_lazy("Shall say"),
            choices=[
                ("allow", gettext_lazy("Allow")),
                ("deny", gettext_lazy("Deny")),
                ("nothing", gettext_lazy("Nothing")),
            ],
            initial="allow",
            widget=Segmented,
        )


class PlatformWhatForm(Form):
    """A role of the installation for somebody, given or taken."""

    guarded = False

    def __init__(self, *args: Any, choosing: Choosing, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["holder"] = choosing.field()
        self.fields["role"] = forms.TypedChoiceField(
            label=gettext_lazy("Role"),
            choices=[("", gettext_lazy("Choose a role")), *((role.code, role_name(role)) for role in roles)],
            coerce=lambda code: next(role for role in roles if role.code == code),
            empty_value=None,
        )
        self.fields["do"] = forms.ChoiceField(
            label=gettext_lazy("What is done"),
            choices=[("give", gettext_lazy("Give")), ("take", gettext_lazy("Take"))],
            initial="give",
            widget=Segmented,
        )
        self.fields["reason"] = forms.CharField(
            label=gettext_lazy("Reason"),
            required=False,
            max_length=300,
            help_text=gettext_lazy("Kept in the audit trail."),
        )
