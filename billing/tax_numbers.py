"""Numbers of tax offices: which kinds there are and whether one has the right form; says what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum import exceptions, iban
from stdnum.au import abn
from stdnum.ca import bn
from stdnum.ch import uid
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat
from stdnum.in_ import gstin
from stdnum.no import mva
from stdnum.us import ein

from portal.kit.errors import Invalid
from portal.kit.registry import Text


@dataclass(frozen=True)
class Kind:
    """A kind of number: its code, what people call it, one that would pass, and the check of its form."""

    code: str
    label: Text
    sample: str
    validate: Callable[[str], str]


def _norwegian(text: str) -> str:
    return f"NO{mva.validate(text)}"


def _british(text: str) -> str:
    return f"GB{gb_vat.validate(text)}"


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("eu_vat", gettext_lazy("VAT number of the European Union"), "DE136695976", eu_vat.validate),
        Kind("gb_vat", gettext_lazy("VAT number of the United Kingdom"), "GB980780684", _british),
        Kind("ch_uid", gettext_lazy("Business number of Switzerland (UID)"), "CHE100155212", uid.validate),
        Kind("no_mva", gettext_lazy("VAT number of Norway"), "NO995525828MVA", _norwegian),
        Kind("in_gst", gettext_lazy("GST number of India (GSTIN)"), "27AAPFU0939F1ZV", gstin.validate),
        Kind("us_ein", gettext_lazy("Employer number of the United States"), "042103594", ein.validate),
        Kind("ca_bn", gettext_lazy("Business number of Canada"), "123026635", bn.validate),
        Kind("au_abn", gettext_lazy("Business number of Australia (ABN)"), "83914571673", abn.validate),
    )
}


def choices() -> list[tuple[str, Text]]:
    """The kinds for a form."""
    return [(kind.code, kind.label) for kind in KINDS.values()]


def checked(kind: str, text: str, *, field: str = "value") -> str:
    """The number as it is kept: capitals, nothing between them. `Invalid` says what is wrong with it, beside `field`."""
    known = KINDS.get(kind)
    if known is None:
        raise Invalid(fields={"kind": [_("Choose one of the offered kinds.")]})
    try:
        found = known.validate(text.replace(" ", ""))
    except exceptions.ValidationError as error:
        raise Invalid(fields={field: [_reason(error, known)]}) from None
    return str(found).replace(".", "").replace("-", "").upper()


def iban_checked(text: str) -> str:
    """A bank account as it is kept; `Invalid` beside `iban`."""
    try:
        return str(iban.validate(text))
    except exceptions.ValidationError:
        raise Invalid(
            fields={"iban": [_("This is no IBAN. Check its digits, such as DE89 3704 0044 0532 0130 00.")]}
        ) from None


def _reason(error: exceptions.ValidationError, kind: Kind) -> str:
    values = {"kind": kind.label, "sample": kind.sample}
    if isinstance(error, exceptions.InvalidLength):
        return _("It has too few or too many signs. One looks like %(sample)s.") % values
    if isinstance(error, exceptions.InvalidChecksum):
        return _("Its check digit does not fit the others: a digit is wrong, or two are swapped.")
    if isinstance(error, exceptions.InvalidComponent):
        return _("A part of it names no country, state or office that there is. One looks like %(sample)s.") % values
    return _("It has signs that do not belong there. One looks like %(sample)s.") % values
