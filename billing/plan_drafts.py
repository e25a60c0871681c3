"""The terms of a plan's version as values: what a draft says, what is wrong with it, and what keeps it from being sold.

Nothing here reads or writes; `billing.services.versions` does. Amounts are exact minor units.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billing.models import Entitlement, PlanMinimum, PlanVersion, Price
from billing.pricing import PriceShape, ShapeInvalid, Tier, check
from portal.kit.money import MOST, CurrencyUnknown, exponent

TERMS = (
    "interval_unit", "interval_count", "billing", "anchor", "proration", "fixed_days", "trial_days", "on_upgrade",
    "on_downgrade", "dunning",
)  # fmt: skip
STAGES = ("warn", "restrict", "suspend")
MOST_TIERS, MOST_PRICES, MOST_RETRIES, LAST_DAY = 50, 200, 20, 365


@dataclass(frozen=True)
class PriceDraft:
    """One line in one currency; see `billing.models.Price`. `meter` is the code of one."""

    code: str
    name: str
    currency: str
    model: str = "flat"
    meter: str = ""
    unit_amount: Decimal = Decimal(0)
    tiers: tuple[Tier, ...] = ()
    package_size: Decimal | None = None
    free_units: Decimal = Decimal(0)
    percent: Decimal | None = None
    free_amount: Decimal = Decimal(0)
    charge_zero: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the others of a version."""
        return self.code, self.currency

    @property
    def shape(self) -> PriceShape:
        """What computes it."""
        return PriceShape(
            model=self.model,
            unit_amount=self.unit_amount,
            tiers=self.tiers,
            package_size=self.package_size,
            free_units=self.free_units,
            percent=self.percent,
            free_amount=self.free_amount,
            charge_zero=self.charge_zero,
        )


@dataclass(frozen=True)
class EntitlementDraft:
    """What a version gives of the feature with that code; see `billing.models.Entitlement`."""

    feature: str
    soft_limit: int | None = None
    hard_limit: int | None = None


@dataclass(frozen=True)
class VersionDraft:
    """All that a version says. `terms` holds the fields that differ from those of a new version."""

    terms: Mapping[str, Any] = field(default_factory=dict)
    prices: Sequence[PriceDraft] = ()
    minimums: Mapping[str, int] = field(default_factory=dict)
    entitlements: Sequence[EntitlementDraft] = ()

    @property
    def currencies(self) -> list[str]:
        """In which it can be bought, sorted."""
        return sorted({price.currency for price in self.prices})

    def with_price(self, price: PriceDraft, *, instead_of: tuple[str, str] | None = None) -> "VersionDraft":
        """With a price added, or in the place of another."""
        if instead_of is None:
            return replace(self, prices=[*self.prices, price])
        return replace(self, prices=[price if one.key == instead_of else one for one in self.prices])

    def without_price(self, key: tuple[str, str]) -> "VersionDraft":
        """Without one of its prices."""
        return replace(self, prices=[one for one in self.prices if one.key != key])


def draft_of(version: PlanVersion) -> VersionDraft:
    """What a version says; five queries, or none where all is prefetched."""
    return VersionDraft(
        terms={name: getattr(version, name) for name in TERMS},
        prices=[_price(row) for row in version.prices.all()],
        minimums={row.currency: row.amount for row in _minimums(version)},
        entitlements=[_entitlement(row) for row in version.entitlements.all()],
    )


def _minimums(version: PlanVersion) -> Sequence[PlanMinimum]:
    return sorted(version.minimums.all(), key=lambda row: row.currency)


def _entitlement(row: Entitlement) -> EntitlementDraft:
    return EntitlementDraft(row.feature.code, row.soft_limit, row.hard_limit)


def _price(row: Price) -> PriceDraft:
    return PriceDraft(
        code=row.code,
        name=row.name,
        currency=row.currency,
        model=row.model,
        meter=row.meter.code if row.meter is not None else "",
        unit_amount=row.unit_amount,
        tiers=row.shape.tiers,
        package_size=row.package_size,
        free_units=row.free_units,
        percent=row.percent,
        free_amount=row.free_amount,
        charge_zero=row.charge_zero,
    )


def wrong_in(draft: VersionDraft) -> dict[str, list[str]]:
    """What a draft may not even hold, by the path of the field (`prices.1.tiers`); empty where all is well."""
    wrong: dict[str, list[str]] = {}
    seen: set[tuple[str, str]] = set()
    if len(draft.prices) > MOST_PRICES:
        wrong["prices"] = [_("A version has at most %(n)d prices.") % {"n": MOST_PRICES}]
    for place, price in enumerate(draft.prices):
        for name, text in _wrong_price(price).items():
            wrong.setdefault(f"prices.{place}.{name}", []).append(text)
        if price.key in seen:
            wrong.setdefault(f"prices.{place}.code", []).append(
                _("There is a price with this code in %(currency)s already.") % {"currency": price.currency}
            )
        seen.add(price.key)
    for currency, amount in draft.minimums.items():
        if _unknown(currency) or not 0 < amount <= MOST:
            wrong[f"minimums.{currency}"] = [_("Give an amount above zero in a known currency.")]
    return wrong | _wrong_entitlements(draft) | _wrong_dunning(draft.terms.get("dunning"))


