"""Schedules."""

from datetime import timedelta
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import ids
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Evidence

LONGEST_WINDOW = 7 * 24 * 60  # Minutes within which a missed slot may be made up for.
LONGEST_KEEP = 20 * 366 * 24  # Hours; beyond it "for ever" is meant, and a schedule that is off says so better.


class ScheduleState(models.Model):
    """What a declared schedule has been set to, and how far it has come.

    Made by `schedules sync`, changed by people and moved on by the beat. `own` names the fields that a person has set
    otherwise than declared; the others follow the declaration. A schedule that cannot run any more (its job is gone,
    its line or zone unreadable) carries the reason as `fault` and stands still until that is mended.
    """

    evidence: ClassVar[Evidence] = EVENT

    class Overlap(models.TextChoices):
        """What becomes of a slot that comes while the last run is still going."""

        SKIP = "skip", _("Skip it")
        QUEUE = "queue", _("Queue one")

    class CatchUp(models.TextChoices):
        """What becomes of slots that passed while no scheduler was running."""

        SKIP = "skip", _("Skip them")
        LATEST = "latest", _("Run the latest once")

    class Notify(models.TextChoices):
        """Of which ends people are told."""

        NOBODY = "nobody", _("Nobody")
        FAILURE = "failure", _("When it fails")
        ALWAYS = "always", _("Always")

    class Missed(models.TextChoices):
        """Why a slot had no run."""

        OVERLAP = "overlap", _("the run before was still going")
        LATE = "late", _("no scheduler was running in time")

    name = models.CharField(max_length=100, primary_key=True)
    audit_id = models.UUIDField(default=ids.uuid7, unique=True, editable=False)
    enabled = models.BooleanField(default=True)
    cron = models.CharField(max_length=100)
    time_zone = models.CharField(max_length=60)
    keep_hours = models.PositiveIntegerField(null=True)
    overlap = models.CharField(max_length=10, choices=Overlap, default=Overlap.SKIP)
    catch_up = models.CharField(max_length=10, choices=CatchUp, default=CatchUp.LATEST)
    catch_up_minutes = models.PositiveIntegerField(default=24 * 60)
    notify = models.CharField(max_length=10, choices=Notify, default=Notify.NOBODY)
    notify_people = models.JSONField(default=list)
    own = models.JSONField(default=list)
    paused_at = models.DateTimeField(null=True)
    paused_by = models.CharField(max_length=200, blank=True)
    pause_reason = models.CharField(max_length=300, blank=True)
    fault = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)
    last_slot = models.DateTimeField(help_text="Slots up to here are dealt with.")
    missed_slot = models.DateTimeField(null=True)
    missed_why = models.CharField(max_length=10, choices=Missed, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "maintenance_schedule"
        constraints = [
            models.CheckConstraint(
                name="maintenance_schedule_cron_fields",
                condition=models.Q(cron__regex=r"^[^\s]+( [^\s]+){4}$"),
            ),
            models.CheckConstraint(name="maintenance_schedule_zone", condition=~models.Q(time_zone="")),
            models.CheckConstraint(
                name="maintenance_schedule_keep",
                condition=models.Q(keep_hours__isnull=True) | models.Q(keep_hours__range=(1, LONGEST_KEEP)),
            ),
            models.CheckConstraint(
                name="maintenance_schedule_choices",
                condition=models.Q(
                    overlap__in=["skip", "queue"],
                    catch_up__in=["skip", "latest"],
                    notify__in=["nobody", "failure", "always"],
                    missed_why__in=["", "overlap", "late"],
                ),
            ),
            models.CheckConstraint(
                name="maintenance_schedule_window", condition=models.Q(catch_up_minutes__range=(1, LONGEST_WINDOW))
            ),
            # Somebody is told, or nobody; never "always" to no one.
            models.CheckConstraint(
                name="maintenance_schedule_told",
                condition=models.Q(notify="nobody", notify_people=[])
                | (~models.Q(notify="nobody") & ~models.Q(notify_people=[])),
            ),
            models.CheckConstraint(
                name="maintenance_schedule_pause",
                condition=models.Q(paused_at__isnull=True, paused_by="", pause_reason="")
                | (models.Q(paused_at__isnull=False) & ~models.Q(paused_by="") & ~models.Q(pause_reason="")),
            ),
            models.CheckConstraint(
                name="maintenance_schedule_missed",
                condition=models.Q(missed_slot__isnull=True, missed_why="")
                | (models.Q(missed_slot__isnull=False) & ~models.Q(missed_why="")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_running(self) -> bool:
        """Whether the beat fires it."""
        return self.enabled and self.paused_at is None and not self.fault

    @property
    def window(self) -> timedelta:
        """How old a missed slot may be and still be made up for."""
        return timedelta(minutes=self.catch_up_minutes)

    @property
    def people(self) -> list[UUID]:
        """Who is told."""
        return [UUID(text) for text in self.notify_people]
