"""Reports about nights."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.kit.managers import ScopedManager
from portal.kit.models import SUMMARY, Model


class NightReport(Model):
    """What ran by itself in a window of time: one item for each schedule, with what failed and what did not run.

    Written once by the job that composes it and never changed. The windows follow each other without a gap. Kept for
    good: one row a day.
    """

    evidence = SUMMARY

    class Origin(models.TextChoices):
        """Why it was written."""

        MORNING = "morning", _("Morning")
        NIGHT = "night", _("After a night on demand")

    run_id = models.UUIDField(unique=True, help_text="The run that composed it; run again, it makes no second one.")
    origin = models.CharField(max_length=10, choices=Origin)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    items = models.JSONField(default=list)
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    missed = models.PositiveIntegerField(default=0)
    running = models.PositiveIntegerField(default=0)
    idle = models.PositiveIntegerField(default=0)
    busy_ms = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    told = models.PositiveIntegerField(default=0, help_text="People to whom it was sent.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "maintenance_night_report"
        constraints = [
            models.CheckConstraint(name="maintenance_night_window", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(name="maintenance_night_origin", condition=Q(origin__in=["morning", "night"])),
            models.CheckConstraint(
                name="maintenance_night_sums", condition=Q(busy_ms__gte=0, rows__gte=0, bytes__gte=0)
            ),
        ]
        indexes = [models.Index(fields=["-ends_at"], name="maintenance_night_newest")]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%Y-%m-%d %H:%M}"

    @property
    def is_good(self) -> bool:
        """Whether nothing failed and nothing stayed away."""
        return not self.failed and not self.missed
