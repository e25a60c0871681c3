"""What a version says, in the words of the trail: short, complete, the same whatever the language."""

from decimal import Decimal
from fractions import Fraction

from billing.plan_drafts import TERMS, EntitlementDraft, PriceDraft, VersionDraft
from billing.pricing import Number

PARTS = ("prices", "minimums", "entitlements")


def told_of(draft: VersionDraft) -> dict[str, object]:
    """What a draft says by field, for the diff of an event."""
    return {
        **{name: draft.terms.get(name) for name in TERMS},
        "prices": "; ".join(_price(one) for one in draft.prices),
        "minimums": "; ".join(f"{currency} {amount}" for currency, amount in sorted(draft.minimums.items())),
        "entitlements": "; ".join(sorted(_entitlement(one) for one in draft.entitlements)),
    }


def plain(number: Number) -> str:
    """A number without zeros that say nothing: 2900, 0.02."""
    if isinstance(number, Fraction):
        number = Decimal(number.numerator) / Decimal(number.denominator)
    text = f"{Decimal(number):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _price(one: PriceDraft) -> str:
    parts = [one.code, one.currency, one.model, plain(one.unit_amount), f"as {one.name}"]
    if one.meter:
        parts.append(f"of {one.meter}")
    if one.package_size is not None:
        parts.append(f"per {plain(one.package_size)}, {plain(one.free_units)} free")
    if one.percent is not None:
        parts.append(f"{plain(one.percent)} %, {plain(one.free_amount)} free")
    for tier in one.tiers:
        end = "above" if tier.up_to is None else f"to {plain(tier.up_to)}"
        parts.append(f"[{end}: {plain(tier.unit_amount)} + {plain(tier.flat_amount)}]")
    if one.tiers and not one.charge_zero:
        parts.append("nothing at zero")
    return " ".join(parts)


def _entitlement(one: EntitlementDraft) -> str:
    limits = [
        f"{name} {limit}" for name, limit in (("soft", one.soft_limit), ("hard", one.hard_limit)) if limit is not None
    ]
    return " ".join([one.feature, *limits])
