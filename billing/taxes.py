"""What is due on net amounts, in pure arithmetic: EU VAT, GST of India, flat rates; nothing here reads the database.

Net amounts are exact. Each rate of a document is rounded once, half up, on the sum of its lines; the whole minor units
are then given to the lines by largest remainder, so that the lines sum to the rate's tax. A credit is taxed the same way
on its exact net: what is given back mirrors what was charged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from django.utils.translation import gettext_lazy as _

from billing.errors.taxes import TaxRateMissing
from portal.kit.money import half_up
from portal.kit.registry import Text

# The VAT area for services. Monaco counts as France; Northern Ireland (XI) is part of it for goods only.
EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
_TAXED_AS = {"MC": "FR"}
# Union territories without a legislature of their own: their half of the tax has a law and a name of its own.
UNION_TERRITORIES = frozenset({"04", "26", "31", "35", "38", "97"})

Category = Literal["standard", "reduced", "zero", "exempt", "reverse", "export", "outside"]
Exact = Fraction | Decimal | int


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate of tax of a seller: `percent` in [valid_from, valid_until), in a country and region or (empty) anywhere."""

    code: str
    name: str
    percent: Decimal
    category: str = "standard"
    country: str = ""
    region: str = ""
    valid_from: date = date.min
    valid_until: date | None = None

    def holds(self, on: date) -> bool:
        """Whether it is in force on that day."""
        return self.valid_from <= on and (self.valid_until is None or on < self.valid_until)


