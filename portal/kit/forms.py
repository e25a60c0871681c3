"""What forms share: widgets of the design, a date range, and the way a service's refusal gets back to its fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.errors import Invalid, StewardError


class Form(forms.Form):
    """Base of our forms. `guarded`: who leaves the page with unsaved changes is asked first. `halves`: short fields that
    stand two in a row where there is room; each with the one after it."""

    guarded = True
    halves: ClassVar[frozenset[str]] = frozenset()


def refused(form: forms.BaseForm, error: StewardError) -> None:
    """Put the reasons of a service beside the fields they are about; others above the form."""
    fields = error.fields if isinstance(error, Invalid) else {}
    if not fields:
        form.add_error(None, str(error.detail))
    for name, texts in fields.items():
        form.add_error(name if name in form.fields else None, [str(text) for text in texts])


class Switch(forms.CheckboxInput):
    """On or off, at once understood as a state; for settings, not for consent."""


class Segmented(forms.RadioSelect):
    """A choice among two to four short words, side by side."""


class MultiSelect(forms.CheckboxSelectMultiple):
    """Several of many: a drop-down of boxes that says how many are chosen, with a search from ten on.

    `none` is what it says while nothing is chosen.
    """

    SEARCH_FROM = 10
    none: str | Promise = gettext_lazy("Any")


class GroupedChecks(forms.CheckboxSelectMultiple):
    """Boxes of many choices in groups, each with a box for the whole group; for choices that Django calls groups."""


class DateInput(forms.DateInput):
    """The browser's own date field; its value is always written as 2026-11-21."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """The browser's own field for day and time."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


@dataclass(frozen=True)
class DateRange:
    """From one day to another, both included; None is open."""

    first: date | None
    last: date | None

    def __bool__(self) -> bool:
        return self.first is not None or self.last is not None


class DateRangeInput(forms.MultiWidget):
    """Two date fields; their names are `<name>_from` and `<name>_to`, as addresses of lists spell them."""

    template_name = "django/forms/widgets/multiwidget.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"from": DateInput(attrs), "to": DateInput(attrs)}, attrs)

    def decompress(self, value: DateRange | None) -> list[date | None]:
        """The two ends."""
        return [value.first, value.last] if value else [None, None]


class DateRangeField(forms.MultiValueField):
    """A `DateRange`; each end may stay open, the last day is not before the first."""

    widget = DateRangeInput
    default_error_messages = {"backwards": gettext_lazy("The last day is before the first one.")}

    def __init__(self, **kwargs: Any) -> None:
        ends = (forms.DateField(required=False), forms.DateField(required=False))
        super().__init__(fields=ends, require_all_fields=False, **kwargs)

    def compress(self, data_list: Sequence[date | None]) -> DateRange:
        """The range of two days."""
        first, last = (*data_list, None, None)[:2]
        return DateRange(first, last)

    def clean(self, value: Any) -> DateRange:
        """Refuse a range that runs backwards."""
        found = super().clean(value) or DateRange(None, None)
        if found.first and found.last and found.last < found.first:
            raise forms.ValidationError(self.error_messages["backwards"], code="backwards")
        return DateRange(found.first, found.last)


def confirm_word(sent: str, expected: str, *, field: str = "") -> None:
    """Hold a type-to-confirm on the server too: without scripts the button is never disabled. Raises `Invalid`, which
    names `field`."""
    if sent.strip() != expected:
        text = _("Type %(word)s to confirm. Nothing was changed.") % {"word": expected}
        raise Invalid(text, fields={field: [text]} if field else None)
