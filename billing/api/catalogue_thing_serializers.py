"""Bodies of products, meters, features and coupons."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from billing.models import Coupon, Feature, Meter, Product
from billing.version_words import plain
from portal.kit.api import Body, MoneyField, Reply, money_body, row_body

_ID = "01890000-0000-7000-8000-0000000000e2"
_MOMENT = "2026-01-31T08:30:00Z"
_STOOD = {"created_at": _MOMENT, "archived_at": None}
PRODUCT = ("id", "code", "name", "description", "created_at", "archived_at")
METER = ("id", "code", "name", "unit", "aggregation", "property", "created_at", "archived_at")
FEATURE = ("id", "code", "name", "description", "kind", "unit", "position", "created_at", "archived_at")
COUPON = (
    *("id", "code", "name", "duration", "repeats", "redeem_by", "max_redemptions", "redeemed", "created_at"),
    "archived_at",
)


class _Told(serializers.Serializer[Any]):
    """What every reply here has."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True, help_text="Null: it can be chosen.")


class ProductReply(_Told, Reply):
    """What plans are plans of."""

    description = serializers.CharField()
    example = {"id": _ID, "code": "cloud", "name": "Cloud", "description": "", **_STOOD}


class ProductBody(Body):
    """A product to make."""

    code = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    example = {"code": "cloud", "name": "Cloud"}


class ProductChangeBody(Body):
    """What changes of a product; `archived` puts it away or brings it back."""

    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=300, allow_blank=True)
    archived = serializers.BooleanField()
    example = {"name": "Cloud services"}


class MeterReply(_Told, Reply):
    """What use is counted as."""

    unit = serializers.CharField(help_text="What one of it is called.")
    aggregation = serializers.ChoiceField(choices=Meter.Aggregation.choices)
    property = serializers.CharField(help_text="Of which `unique` counts the values.")
    example = {
        "id": _ID, "code": "api_calls", "name": "API calls", "unit": "call", "aggregation": "count", "property": "",
        **_STOOD,
    }  # fmt: skip


class MeterBody(Body):
    """A meter to make. Its code and how it counts never change: prices stand on it."""

    code = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=80)
    unit = serializers.CharField(max_length=30, required=False, allow_blank=True)
    aggregation = serializers.ChoiceField(choices=Meter.Aggregation.choices, required=False)
    property = serializers.CharField(
        max_length=60, required=False, allow_blank=True, help_text="Only for `unique`: whose values are counted."
    )
    example = {"code": "api_calls", "name": "API calls", "unit": "call", "aggregation": "count"}


class MeterChangeBody(Body):
    """What changes of a meter; `archived` puts it away or brings it back."""

    name = serializers.CharField(max_length=80)
    unit = serializers.CharField(max_length=30, allow_blank=True)
    archived = serializers.BooleanField()
    example = {"name": "Calls of the API"}


class FeatureReply(_Told, Reply):
    """What a plan opens, or gives a number of."""

    description = serializers.CharField()
    kind = serializers.ChoiceField(choices=Feature.Kind.choices)
    unit = serializers.CharField()
    meter = serializers.CharField(help_text="The code of the meter that counts it; empty: the host product says.")
    position = serializers.IntegerField(help_text="Its place on the cards of plans, from the top.")
    example = {
        "id": _ID, "code": "seats", "name": "Seats", "description": "", "kind": "limit", "unit": "seat", "position": 0,
        "meter": "", **_STOOD,
    }  # fmt: skip


class FeatureBody(Body):
    """A feature to make. Its code, kind and meter never change."""

    code = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=Feature.Kind.choices, required=False)
    unit = serializers.CharField(max_length=30, required=False, allow_blank=True)
    meter = serializers.CharField(max_length=60, required=False, help_text="The code of a meter; only for a limit.")
    example = {"code": "seats", "name": "Seats", "kind": "limit", "unit": "seat"}


class FeatureChangeBody(Body):
    """What changes of a feature; `archived` puts it away or brings it back."""

    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=300, allow_blank=True)
    unit = serializers.CharField(max_length=30, allow_blank=True)
    position = serializers.IntegerField(min_value=0, max_value=10_000)
    archived = serializers.BooleanField()
    example = {"position": 3}


class CouponReply(_Told, Reply):
    """A discount that can be asked for by its code."""

    percent_off = serializers.CharField(allow_null=True, help_text="A share from 0 to 100, exact; or null.")
    amount_off = MoneyField(allow_null=True)
    duration = serializers.ChoiceField(choices=Coupon.Duration.choices)
    repeats = serializers.IntegerField(allow_null=True, help_text="Periods, where it is for some.")
    redeem_by = serializers.DateTimeField(allow_null=True)
    max_redemptions = serializers.IntegerField(allow_null=True)
    redeemed = serializers.IntegerField()
    plans = serializers.ListField(child=serializers.CharField(), help_text="Codes of plans; none: it is good for all.")
    example = {
        "id": _ID, "code": "SPRING-20", "name": "Spring", "duration": "once", "repeats": None, "redeem_by": None,
        "max_redemptions": 100, "redeemed": 0, "percent_off": "20", "amount_off": None, "plans": [], **_STOOD,
    }  # fmt: skip


class CouponBody(Body):
    """A coupon to make: a share off, or an amount. What it gives never changes."""

    code = serializers.CharField(max_length=40, help_text="Capital letters, digits and hyphens.")
    name = serializers.CharField(max_length=80, help_text="As documents call it.")
    percent_off = serializers.DecimalField(max_digits=7, decimal_places=4, min_value=Decimal(0), required=False)
    amount_off = MoneyField(least=1, required=False)
    duration = serializers.ChoiceField(choices=Coupon.Duration.choices, required=False)
    repeats = serializers.IntegerField(min_value=1, max_value=1000, required=False)
    redeem_by = serializers.DateTimeField(required=False)
    max_redemptions = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    plans = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=200, required=False, help_text="Codes of plans."
    )
    example = {"code": "SPRING-20", "name": "Spring", "percent_off": "20", "max_redemptions": 100}


class CouponChangeBody(Body):
    """What changes of a coupon; `archived` ends it or brings it back."""

    name = serializers.CharField(max_length=80)
    redeem_by = serializers.DateTimeField(allow_null=True)
    max_redemptions = serializers.IntegerField(min_value=1, max_value=2**31 - 1, allow_null=True)
    archived = serializers.BooleanField()
    example = {"max_redemptions": 200}


def product_body(row: Product) -> dict[str, Any]:
    """The reply of a product."""
    return row_body(row, PRODUCT)


def meter_body(row: Meter) -> dict[str, Any]:
    """The reply of a meter."""
    return row_body(row, METER)


def feature_body(row: Feature) -> dict[str, Any]:
    """The reply of a feature."""
    return row_body(row, FEATURE) | {"meter": row.meter.code if row.meter is not None else ""}


def coupon_body(row: Coupon) -> dict[str, Any]:
    """The reply of a coupon, with the codes of the plans that it is good for."""
    return row_body(row, COUPON) | {
        "percent_off": None if row.percent_off is None else plain(row.percent_off),
        "amount_off": None if row.amount_off is None else money_body(row.amount_off, row.currency),
        "plans": sorted(one.plan.code for one in row.plans.all()),
    }