@dataclass(frozen=True, slots=True)
class SellerFacts:
    """What of the legal entity decides: its regime, where it sits, and its rates."""

    regime: str
    country: str
    region: str = ""
    rates: tuple[Rate, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxNumber:
    """A number of the customer's; `refused`: the office said that there is none such."""

    kind: str
    value: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What of the customer decides: where it sits, how it is taxed, its numbers."""

    country: str
    region: str = ""
    tax_status: str = "taxable"
    tax_ids: tuple[TaxNumber, ...] = ()


@dataclass(frozen=True, slots=True)
class NetLine:
    """An amount before tax, exact, in minor units. `category` is one of `Category`, or the code of one rate."""

    key: str
    net: Exact
    category: str = "standard"


@dataclass(frozen=True, slots=True)
class LineTax:
    """One tax on one line: `base` is the net and `amount` the tax, both in whole minor units; `percent` as printed.

    A line has several of them where a tax is split (CGST and SGST). `category` tells why nothing is due, too.
    """

    key: str
    code: str
    name: str
    percent: Decimal
    base: int
    amount: int
    category: str = "standard"


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """All of one rate on a document: `amount` is the sum of its lines' taxes, `base` of their nets."""

    code: str
    name: str
    percent: Decimal
    category: str
    base: int
    amount: int


@dataclass(slots=True)
class _Group:
    """The lines that one rate applies to."""

    rate: Rate
    lines: list[NetLine] = field(default_factory=list)


def tax_of(customer: CustomerFacts, entity: SellerFacts, net_lines: Sequence[NetLine], on: date) -> list[LineTax]:
    """The taxes of each line, in the order of the lines; no rows where the seller has no tax at all.

    `on` is the day of supply, which decides about the rates in force. `TaxRateMissing` when a rate is needed and the
    entity has none.
    """
    groups: dict[tuple[str, Decimal], _Group] = {}
    order: dict[str, int] = {}
    for place, line in enumerate(net_lines):
        if order.setdefault(line.key, place) != place:
            raise ValueError(f"Two lines have the key {line.key!r}.")
        for rate in rates_of(customer, entity, line.category, on):
            groups.setdefault((rate.code, rate.percent), _Group(rate)).lines.append(line)
    found = [tax for group in groups.values() for tax in _taxed(group)]
    return sorted(found, key=lambda tax: order[tax.key])


def totals(taxes: Iterable[LineTax]) -> list[TaxTotal]:
    """The taxes of a document by rate, in the order in which they come up."""
    sums: dict[tuple[str, Decimal], TaxTotal] = {}
    for tax in taxes:
        before = sums.get((tax.code, tax.percent))
        sums[tax.code, tax.percent] = TaxTotal(
            tax.code,
            tax.name,
            tax.percent,
            tax.category,
            tax.base + (before.base if before else 0),
            tax.amount + (before.amount if before else 0),
        )
    return list(sums.values())


def rates_of(customer: CustomerFacts, entity: SellerFacts, category: str, on: date) -> list[Rate]:
    """The rates that a line of `category` is charged with; `TaxRateMissing` when there should be one."""
    if entity.regime == "none":
        return []
    if customer.tax_status == "exempt":
        return [_free(entity, "exempt", on)]
    if customer.tax_status == "reverse":
        return [_free(entity, "reverse", on)]
    if entity.regime == "eu_vat":
        return [_vat(customer, entity, category, on)]
    if entity.regime == "gst":
        return _gst(customer, entity, category, on)
    return _flat(customer, entity, category, on)


def _vat(customer: CustomerFacts, entity: SellerFacts, category: str, on: date) -> Rate:
    home = _TAXED_AS.get(entity.country, entity.country)
    # Who does not say where it sits is taxed as at home: the seller owes the tax if that turns out wrong.
    there = _TAXED_AS.get(customer.country, customer.country) or home
    if there != home and there not in EU:
        return _free(entity, "outside", on)
    if there != home and _registered_abroad(customer, home):
        return _free(entity, "reverse", on)
    if category in ("zero", "exempt"):
        return _free(entity, category, on)
    rates = [rate for rate in entity.rates if rate.holds(on) and rate.country in ("", home, there)]
    # Below the threshold of distance selling no foreign rate is named, and the seller's own applies.
    for country in dict.fromkeys((there, home, "")):
        found = _best([rate for rate in rates if rate.country == country], category)
        if found is not None:
            return found
    raise TaxRateMissing


def _registered_abroad(customer: CustomerFacts, home: str) -> bool:
    """Whether the buyer is in business in another member state: then it owes the tax there itself (article 196)."""
    own = "EL" if home == "GR" else home
    return any(
        one.kind == "eu_vat" and not one.refused and one.value[:2] not in (own, "XI") for one in customer.tax_ids
    )


def _gst(customer: CustomerFacts, entity: SellerFacts, category: str, on: date) -> list[Rate]:
    if customer.country not in ("", "IN"):
        return [_free(entity, "export", on)]
    if category in ("zero", "exempt"):
        return [_free(entity, category, on)]
    rate = _best([one for one in entity.rates if one.holds(on) and one.country in ("", "IN")], category)
    if rate is None:
        raise TaxRateMissing
    # The place of supply is the state of registration, then the address on record, then the supplier's (IGST Act, 12(2)).
    registered = [one.value[:2] for one in customer.tax_ids if one.kind == "in_gst" and not one.refused]
    state = (registered or [customer.region])[0] or entity.region
    if state != entity.region:
        return [_part(rate, "igst", "IGST", rate.percent)]
    half = rate.percent / 2
    own = ("utgst", "UTGST") if state in UNION_TERRITORIES else ("sgst", "SGST")
    return [_part(rate, "cgst", "CGST", half), _part(rate, *own, half)]


def _part(rate: Rate, suffix: str, name: str, percent: Decimal) -> Rate:
    return Rate(f"{rate.code}-{suffix}", name, percent, rate.category)


def _flat(customer: CustomerFacts, entity: SellerFacts, category: str, on: date) -> list[Rate]:
    """Every rate that applies where the customer sits, side by side: that of the state and that of the town."""
    if category in ("zero", "exempt"):
        return [_free(entity, category, on)]
    here = [
        rate
        for rate in entity.rates
        if rate.holds(on) and rate.country in ("", customer.country) and rate.region in ("", customer.region)
    ]
    found = [rate for rate in here if category in (rate.code, rate.category)]
    found = found or [rate for rate in here if rate.category == "standard"]
    if not found:
        raise TaxRateMissing
    return found


def _best(rates: Sequence[Rate], category: str) -> Rate | None:
    """The rate of that code, else of that category, else the standard one; of several the one that began last."""
    for fits in (
        [rate for rate in rates if rate.code == category],
        [rate for rate in rates if rate.category == category],
        [rate for rate in rates if rate.category == "standard"],
    ):
        if fits:
            return max(fits, key=lambda rate: rate.valid_from)
    return None


_WORDS: dict[str, Text] = {
    "zero": _("Zero rate"),
    "exempt": _("Exempt"),
    "reverse": _("Reverse charge"),
    "export": _("Export, zero rate"),
    "outside": _("Outside the scope of tax"),
}


def _free(entity: SellerFacts, category: str, on: date) -> Rate:
    """Nothing is due, and the document says why: in the entity's own words where it has a rate for that."""
    own = _best([rate for rate in entity.rates if rate.holds(on) and rate.category == category], category)
    return own or Rate(category, str(_WORDS[category]), Decimal(0), category)


def _taxed(group: _Group) -> list[LineTax]:
    rate, share = group.rate, Fraction(group.rate.percent) / 100
    parts = spread([Fraction(line.net) * share for line in group.lines])
    return [
        LineTax(line.key, rate.code, rate.name, rate.percent, half_up(line.net), part, rate.category)
        for line, part in zip(group.lines, parts, strict=True)
    ]


def spread(exact: Sequence[Fraction]) -> list[int]:
    """Whole amounts, each less than 1 from its exact one, that sum to the exact sum rounded half up once.

    The largest remainder gets the next whole unit, of equal ones the earlier. Amounts of all signs may be mixed; the
    negatives of the amounts give the negatives of the parts.
    """
    whole = sum(exact, Fraction(0))
    sign = -1 if whole < 0 else 1
    signed = [amount * sign for amount in exact]
    parts = [amount.numerator // amount.denominator for amount in signed]
    order = sorted(range(len(parts)), key=lambda place: (parts[place] - signed[place], place))
    for place in order[: half_up(whole * sign) - sum(parts)]:
        parts[place] += 1
    return [sign * part for part in parts]
