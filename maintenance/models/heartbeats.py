"""Signs of life."""

from typing import ClassVar, Self

from django.db import models

from portal.kit.managers import ScopedManager
from portal.kit.models import Evidence, no_evidence


class Heartbeat(models.Model):
    """The last sign of life of a worker or beat process. Gone an hour after it fell silent."""

    evidence: ClassVar[Evidence] = no_evidence("A sign of life every few seconds.")

    name = models.CharField(max_length=100, primary_key=True)
    kind = models.CharField(max_length=10)
    seen_at = models.DateTimeField()
    started_at = models.DateTimeField()

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "maintenance_heartbeat"

    def __str__(self) -> str:
        return self.name
