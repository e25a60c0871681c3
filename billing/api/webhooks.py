"""Webhooks over the API: where an organisation has events sent to, and what became of each."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from billing.api.webhook_serializers import (
    WEBHOOK,
    DeliveryReply,
    WebhookBody,
    WebhookChangeBody,
    WebhookMadeReply,
    WebhookReply,
    delivery_body,
    webhook_body,
    webhook_made,
)
from billing.errors.webhooks import DeliveryWaiting, WebhookPaused, WebhooksTooMany
from billing.lists.webhooks import webhooks
from billing.models import WebhookEndpoint
from billing.selectors import webhooks as selectors
from billing.services import webhooks as services
from portal.kit import limits, paging
from portal.kit.api import endpoint, json
from portal.kit.api.listing import page_of, parameters_of
from rbac.api.inside import InsideView

RIGHT = services.RIGHT


class WebhookBase(InsideView, abstract=True):
    """What the endpoints of one webhook share."""

    def found(self, organisation_id: UUID, webhook_id: UUID) -> WebhookEndpoint:
        """The webhook; `NotFound` for that of another organisation, `Forbidden` without the right."""
        self.place(organisation_id, RIGHT)
        return selectors.webhook_here(self.actor, webhook_id)


class WebhooksView(InsideView):
    """The webhooks of an organisation."""

    access = "organisation:read"

    @endpoint(items=WebhookReply, query=parameters_of(webhooks), service="webhook:admin")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List webhooks, with the filters, the search and the orders of the console."""
        self.place(organisation_id, RIGHT)
        page = page_of(webhooks, self.actor, self.asked, *WEBHOOK)
        return self.listed((row.body for row in page.items), page.next)

    @endpoint(
        service="webhook:admin",
        body=WebhookBody,
        reply=WebhookMadeReply,
        status=201,
        errors=(WebhooksTooMany,),
        limit=limits.SENSITIVE,
    )
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Have events sent to an address.

        Its secret is in this reply alone. Sent again with its Idempotency-Key, the call answers without it.
        """
        self.place(organisation_id, RIGHT)
        given: dict[str, Any] = dict(self.sent)
        made, secret = services.webhook_create(actor=self.actor, organisation_id=organisation_id, **given)
        reply = webhook_made(made, secret, status=201)
        reply.headers["Location"] = self.below(organisation_id, f"webhooks/{made.pk}")
        return reply


class WebhookView(WebhookBase):
    """One webhook."""

    access = "organisation:read"
    volatile = ("failing_since", "last_success_at")  # They change with every delivery, and are no other state of it.

    @endpoint(reply=WebhookReply, etag=True, service="webhook:admin")
    def get(self, request: Request, organisation_id: UUID, webhook_id: UUID) -> HttpResponse:
        """Read a webhook."""
        return self.single(webhook_body(self.found(organisation_id, webhook_id)))

    @endpoint(body=WebhookChangeBody, reply=WebhookReply, etag=True, service="webhook:admin")
    def patch(self, request: Request, organisation_id: UUID, webhook_id: UUID) -> HttpResponse:
        """Change its address, its types of events or its description."""
        target = self.unchanged(self.found(organisation_id, webhook_id), webhook_body)
        changed = services.webhook_update(actor=self.actor, endpoint=target, values=dict(self.sent))
        return self.single(webhook_body(changed))

    @endpoint(status=204, service="webhook:admin")
    def delete(self, request: Request, organisation_id: UUID, webhook_id: UUID) -> HttpResponse:
        """Delete it with its log. What waits is not sent any more."""
        services.webhook_delete(actor=self.actor, endpoint=self.found(organisation_id, webhook_id))
        return HttpResponse(status=204)


class WebhookPauseView(WebhookBase):
    """Sending nothing more."""

    access = "organisation:read"

    @endpoint(reply=WebhookReply, service="webhook:admin")
    def post(self, request: Request, organisation_id: UUID, webhook_id: UUID) -> HttpResponse:
        """Pause it. What waits is given up, and what happens meanwhile is not sent later."""
        target = self.found(organisation_id, webhook_id)
        return json(webhook_body(services.webhook_pause(actor=self.actor, endpoint=target)))


class WebhookResumeView(WebhookBase):
    """Sending again."""

    access = "organisation:read"

    @endpoint(reply=WebhookReply, service="webhook:admin")
    def post(self, request: Request, organisation_id: UUID, webhook_id: UUID) -> HttpResponse:
        """Send what happens from now on."""
        target = self.found(organisation_id, webhook_id)
        return json(webhook_body(services.webhook_resume(actor=self.actor, endpoint=target)))


class WebhookRotateView(WebhookBase):
    """The secret of a webhook."""

    access = "organisation:read"

    @endpoint(reply=WebhookMadeReply, service="webhook:admin", limit=limits.SENSITIVE)
    def post(self, request: Request, organisation_id: UUID, webhook_id: UUID) -> HttpResponse:
        """Give it a new secret, in this reply alone. The former one signs along for 24 hours."""
        made, secret = services.webhook_rotate(actor=self.actor, endpoint=self.found(organisation_id, webhook_id))
        return webhook_made(made, secret)


class WebhookTestView(WebhookBase):
    """A test."""

    access = "organisation:read"

    @endpoint(reply=DeliveryReply, status=201, errors=(WebhookPaused,), service="webhook:admin", limit=limits.SENSITIVE)
    def post(self, request: Request, organisation_id: UUID, webhook_id: UUID) -> HttpResponse:
        """Send a test event; its delivery tells what came back."""
        made = services.webhook_test(actor=self.actor, endpoint=self.found(organisation_id, webhook_id))
        return json(delivery_body(made), status=201)


class DeliveriesView(WebhookBase):
    """What was sent to a webhook, or waits to be."""

    access = "organisation:read"

    @endpoint(items=DeliveryReply, service="webhook:admin")
    def get(self, request: Request, organisation_id: UUID, webhook_id: UUID) -> HttpResponse:
        """List the deliveries of the last 30 days, newest first."""
        rows = selectors.deliveries_of(self.actor, self.found(organisation_id, webhook_id))
        page = paging.keyset(rows, self.asked["cursor"], by="created_at", size=self.asked["limit"])
        return self.listed(map(delivery_body, page.items), page.next)


class DeliveryView(WebhookBase):
    """One delivery."""

    access = "organisation:read"

    @endpoint(reply=DeliveryReply, etag=True, service="webhook:admin")
    def get(self, request: Request, organisation_id: UUID, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
        """Read what became of an event."""
        target = self.found(organisation_id, webhook_id)
        return self.single(delivery_body(selectors.delivery_here(self.actor, target, delivery_id)))


class DeliveryResendView(WebhookBase):
    """Sending an event again."""

    access = "organisation:read"

    @endpoint(reply=DeliveryReply, errors=(DeliveryWaiting, WebhookPaused), service="webhook:admin")
    def post(self, request: Request, organisation_id: UUID, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
        """Send it again under the id that it had."""
        target = self.found(organisation_id, webhook_id)
        row = selectors.delivery_here(self.actor, target, delivery_id)
        return json(delivery_body(services.delivery_resend(actor=self.actor, delivery=row)))
