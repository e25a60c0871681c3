"""Reads of webhooks: where an organisation has events sent to, and what became of them."""

from uuid import UUID

from django.db.models import QuerySet

from billing.models import WebhookDelivery, WebhookEndpoint
from portal.kit.context import Actor
from portal.kit.errors import NotFound

READ = "webhook:admin"
SHOWN = 50  # Deliveries on the page of a webhook, the newest ones.


def webhooks_here(actor: Actor) -> QuerySet[WebhookEndpoint]:
    """The webhooks of the organisation that `actor` stands in; outside of any there are none to list."""
    rows: QuerySet[WebhookEndpoint] = WebhookEndpoint.objects.visible_to(actor, READ).select_related("organisation")
    return rows if actor.organisation_id is not None else rows.none()


def webhook_here(actor: Actor, key: UUID) -> WebhookEndpoint:
    """One of them; `NotFound` for that of another organisation."""
    found = webhooks_here(actor).filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def deliveries_of(actor: Actor, endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """What was sent to a webhook, or waits to be."""
    rows: QuerySet[WebhookDelivery] = WebhookDelivery.objects.visible_to(actor, READ).filter(endpoint=endpoint)
    return rows


def delivery_here(actor: Actor, endpoint: WebhookEndpoint, key: UUID) -> WebhookDelivery:
    """One of them; `NotFound`."""
    found = deliveries_of(actor, endpoint).select_related("endpoint").filter(pk=key).first()
    if found is None:
        raise NotFound
    return found
