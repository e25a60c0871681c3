"""Deliveries: written with the change, claimed by the job, tried again with longer and longer pauses, given up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation
from billing.models import WebhookDelivery, WebhookEndpoint
from billing.models.webhooks import ERROR_LIMIT, EXCERPT_LIMIT
from portal.kit import clock, ids, jobs, webhooks
from portal.kit.context import Actor
from portal.kit.decision import list_subjects
from portal.kit.notices import tell
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing
from rbac.standing import standing_on

JOB = "billing.deliver_webhooks"
PERMISSION = "job:admin"
# After the first try; about three days in all. Longer than a bad release or a week-end's outage of a small server lasts.
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (10, 120, 900, 3600, 10_800, 28_800, 57_600, 72_000, 86_400))
JITTER = 0.2
GIVE_UP_AFTER = timedelta(days=3)
CLAIMED_FOR = timedelta(minutes=2)  # A try takes seconds; after this, what a dead worker held is another one's.
AT_ONCE = 16
PER_ENDPOINT = 4  # So that one slow receiver does not hold up the others.
TOLD_LIMIT = 200
State = WebhookDelivery.State

_CLAIM = """
UPDATE billing_webhook_delivery d SET attempts = d.attempts + 1, next_at = %(until)s, attempted_at = %(now)s
FROM (
    SELECT id FROM (
        SELECT id, next_at, row_number() OVER (PARTITION BY endpoint_id ORDER BY next_at, id) AS place
        FROM (
            SELECT id, endpoint_id, next_at FROM billing_webhook_delivery
            WHERE state = 'queued' AND next_at <= %(now)s AND (%(of)s::uuid IS NULL OR organisation_id = %(of)s)
            ORDER BY next_at LIMIT 500 FOR UPDATE SKIP LOCKED
        ) AS free
    ) AS due WHERE place <= %(each)s ORDER BY next_at LIMIT %(number)s
) AS chosen WHERE d.id = chosen.id RETURNING d.id
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try. `gone`: the receiver says that it wants nothing more, ever (410)."""

    delivered: bool
    status: int | None
    error: str
    excerpt: str
    millis: int
    gone: bool = False


def deliveries_write(*, organisation_id: UUID, kind: str, message_id: UUID, body: str) -> int:
    """Fill of the port `kit.webhooks.deliveries_write`, in the transaction of the change."""
    wanting = WebhookEndpoint.objects.filter(organisation_id=organisation_id, state="active", types__contains=[kind])
    rows = [
        WebhookDelivery(organisation_id=organisation_id, endpoint=endpoint, message_id=message_id, type=kind, body=body)
        for endpoint in wanting.only("pk")
    ]
    if rows:
        with writing():
            WebhookDelivery.objects.bulk_create(rows)
            delivering_ask()
    return len(rows)


def delivery_test(*, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """A test event for one endpoint; part of the service that asks for it."""
    data = {"organisation_id": str(endpoint.organisation_id), "object": "webhookendpoint", "id": str(endpoint.pk)}
    body = webhooks.written("webhook.test", clock.now(), data)
    with writing():
        made = WebhookDelivery.objects.create(
            organisation_id=endpoint.organisation_id,
            endpoint=endpoint,
            message_id=ids.uuid7(),
            type="webhook.test",
            body=body,
        )
        delivering_ask()
    return made


def delivery_requeue(*, delivery: WebhookDelivery) -> None:
    """Let it be sent again from the first step; part of the service that asks for it."""
    delivery.state, delivery.attempts, delivery.error = State.QUEUED, 0, ""
    delivery.next_at = clock.now()
    delivery.resends += 1
    with writing():
        delivery.save(update_fields=["state", "attempts", "error", "next_at", "resends"])
        delivering_ask()


def deliveries_drop(*, endpoint: WebhookEndpoint) -> int:
    """Give up what waits for an endpoint that is paused; how many. Part of the service that pauses it."""
    with writing():
        waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state=State.QUEUED)
        return waiting.update(state=State.FAILED, error="The webhook was paused.")


# --- getting the worker to send ---


def delivering_ask() -> None:
    """Have the worker send what waits, once the running transaction is committed."""
    connection = transaction.get_connection()
    if not any(hook[1] is _enqueue for hook in connection.run_on_commit):
        transaction.on_commit(_enqueue, robust=True)


def _enqueue() -> None:
    jobs.enqueue(JOB, actor=Actor("system", None, "webhooks"), key="deliver")


# --- sending, as the job does it ---


def deliveries_claim(*, organisation_id: UUID | None = None) -> list[WebhookDelivery]:
    """Take some deliveries that are due (of one organisation, where one is named), a few of each endpoint; two workers
    never get the same. Empty without any."""
    now = clock.now()
    values = {"now": now, "until": now + CLAIMED_FOR, "each": PER_ENDPOINT, "number": AT_ONCE, "of": organisation_id}
    with writing(), transaction.get_connection().cursor() as cursor:
        cursor.execute(_CLAIM, values)
        keys = [row[0] for row in cursor.fetchall()]
        return list(WebhookDelivery.objects.select_related("endpoint").filter(pk__in=keys).order_by("next_at", "pk"))


def delivery_settle(*, delivery: WebhookDelivery, outcome: Outcome) -> str:
    """Note what became of a try: delivered, tried again later, or given up; the state. Nothing, when the claim is no
    longer our own (somebody took it over, paused the endpoint or sent it again).

    After three days without any success the endpoint is paused (event `billing.webhook.given_up`) and its people told.
    """
    with standing_on(delivery.organisation_id):
        endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=delivery.endpoint_id).first()
        row = WebhookDelivery.objects.select_for_update().filter(
            pk=delivery.pk, state=State.QUEUED, attempts=delivery.attempts
        )
        if endpoint is None or not row.exists():
            return ""
        now = clock.now()
        values: dict[str, object] = {
            "status": outcome.status,
            "error": outcome.error[:ERROR_LIMIT],
            "excerpt": outcome.excerpt.replace("\0", "")[:EXCERPT_LIMIT],
            "millis": outcome.millis,
        }
        state = _next_state(delivery, outcome)
        if state == State.DELIVERED:
            values["delivered_at"] = now
            _healthy(endpoint, now)
        elif state == State.QUEUED:
            values["next_at"] = now + pause_after(attempts=delivery.attempts)
        row.update(state=state, **values)
        if state != State.DELIVERED:
            _failing(endpoint, now, outcome, over=state == State.FAILED)
    return state


def pause_after(*, attempts: int) -> timedelta:
    """How long until the next try, spread so that those who failed together do not come back together."""
    spread = (ids.uuid7().int & 0xFFFFFFFF) / 0xFFFFFFFF  # Random bits of the id.
    return BACK_OFF[attempts - 1] * (1 + JITTER * (2 * spread - 1))


def _next_state(delivery: WebhookDelivery, outcome: Outcome) -> str:
    if outcome.delivered:
        return State.DELIVERED
    return State.FAILED if outcome.gone or delivery.attempts > len(BACK_OFF) else State.QUEUED


def _healthy(endpoint: WebhookEndpoint, now: datetime) -> None:
    endpoint.failing_since, endpoint.last_success_at = None, now
    endpoint.save(update_fields=["failing_since", "last_success_at"])


def _failing(endpoint: WebhookEndpoint, now: datetime, outcome: Outcome, *, over: bool) -> None:
    if endpoint.failing_since is None:
        endpoint.failing_since = now
        endpoint.save(update_fields=["failing_since"])
    lasting = over and now - endpoint.failing_since >= GIVE_UP_AFTER
    if endpoint.state == WebhookEndpoint.State.ACTIVE and (outcome.gone or lasting):
        endpoint.state = WebhookEndpoint.State.FAILING
        endpoint.save(update_fields=["state"])
        record(
            "billing.webhook.given_up",
            target=endpoint,
            changes={"state": ("active", "failing")},
            data={"status": outcome.status, "failing_since": endpoint.failing_since.isoformat()},
        )
        deliveries_drop(endpoint=endpoint)
        _tell(endpoint)


def _tell(endpoint: WebhookEndpoint) -> None:
    organisation = Organisation.objects.get(pk=endpoint.organisation_id)
    people = [one.person_id for one in list_subjects("webhook:admin", organisation, limit=TOLD_LIMIT).items]
    path = f"/o/{organisation.slug}/webhooks/{endpoint.pk}"
    tell(
        people,
        category="usage",
        tone="bad",
        title=_("A webhook was paused, since nothing reached it any more"),
        text=endpoint.url,
        url=path,
    )
    data = {"organisation": organisation.name, "address": endpoint.url, "url": f"{settings.STEWARD_PUBLIC_URL}{path}"}
    for person_id in people:
        notify(person_id, "usage", "webhook_paused", data)


def next_due() -> datetime | None:
    """When the next delivery is due that waits; None without any."""
    with writing():
        rows: Sequence[datetime] = list(
            WebhookDelivery.objects.filter(state=State.QUEUED).order_by("next_at").values_list("next_at", flat=True)[:1]
        )
    return rows[0] if rows else None
