"""The card of a plan, as customers choose it: one for a family, with a price for each interval.

templates/billing/_plan_card.html draws it; the plan picker and the preview in the editor show the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext as _

from billing.models import PlanVersion, Price
from billing.presenters.price_words import amount_text, entitlement_text, interval_text, price_text, trial_text


@dataclass(frozen=True)
class Offer:
    """What a card offers at one interval. `id` is the plan's; `headline` the amount, `per` what it is for."""

    id: str
    code: str
    headline: str
    per: str
    usage: Sequence[str]
    minimum: str
    trial: str


@dataclass(frozen=True)
class Card:
    """A plan or add-on as it is chosen. `gives` are the entitlements in words, in the order of the features."""

    family: str
    name: str
    description: str
    is_addon: bool
    offers: Sequence[Offer]
    gives: Sequence[str]


def cards(versions: Sequence[PlanVersion], currency: str) -> list[Card]:
    """The cards of what is offered, in its order; versions without a price in the currency are left out. No query where
    they come from `selectors.catalogue`."""
    families: dict[str, list[PlanVersion]] = {}
    for version in versions:
        if any(price.currency == currency for price in version.prices.all()):
            families.setdefault(version.plan.family, []).append(version)
    return [_card(found, currency) for found in families.values()]


def _card(versions: Sequence[PlanVersion], currency: str) -> Card:
    first = versions[0]
    return Card(
        family=first.plan.family,
        name=first.plan.name,
        description=first.plan.description,
        is_addon=first.plan.kind == first.plan.Kind.ADDON,
        offers=[_offer(version, currency) for version in versions],
        gives=[entitlement_text(row) for row in first.entitlements.all()],
    )


def _offer(version: PlanVersion, currency: str) -> Offer:
    """Flat fees make the headline; without any the first price per seat does; all else is told below."""
    prices = [price for price in version.prices.all() if price.currency == currency]
    flat = [price for price in prices if price.model == Price.Pricing.FLAT]
    seats = [price for price in prices if price.model == Price.Pricing.PER_SEAT and price.meter is None]
    per = interval_text(version)
    shown = flat or seats[:1]
    whole = sum((Fraction(price.unit_amount) for price in shown), Fraction(0))
    if not flat and seats:
        per = _("per seat, %(interval)s") % {"interval": per}
    rest = [price for price in prices if price not in shown]
    minimum = next((row.amount for row in version.minimums.all() if row.currency == currency), None)
    return Offer(
        id=str(version.plan_id),
        code=version.plan.code,
        headline=amount_text(whole, currency) if shown else _("By use"),
        per=per if shown else interval_text(version),
        usage=[f"{price.name}: {price_text(price, interval_text(version))}" for price in rest],
        minimum=_("at least %(amount)s") % {"amount": amount_text(minimum, currency)} if minimum else "",
        trial=trial_text(version),
    )
