"""Bodies of plans, their versions and what is offered.

Rates (`unit_amount`, `flat_amount`, `free_amount`) are no sums of money: they are exact numbers of minor units of the
currency of their price and may have decimals, so they are texts beside that currency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from operator import itemgetter
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from billing.models import Plan, PlanVersion, Price
from billing.plan_drafts import TERMS, EntitlementDraft, PriceDraft, VersionDraft
from billing.pricing import Tier
from billing.version_words import plain
from portal.kit.api import Body, MoneyField, Reply, money_body
from portal.kit.errors import Invalid
from portal.kit.money import Money

PLAN = ("id", "code", "family", "name", "description", "kind", "state", "visibility", "position", "created_at")
_ID = "01890000-0000-7000-8000-0000000000e1"
_MOMENT = "2026-01-31T08:30:00Z"
_EXACT: dict[str, Any] = {"max_digits": 27, "decimal_places": 12, "min_value": Decimal(0)}
_COUNTED: dict[str, Any] = {"max_digits": 24, "decimal_places": 6, "min_value": Decimal(0)}
_PLAN = {
    "id": _ID, "code": "pro", "family": "pro", "name": "Pro", "description": "For teams", "kind": "base",
    "state": "active", "visibility": "public", "position": 1, "created_at": _MOMENT,
}  # fmt: skip
_PRICE: dict[str, Any] = {
    "code": "base", "name": "Base fee", "currency": "EUR", "model": "flat", "meter": "", "unit_amount": "2900",
    "tiers": [], "package_size": None, "free_units": "0", "percent": None, "free_amount": "0", "charge_zero": True,
}  # fmt: skip
_GIVES = {"feature": "seats", "soft_limit": None, "hard_limit": 50}
_VERSION: dict[str, Any] = {
    "number": 1, "published_at": _MOMENT, "interval_unit": "month", "interval_count": 1, "billing": "advance",
    "anchor": "anniversary", "proration": "day_ratio", "fixed_days": None, "trial_days": 14, "on_upgrade": "now",
    "on_downgrade": "period_end", "dunning": {"retries": [1, 3], "stages": [{"day": 7, "do": "restrict"}]},
    "prices": [_PRICE], "minimums": [money_body(5000, "EUR")], "entitlements": [_GIVES],
}  # fmt: skip


class TierBody(Body):
    """A step of a graduated or volume price; `up_to` null: without end, the last."""

    up_to = serializers.DecimalField(allow_null=True, **_COUNTED)
    unit_amount = serializers.DecimalField(default=Decimal(0), **_EXACT)
    flat_amount = serializers.DecimalField(default=Decimal(0), **_EXACT)
    example = {"up_to": "1000", "unit_amount": "0.5", "flat_amount": "0"}


class PriceBody(Body):
    """One line in one currency."""

    code = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=80)
    currency = serializers.CharField(max_length=3)
    model = serializers.ChoiceField(choices=Price.Pricing.choices)
    meter = serializers.CharField(max_length=60, required=False, allow_blank=True)
    unit_amount = serializers.DecimalField(default=Decimal(0), **_EXACT)
    tiers = TierBody(many=True, required=False)
    package_size = serializers.DecimalField(required=False, allow_null=True, **_COUNTED)
    free_units = serializers.DecimalField(default=Decimal(0), **_COUNTED)
    percent = serializers.DecimalField(required=False, allow_null=True, max_digits=7, decimal_places=4)
    free_amount = serializers.DecimalField(default=Decimal(0), **_EXACT)
    charge_zero = serializers.BooleanField(default=True)
    example = _PRICE


class EntitlementBody(Body):
    """What a version gives of a feature."""

    feature = serializers.CharField(max_length=60)
    soft_limit = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    hard_limit = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    example = _GIVES


class _Terms(serializers.Serializer[Any]):
    """What body and reply of a version share."""

    interval_unit = serializers.ChoiceField(choices=PlanVersion.Unit.choices, required=False)
    interval_count = serializers.IntegerField(min_value=1, max_value=366, required=False)
    billing = serializers.ChoiceField(choices=PlanVersion.Billing.choices, required=False)
    anchor = serializers.ChoiceField(choices=PlanVersion.AnchorKind.choices, required=False)
    proration = serializers.ChoiceField(choices=PlanVersion.Proration.choices, required=False)
    fixed_days = serializers.IntegerField(required=False, allow_null=True, help_text="30, or null.")
    trial_days = serializers.IntegerField(min_value=0, max_value=730, required=False)
    on_upgrade = serializers.ChoiceField(choices=PlanVersion.Change.choices, required=False)
    on_downgrade = serializers.ChoiceField(choices=PlanVersion.Change.choices, required=False)
    dunning = serializers.JSONField(
        required=False,
        help_text="Retries and stages by days after the due date; with first_payment true it waits for the first payment.",
    )
    minimums = MoneyField(many=True, least=1, required=False, help_text="At most one in each currency.")


class VersionBody(_Terms, Body):
    """All that a version says; what is absent stays as a new version has it. With `publish` it is sold at once."""

    prices = PriceBody(many=True)
    entitlements = EntitlementBody(many=True, required=False)
    publish = serializers.BooleanField(default=False)
    example = {"prices": [_PRICE], "entitlements": [_GIVES], "minimums": [money_body(5000, "EUR")], "publish": True}


class DraftBody(_Terms, Body):
    """What changes of a draft; lists replace what stood there, what is absent stays."""

    prices = PriceBody(many=True, required=False)
    entitlements = EntitlementBody(many=True, required=False)
    example = {"trial_days": 14, "prices": [_PRICE]}


class VersionReply(_Terms, Reply):
    """A version of a plan."""

    number = serializers.IntegerField()
    published_at = serializers.DateTimeField(allow_null=True, help_text="Null: a draft.")
    prices = PriceBody(many=True)
    entitlements = EntitlementBody(many=True)
    example = _VERSION


class PlanReply(Reply):
    """A plan or add-on."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    family = serializers.CharField(help_text="Plans of one family stand on one card.")
    name = serializers.CharField()
    description = serializers.CharField()
    kind = serializers.ChoiceField(choices=Plan.Kind.choices)
    state = serializers.ChoiceField(choices=Plan.State.choices)
    visibility = serializers.ChoiceField(choices=Plan.Visibility.choices)
    position = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    example = _PLAN


