"""Who is reminded of what it owes, over the API. Nobody is taken out by hand: who pays leaves."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from billing.lists.payments import dunning
from billing.models import DunningRun, DunningStep
from billing.selectors import payments as selectors
from portal.kit.api import ApiView, MoneyField, Reply, endpoint, money_body, row_body
from portal.kit.api.listing import page_of, parameters_of

_ID, _OTHER = "01890000-0000-7000-8000-0000000000c5", "01890000-0000-7000-8000-0000000000c6"
_MOMENT = "2026-01-31T08:30:00Z"
RUN = (
    *("id", "organisation_id", "customer_id", "invoice_id", "currency", "state", "stage", "attempts", "due_at"),
    *("next_at", "suspended_at", "created_at", "ended_at"),
)


class DunningReply(Reply):
    """Reminders of one customer in one currency."""

    id = serializers.UUIDField()
    organisation_id = serializers.UUIDField()
    customer_id = serializers.UUIDField()
    invoice_id = serializers.UUIDField(help_text="The oldest document that is owed.")
    currency = serializers.CharField()
    state = serializers.ChoiceField(choices=[one.value for one in DunningRun.State])
    stage = serializers.ChoiceField(choices=[one.value for one in DunningRun.Stage], help_text="What was done so far.")
    attempts = serializers.IntegerField(help_text="Charges that were tried again.")
    due_at = serializers.DateTimeField()
    next_at = serializers.DateTimeField(allow_null=True, help_text="When the next step is due, in the customer's time.")
    suspended_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    example = {
        "id": _ID,
        "organisation_id": _OTHER,
        "customer_id": _OTHER,
        "invoice_id": _OTHER,
        "currency": "EUR",
        "state": "active",
        "stage": "warn",
        "attempts": 2,
        "due_at": _MOMENT,
        "next_at": _MOMENT,
        "suspended_at": None,
        "created_at": _MOMENT,
        "ended_at": None,
    }


class DunningStepReply(serializers.Serializer[Any]):
    """Something that was done."""

    kind = serializers.ChoiceField(choices=[one.value for one in DunningStep.Kind])
    text = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField(help_text="In the customer's time.")


class DunningWholeReply(DunningReply):
    """Reminders with what is due on the oldest document and what was done, the newest first."""

    due = MoneyField()
    steps = DunningStepReply(many=True)
    example = DunningReply.example | {
        "due": money_body(11900, "EUR"),
        "steps": [{"kind": "stage", "text": "warn", "at": _MOMENT}],
    }


class DunningRunsView(ApiView):
    """Customers who did not pay in time."""

    access = "payment:admin"

    @endpoint(items=DunningReply, query=parameters_of(dunning))
    def get(self, request: Request) -> HttpResponse:
        """List them, with the filters and the orders of the console."""
        page = page_of(dunning, self.actor, self.asked, *RUN)
        return self.listed((row.body for row in page.items), page.next)


class DunningRunView(ApiView):
    """One customer who did not pay in time."""

    access = "payment:admin"

    @endpoint(reply=DunningWholeReply, etag=True)
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        """Read what is due, what was done about it and when the next step is due."""
        found = selectors.dunning_run(self.actor, run_id)
        return self.single(run_body(found, selectors.steps_of(self.actor, found)))


def run_body(run: DunningRun, steps: Sequence[DunningStep]) -> dict[str, Any]:
    """The reply of reminders."""
    return row_body(run, RUN) | {
        "due": money_body(run.invoice.due, run.currency),
        "steps": [row_body(step, ("kind", "text", "at")) for step in steps],
    }
