"""Forms of teams, workspaces and resources. They read what was sent; the services decide what is right."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy

from portal.kit.forms import Form, MultiSelect
from rbac.models import Resource, Team, Workspace

NAME_LIMIT, SLUG_LIMIT, TEXT_LIMIT, ID_LIMIT = 80, 40, 300, 200


class NamedForm(Form):
    """Name, short name and what it is for."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=NAME_LIMIT, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    slug = forms.CharField(
        label=gettext_lazy("Short name"),
        max_length=SLUG_LIMIT,
        help_text=gettext_lazy("For programs. Lower-case letters, digits and hyphens; once in this organisation."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )
    description = forms.CharField(
        label=gettext_lazy("Purpose"),
        required=False,
        max_length=TEXT_LIMIT,
        help_text=gettext_lazy("One line that tells others what it is for."),
    )


class TeamNewForm(NamedForm):
    """A team to make, perhaps inside another."""

    def __init__(self, *args: Any, teams: Sequence[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if teams:
            self.fields["parent"] = _place(gettext_lazy("Inside"), gettext_lazy("No other team"), teams)


class TeamNestForm(forms.Form):
    """Which team another stands inside."""

    def __init__(self, *args: Any, teams: Sequence[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"] = _place(gettext_lazy("Inside"), gettext_lazy("No other team"), teams)


class _Nobody(MultiSelect):
    none = gettext_lazy("Nobody chosen yet")


class TeamPeopleForm(forms.Form):
    """Who comes into a team."""

    def __init__(self, *args: Any, people: Sequence[AbstractBaseUser], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"] = forms.TypedMultipleChoiceField(
            label=gettext_lazy("Members to add"),
            choices=[(str(one.pk), str(one)) for one in people],
            coerce=lambda key: next(one for one in people if str(one.pk) == key),
            widget=_Nobody,
        )


class ResourceMoveForm(forms.Form):
    """Where a resource comes to stand."""

    def __init__(self, *args: Any, places: Sequence[Workspace | Resource], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"] = _place(gettext_lazy("New place"), gettext_lazy("The organisation itself"), places)


def _place(label: Any, none: Any, rows: Sequence[Team] | Sequence[Workspace | Resource]) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        required=False,
        choices=[("", none), *((str(row.pk), _named(row)) for row in rows)],
        coerce=lambda key: next(row for row in rows if str(row.pk) == key),
        empty_value=None,
    )


def _named(row: Team | Workspace | Resource) -> str:
    return f"{row.name} ({row.type.label})" if isinstance(row, Resource) else row.name
