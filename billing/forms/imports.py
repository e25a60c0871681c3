"""Form of an import of customers."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.customer_csv import MOST_BYTES
from portal.kit.forms import Form


class ImportForm(Form):
    """The file; `filename` as it was sent, once it is clean."""

    filename = ""
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        allow_empty_file=True,
        help_text=gettext_lazy("CSV in UTF-8, up to 2 MB and 5,000 rows."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain,text/tab-separated-values"}),
    )

    def clean_file(self) -> bytes:
        """Its content; refused by size before anything is read."""
        sent = self.cleaned_data["file"]
        if sent.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 2 MB. Split it and import the parts."))
        self.filename = str(sent.name or "")
        content: bytes = sent.read()
        return content
