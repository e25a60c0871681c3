"""Maintenance: the times in which the portal takes no changes, or answers its administrators alone."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models.base import EVENT, Model

MESSAGE_LIMIT = 500
REASON_LIMIT = 300


class MaintenanceWindow(Model):
    """One time of maintenance, from `starts_at` to `ends_at` (none: until somebody ends it). Never deleted: the history.

    Written by who runs the installation through `kit.mode.services`. It is in force while the clock is inside and
    `ended_at` is empty; no two of them overlap (an exclusion constraint of the migration). `people` (ids) and
    `addresses` (networks) get through beside the administrators of the platform. `message` is what everybody reads,
    `reason` what the trail keeps.
    """

    evidence = EVENT

    class Kind(models.TextChoices):
        """What it holds up."""

        READ_ONLY = "read_only", _("Read only")
        CLOSED = "closed", _("Closed")

    kind = models.CharField(max_length=10, choices=Kind)
    message = models.CharField(max_length=MESSAGE_LIMIT, blank=True)
    reason = models.CharField(max_length=REASON_LIMIT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    people = models.JSONField(default=list, blank=True)
    addresses = models.JSONField(default=list, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "kit_maintenance_window"
        constraints = [
            models.CheckConstraint(name="kit_maintenance_kind", condition=models.Q(kind__in=["read_only", "closed"])),
            models.CheckConstraint(
                name="kit_maintenance_times",
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
            ),
            models.CheckConstraint(
                name="kit_maintenance_ended",
                condition=models.Q(ended_at=None) | models.Q(ended_at__gte=models.F("starts_at")),
            ),
        ]
        indexes = [models.Index(fields=["starts_at"], condition=models.Q(ended_at=None), name="kit_maintenance_open")]

    def __str__(self) -> str:
        return str(self.Kind(self.kind).label)
