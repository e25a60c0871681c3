"""Calls of the API that must not be done twice."""

from typing import ClassVar, Self

from django.db import models

from portal.kit import clock
from portal.kit.models.base import Model, no_evidence


class KeptRequest(Model):
    """An unsafe call with an Idempotency-Key that was done, and its reply. Written in the transaction of the change.

    So there is a row if and only if the change is there. The reply is sealed: it may hold a temporary password. Looked
    up for 24 hours by the same caller; then the clean-up takes it.
    """

    evidence = no_evidence("The change that the call made has its own event; this is the copy of its reply.")

    actor_id = models.UUIDField()
    key = models.CharField(max_length=200)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    key_id = models.CharField(max_length=60)
    sealed = models.BinaryField()
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "kit_kept_request"
        constraints = [models.UniqueConstraint(fields=["actor_id", "key"], name="kit_kept_request_once")]
        indexes = [models.Index(fields=["created_at"], name="kit_kept_request_created")]

    def __str__(self) -> str:
        return f"{self.key} of {self.actor_id}"
