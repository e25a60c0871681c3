"""Sizes of tables, day by day."""

from typing import ClassVar, Self

from django.db import models

from portal.kit.managers import ScopedManager
from portal.kit.models import Model, no_evidence


class SizeSample(Model):
    """How large a table was on a day: rows as the planner estimates them, bytes with its indexes.

    Written once a day by the job `maintenance.sample_sizes`; a partitioned table is one row with the sum of its parts,
    and the row with an empty `table` is the whole database. Goes after two years by a clean-up.
    """

    evidence = no_evidence("A measurement; it changes nothing that anybody could miss.")

    day = models.DateField()
    table = models.CharField(max_length=63, blank=True)
    rows = models.BigIntegerField(null=True)
    bytes = models.BigIntegerField()

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "maintenance_size_sample"
        constraints = [
            models.UniqueConstraint(fields=["day", "table"], name="maintenance_size_once"),
            models.CheckConstraint(name="maintenance_size_bytes", condition=models.Q(bytes__gte=0)),
        ]
        indexes = [models.Index(fields=["table", "day"], name="maintenance_size_table")]

    def __str__(self) -> str:
        return f"{self.table or 'database'} on {self.day}"
