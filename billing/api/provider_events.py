"""What payment providers told, over the API: read, and done again where it failed. Staff."""

from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from billing.errors.payments import EventDone
from billing.lists.payments import provider_events
from billing.models import ProviderEvent
from billing.selectors import payments as selectors
from billing.services.provider_events import provider_event_replay
from portal.kit.api import ApiView, Reply, endpoint, row_body
from portal.kit.api.listing import page_of, parameters_of

EVENT = (
    *("id", "account_id", "event_ref", "kind", "state", "error", "attempts", "repeats", "payment_id", "occurred_at"),
    *("received_at", "processed_at"),
)
_ID, _ACCOUNT = "01890000-0000-7000-8000-0000000000c9", "01890000-0000-7000-8000-0000000000c7"
_MOMENT = "2026-01-31T08:30:00Z"


class ProviderEventReply(Reply):
    """A webhook of a provider, as it came in with a right signature."""

    id = serializers.UUIDField()
    account_id = serializers.UUIDField()
    event_ref = serializers.CharField(help_text="The provider's id of it, or the hash of its body.")
    kind = serializers.CharField(help_text="As the provider calls it.")
    state = serializers.ChoiceField(choices=ProviderEvent.State.choices)
    error = serializers.CharField(allow_blank=True)
    attempts = serializers.IntegerField()
    repeats = serializers.IntegerField(help_text="How often it came again.")
    payment_id = serializers.UUIDField(allow_null=True)
    occurred_at = serializers.DateTimeField(help_text="When it happened, as the provider says.")
    received_at = serializers.DateTimeField()
    processed_at = serializers.DateTimeField(allow_null=True)
    example = {
        "id": _ID,
        "account_id": _ACCOUNT,
        "event_ref": "evt_3QZ",
        "kind": "payment.succeeded",
        "state": "processed",
        "error": "",
        "attempts": 1,
        "repeats": 0,
        "payment_id": "01890000-0000-7000-8000-0000000000c1",
        "occurred_at": _MOMENT,
        "received_at": _MOMENT,
        "processed_at": _MOMENT,
    }


class EventsView(ApiView):
    """Webhooks of payment providers."""

    access = "payment:admin"

    @endpoint(items=ProviderEventReply, query=parameters_of(provider_events))
    def get(self, request: Request) -> HttpResponse:
        """List what providers told, with the filters and the orders of the console."""
        page = page_of(provider_events, self.actor, self.asked, *EVENT)
        return self.listed((row.body for row in page.items), page.next)


class EventView(ApiView):
    """One webhook of a payment provider."""

    access = "payment:admin"

    @endpoint(reply=ProviderEventReply, etag=True)
    def get(self, request: Request, event_id: UUID) -> HttpResponse:
        """Read what a provider told and what became of it."""
        return self.single(row_body(selectors.provider_event(self.actor, event_id), EVENT))


class EventReplayView(ApiView):
    """Doing a webhook again."""

    access = "payment:admin"

    @endpoint(reply=ProviderEventReply, errors=(EventDone,))
    def post(self, request: Request, event_id: UUID) -> HttpResponse:
        """Do what a webhook says that failed or was never done; the reply tells what came of it. Nothing happens twice."""
        found = selectors.provider_event(self.actor, event_id)
        return self.single(row_body(provider_event_replay(actor=self.actor, event=found), EVENT))
