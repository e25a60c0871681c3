"""The trail's tables. Their SQL (partitions, triggers, grants) stands in the migrations; the models read them."""

from typing import ClassVar, Self

from django.db import models

from portal.kit.managers import ScopedManager
from portal.kit.models import Evidence, no_evidence


class Event(models.Model):
    """One thing that happened. Written only by `audit.services.event_record`; never changed; goes with its partition.

    The table is partitioned by month on the UUIDv7 key, so a look-up by id reads one partition and a page reads the
    newest ones. `personal` holds what names a person (labels, personal fields of a diff) as ciphertext under that
    person's key: destroying the key erases it and leaves every row as it was.
    """

    evidence: ClassVar[Evidence] = no_evidence("The trail does not record itself.")

    class Outcome(models.TextChoices):
        """How it ended."""

        OK = "ok", "ok"
        DENIED = "denied", "denied"
        FAILED = "failed", "failed"

    id = models.UUIDField(primary_key=True, editable=False)
    schema = models.PositiveSmallIntegerField(default=1)
    occurred_at = models.DateTimeField()
    code = models.TextField()
    category = models.TextField()
    severity = models.TextField()
    outcome = models.TextField(choices=Outcome)
    actor_kind = models.TextField()
    actor_id = models.UUIDField(null=True)
    actor_label = models.TextField()
    behalf_id = models.UUIDField(null=True)
    behalf_label = models.TextField()
    organisation_id = models.UUIDField(null=True)
    target_type = models.TextField()
    target_id = models.UUIDField(null=True)
    target_label = models.TextField()
    changes = models.JSONField()
    data = models.JSONField()
    personal = models.JSONField()
    reason = models.TextField()
    source = models.TextField()
    request_id = models.TextField()
    correlation_id = models.TextField()
    session_id = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    agent = models.TextField()

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "audit_event"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.code


class PersonalKey(models.Model):
    """The key under which one person's data in the trail is encrypted, itself sealed by the installation's key.

    Made with the first event that names the person. Destroying it (erasure) empties `sealed`; rows stay.
    """

    evidence: ClassVar[Evidence] = no_evidence("Made as part of an event; its destruction is an event of erasure.")

    subject_id = models.UUIDField(primary_key=True)
    key_id = models.TextField()
    sealed = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "audit_personal_key"

    def __str__(self) -> str:
        return f"key of {self.subject_id}"
