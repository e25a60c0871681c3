"""The form of a file of roles and access."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.forms import Form, Switch
from rbac.as_code.reader import MOST_BYTES


class CodeForm(Form):
    """A file, pasted or uploaded, and whether what it does not name goes."""

    yaml = forms.CharField(
        label=gettext_lazy("YAML"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false", "class": "mono", "wrap": "off"}),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,application/yaml,text/yaml"}),
    )
    prune = forms.BooleanField(
        label=gettext_lazy("Take away what the file does not name"),
        required=False,
        widget=Switch,
        help_text=gettext_lazy("In the sections that it has. Memberships and workspaces stay in any case."),
    )

    def clean(self) -> dict[str, Any]:
        """The text of the one or the other."""
        sent = super().clean() or {}
        file = sent.get("file")
        if file is not None:
            if file.size > MOST_BYTES:
                raise forms.ValidationError(_("The file is larger than %(kb)d kB.") % {"kb": MOST_BYTES // 1024})
            try:
                sent["yaml"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise forms.ValidationError(_("The file is not written in UTF-8.")) from None
        if not (sent.get("yaml") or "").strip():
            raise forms.ValidationError(_("Paste a file, or choose one."))
        sent["yaml"] = sent["yaml"].replace("\r\n", "\n")
        return sent
