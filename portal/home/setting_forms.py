"""The form of one setting: its field follows from the kind of its values."""

from collections.abc import Callable
from typing import IO, Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import avatars
from portal.kit.forms import Form, Segmented, Switch
from portal.kit.models.settings import REASON_LIMIT
from portal.kit.runtime import kinds
from portal.kit.runtime.declare import Setting

FEW = 4  # Choices that stand open, one below the other; more of them are a drop-down.
_INPUT = 4_000  # Characters; the kind names the real limit.


class SettingForm(Form):
    """The value as people write it, a reason, and the version that was looked at."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LIMIT,
        required=False,
        help_text=gettext_lazy("Kept in the history and in the audit trail. Needed where security gets weaker."),
    )
    number = forms.IntegerField(widget=forms.HiddenInput, required=False)

    field_order = ("value", "reason", "number")

    def __init__(self, declared: Setting[Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.declared = declared
        self.fields["value"] = field_of(declared)
        self.order_fields(self.field_order)

    @property
    def sent(self) -> Any:
        """What was written, as the JSON that the service takes; a file as it came."""
        return as_json(self.declared.kind, self.cleaned_data["value"])

    def upload(self) -> IO[bytes]:
        """The picture that was chosen."""
        return cast(IO[bytes], self.cleaned_data["value"])


class RevertForm(Form):
    """A reason, and the version to take up again."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=REASON_LIMIT, required=False)
    to = forms.IntegerField(widget=forms.HiddenInput)


def initial_of(declared: Setting[Any], value: Any) -> Any:
    """A value as its field shows it."""
    kept: Any = declared.kind.kept(value)
    return "\n".join(kept) if isinstance(kept, list) else kept


def as_json(kind: kinds.Kind[Any], written: Any) -> Any:
    """What a field gave, as JSON."""
    if isinstance(kind, kinds.Domains):
        return str(written).replace(",", " ").split()
    return written


def field_of(declared: Setting[Any]) -> forms.Field:
    """The field of a setting."""
    kind = declared.kind
    made = next(make for known, make in _FIELDS if isinstance(kind, known))(kind)
    unit = _unit(kind)
    made.label = f"{declared.label} ({unit})" if unit else str(declared.label)
    made.help_text = kind.bounds()
    return made


def _unit(kind: kinds.Kind[Any]) -> str:
    """What the number in the field counts."""
    if isinstance(kind, kinds.Duration):
        names = {"seconds": _("seconds"), "minutes": _("minutes"), "hours": _("hours"), "days": _("days")}
        return names[kind.unit]
    return str(kind.unit) if isinstance(kind, kinds.Number) else ""


def _number(kind: Any) -> forms.Field:
    widget = forms.NumberInput(attrs={"min": kind.low, "max": kind.high})
    return forms.IntegerField(widget=widget)


def _choice(kind: kinds.Choice) -> forms.Field:
    offered = list(kind.choices())
    short = len(offered) <= FEW
    fits = short and all(len(str(label)) <= 14 for _value, label in offered)
    widget = Segmented if fits else forms.RadioSelect if short else forms.Select
    return forms.ChoiceField(choices=offered, widget=widget)


def _text(kind: kinds.Text) -> forms.Field:
    widget = forms.Textarea(attrs={"rows": 3}) if kind.lines else forms.TextInput()
    return forms.CharField(required=not kind.blank, max_length=_INPUT, widget=widget)


def _line(kind: kinds.Kind[Any]) -> forms.Field:
    return forms.CharField(required=False, max_length=_INPUT, widget=forms.TextInput(attrs={"spellcheck": "false"}))


def _lines(kind: kinds.Kind[Any]) -> forms.Field:
    return forms.CharField(
        required=False, max_length=_INPUT * 10, widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"})
    )


class _Picture(forms.FileField):
    """A file that is not larger than avatars may be."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Refuse by the announced size, before it is read."""
        file = super().clean(data, initial)
        if file and (file.size or 0) > avatars.MAX_BYTES:
            raise forms.ValidationError(str(avatars.TOO_LARGE))
        return file


def _picture(kind: kinds.Kind[Any]) -> forms.Field:
    widget = forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp"})
    return _Picture(widget=widget, error_messages={"required": _("Choose a picture first.")})


_FIELDS: tuple[tuple[type[Any], Callable[[Any], forms.Field]], ...] = (
    (kinds.Flag, lambda _kind: forms.BooleanField(required=False, widget=Switch)),
    (kinds.Number, _number),
    (kinds.Duration, _number),
    (kinds.Choice, _choice),
    (kinds.Text, _text),
    (kinds.Domains, _lines),
    (kinds.Picture, _picture),
    (kinds.Kind, _line),
)
