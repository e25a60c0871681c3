"""Schedules."""

from typing import ClassVar, Self

from django.db import models

from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Evidence


class ScheduleState(models.Model):
    """What a declared schedule has been set to, and how far it has come. Made by `schedules sync`."""

    evidence: ClassVar[Evidence] = EVENT

    name = models.CharField(max_length=100, primary_key=True)
    enabled = models.BooleanField(default=True)
    cron = models.CharField(max_length=100)
    time_zone = models.CharField(max_length=60)
    last_slot = models.DateTimeField(help_text="Slots up to here are dealt with.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "maintenance_schedule"

    def __str__(self) -> str:
        return self.name
