"""Forms of the roof: maintenance and announcements. They read what was sent; the services decide what is right."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.forms import DateTimeInput, Form, Segmented, Switch
from portal.kit.identity import people_matching
from portal.kit.models import MaintenanceWindow
from portal.kit.models.mode import MESSAGE_LIMIT, REASON_LIMIT
from portal.kit.models.notices import TEXT_LIMIT, TITLE_LIMIT, Audience, Tone

LIST_LIMIT = 5_000  # Characters of a list; the service names the real limit.
_UTC = gettext_lazy("In UTC.")


def _lines(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


def _moment(label: Any, help_text: Any, *, required: bool = False) -> forms.DateTimeField:
    return forms.DateTimeField(label=label, required=required, widget=DateTimeInput, help_text=help_text)


class WindowForm(Form):
    """A time of maintenance. `reason` is asked for once, at the beginning."""

    halves = frozenset({"starts_at", "ends_at", "people", "addresses"})
    kind = forms.ChoiceField(
        label=gettext_lazy("What is held up"),
        choices=[("read_only", gettext_lazy("Changes")), ("closed", gettext_lazy("Everything"))],
        initial="read_only",
        widget=Segmented,
        help_text=gettext_lazy("Administrators of the platform get through either way."),
    )
    message = forms.CharField(
        label=gettext_lazy("Message to everybody"),
        required=False,
        max_length=MESSAGE_LIMIT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=REASON_LIMIT, help_text=gettext_lazy("Kept in the audit trail.")
    )
    starts_at = _moment(gettext_lazy("Begins"), gettext_lazy("In UTC. Empty: now."))
    ends_at = _moment(gettext_lazy("Ends by itself"), gettext_lazy("In UTC. Empty: when somebody ends it."))
    people = forms.CharField(
        label=gettext_lazy("People who get through"),
        required=False,
        max_length=LIST_LIMIT,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("User names or e-mail addresses, one a line."),
    )
    addresses = forms.CharField(
        label=gettext_lazy("Addresses that get through"),
        required=False,
        max_length=LIST_LIMIT,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy("Such as 192.0.2.7 or 192.0.2.0/24, one a line."),
    )

    def __init__(self, *args: Any, window: MaintenanceWindow | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if window is not None:
            del self.fields["reason"]

    def clean_people(self) -> list[UUID]:
        """The ids of the named people; whoever is not known is named back."""
        found: list[UUID] = []
        for text in _lines(self.cleaned_data["people"]):
            matching = people_matching(text)
            if not matching:
                raise forms.ValidationError(_("Nobody has the user name or address %(text)s.") % {"text": text[:100]})
            found += matching
        return found

    def clean_addresses(self) -> list[str]:
        """One by one; the service checks them."""
        return _lines(self.cleaned_data["addresses"])


class AnnouncementForm(Form):
    """A banner. `organisation` is its short name."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=TITLE_LIMIT)
    text = forms.CharField(
        label=gettext_lazy("Text"),
        required=False,
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    tone = forms.ChoiceField(label=gettext_lazy("Tone"), choices=Tone, initial=Tone.INFO, widget=Segmented)
    audience = forms.ChoiceField(
        label=gettext_lazy("Shown to"),
        choices=Audience,
        initial=Audience.EVERYONE,
        widget=Segmented,
        help_text=gettext_lazy("Staff is everybody with a role on the platform."),
    )
    organisation = forms.SlugField(
        label=gettext_lazy("Organisation"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("Its short name, as in its address /o/short-name/; for one organisation only."),
    )
    starts_at = _moment(gettext_lazy("Shown from"), gettext_lazy("In UTC. Empty: now."))
    ends_at = _moment(gettext_lazy("Shown until"), gettext_lazy("In UTC. Empty: until somebody ends it."))
    dismissible = forms.BooleanField(
        label=gettext_lazy("Readers can put it away"), required=False, initial=True, widget=Switch
    )

    def clean(self) -> dict[str, Any]:
        """An organisation is named if, and only if, it is for one."""
        values = super().clean() or {}
        if values.get("audience") == Audience.ORGANISATION and not values.get("organisation"):
            if "organisation" not in self.errors:
                self.add_error("organisation", _("Name the organisation that it is for."))
        elif values.get("organisation") and values.get("audience") != Audience.ORGANISATION:
            self.add_error("organisation", _("Leave this empty, or show it to one organisation."))
        return values
