"""The part of a form that says when a role or right counts; each refusal stands beside the field it is about."""

import re
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.forms import Form, MultiSelect
from rbac.condition_words import DAYS
from rbac.conditions import LONGEST_MINUTES, conditions_clean
from rbac.errors import ConditionsInvalid

ZONES = "condition-zones"  # The id of the list of time zones that the page holds once.
# What each part of the conditions is written in.
FIELDS = {
    "time": "only_zone",
    "addresses": "only_addresses",
    "second_factor": "only_factor",
    "attributes": "only_attributes",
}
_WHOLE = re.compile(r"-?\d{1,15}")


class DaysSelect(MultiSelect):
    """Days of the week; none chosen is every day."""

    none = gettext_lazy("Every day")


class ConditionsForm(Form):
    """Base of forms that give something. A subclass calls `add_conditions` last; `conditions` is what was sent."""

    conditions: dict[str, Any] | None = None

    def add_conditions(self) -> None:
        """Add the fields, after those that the form has already."""
        self.fields |= {
            "only_days": forms.TypedMultipleChoiceField(
                label=gettext_lazy("On these days"), required=False, choices=DAYS, coerce=int, widget=DaysSelect
            ),
            "only_from": _hour(gettext_lazy("From"), "00:00"),
            "only_to": _hour(gettext_lazy("To"), "24:00"),
            "only_zone": forms.CharField(
                label=gettext_lazy("Time zone"),
                required=False,
                max_length=64,
                initial=timezone.get_current_timezone_name,
                widget=forms.TextInput(attrs={"list": ZONES, "autocomplete": "off", "spellcheck": "false"}),
            ),
            "only_addresses": forms.CharField(
                label=gettext_lazy("Network addresses"),
                required=False,
                max_length=2_000,
                help_text=gettext_lazy("Addresses or ranges such as 10.0.0.0/8, one on each line."),
                widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
            ),
            "only_factor": forms.IntegerField(
                label=gettext_lazy("Second factor proved within"),
                required=False,
                min_value=1,
                max_value=LONGEST_MINUTES,
                help_text=gettext_lazy("Minutes."),
            ),
            "only_attributes": forms.CharField(
                label=gettext_lazy("Attributes of the resource"),
                required=False,
                max_length=4_000,
                help_text=gettext_lazy("One on each line, such as region = eu."),
                widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
            ),
        }

    @property
    def condition_fields(self) -> list[forms.BoundField]:
        """The fields of conditions, drawn apart from the others."""
        return [self[name] for name in self.fields if name.startswith("only_")]

    @property
    def plain_fields(self) -> list[forms.BoundField]:
        """The other fields."""
        return [self[name] for name in self.fields if not name.startswith("only_")]

    @property
    def has_conditions(self) -> bool:
        """Whether something of them was sent or refused, so that the part stands open."""
        return any(
            bound.errors or (self.is_bound and bound.name != "only_zone" and bound.value())
            for bound in self.condition_fields
        )

    def clean(self) -> dict[str, Any]:
        """Read the conditions; what is wrong stands at the field of the part."""
        sent: dict[str, Any] = super().clean() or self.cleaned_data
        parts = {name: part for name, part in (("time", _time(sent)), ("addresses", _lines(sent))) if part}
        if sent.get("only_factor"):
            parts["second_factor"] = {"within_minutes": sent["only_factor"]}
        try:
            if attributes := _attributes(sent.get("only_attributes") or ""):
                parts["attributes"] = {"resource": attributes}
        except ValueError:
            self.add_error("only_attributes", _("Write a name, an equals sign and a value on each line."))
        found: dict[str, Any] = {}
        for name, part in parts.items():
            try:
                found |= conditions_clean({name: part}) or {}
            except ConditionsInvalid as error:
                self.add_error(FIELDS[name], [text for texts in error.fields.values() for text in texts])
        self.conditions = found or None
        return sent


def _hour(label: Any, whole: str) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=5, widget=forms.TimeInput(attrs={"type": "time", "data-whole": whole})
    )


def _time(sent: dict[str, Any]) -> dict[str, Any] | None:
    days, begin, end = sent.get("only_days"), sent.get("only_from"), sent.get("only_to")
    if not (days or begin or end):
        return None
    written: dict[str, Any] = {"zone": (sent.get("only_zone") or "").strip().replace(" ", "_")}
    if days:
        written["weekdays"] = days
    if begin:
        written["from"] = begin
    if end:
        # The browser's field knows no 24:00; midnight as an end is the end of the day.
        written["to"] = "24:00" if end == "00:00" else end
    return written


def _lines(sent: dict[str, Any]) -> list[str]:
    return [one for one in re.split(r"[\s,;]+", sent.get("only_addresses") or "") if one]


def _attributes(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not name or not value:
            raise ValueError(line)
        found[name] = _typed(value)
    return found


def _typed(value: str) -> object:
    if value.startswith('"') and value.endswith('"') and len(value) > 1:
        return value[1:-1]
    if value in {"true", "false"}:
        return value == "true"
    return int(value) if _WHOLE.fullmatch(value) else value
