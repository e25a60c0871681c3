"""Counts by the day of what happens too often for a row of its own."""

from typing import ClassVar, Self

from django.db import models

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models.base import Model, no_evidence


class Tally(Model):
    """How often something happened on a day (UTC), over all processes. `name` is `room.noun`; kept for good."""

    evidence = no_evidence("A count of what is no change.")

    day = models.DateField()
    name = models.CharField(max_length=60)
    number = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "kit_tally"
        constraints = [models.UniqueConstraint(fields=["name", "day"], name="kit_tally_once")]

    def __str__(self) -> str:
        return f"{self.name} on {self.day}"
