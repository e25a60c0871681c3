"""Bodies of subscriptions."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from billing.models import PendingChange, Subscription, SubscriptionItem
from billing.services.subscription_previews import Preview, PreviewLine
from billing.subscription_acts import ACTS
from portal.kit.api import Body, MoneyField, Reply, money_body

_ID = "01890000-0000-7000-8000-0000000000e1"
_OTHER = "01890000-0000-7000-8000-0000000000e2"
_MOMENT = "2026-01-31T08:30:00Z"
_MONEY = money_body(1999, "EUR")
_PLAN = "Id or code of a plan that is on offer in the customer's currency."


class SubscriptionReply(Reply):
    """A subscription. Moments are the customer's, which is its test clock's in a sandbox."""

    id = serializers.UUIDField()
    organisation_id = serializers.UUIDField()
    customer_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Subscription.State.values)
    plan = serializers.CharField(help_text="The code of its plan.")
    version = serializers.IntegerField()
    mrr = MoneyField(help_text="What it is worth a month.")
    started_at = serializers.DateTimeField()
    trial_end = serializers.DateTimeField(allow_null=True)
    current_period_start = serializers.DateTimeField()
    current_period_end = serializers.DateTimeField()
    cancel_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "organisation_id": _OTHER,
        "customer_id": _OTHER,
        "state": "active",
        "plan": "pro",
        "version": 2,
        "mrr": _MONEY,
        "started_at": _MOMENT,
        "trial_end": None,
        "current_period_start": _MOMENT,
        "current_period_end": "2026-02-28T00:00:00Z",
        "cancel_at": None,
        "ended_at": None,
        "created_at": _MOMENT,
    }


class ItemReply(serializers.Serializer[Any]):
    """So many of a plan or add-on."""

    plan = serializers.CharField(help_text="Its code.")
    version = serializers.IntegerField()
    base = serializers.BooleanField(help_text="False: an add-on.")
    quantity = serializers.IntegerField()
    starts_at = serializers.DateTimeField()


class PlannedReply(serializers.Serializer[Any]):
    """What becomes of it at a moment by itself."""

    kind = serializers.ChoiceField(choices=PendingChange.Kind.values)
    plan = serializers.CharField(help_text="The code of the plan or add-on.")
    quantity = serializers.IntegerField()
    at = serializers.DateTimeField()


class SubscriptionWholeReply(SubscriptionReply):
    """A subscription with what it holds and what is planned."""

    items = ItemReply(many=True)
    planned = PlannedReply(many=True)
    example = SubscriptionReply.example | {
        "items": [{"plan": "pro", "version": 2, "base": True, "quantity": 5, "starts_at": _MOMENT}],
        "planned": [{"kind": "quantity", "plan": "pro", "quantity": 3, "at": "2026-02-28T00:00:00Z"}],
    }


class FactsReply(serializers.Serializer[Any]):
    """What a subscription was at a moment."""

    state = serializers.ChoiceField(choices=Subscription.State.values)
    plan = serializers.CharField(help_text="The code of its plan and the number of the version.")
    quantity = serializers.IntegerField()
    addons = serializers.DictField(child=serializers.IntegerField(), help_text="How many of each, by its code.")
    coupon = serializers.CharField(allow_blank=True, help_text="Its code.")
    trial_end = serializers.DateTimeField(allow_null=True)
    current_period_end = serializers.DateTimeField()
    cancel_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


_FACTS = {
    "state": "active",
    "plan": "pro 2",
    "quantity": 3,
    "addons": {"support": 1},
    "coupon": "",
    "trial_end": None,
    "current_period_end": "2026-02-28T00:00:00Z",
    "cancel_at": None,
    "ended_at": None,
}


class SubscriptionEventReply(Reply):
    """Something that happened to a subscription."""

    kind = serializers.CharField()
    reason = serializers.CharField()
    note = serializers.CharField()
    actor_kind = serializers.CharField()
    actor_id = serializers.UUIDField(allow_null=True)
    before = FactsReply(allow_null=True, help_text="What it was; null where it began.")
    after = FactsReply(help_text="What it became.")
    at = serializers.DateTimeField(help_text="In the customer's time.")
    recorded_at = serializers.DateTimeField()
    example = {
        "kind": "changed_quantity",
        "reason": "",
        "note": "",
        "actor_kind": "user",
        "actor_id": _OTHER,
        "before": _FACTS,
        "after": _FACTS | {"quantity": 5},
        "at": _MOMENT,
        "recorded_at": _MOMENT,
    }


class SubscriptionBody(Body):
    """Which plan a customer takes."""

    customer_id = serializers.UUIDField()
    plan = serializers.CharField(max_length=40, help_text=_PLAN)
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)
    coupon = serializers.CharField(max_length=40, required=False, allow_blank=True)
    bill_day = serializers.IntegerField(min_value=1, max_value=31, required=False)
    trial_days = serializers.IntegerField(min_value=0, max_value=730, required=False)
    starts_at = serializers.DateTimeField(required=False, help_text="In the past, for one that began earlier.")
    charges_from = serializers.DateTimeField(required=False, help_text="What lies before was billed elsewhere.")
    first_payment = serializers.BooleanField(
        required=False, help_text="Whether it begins only when its first invoice is paid; absent: as the plan says."
    )
    example = {"customer_id": _OTHER, "plan": "pro", "quantity": 5}


class OwnSubscriptionBody(Body):
    """Which plan the organisation takes."""

    plan = serializers.CharField(max_length=40, help_text=_PLAN)
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)
    coupon = serializers.CharField(max_length=40, required=False, allow_blank=True)
    example = {"plan": "pro", "quantity": 5}


class ChangeBody(Body):
    """One act on a subscription. With `preview`, nothing is done: the reply says what would be."""

    act = serializers.ChoiceField(choices=list(ACTS))
    preview = serializers.BooleanField(required=False)
    plan = serializers.CharField(max_length=40, required=False, help_text=_PLAN)
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)
    when = serializers.ChoiceField(choices=["now", "period_end"], required=False)
    code = serializers.CharField(max_length=40, required=False)
    until = serializers.DateTimeField(required=False)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)
    example = {"act": "change-plan", "plan": "enterprise", "preview": True}


class PreviewLineReply(serializers.Serializer[Any]):
    """A line that would be billed; below 0 it gives back."""

    description = serializers.CharField()
    kind = serializers.CharField()
    amount = MoneyField()
    start = serializers.DateTimeField(allow_null=True)
    end = serializers.DateTimeField(allow_null=True)


class PreviewTaxReply(serializers.Serializer[Any]):
    """What would be asked for at one rate."""

    name = serializers.CharField()
    percent = serializers.CharField()
    amount = MoneyField()


class ChangePreviewReply(Reply):
    """What an act would come to."""

    currency = serializers.CharField()
    state = serializers.ChoiceField(choices=Subscription.State.values)
    lines = PreviewLineReply(many=True)
    taxes = PreviewTaxReply(many=True)
    total = MoneyField()
    due = MoneyField(help_text="What is to be paid at once, after credit.")
    credit = MoneyField(help_text="What comes back as credit notes.")
    takes_effect = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    next_at = serializers.DateTimeField(allow_null=True, help_text="When something is billed next.")
    next_total = MoneyField()
    example = {
        "currency": "EUR",
        "state": "active",
        "lines": [
            {
                "description": "Pro",
                "kind": "proration",
                "amount": money_body(-500, "EUR"),
                "start": _MOMENT,
                "end": _MOMENT,
            }
        ],
        "taxes": [{"name": "VAT", "percent": "19", "amount": money_body(95, "EUR")}],
        "total": money_body(595, "EUR"),
        "due": money_body(595, "EUR"),
        "credit": money_body(0, "EUR"),
        "takes_effect": None,
        "ends_at": None,
        "next_at": _MOMENT,
        "next_total": money_body(2380, "EUR"),
    }


class UpcomingReply(Reply):
    """The next invoice if nothing changes; without a moment there is none."""

    at = serializers.DateTimeField(allow_null=True)
    lines = PreviewLineReply(many=True)
    total = MoneyField(help_text="With taxes.")
    example = {
        "at": _MOMENT,
        "lines": [
            {"description": "Pro", "kind": "fixed", "amount": money_body(2000, "EUR"), "start": _MOMENT, "end": _MOMENT}
        ],
        "total": money_body(2380, "EUR"),
    }


class SubscriptionChangeReply(Reply):
    """What an act did, or would do."""

    done = serializers.BooleanField(help_text="False: a preview, nothing was changed.")
    subscription = SubscriptionReply(help_text="As it is after the call.")
    invoice_id = serializers.UUIDField(allow_null=True, help_text="The invoice that it made.")
    credit_note_ids = serializers.ListField(child=serializers.UUIDField())
    preview = ChangePreviewReply(allow_null=True, help_text="Null where it was done.")
    example = {
        "done": False,
        "subscription": SubscriptionReply.example,
        "invoice_id": None,
        "credit_note_ids": [],
        "preview": ChangePreviewReply.example,
    }


def subscription_body(found: Subscription) -> dict[str, Any]:
    """A subscription as the API tells it."""
    return {
        "id": found.pk,
        "organisation_id": found.organisation_id,
        "customer_id": found.customer_id,
        "state": found.state,
        "plan": found.plan_version.plan.code,
        "version": found.plan_version.number,
        "mrr": money_body(found.mrr, found.currency),
        "started_at": found.started_at,
        "trial_end": found.trial_end,
        "current_period_start": found.current_period_start,
        "current_period_end": found.current_period_end,
        "cancel_at": found.cancel_at,
        "ended_at": found.ended_at,
        "created_at": found.created_at,
    }


def subscription_whole(
    found: Subscription, items: Sequence[SubscriptionItem], planned: Sequence[PendingChange]
) -> dict[str, Any]:
    """A subscription with what it holds and what is planned."""
    return subscription_body(found) | {
        "items": [
            {
                "plan": one.plan_version.plan.code,
                "version": one.plan_version.number,
                "base": one.is_base,
                "quantity": one.quantity,
                "starts_at": one.starts_at,
            }
            for one in items
        ],
        "planned": [
            {"kind": one.kind, "plan": one.plan_version.plan.code, "quantity": one.quantity, "at": one.at}
            for one in planned
        ],
    }


def upcoming_body(found: Preview) -> dict[str, Any]:
    """The next invoice as the API tells it."""
    return {
        "at": found.next_at,
        "lines": [_line(line, found.currency) for line in found.next_lines],
        "total": money_body(found.next_total, found.currency),
    }


def preview_body(found: Preview) -> dict[str, Any]:
    """A preview as the API tells it."""
    unit = found.currency
    return {
        "currency": unit,
        "state": found.state,
        "lines": [_line(line, unit) for line in found.lines],
        "taxes": [
            {"name": tax.name, "percent": tax.percent, "amount": money_body(tax.amount, unit)} for tax in found.taxes
        ],
        "total": money_body(found.total, unit),
        "due": money_body(found.due, unit),
        "credit": money_body(found.credit, unit),
        "takes_effect": found.takes_effect,
        "ends_at": found.ends_at,
        "next_at": found.next_at,
        "next_total": money_body(found.next_total, unit),
    }


def _line(line: PreviewLine, currency: str) -> dict[str, Any]:
    return {
        "description": line.description,
        "kind": line.kind,
        "amount": money_body(line.amount, currency),
        "start": line.period.start if line.period else None,
        "end": line.period.end if line.period else None,
    }
