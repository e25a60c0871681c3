"""Bodies of webhooks and of what was sent to them."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers

from billing.models import WebhookDelivery, WebhookEndpoint
from billing.models.webhooks import URL_LIMIT
from portal.kit import requests
from portal.kit.api import Body, Reply, json
from portal.kit.rest import render

_ID, _ORGANISATION = "01890000-0000-7000-8000-0000000000f1", "01890000-0000-7000-8000-000000000001"
_MOMENT, _URL = "2026-01-31T08:30:00Z", "https://hooks.example.com/steward"
WEBHOOK = (
    *("id", "organisation_id", "url", "description", "types", "state", "failing_since", "last_success_at"),
    *("former_until", "created_at"),
)
DELIVERY = (
    *("id", "message_id", "type", "state", "attempts", "resends", "status", "error", "millis", "created_at"),
    *("next_at", "attempted_at", "delivered_at"),
)


class WebhookReply(Reply):
    """A webhook; its secret was told once, when it was made."""

    id = serializers.UUIDField()
    organisation_id = serializers.UUIDField()
    url = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    types = serializers.ListField(child=serializers.CharField(), help_text="Types of events that are sent.")
    state = serializers.ChoiceField(choices=[one.value for one in WebhookEndpoint.State])
    failing_since = serializers.DateTimeField(allow_null=True, help_text="First failure since the last success.")
    last_success_at = serializers.DateTimeField(allow_null=True)
    former_until = serializers.DateTimeField(allow_null=True, help_text="So long the former secret signs along.")
    created_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "organisation_id": _ORGANISATION,
        "url": _URL,
        "description": "Order desk",
        "types": ["member.added", "usage.quota_reached"],
        "state": "active",
        "failing_since": None,
        "last_success_at": _MOMENT,
        "former_until": None,
        "created_at": _MOMENT,
    }


class WebhookMadeReply(Reply):
    """A webhook, and the secret that signs from now on."""

    webhook = WebhookReply()
    secret = serializers.CharField(
        allow_null=True, help_text="Told in this reply alone: null when the same call is sent again."
    )
    example = {"webhook": WebhookReply.example, "secret": "whsec_" + "x" * 44}


class WebhookBody(Body):
    """A webhook to make."""

    url = serializers.CharField(max_length=URL_LIMIT, help_text="A server of the public internet, with https://.")
    types = serializers.ListField(child=serializers.CharField(max_length=60), max_length=200)
    description = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    example = {"url": _URL, "types": ["member.added", "usage.quota_reached"], "description": "Order desk"}


class WebhookChangeBody(Body):
    """What can be changed about a webhook."""

    url = serializers.CharField(max_length=URL_LIMIT, required=False)
    types = serializers.ListField(child=serializers.CharField(max_length=60), max_length=200, required=False)
    description = serializers.CharField(max_length=120, required=False, allow_blank=True)
    example = {"types": ["member.added"]}


class DeliveryReply(Reply):
    """An event on its way to a webhook, or there. The log is kept for 30 days."""

    id = serializers.UUIDField()
    message_id = serializers.UUIDField(help_text="The webhook-id of the message, the same at every attempt.")
    type = serializers.CharField()
    state = serializers.ChoiceField(choices=[one.value for one in WebhookDelivery.State])
    attempts = serializers.IntegerField()
    resends = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True, help_text="HTTP status of the last answer.")
    error = serializers.CharField(allow_blank=True)
    millis = serializers.IntegerField(allow_null=True, help_text="How long the last attempt took.")
    created_at = serializers.DateTimeField()
    next_at = serializers.DateTimeField(help_text="When it is tried next, while it waits.")
    attempted_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    example = {
        "id": "01890000-0000-7000-8000-0000000000f2",
        "message_id": "01890000-0000-7000-8000-0000000000f3",
        "type": "member.added",
        "state": "delivered",
        "attempts": 1,
        "resends": 0,
        "status": 204,
        "error": "",
        "millis": 38,
        "created_at": _MOMENT,
        "next_at": _MOMENT,
        "attempted_at": _MOMENT,
        "delivered_at": _MOMENT,
    }


def webhook_body(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """A webhook, without its secrets."""
    return {name: getattr(endpoint, name) for name in WEBHOOK}


def webhook_made(endpoint: WebhookEndpoint, secret: str, *, status: int = 200) -> HttpResponse:
    """A webhook with its secret; what is kept for a repeated call lacks it."""
    body: dict[str, Any] = {"webhook": webhook_body(endpoint), "secret": secret}
    reply = requests.without(json(body, status=status), render(body | {"secret": None}))
    reply.headers["Cache-Control"] = "no-store"
    return reply


def delivery_body(delivery: WebhookDelivery) -> dict[str, Any]:
    """What became of one event; without its body, which the receiver has, and without what was answered."""
    return {name: getattr(delivery, name) for name in DELIVERY}
