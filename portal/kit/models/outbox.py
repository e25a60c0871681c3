"""The outbound box, and the addresses that refuse mail."""

from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models.base import EVENT, Model, no_evidence

ERROR_LIMIT = 300


def masked(address: str) -> str:
    """An address as the trail names it, which keeps it for years: its first letter and its domain."""
    name, _at, domain = address.partition("@")
    return f"{name[:1]}\N{HORIZONTAL ELLIPSIS}@{domain}"


class OutboundMessage(Model):
    """One mail to one address, written in the transaction that causes it; sent by the worker; cleaned after 30 days.

    Where no mail server is configured the row is the delivery (`kept`): administrators read it on the outbox page.
    Each attempt to send it begins by moving `next_at` on, so a worker that dies leaves it to the next one.
    """

    evidence = no_evidence(
        "The event of the change that caused the message is the evidence; the row is its delivery state."
    )

    class State(models.TextChoices):
        """Delivery state."""

        QUEUED = "queued", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        KEPT = "kept", _("In the outbox")
        HELD = "held", _("Held back")

    person_id = models.UUIDField(null=True)
    address = models.EmailField(max_length=254)
    category = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    urgent = models.BooleanField(default=False, db_default=False, help_text="Sent before others, whatever waits.")
    attempts = models.PositiveSmallIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How often somebody sent it again on purpose."
    )
    error = models.CharField(max_length=ERROR_LIMIT, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    queued_at = models.DateTimeField(
        default=clock.now, db_default=Now(), help_text="Since when it waits: written, or sent again on purpose."
    )
    next_at = models.DateTimeField(default=clock.now, db_default=Now(), help_text="Not before then, while it waits.")
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "kit_outbound_message"
        constraints = [
            models.CheckConstraint(
                name="kit_outbound_known_state",
                condition=models.Q(state__in=["queued", "sent", "failed", "kept", "held"]),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "created_at"], name="kit_outbound_state"),
            models.Index(fields=["created_at", "id"], name="kit_outbound_created"),
            models.Index(fields=["-urgent", "next_at"], condition=models.Q(state="queued"), name="kit_outbound_due"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {masked(self.address)}"

    @property
    def audit_subject(self) -> UUID | None:
        """Whose the mail is: in the trail its subject is sealed for that person."""
        return self.person_id


class SuppressedAddress(Model):
    """An address that takes no mail, as a mail server or provider said. Only vital mail is still sent to it.

    Written when a mail is refused for good or a provider reports a bounce or complaint; goes when an administrator
    lifts it, or with the person.
    """

    evidence = EVENT

    class Reason(models.TextChoices):
        """What was reported."""

        BOUNCED = "bounced", _("Bounced")
        COMPLAINED = "complained", _("Complaint")
        REFUSED = "refused", _("Refused")

    address = models.EmailField(max_length=254, unique=True, help_text="In lower case.")
    reason = models.CharField(max_length=10, choices=Reason)
    detail = models.CharField(max_length=ERROR_LIMIT, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "kit_suppressed_address"
        constraints = [
            models.CheckConstraint(
                name="kit_suppressed_reason", condition=models.Q(reason__in=["bounced", "complained", "refused"])
            ),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="kit_suppressed_created")]

    def __str__(self) -> str:
        return masked(self.address)
