"""The outbound box."""

from typing import ClassVar, Self

from django.db import models

from portal.kit import clock
from portal.kit.models.base import Model, no_evidence


class OutboundMessage(Model):
    """One mail to one address, written in the transaction that causes it; sent by the worker; cleaned after 30 days.

    Where no mail server is configured the row is the delivery: administrators read it on the outbox page.
    """

    evidence = no_evidence(
        "The event of the change that caused the message is the evidence; the row is its delivery state."
    )

    class State(models.TextChoices):
        """Delivery state."""

        QUEUED = "queued", "queued"
        SENT = "sent", "sent"
        FAILED = "failed", "failed"

    person_id = models.UUIDField(null=True)
    address = models.EmailField(max_length=254)
    category = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "kit_outbound_message"
        indexes = [models.Index(fields=["state", "created_at"], name="kit_outbound_state")]

    def __str__(self) -> str:
        return f"{self.subject} to {self.address}"
