"""Webhooks that leave: where an organisation wants to be told of events, and each delivery there."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, TenantModel, no_evidence

URL_LIMIT = 500
ERROR_LIMIT = 300
EXCERPT_LIMIT = 500


class WebhookEndpoint(TenantModel):
    """An address of an organisation's own that events of chosen types are sent to, signed.

    Its secret is sealed; after a rotation the former one signs along until `former_until`. Paused by its people, or by
    itself after days without success. Written by `webhook:admin`; deleted with its deliveries.
    """

    evidence = EVENT

    class State(models.TextChoices):
        """Whether it is sent to."""

        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        FAILING = "failing", _("Paused after failures")

    url = models.CharField(max_length=URL_LIMIT)
    description = models.CharField(max_length=120, blank=True, default="")
    types = ArrayField(models.CharField(max_length=60), help_text="Types of events.")
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    secret_key_id = models.CharField(max_length=40)
    secret_sealed = models.BinaryField()
    former_key_id = models.CharField(max_length=40, blank=True, default="")
    former_sealed = models.BinaryField(null=True)
    former_until = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True, help_text="First failure since the last success.")
    last_success_at = models.DateTimeField(null=True)
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_webhook_endpoint"
        constraints = [
            models.CheckConstraint(
                name="billing_webhook_endpoint_state", condition=models.Q(state__in=["active", "paused", "failing"])
            ),
        ]
        indexes = [models.Index(fields=["organisation", "url", "id"], name="billing_webhook_endpoint_url")]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(TenantModel):
    """One event on its way to one endpoint, written in the transaction of the change; removed after 30 days.

    `message_id` is the same at every attempt and for all endpoints, so that receivers can tell what they know. Each
    attempt begins by moving `next_at` on, so a worker that dies leaves it to the next one.
    """

    evidence = no_evidence("The event of the change that caused it is the evidence; the row is its delivery state.")

    class State(models.TextChoices):
        """Where it stands."""

        QUEUED = "queued", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.UUIDField()
    type = models.CharField(max_length=60)
    body = models.TextField()
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status of the last answer.")
    error = models.CharField(max_length=ERROR_LIMIT, blank=True, default="")
    excerpt = models.CharField(max_length=EXCERPT_LIMIT, blank=True, default="", help_text="How the answer began.")
    millis = models.PositiveIntegerField(null=True, help_text="How long the last attempt took.")
    created_at = models.DateTimeField(default=clock.now)
    next_at = models.DateTimeField(default=clock.now)
    attempted_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_webhook_delivery"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "message_id"], name="billing_webhook_delivery_once"),
            models.CheckConstraint(
                name="billing_webhook_delivery_state",
                condition=models.Q(state__in=["queued", "delivered", "failed"]),
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(state="queued"), name="billing_webhook_delivery_due"),
            models.Index(fields=["endpoint", "created_at", "id"], name="billing_webhook_delivery_of"),
            models.Index(fields=["created_at"], name="billing_webhook_delivery_old"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.message_id}"
