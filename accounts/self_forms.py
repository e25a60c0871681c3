"""Forms of one's own profile and preferences. They read what was sent; the services decide what is right."""

from typing import Any, cast

from django import forms
from django.core.files.base import File
from django.utils.translation import gettext_lazy

from accounts import avatars, rules
from portal.kit import preferences
from portal.kit.forms import Form, Segmented, Switch
from portal.kit.runtime.kinds import Choices

AS_TYPED = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "username"}


class ProfileForm(Form):
    """Name and user name."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=rules.LIMITS["name"],
        help_text=gettext_lazy("As others see you."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=rules.LIMITS["username"],
        help_text=gettext_lazy(
            "You sign in with it, or with your e-mail address. Lower-case letters, digits, dots, hyphens and underscores."
        ),
        widget=forms.TextInput(attrs=AS_TYPED),
    )


class PictureForm(Form):
    """The picture."""

    guarded = False

    picture = forms.FileField(
        label=gettext_lazy("Picture"),
        allow_empty_file=True,
        help_text=gettext_lazy("JPEG, PNG or WebP, up to 5 MB. It is cut to a square."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )

    def clean_picture(self) -> "File[bytes]":
        """Refuse by size before anything is read."""
        file: File[bytes] = self.cleaned_data["picture"]
        if (file.size or 0) > avatars.MAX_BYTES:
            raise forms.ValidationError(avatars.TOO_LARGE)
        return file


class PreferencesForm(Form):
    """Every preference; `pages` are the start pages that the person may open."""

    theme = forms.ChoiceField(label=gettext_lazy("Theme"), widget=Segmented)
    contrast = forms.ChoiceField(label=gettext_lazy("Contrast"), widget=Segmented)
    font_size = forms.ChoiceField(label=gettext_lazy("Font size"), widget=Segmented)
    density = forms.ChoiceField(label=gettext_lazy("Density"), widget=Segmented)
    motion = forms.ChoiceField(
        label=gettext_lazy("Motion"),
        widget=Segmented,
        help_text=gettext_lazy("Reduced: nothing slides, fades or turns."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"))
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), required=False)
    date_format = forms.ChoiceField(label=gettext_lazy("Dates"), required=False)
    number_format = forms.ChoiceField(label=gettext_lazy("Numbers"), required=False)
    start_page = forms.ChoiceField(
        label=gettext_lazy("Start page"), required=False, help_text=gettext_lazy("Where you arrive after signing in.")
    )
    shortcuts = forms.BooleanField(
        label=gettext_lazy("Single-key shortcuts"),
        required=False,
        help_text=gettext_lazy("Switch them off if you use speech input, or press keys by mistake."),
        widget=Switch,
    )

    def __init__(self, *args: Any, pages: Choices = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in preferences.CHOICES.items():
            field = cast(forms.ChoiceField, self.fields[name])
            field.choices = list(pages if name == "start_page" else choices())
