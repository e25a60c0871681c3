"""Forms of the ledger. They read what was sent; the services decide what is right."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.ledger import AccountRef, Line
from billing.models.ledger import PATH
from portal.kit.errors import StewardError
from portal.kit.forms import DateInput, Form
from portal.kit.money import currencies, parsed

ROWS = 6  # Lines of a journal by hand; longer ones come over the API of services.
MOST_BYTES = 2_000_000
FILE_ENCODINGS = ("utf-8-sig", "cp1252")


class AmountField(forms.CharField):
    """Major units as people write them; read with the currency of the form."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "0.00"})
        super().__init__(required=False, max_length=24, widget=widget, **kwargs)


class JournalForm(Form):
    """A journal by hand, in one currency."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    happened_on = forms.DateField(label=gettext_lazy("Date"), widget=DateInput)
    currency = forms.ChoiceField(label=gettext_lazy("Currency"))
    description = forms.CharField(label=gettext_lazy("Description"), max_length=200)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("Stands in the trail: why no document does it."),
    )

    def __init__(self, *args: Any, paths: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paths = paths
        known = [(code, code) for code in currencies()]
        self.fields["currency"].choices = known  # type: ignore[attr-defined]
        for number in range(1, ROWS + 1):
            values = {"number": number}
            self.fields[f"account_{number}"] = forms.CharField(
                label=_("Account of line %(number)d") % values,
                required=False,
                max_length=200,
                widget=forms.TextInput(attrs={"list": "paths", "autocomplete": "off", "spellcheck": "false"}),
            )
            self.fields[f"debit_{number}"] = AmountField(label=_("Debit of line %(number)d") % values)
            self.fields[f"credit_{number}"] = AmountField(label=_("Credit of line %(number)d") % values)

    def rows(self) -> list[tuple[Any, Any, Any]]:
        """The fields of each line."""
        return [(self[f"account_{n}"], self[f"debit_{n}"], self[f"credit_{n}"]) for n in range(1, ROWS + 1)]

    def clean(self) -> dict[str, Any]:
        """Each line has an account and one amount above 0, or nothing at all."""
        values = super().clean() or {}
        for number in range(1, ROWS + 1):
            sent = [str(values.get(f"{name}_{number}") or "").strip() for name in ("account", "debit", "credit")]
            if any(sent):
                self._check(number, *sent)
        return values

    def _check(self, number: int, account: str, debit: str, credit: str) -> None:
        if not re.fullmatch(PATH, account):
            self.add_error(f"account_{number}", _("Write a path such as expenses:marketing."))
        if bool(debit) == bool(credit):
            self.add_error(f"debit_{number}", _("Give either a debit or a credit."))
            return
        name = "debit" if debit else "credit"
        try:
            money = parsed(debit or credit, str(self.cleaned_data.get("currency", "")))
        except StewardError as error:
            self.add_error(f"{name}_{number}", str(error.detail))
            return
        if money.amount <= 0:
            self.add_error(f"{name}_{number}", _("Give an amount above 0; the side says its sign."))

    def lines(self) -> list[Line]:
        """The lines of a valid form."""
        sent, made = self.cleaned_data, []
        for number in range(1, ROWS + 1):
            if path := str(sent.get(f"account_{number}") or "").strip():
                debit, credit = str(sent[f"debit_{number}"] or ""), str(sent[f"credit_{number}"] or "")
                amount = parsed(debit or credit, sent["currency"]).amount
                made.append(Line(AccountRef(path, sent["currency"]), amount if debit else -amount))
        return made


class ReverseForm(forms.Form):
    """Taking a journal back."""

    happened_on = forms.DateField(label=gettext_lazy("Date of the reversal"), widget=DateInput)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


class ClosingForm(Form):
    """Closing the books up to a day, or opening them again from one."""

    until = forms.DateField(
        label=gettext_lazy("Up to the end of"), widget=DateInput, help_text=gettext_lazy("Days are those of UTC.")
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


class StatementForm(Form):
    """A file of a bank."""

    bank = forms.SlugField(
        label=gettext_lazy("Bank account"),
        max_length=40,
        initial="main",
        help_text=gettext_lazy(
            "Its name in the chart of accounts: main for assets:bank:main. Choose one, or write a new one."
        ),
        widget=forms.TextInput(attrs={"list": "banks", "autocomplete": "off", "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("Columns: date, amount, currency; and if there are any reference, counterparty, id."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean_file(self) -> str:
        """Its text."""
        sent = self.cleaned_data["file"]
        if sent.size > MOST_BYTES:
            raise ValidationError(_("The file is larger than 2 MB. Split it by months."))
        whole: bytes = sent.read()
        for name in FILE_ENCODINGS:
            try:
                return whole.decode(name)
            except UnicodeDecodeError:
                continue
        raise ValidationError(_("The file is no text. Export it from your bank as CSV."))


class AgainstForm(Form):
    """What a line of a statement was about, where no journal knows it yet."""

    path = forms.CharField(
        label=gettext_lazy("Account"),
        max_length=200,
        widget=forms.TextInput(attrs={"list": "paths", "autocomplete": "off", "spellcheck": "false"}),
    )
    reference = forms.CharField(label=gettext_lazy("About"), max_length=80, required=False)

    def clean_path(self) -> str:
        """A path of the chart."""
        path = str(self.cleaned_data["path"]).strip()
        if not re.fullmatch(PATH, path):
            raise ValidationError(_("Write a path such as expenses:fees:bank."))
        return path


class NoteForm(forms.Form):
    """Why a line of a statement is nothing for the books."""

    note = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


def day_of(text: str, fallback: date) -> date:
    """The day that an address names; `fallback` for none or anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return fallback