class PlanBody(Body):
    """A plan to make; the product is made where none has the code."""

    product = serializers.CharField(max_length=40, help_text="The code of a product.")
    code = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    family = serializers.CharField(max_length=40, required=False)
    kind = serializers.ChoiceField(choices=Plan.Kind.choices, required=False)
    visibility = serializers.ChoiceField(choices=Plan.Visibility.choices, required=False)
    example = {"product": "cloud", "code": "pro", "name": "Pro"}


class PlanChangeBody(Body):
    """What changes of a plan; `archived` puts it away or brings it back."""

    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=300, allow_blank=True)
    family = serializers.CharField(max_length=40)
    visibility = serializers.ChoiceField(choices=Plan.Visibility.choices)
    archived = serializers.BooleanField()
    example = {"name": "Professional"}


class OfferReply(Reply):
    """What can be bought: a plan with the version that is sold now."""

    plan = PlanReply()
    version = VersionReply()
    example = {"plan": _PLAN, "version": _VERSION}


def plan_body(plan: Plan) -> dict[str, Any]:
    """The reply of a plan."""
    return {name: getattr(plan, "pk" if name == "id" else name) for name in PLAN}


def version_body(version: PlanVersion) -> dict[str, Any]:
    """The reply of a version; no query where it comes from `selectors.catalogue`."""
    return {
        "number": version.number,
        "published_at": version.published_at,
        **{name: getattr(version, name) for name in TERMS},
        "prices": [_price_body(price) for price in version.prices.all()],
        "minimums": sorted(
            (money_body(row.amount, row.currency) for row in version.minimums.all()), key=itemgetter("currency")
        ),
        "entitlements": [
            {"feature": row.feature.code, "soft_limit": row.soft_limit, "hard_limit": row.hard_limit}
            for row in version.entitlements.all()
        ],
    }


def offer_body(version: PlanVersion) -> dict[str, Any]:
    """The reply of an offer."""
    return {"plan": plan_body(version.plan), "version": version_body(version)}


def _price_body(price: Price) -> dict[str, Any]:
    return {
        "code": price.code,
        "name": price.name,
        "currency": price.currency,
        "model": price.model,
        "meter": price.meter.code if price.meter is not None else "",
        "unit_amount": plain(price.unit_amount),
        "tiers": [
            {
                "up_to": None if tier.up_to is None else plain(tier.up_to),
                "unit_amount": plain(tier.unit_amount),
                "flat_amount": plain(tier.flat_amount),
            }
            for tier in price.tiers.all()
        ],
        "package_size": None if price.package_size is None else plain(price.package_size),
        "free_units": plain(price.free_units),
        "percent": None if price.percent is None else plain(price.percent),
        "free_amount": plain(price.free_amount),
        "charge_zero": price.charge_zero,
    }


def sent_draft(given: Mapping[str, Any], before: VersionDraft) -> VersionDraft:
    """What a version says with what a body says of it; what it does not name stays."""
    after = replace(before, terms={**before.terms, **{name: given[name] for name in TERMS if name in given}})
    if "prices" in given:
        prices = [
            PriceDraft(**{**one, "tiers": tuple(Tier(**tier) for tier in one.get("tiers", ()))})
            for one in given["prices"]
        ]
        after = replace(after, prices=prices)
    if "entitlements" in given:
        after = replace(after, entitlements=[EntitlementDraft(**one) for one in given["entitlements"]])
    if "minimums" in given:
        after = replace(after, minimums=_minimums(given["minimums"]))
    return after


def _minimums(sent: Sequence[Money]) -> dict[str, int]:
    found = {one.currency: one.amount for one in sent}
    if len(found) < len(sent):
        raise Invalid(fields={"minimums": [_("Send at most one minimum in each currency.")]})
    return found
