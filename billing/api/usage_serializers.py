"""Bodies of use and entitlements."""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from billing.entitlements import Answer, Quota, Reason, Wish
from billing.selectors.usage import Day
from billing.services.usage import BATCH
from billing.usage_reports import Result, Verdict
from portal.kit import errors
from portal.kit.api import Body, Reply

QUESTIONS = 100
_MOMENT = "2026-01-31T08:30:00Z"
_EVENT = {"key": "req-8f14e45f", "meter": "api_calls", "quantity": 1, "occurred_at": _MOMENT}


class UsageEventsBody(Body):
    """Up to 1,000 events. Each is read by itself; one that is wrong is refused, and the others are counted.

    An event: `key` (1 to 120 characters, the reporter's own, for ever this event's), `meter` (its code), `quantity` (a
    whole number, or a text such as "1.25"; 1 if absent), `occurred_at` (RFC 3339; now if absent), `properties` (for a
    meter of distinct things, the one that it counts).
    """

    items = serializers.ListField(child=serializers.JSONField(), min_length=1, max_length=BATCH)
    example = {"items": [_EVENT]}

    @classmethod
    def read(cls, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """As for every body; a well-formed batch is known at a glance, since reporting is what hosts do all day."""
        sent = request.data
        items = sent.get("items") if isinstance(sent, dict) and len(sent) == 1 else None
        if not (isinstance(items, list) and 1 <= len(items) <= BATCH):
            return super().read(request, partial=partial)
        wrong = [place for place, item in enumerate(items) if not isinstance(item, dict)]
        if wrong:
            raise errors.Invalid(fields={f"items.{place}": [_("Send an object.")] for place in wrong[:20]})
        return {"items": items}


class UsageResultReply(Reply):
    """What became of one event."""

    key = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=[one.value for one in Verdict])
    code = serializers.CharField(required=False, help_text="Of its error, when it was refused.")
    detail = serializers.CharField(required=False)
    example = {"key": "req-8f14e45f", "status": "counted"}


class UsageResultsReply(Reply):
    """What became of each event, in the order in which they were sent, and how many of each kind."""

    items = UsageResultReply(many=True)
    counted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    refused = serializers.IntegerField()
    example = {"items": [UsageResultReply.example], "counted": 1, "duplicates": 0, "refused": 0}


class WishBody(Body):
    """May so much more of a feature be used?"""

    feature = serializers.CharField(max_length=60)
    quantity = serializers.DecimalField(
        max_digits=24, decimal_places=9, min_value=Decimal(0), required=False, help_text="How much more; 1 if absent."
    )
    used = serializers.DecimalField(
        max_digits=24,
        decimal_places=9,
        min_value=Decimal(0),
        required=False,
        help_text="How much there is already, of a feature that no meter counts.",
    )
    example = {"feature": "api_calls", "quantity": "10"}


class WishesBody(Body):
    """Up to 100 questions."""

    items = serializers.ListField(child=WishBody(), min_length=1, max_length=QUESTIONS)
    example = {"items": [dict(WishBody.example)]}


class AnswerReply(Reply):
    """Whether, why and how much. Numbers are texts, exact; `limit` is the hard one, null where there is none."""

    feature = serializers.CharField()
    allowed = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=[one.value for one in Reason])
    soft_limit = serializers.IntegerField(allow_null=True)
    limit = serializers.IntegerField(allow_null=True)
    used = serializers.CharField(allow_null=True)
    remaining = serializers.CharField(allow_null=True, help_text="Up to the hard limit, before what is asked for.")
    example = {
        "feature": "api_calls",
        "allowed": True,
        "reason": "within_limit",
        "soft_limit": 8000,
        "limit": 10000,
        "used": "412",
        "remaining": "9588",
    }


class AnswersReply(Reply):
    """The answers in order."""

    items = AnswerReply(many=True)
    example = {"items": [AnswerReply.example]}


class QuotaReply(Reply):
    """A feature of the plan with its use in the running period."""

    feature = serializers.CharField()
    name = serializers.CharField()
    soft_limit = serializers.IntegerField(allow_null=True)
    limit = serializers.IntegerField(allow_null=True)
    used = serializers.CharField(allow_null=True, help_text="Null for what no meter counts.")
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)
    example = {
        "feature": "api_calls",
        "name": "API calls",
        "soft_limit": 8000,
        "limit": 10000,
        "used": "412",
        "period_start": "2026-01-01T00:00:00Z",
        "period_end": "2026-02-01T00:00:00Z",
    }


class UsageDayReply(Reply):
    """The use of a meter on one day (UTC)."""

    day = serializers.DateField()
    events = serializers.IntegerField()
    quantity = serializers.CharField(help_text="As the meter counts, over that day alone.")
    example = {"day": "2026-01-31", "events": 412, "quantity": "412"}


class UsageDaysReply(Reply):
    """The use of a meter by day."""

    meter = serializers.CharField()
    items = UsageDayReply(many=True)
    example = {"meter": "api_calls", "items": [UsageDayReply.example]}


def plain(number: Decimal | None) -> str | None:
    """An exact number as a text without an exponent or needless zeros."""
    if number is None:
        return None
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def result_body(one: Result) -> dict[str, str]:
    """What became of an event."""
    body = {"key": one.key, "status": one.verdict.value}
    return body | {"code": one.code, "detail": one.detail} if one.code else body


def wish_of(sent: Mapping[str, Any]) -> Wish:
    """A checked question."""
    return Wish(sent["feature"], sent.get("quantity", Decimal(1)), sent.get("used"))


def answer_body(one: Answer) -> dict[str, Any]:
    """An answer."""
    return asdict(one) | {"reason": one.reason.value, "used": plain(one.used), "remaining": plain(one.remaining)}


def quota_body(one: Quota) -> dict[str, Any]:
    """A feature with its use."""
    return {
        "feature": one.feature.code,
        "name": one.feature.name,
        "soft_limit": one.soft_limit,
        "limit": one.limit,
        "used": plain(one.used),
        "period_start": one.period.start if one.period else None,
        "period_end": one.period.end if one.period else None,
    }


def day_body(one: Day) -> dict[str, Any]:
    """A day."""
    return {"day": one.day.isoformat(), "events": one.events, "quantity": plain(one.quantity)}
