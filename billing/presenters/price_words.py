"""Prices, periods and entitlements in words, for cards, pages and documents."""

from decimal import Decimal
from fractions import Fraction

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency, format_decimal
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from billing.models import Entitlement, PlanVersion, Price
from billing.pricing import Number
from portal.kit.money import exponent
from portal.kit.templatetags.kit import count


def _locale() -> Locale:
    try:
        return Locale.parse(get_language() or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")  # The pseudo-locale of tests.


def amount_text(minor: Number, currency: str) -> str:
    """Exact minor units as people write them; a price below a minor unit keeps all its decimals: "€0.0005"."""
    exact = Fraction(minor)
    decimal = Decimal(exact.numerator) / Decimal(exact.denominator)
    major = decimal.scaleb(-exponent(currency))
    whole = exact.denominator == 1
    return format_currency(
        major if whole else major.normalize(), currency, locale=_locale(), decimal_quantization=whole
    )


def number_text(number: Number) -> str:
    """A quantity with the digit groups of the language and no decimals that say nothing."""
    exact = Fraction(number)
    return format_decimal(
        Decimal(exact.numerator) / Decimal(exact.denominator), locale=_locale(), decimal_quantization=False
    )


def interval_text(version: PlanVersion) -> str:
    """How often it is billed: "per month", "every 3 months"."""
    number = version.interval_count
    once = {
        "day": _("per day"),
        "week": _("per week"),
        "month": _("per month"),
        "year": _("per year"),
    }
    if number == 1:
        return once[version.interval_unit]
    many = {
        "day": ngettext("every %(n)d day", "every %(n)d days", number),
        "week": ngettext("every %(n)d week", "every %(n)d weeks", number),
        "month": ngettext("every %(n)d month", "every %(n)d months", number),
        "year": ngettext("every %(n)d year", "every %(n)d years", number),
    }
    return many[version.interval_unit] % {"n": number}


def unit_text(price: Price) -> str:
    """What one of the quantity is called: the meter's unit, or a seat."""
    if price.meter is None:
        return _("seat")
    return price.meter.unit or _("unit")


def price_text(price: Price, per: str) -> str:
    """How a price is computed, in a sentence; `per` is the interval of its version."""
    named = {"amount": amount_text(price.unit_amount, price.currency), "unit": unit_text(price), "per": per}
    if price.model == Price.Pricing.FLAT:
        return _("%(amount)s %(per)s") % named
    if price.model == Price.Pricing.PER_SEAT:
        if price.meter is None:
            return _("%(amount)s per %(unit)s %(per)s") % named
        return _("%(amount)s per %(unit)s") % named
    if price.model == Price.Pricing.PACKAGE:
        named["size"] = number_text(price.package_size or 1)
        text = _("%(amount)s per %(size)s × %(unit)s") % named
        if price.free_units:
            text += ", " + _("%(n)s free") % {"n": number_text(price.free_units)}
        return text
    if price.model == Price.Pricing.PERCENTAGE:
        text = _("%(percent)s%% of the amount") % {"percent": number_text(price.percent or 0)}
        if price.unit_amount:
            text += " " + _("+ %(amount)s each") % named
        if price.free_amount:
            text += ", " + _("%(amount)s free") % {"amount": amount_text(price.free_amount, price.currency)}
        return text
    return "; ".join(tier_texts(price))


def tier_texts(price: Price) -> list[str]:
    """One short phrase for each tier."""
    found: list[str] = []
    unit = unit_text(price)
    for tier in price.tiers.all():
        end = _("above") if tier.up_to is None else _("up to %(n)s") % {"n": number_text(tier.up_to)}
        parts = []
        if tier.unit_amount or not tier.flat_amount:
            each = {"amount": amount_text(tier.unit_amount, price.currency), "unit": unit}
            parts.append(_("%(amount)s per %(unit)s") % each if tier.unit_amount else _("free"))
        if tier.flat_amount:
            parts.append(_("%(amount)s flat") % {"amount": amount_text(tier.flat_amount, price.currency)})
        found.append(f"{end}: {' + '.join(parts)}")
    return found


def entitlement_text(row: Entitlement) -> str:
    """What a version gives of a feature: "Audit log", "10,000 calls", "Unlimited projects"."""
    feature = row.feature
    if feature.kind == feature.Kind.SWITCH:
        return feature.name
    limit = row.hard_limit if row.hard_limit is not None else row.soft_limit
    if limit is None:
        return _("%(name)s: unlimited") % {"name": feature.name}
    return _("%(name)s: %(n)s") % {"name": feature.name, "n": f"{count(limit)} {feature.unit}".strip()}


def offer_text(version: PlanVersion) -> str:
    """A plan among others: its name, and what it is paid for, as one family has a price for each interval."""
    return f"{version.plan.name}, {interval_text(version)}"


def trial_text(version: PlanVersion) -> str:
    """How long it is free; nothing without a trial."""
    days = version.trial_days
    return ngettext("%(n)d day free", "%(n)d days free", days) % {"n": days} if days else ""
