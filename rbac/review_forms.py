"""Forms of access reviews. They read what was sent; the services decide what is right."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy

from portal.kit.forms import DateTimeInput, Form, MultiSelect, Segmented
from rbac.models import Review, Role, Scope
from rbac.review_snapshot import ReviewDraft
from rbac.role_presenters import role_name
from rbac.services.reviews import NAME_LIMIT, WORDS_LIMIT

REMINDERS = (14, 7, 3, 1)


class _AllRoles(MultiSelect):
    none = gettext_lazy("All roles and single rights")


class _NoReminder(MultiSelect):
    none = gettext_lazy("No reminder")


class ReviewForm(Form):
    """A review to start."""

    field_order = ("name", "place", "roles", "reviewers", "reviewer", "due_at", "remind_days", "undecided", "applies")

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=NAME_LIMIT, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    reviewers = forms.ChoiceField(
        label=gettext_lazy("Who decides"),
        choices=[
            ("owners", gettext_lazy("The owners")),
            ("givers", gettext_lazy("Whoever gave it, else the owners")),
            ("person", gettext_lazy("One named person")),
        ],
        help_text=gettext_lazy("Nobody decides about themselves: that goes to another reviewer."),
    )
    due_at = forms.DateTimeField(label=gettext_lazy("Due"), input_formats=["%Y-%m-%dT%H:%M"], widget=DateTimeInput)
    remind_days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Remind"),
        required=False,
        coerce=int,
        choices=[
            (14, gettext_lazy("14 days before")),
            (7, gettext_lazy("7 days before")),
            (3, gettext_lazy("3 days before")),
            (1, gettext_lazy("1 day before")),
        ],
        widget=_NoReminder,
    )
    undecided = forms.ChoiceField(
        label=gettext_lazy("Undecided at the end"),
        choices=[("keep", gettext_lazy("Keep")), ("revoke", gettext_lazy("Revoke"))],
        initial="keep",
        widget=Segmented,
        help_text=gettext_lazy(
            "What nobody decided is revoked with your rights; what a reviewer revokes, with theirs."
        ),
    )
    applies = forms.ChoiceField(
        label=gettext_lazy("A decision counts"),
        choices=[("at_once", gettext_lazy("At once")), ("at_end", gettext_lazy("At the end"))],
        initial="at_once",
        widget=Segmented,
    )

    def __init__(
        self,
        *args: Any,
        places: Sequence[tuple[Scope, str]],
        roles: Sequence[Role],
        people: Sequence[tuple[UUID, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if places:
            self.fields["place"] = forms.TypedChoiceField(
                label=gettext_lazy("About"),
                required=False,
                choices=[("", gettext_lazy("The whole organisation")), *((str(row.pk), name) for row, name in places)],
                coerce=lambda key: next(row for row, _name in places if str(row.pk) == key),
                empty_value=None,
                help_text=gettext_lazy("A workspace with everything that is in it."),
            )
        self.fields["roles"] = forms.TypedMultipleChoiceField(
            label=gettext_lazy("Roles"),
            required=False,
            choices=[(str(role.pk), role_name(role)) for role in roles],
            coerce=lambda key: next(role for role in roles if str(role.pk) == key),
            widget=_AllRoles,
        )
        self.fields["reviewer"] = forms.TypedChoiceField(
            label=gettext_lazy("Named person"),
            required=False,
            choices=[("", gettext_lazy("Nobody")), *((str(key), name) for key, name in people)],
            coerce=UUID,
            empty_value=None,
            help_text=gettext_lazy("Only where one named person decides."),
        )
        self.order_fields(self.field_order)

    def draft(self) -> ReviewDraft:
        """What was sent."""
        sent = self.cleaned_data
        named = sent["reviewers"] == Review.Reviewers.PERSON
        return ReviewDraft(
            name=sent["name"],
            due_at=sent["due_at"],
            place=sent.get("place"),
            roles=sent["roles"],
            reviewers=sent["reviewers"],
            reviewer_id=sent["reviewer"] if named else None,
            undecided=sent["undecided"],
            applies=sent["applies"],
            remind_days=sent["remind_days"],
        )


class WordsForm(forms.Form):
    """Why something is revoked."""

    words = forms.CharField(
        label=gettext_lazy("Why"),
        required=False,
        max_length=WORDS_LIMIT,
        help_text=gettext_lazy("Kept in the report and in the audit trail."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
