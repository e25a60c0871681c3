"""Forms of roles and of access. They read what was sent; the services decide what is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.errors import Invalid
from portal.kit.forms import DateTimeInput, Form, Segmented
from rbac.condition_forms import ConditionsForm
from rbac.holder_selectors import Circle, Named, holder_named
from rbac.holders import Holder
from rbac.models import Role, Scope
from rbac.role_presenters import rank_label, right_label, role_name
from rbac.services.custom_roles import CODE_LIMIT, DESCRIPTION_LIMIT, LABEL_LIMIT, RoleDraft, ranks


class RoleForm(Form):
    """Name, rank and what is inherited. The rights are set in the matrix."""

    label = forms.CharField(label=gettext_lazy("Name"), max_length=LABEL_LIMIT)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=DESCRIPTION_LIMIT,
        required=False,
        help_text=gettext_lazy("What it is for, so that others choose the right one."),
    )

    def __init__(self, *args: Any, roles: Sequence[Role], rank: int, role: Role | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rank"] = forms.TypedChoiceField(
            label=gettext_lazy("Rank"),
            choices=[(str(value), rank_label(value)) for value in ranks() if value <= rank],
            coerce=int,
            help_text=gettext_lazy("Stands as high as this role. Nobody acts on people above them."),
        )
        others = [one for one in roles if role is None or one.pk != role.pk]
        self.fields["inherits"] = role_field(
            gettext_lazy("Inherits"), others, required=False, none=gettext_lazy("Nothing")
        )

    def draft(self, base: RoleDraft) -> RoleDraft:
        """What was sent, with all else as in `base`."""
        sent = self.cleaned_data
        return RoleDraft(
            label=sent["label"],
            code=sent.get("code") or base.code,
            description=sent["description"],
            rank=sent["rank"],
            inherits=sent["inherits"],
            rights=base.rights,
        )


class RoleNewForm(RoleForm):
    """A role to make, of nothing or as a copy."""

    field_order = ("label", "code", "description", "source", "rank", "inherits")

    code = forms.CharField(
        label=gettext_lazy("Short code"),
        max_length=CODE_LIMIT,
        required=False,
        help_text=gettext_lazy("For programs; stays what it is. Made of the name if left empty."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, roles: Sequence[Role], rank: int, **kwargs: Any) -> None:
        super().__init__(*args, roles=roles, rank=rank, **kwargs)
        self.fields["source"] = role_field(
            gettext_lazy("Start with the rights of"), roles, required=False, none=gettext_lazy("No role")
        )
        self.order_fields(self.field_order)


HOLDERS = "holder-names"  # The id of the list of suggestions that the page holds once.


@dataclass(frozen=True)
class Choosing:
    """Whom a form lets choose among, the address that suggests them as one types, and whom it suggests before."""

    circle: Circle
    url: str
    first: Sequence[Named] = ()

    def field(self, **kwargs: Any) -> HolderField:
        """The field of a form."""
        return HolderField(self, **kwargs)


class HolderField(forms.CharField):
    """Whom something is given to: one types, and chooses of what is suggested. Its value is a `Holder`."""

    def __init__(self, choosing: Choosing, **kwargs: Any) -> None:
        self.circle = choosing.circle
        asking = {
            "list": HOLDERS,
            "hx-get": choosing.url,
            "hx-trigger": "input changed delay:200ms",
            "hx-target": f"#{HOLDERS}",
            "autocomplete": "off",
            "spellcheck": "false",
        }
        words = {
            "label": gettext_lazy("Who"),
            "help_text": gettext_lazy("Type a name, and choose of what is suggested."),
        }
        super().__init__(max_length=300, widget=forms.TextInput(attrs=asking), **(words | kwargs))

    def clean(self, value: Any) -> Any:
        """The one that is named; why nobody is, at the field."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return holder_named(self.circle, text)
        except Invalid as error:
            raise forms.ValidationError([one for texts in error.fields.values() for one in texts]) from error


class AccessForm(ConditionsForm):
    """A role for somebody somewhere, until then, under conditions."""

    def __init__(
        self,
        *args: Any,
        choosing: Choosing | None,
        roles: Sequence[Role],
        places: Sequence[Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        known: Sequence[tuple[Scope, str]] = places
        if choosing is not None:
            self.fields["holder"] = choosing.field()
        self.fields["role"] = role_field(gettext_lazy("Role"), roles)
        if len(known) > 1:
            self.fields["place"] = forms.TypedChoiceField(
                label=gettext_lazy("Where"),
                choices=[(str(scope.pk), name) for scope, name in known],
                coerce=lambda key: next(scope for scope, _name in known if str(scope.pk) == key),
                help_text=gettext_lazy("It counts there and on everything below."),
            )
        self.fields["effect"] = forms.ChoiceField(
            label=gettext_lazy("Effect"),
            choices=[("allow", gettext_lazy("Give")), ("deny", gettext_lazy("Deny"))],
            initial="allow",
            widget=Segmented,
            help_text=gettext_lazy("What is denied wins over whatever else gives it."),
        )
        _for_a_while(self)
        self.add_conditions()


class GrantForm(ConditionsForm):
    """A single right on one object for somebody, until then, under conditions."""

    def __init__(self, *args: Any, choosing: Choosing, codes: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["holder"] = choosing.field()
        self.fields["code"] = forms.ChoiceField(
            label=gettext_lazy("Right"),
            choices=[("", gettext_lazy("Choose a right")), *((code, right_label(code)) for code in codes)],
        )
        _for_a_while(self)
        self.add_conditions()

    def clean_holder(self) -> Holder:
        """A single right is given to a person or a team, never to everybody."""
        found: Holder = self.cleaned_data["holder"]
        if found.everyone:
            raise forms.ValidationError(_("Choose a person or a team."))
        return found


class EndForm(Form):
    """Another end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _for_a_while(self)


def _for_a_while(form: forms.Form) -> None:
    form.fields["expires_at"] = forms.DateTimeField(
        label=gettext_lazy("Ends"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=DateTimeInput,
        help_text=gettext_lazy("Leave it empty for no end."),
    )
    form.fields["reason"] = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=300, help_text=gettext_lazy("Kept in the audit trail.")
    )


def role_field(label: Any, roles: Sequence[Role], *, required: bool = True, none: Any = "") -> forms.TypedChoiceField:
    """A choice among roles; its value is the role, None for none."""
    first = gettext_lazy("Choose a role") if required else none
    return forms.TypedChoiceField(
        label=label,
        required=required,
        choices=[("", first), *((str(role.pk), role_name(role)) for role in roles)],
        coerce=lambda key: next(role for role in roles if str(role.pk) == key),
        empty_value=None,
    )
