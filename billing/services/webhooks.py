"""Where an organisation has events sent to: made, changed, paused, rotated, tested, deleted."""

import base64
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from billing.errors.webhooks import DeliveryWaiting, WebhookPaused, WebhooksTooMany
from billing.models import WebhookDelivery, WebhookEndpoint
from billing.services import webhook_deliveries as deliveries
from portal.kit import clock, crypto, errors, webhooks
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.outgoing import AddressForbidden, checked_url
from portal.kit.record import diff, record
from rbac.standing import standing_on

RIGHT = "webhook:admin"
PURPOSE = "billing.webhook"
OVERLAP = timedelta(hours=24)  # As for keys (policy): so long the former secret signs along.
MOST = 20
State = WebhookEndpoint.State
_SHOWN = ("url", "description", "types", "state")


def webhook_create(
    *, actor: Actor, organisation_id: UUID, url: str, types: Collection[str], description: str = ""
) -> tuple[WebhookEndpoint, str]:
    """Have events of `types` sent to `url` (`webhook:admin`): the row, and its secret, which is told only now.

    Event `billing.webhook.created`. `Invalid` with fields, `WebhooksTooMany`.
    """
    authorise(actor, RIGHT)
    values = _checked({"url": url, "types": types, "description": description})
    with standing_on(organisation_id):
        if WebhookEndpoint.objects.select_for_update().filter(organisation_id=organisation_id).count() >= MOST:
            raise WebhooksTooMany
        endpoint = WebhookEndpoint(organisation_id=organisation_id, created_by=actor.id, **values)
        secret = _secret_set(endpoint)
        endpoint.save(force_insert=True)
        record(
            "billing.webhook.created",
            target=endpoint,
            changes={name: (None, getattr(endpoint, name)) for name in _SHOWN},
        )
    return endpoint, secret


def webhook_update(*, actor: Actor, endpoint: WebhookEndpoint, values: dict[str, Any]) -> WebhookEndpoint:
    """Change address, types or description. Event `billing.webhook.updated`; none when all is as it was. `Invalid`."""
    authorise(actor, RIGHT)
    clean = _checked(values)
    with standing_on(endpoint.organisation_id):
        endpoint = _locked(endpoint)
        changes = diff(endpoint, clean)
        if changes:
            for name, (_before, after) in changes.items():
                setattr(endpoint, name, after)
            endpoint.save(update_fields=list(changes))
            record("billing.webhook.updated", target=endpoint, changes=changes)
    return endpoint


