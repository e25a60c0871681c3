"""Forms of rights for a while, of broken glass and of separated duties. The services decide what is right."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Model
from django.utils.translation import gettext_lazy

from portal.kit.forms import Form, MultiSelect, Segmented, Switch
from rbac.elevation_presenters import minutes_text
from rbac.elevation_rules import TEXT_LIMIT, steps
from rbac.models import GlassBreak, Role, Scope
from rbac.role_presenters import right_label, role_name
from rbac.services.duties import NAME_LIMIT, DutyDraft
from rbac.services.glass import NOTE_LIMIT


def _reason(label: Any, help_text: Any = "", *, required: bool = True) -> forms.CharField:
    return forms.CharField(label=label, max_length=TEXT_LIMIT, required=required, help_text=help_text)


class ElevationForm(Form):
    """A role, where, for how long and why."""

    def __init__(self, *args: Any, roles: Sequence[Role], places: Sequence[tuple[Scope, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places
        self.fields["role"] = forms.TypedChoiceField(
            label=gettext_lazy("Role"),
            choices=[("", gettext_lazy("Choose a role")), *((str(role.pk), role_name(role)) for role in roles)],
            coerce=lambda key: next(role for role in roles if str(role.pk) == key),
        )
        if len(places) > 1:
            self.fields["place"] = forms.TypedChoiceField(
                label=gettext_lazy("Where"),
                choices=[(str(scope.pk), name) for scope, name in places],
                coerce=lambda key: next(scope for scope, _name in places if str(scope.pk) == key),
                help_text=gettext_lazy("It counts there and on everything below."),
            )
        offered = steps()
        self.fields["minutes"] = forms.TypedChoiceField(
            label=gettext_lazy("For how long"),
            choices=[(str(step), minutes_text(step)) for step in offered],
            coerce=int,
            initial=str(min(60, offered[-1])),
            help_text=gettext_lazy("From the moment somebody approves it. You can give it back earlier."),
        )
        self.fields["reason"] = _reason(
            gettext_lazy("Reason"), gettext_lazy("What you will do with it. Whoever decides reads it.")
        )

    @property
    def scope(self) -> Scope:
        """The place that was chosen, or the only one."""
        found: Scope = self.cleaned_data.get("place") or self.places[0][0]
        return found


class WordsForm(Form):
    """A few words to the person."""

    guarded = False

    def __init__(self, *args: Any, needed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"] = _reason(
            gettext_lazy("Words to the person"), gettext_lazy("They are told by mail."), required=needed
        )


class GlassForm(Form):
    """Which organisation, and why."""

    def __init__(self, *args: Any, organisations: Sequence[Model], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"] = forms.TypedChoiceField(
            label=gettext_lazy("Organisation"),
            choices=[("", gettext_lazy("Choose an organisation")), *((str(one.pk), str(one)) for one in organisations)],
            coerce=lambda key: next(one for one in organisations if str(one.pk) == key),
        )
        self.fields["reason"] = _reason(
            gettext_lazy("Reason"), gettext_lazy("Every owner there and every super administrator reads it at once.")
        )


class NoteForm(Form):
    """What was done."""

    note = forms.CharField(
        label=gettext_lazy("What you did"),
        max_length=NOTE_LIMIT,
        help_text=gettext_lazy("What the emergency was, what you changed, and what is still to do."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class ReviewForm(Form):
    """What the review found."""

    guarded = False
    verdict = forms.ChoiceField(
        label=gettext_lazy("Was it justified?"),
        choices=GlassBreak.Verdict.choices,
        widget=Segmented,
        initial=GlassBreak.Verdict.JUSTIFIED,
    )
    words = forms.CharField(
        label=gettext_lazy("Words to the person"),
        max_length=TEXT_LIMIT,
        required=False,
        help_text=gettext_lazy("Needed where it was not justified."),
    )


class Sides(MultiSelect):
    """What stands on one side of a rule."""

    none = gettext_lazy("None")


class DutyForm(Form):
    """A rule: its name, and the two sides."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=NAME_LIMIT)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=TEXT_LIMIT,
        required=False,
        help_text=gettext_lazy("What it is for, so that whoever is refused understands."),
    )

    def __init__(self, *args: Any, codes: Sequence[str], roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rights = [(code, right_label(code)) for code in codes]
        named = [(str(role.pk), role_name(role)) for role in roles]
        labels = {
            "one_codes": gettext_lazy("One side: rights"),
            "one_roles": gettext_lazy("One side: roles"),
            "other_codes": gettext_lazy("Other side: rights"),
            "other_roles": gettext_lazy("Other side: roles"),
        }
        for name, label in labels.items():
            self.fields[name] = forms.MultipleChoiceField(
                label=label,
                required=False,
                choices=rights if name.endswith("codes") else named,
                widget=Sides,
            )
        self.fields["one_codes"].help_text = gettext_lazy("Who holds any of these may hold nothing of the other side.")
        self.fields["is_active"] = forms.BooleanField(
            label=gettext_lazy("Active"),
            required=False,
            initial=True,
            widget=Switch,
            help_text=gettext_lazy("Refuses what would break it, and lists who breaks it already."),
        )

    def draft(self, ready: str = "") -> DutyDraft:
        """What was sent."""
        sent = self.cleaned_data
        return DutyDraft(
            name=sent["name"],
            description=sent["description"],
            one_codes=tuple(sent["one_codes"]),
            one_roles=tuple(sent["one_roles"]),
            other_codes=tuple(sent["other_codes"]),
            other_roles=tuple(sent["other_roles"]),
            is_active=sent["is_active"],
            ready=ready,
        )