def _wrong_entitlements(draft: VersionDraft) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    features = [one.feature for one in draft.entitlements]
    for place, one in enumerate(draft.entitlements):
        limits = (one.soft_limit, one.hard_limit)
        if features.count(one.feature) > 1:
            wrong[f"entitlements.{place}.feature"] = [_("This feature is named twice.")]
        if any(limit is not None and not 0 <= limit < 2**63 for limit in limits):
            wrong[f"entitlements.{place}.hard_limit"] = [_("A limit is not negative.")]
        elif None not in limits and limits[0] > limits[1]:  # type: ignore[operator]
            wrong[f"entitlements.{place}.soft_limit"] = [_("People are told before it is refused, not after.")]
    return wrong


def _unknown(currency: str) -> bool:
    try:
        exponent(currency)
    except CurrencyUnknown:
        return True
    return False


def _wrong_price(price: PriceDraft) -> dict[str, str]:
    """The reason by the field of a price."""
    if _unknown(price.currency):
        return {"currency": str(CurrencyUnknown.default_detail)}
    if len(price.tiers) > MOST_TIERS:
        return {"tiers": _("A price has at most %(n)d tiers.") % {"n": MOST_TIERS}}
    if price.model == "percentage" and not price.meter:
        return {"meter": _("A percentage is of something that a meter counts.")}
    if price.model == "flat" and price.meter:
        return {"meter": _("A flat fee counts nothing.")}
    if max(price.unit_amount, price.free_amount, *(_highest(tier) for tier in price.tiers)) > MOST:
        return {"unit_amount": _("That is more than an amount may be.")}
    try:
        check(price.shape)
    except ShapeInvalid as error:
        return _SHAPES[str(error)]()
    return {}


def _highest(tier: Tier) -> Decimal:
    return max(Decimal(str(tier.unit_amount)), Decimal(str(tier.flat_amount)))


_SHAPES = {
    "model": lambda: {"model": _("Choose one of the six models.")},
    "negative": lambda: {"unit_amount": _("An amount is not negative.")},
    "tiers": lambda: {"tiers": _("Only graduated and volume prices have tiers.")},
    "open_tier": lambda: {"tiers": _("Leave the end of the last tier empty: it is for everything above.")},
    "tier_order": lambda: {"tiers": _("Each tier ends above the one before it; only the last has no end.")},
    "package_size": lambda: {"package_size": _("Say how many units are in a package.")},
    "percent": lambda: {"percent": _("Give a share from 0 to 100.")},
}


def _wrong_dunning(terms: Any) -> dict[str, list[str]]:
    """Retries and stages are days after the due date, in order; each stage does something that is known. With
    `first_payment` it does not begin before it is paid for."""
    if terms is None:
        return {}
    told = {"dunning": [_("Name retries and stages by days from 0 to 365, in their order.")]}
    if not isinstance(terms, dict) or set(terms) - {"first_payment"} != {"retries", "stages"}:
        return told
    if type(terms.get("first_payment", False)) is not bool:
        return {"dunning": [_("Say by true or false whether it waits for its first payment.")]}
    retries, stages = terms["retries"], terms["stages"]
    if not isinstance(retries, list) or not isinstance(stages, list) or len(retries) + len(stages) > MOST_RETRIES:
        return told
    if any(not isinstance(one, dict) or set(one) != {"day", "do"} or one["do"] not in STAGES for one in stages):
        return told
    for days in (retries, [one["day"] for one in stages]):
        if any(type(day) is not int or not 0 <= day <= LAST_DAY for day in days) or sorted(set(days)) != days:
            return told
    return {}


def unsold(draft: VersionDraft) -> list[str]:
    """Why nobody could buy it; empty where it can be published. A free plan has a flat fee of zero."""
    if not draft.prices:
        return [_("It has no price. Give a free plan a flat fee of 0.")]
    found: list[str] = []
    codes: dict[str, set[str]] = {}
    shapes: dict[str, set[tuple[str, str]]] = {}
    for price in draft.prices:
        codes.setdefault(price.currency, set()).add(price.code)
        shapes.setdefault(price.code, set()).add((price.model, price.meter))
    everything = set().union(*codes.values())
    for currency, known in sorted(codes.items()):
        if missing := sorted(everything - known):
            named = {"currency": currency, "codes": ", ".join(missing)}
            found.append(_("In %(currency)s there is no price for: %(codes)s.") % named)
    for code, known_shapes in sorted(shapes.items()):
        if len(known_shapes) > 1:
            found.append(_("The price %(code)s is computed otherwise in another currency.") % {"code": code})
    if elsewhere := sorted(set(draft.minimums) - set(codes)):
        found.append(_("There is a minimum but no price in: %(codes)s.") % {"codes": ", ".join(elsewhere)})
    return found
