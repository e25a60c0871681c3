"""Sentences that the law wants on a document, by the category of a tax, in the language that is active."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

_NOTES = {
    "reverse": _(
        "Reverse charge: the recipient of the service owes the tax (Article 196 of Council Directive 2006/112/EC)."
    ),
    "export": _("Export of services without payment of integrated tax."),
    "exempt": _("Exempt from tax."),
    "outside": _("Not taxable in the country of the supplier: the place of supply is that of the recipient."),
}
# Codes of UNTDID 5305, by which an electronic invoice names the category of a tax, and why nothing is due.
CATEGORIES = {
    "standard": "S",
    "reduced": "S",
    "zero": "Z",
    "exempt": "E",
    "reverse": "AE",
    "export": "G",
    "outside": "O",
}


def notes_of(categories: Iterable[str]) -> list[str]:
    """The sentences of a document with taxes of these categories, each once."""
    return [str(_NOTES[category]) for category in dict.fromkeys(categories) if category in _NOTES]
