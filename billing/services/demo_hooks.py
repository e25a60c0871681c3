"""Webhooks of the demonstration: one that is answered, one whose receiver is gone. Nothing is sent: what receivers answer is
a part of the story, and in the end both are paused, so that nothing ever leaves for an address that nobody has."""

from datetime import datetime, timedelta
from uuid import UUID

from billing import demo_story as story
from billing.models import WebhookDelivery, WebhookEndpoint
from billing.services.webhook_deliveries import Outcome, deliveries_claim, delivery_settle
from billing.services.webhooks import webhook_create, webhook_delete, webhook_pause, webhook_test
from portal.kit import clock
from portal.kit.context import Actor

BASE = f"https://hooks.{story.DOMAIN}"


def hooks_make(*, actor: Actor, organisation_id: UUID) -> None:
    """Have events sent to the addresses of the story. Events as of the services."""
    for hook in story.HOOKS:
        url = f"{BASE}/{hook.path}"
        webhook_create(
            actor=actor, organisation_id=organisation_id, url=url, types=hook.types, description=hook.description
        )


def hooks_test(*, actor: Actor, organisation_id: UUID) -> None:
    """Somebody looks whether they answer. Events as of the services."""
    for endpoint in _ours(organisation_id):
        if endpoint.state == WebhookEndpoint.State.ACTIVE:
            webhook_test(actor=actor, endpoint=endpoint)


def hooks_answer(*, organisation_id: UUID, begin: datetime) -> None:
    """What waits at the present moment is answered, as it would have been: mostly at once, at times only when it is sent
    again. Part of the story; events, mails and notices as of the services."""
    while claimed := deliveries_claim(organisation_id=organisation_id):
        for delivery in claimed:
            delivery_settle(delivery=delivery, outcome=_answer(delivery, begin))


def hooks_pause(*, actor: Actor, organisation_id: UUID) -> None:
    """Nothing more is sent. Events as of the services."""
    for endpoint in _ours(organisation_id):
        webhook_pause(actor=actor, endpoint=endpoint)


def hooks_remove(*, actor: Actor, organisation_id: UUID) -> None:
    """They go, with their deliveries. Events as of the services."""
    for endpoint in _ours(organisation_id):
        webhook_delete(actor=actor, endpoint=endpoint)


def _ours(organisation_id: UUID) -> list[WebhookEndpoint]:
    rows = WebhookEndpoint.objects.filter(organisation_id=organisation_id, url__startswith=f"{BASE}/")
    return list(rows.order_by("url"))


def _answer(delivery: WebhookDelivery, begin: datetime) -> Outcome:
    hook = next(one for one in story.HOOKS if delivery.endpoint.url.endswith(f"/{one.path}"))
    day = (clock.now() - begin).days
    millis = 38 + story.chance("hook", delivery.type, day, below=160)
    if clock.now() - delivery.endpoint.created_at > timedelta(days=hook.gone_after):
        return Outcome(False, 410, "It answered 410.", "Gone", millis, gone=True)
    if delivery.attempts == 1 and story.chance("hook fails", delivery.type, day, below=5) == 0:
        return Outcome(False, 503, "It answered 503.", "Service Unavailable", millis * 9)
    return Outcome(True, 200, "", '{"received":true}', millis)