def webhook_pause(*, actor: Actor, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """Send nothing more there; what waits is given up, what happens meanwhile is not sent later. Event
    `billing.webhook.paused`; nothing when it is paused already."""
    authorise(actor, RIGHT)
    with standing_on(endpoint.organisation_id):
        endpoint = _locked(endpoint)
        if endpoint.state == State.ACTIVE:
            _move(endpoint, State.PAUSED, "billing.webhook.paused")
            deliveries.deliveries_drop(endpoint=endpoint)
    return endpoint


def webhook_resume(*, actor: Actor, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """Send what happens from now on. Event `billing.webhook.resumed`; nothing when it is active."""
    authorise(actor, RIGHT)
    with standing_on(endpoint.organisation_id):
        endpoint = _locked(endpoint)
        if endpoint.state != State.ACTIVE:
            endpoint.failing_since = None
            endpoint.save(update_fields=["failing_since"])
            _move(endpoint, State.ACTIVE, "billing.webhook.resumed")
    return endpoint


def webhook_rotate(*, actor: Actor, endpoint: WebhookEndpoint) -> tuple[WebhookEndpoint, str]:
    """Give it a new secret, told only now; the former one signs along for 24 hours, so that receivers can change in
    peace. Event `billing.webhook.rotated`."""
    authorise(actor, RIGHT)
    with standing_on(endpoint.organisation_id):
        endpoint = _locked(endpoint)
        before, until = endpoint.former_until, clock.now() + OVERLAP
        endpoint.former_key_id, endpoint.former_sealed = endpoint.secret_key_id, endpoint.secret_sealed
        endpoint.former_until = until
        secret = _secret_set(endpoint)
        names = ["secret_key_id", "secret_sealed", "former_key_id", "former_sealed", "former_until"]
        endpoint.save(update_fields=names)
        changes = {"former_until": (before.isoformat() if before else None, until.isoformat())}
        record("billing.webhook.rotated", target=endpoint, changes=changes)
    return endpoint, secret


def webhook_delete(*, actor: Actor, endpoint: WebhookEndpoint) -> None:
    """Delete it with its deliveries. Event `billing.webhook.deleted`; `NotFound` when it is gone."""
    authorise(actor, RIGHT)
    with standing_on(endpoint.organisation_id):
        endpoint = _locked(endpoint)
        record("billing.webhook.deleted", target=endpoint)
        endpoint.delete()


def webhook_test(*, actor: Actor, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Send a test event there, whatever types it has. Event `billing.webhook.tested`. `WebhookPaused`."""
    authorise(actor, RIGHT)
    with standing_on(endpoint.organisation_id):
        endpoint = _locked(endpoint)
        if endpoint.state != State.ACTIVE:
            raise WebhookPaused
        record("billing.webhook.tested", target=endpoint)
        return deliveries.delivery_test(endpoint=endpoint)


def delivery_resend(*, actor: Actor, delivery: WebhookDelivery) -> WebhookDelivery:
    """Send an event again under the id that it had. Event `billing.webhook.resent`. `DeliveryWaiting`, `WebhookPaused`."""
    authorise(actor, RIGHT)
    with standing_on(delivery.organisation_id):
        endpoint = _locked(delivery.endpoint)
        row = WebhookDelivery.objects.select_for_update().filter(pk=delivery.pk).first()
        if row is None:
            raise errors.NotFound
        if row.state == WebhookDelivery.State.QUEUED:
            raise DeliveryWaiting
        if endpoint.state != State.ACTIVE:
            raise WebhookPaused
        deliveries.delivery_requeue(delivery=row)
        record("billing.webhook.resent", target=endpoint, data={"message": str(row.message_id), "type": row.type})
    return row


def secrets_of(*, endpoint: WebhookEndpoint) -> list[bytes]:
    """The secrets that sign now: the present one, and the former one for a while. For sending only."""
    bound = endpoint.pk.bytes
    found = [crypto.unseal(PURPOSE, endpoint.secret_key_id, bytes(endpoint.secret_sealed), bound_to=bound)]
    if endpoint.former_sealed is not None and endpoint.former_until and endpoint.former_until > clock.now():
        found.append(crypto.unseal(PURPOSE, endpoint.former_key_id, bytes(endpoint.former_sealed), bound_to=bound))
    return found


def _secret_set(endpoint: WebhookEndpoint) -> str:
    secret = base64.urlsafe_b64decode(f"{crypto.token(webhooks.SECRET_BYTES)}=")
    endpoint.secret_key_id, endpoint.secret_sealed = crypto.seal(PURPOSE, secret, bound_to=endpoint.pk.bytes)
    return webhooks.shown_secret(secret)


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    found = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint.pk).first()
    if found is None:
        raise errors.NotFound
    return found


def _move(endpoint: WebhookEndpoint, state: str, code: str) -> None:
    before, endpoint.state = endpoint.state, state
    endpoint.save(update_fields=["state"])
    record(code, target=endpoint, changes={"state": (before, state)})


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they are kept; `Invalid` names every field that is wrong."""
    wrong: dict[str, list[str]] = {}
    clean = dict(values)
    if "url" in clean:
        clean["url"] = str(clean["url"]).strip()
        try:
            checked_url(clean["url"])
        except AddressForbidden as error:
            wrong["url"] = [str(error.detail)]
    if "types" in clean:
        clean["types"] = sorted(set(clean["types"]))
        if not clean["types"] or any(name not in webhooks.webhook_types for name in clean["types"]):
            wrong["types"] = [_("Choose at least one of the types of events that there are.")]
    if "description" in clean:
        clean["description"] = str(clean["description"]).strip()
        if len(clean["description"]) > 120 or not clean["description"].isprintable():
            wrong["description"] = [_("Write at most 120 characters on one line.")]
    if wrong:
        raise errors.Invalid(fields=wrong)
    return clean
