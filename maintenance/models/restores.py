"""Restores and drills."""

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model


class Restore(Model):
    """One restore of a backup into a new database, and what became of that database.

    Written by the services and the job of restores; carried over into the restored database before it takes the live
    one's place, so that the page tells the truth afterwards. Kept for good: there are few, and each is evidence.
    """

    evidence = EVENT

    class State(models.TextChoices):
        """Life of a restore."""

        RUNNING = "running", _("Running")
        READY = "ready", _("Ready beside the live one")
        SWAPPED = "swapped", _("In place")
        SWAPPED_BACK = "swapped_back", _("Swapped back")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        DROPPED = "dropped", _("Dropped")

    class Mode(models.TextChoices):
        """Where the data go."""

        SCRATCH = "scratch", _("Into a database of its own")
        IN_PLACE = "in_place", _("In place of the live database")

    backup_id = models.CharField(max_length=64)
    taken_at = models.DateTimeField(null=True, help_text="Moment of the backup's snapshot.")
    mode = models.CharField(max_length=10, choices=Mode)
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    database = models.CharField(max_length=63, help_text="The database that was or is being made.")
    old_database = models.CharField(max_length=63, blank=True, help_text="Name that the replaced database got.")
    keep_until = models.DateTimeField(null=True, help_text="When the replaced database may go.")
    safety_backup_id = models.CharField(max_length=64, blank=True)
    run_id = models.UUIDField(null=True)
    process = models.CharField(max_length=200, blank=True, help_text="Of a command, which has no run: host and number.")
    actor_label = models.CharField(max_length=200)
    started_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)
    steps = models.JSONField(default=list)
    checks = models.JSONField(default=list)
    kept = models.JSONField(default=dict, help_text="What aftercare found before the swap and does after it.")
    tables = models.PositiveIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0, help_text="Plain bytes of the dump.")
    seconds = models.FloatField(null=True)
    error = models.TextField(blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "maintenance_restore"
        constraints = [
            # A second restore at once is refused by the database, whoever asks in which process.
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="running"), name="maintenance_restore_one"
            ),
            models.CheckConstraint(
                name="maintenance_restore_state",
                condition=models.Q(
                    state__in=["running", "ready", "swapped", "swapped_back", "failed", "cancelled", "dropped"]
                ),
            ),
            models.CheckConstraint(
                name="maintenance_restore_mode", condition=models.Q(mode__in=["scratch", "in_place"])
            ),
            models.CheckConstraint(
                name="maintenance_restore_ended",
                condition=models.Q(state="running", finished_at__isnull=True)
                | (~models.Q(state="running") & models.Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="maintenance_restore_told", condition=~models.Q(state="failed") | ~models.Q(error="")
            ),
        ]

    def __str__(self) -> str:
        return self.database


class Drill(Model):
    """One proof that a backup can be restored: into a scratch database, checked there, dropped again.

    Written by the nightly job. `seconds` is the measured recovery time, from the first byte to the last check. Kept for
    good, one row a night.
    """

    evidence = EVENT

    class State(models.TextChoices):
        """How it ended."""

        RUNNING = "running", _("Running")
        PASSED = "passed", _("Passed")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    backup_id = models.CharField(max_length=64, blank=True)
    taken_at = models.DateTimeField(null=True, help_text="Moment of the backup's snapshot.")
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    database = models.CharField(max_length=63)
    run_id = models.UUIDField(null=True)
    process = models.CharField(max_length=200, blank=True, help_text="Of a command, which has no run: host and number.")
    started_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)
    steps = models.JSONField(default=list)
    checks = models.JSONField(default=list)
    tables = models.PositiveIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0, help_text="Plain bytes of the dump.")
    seconds = models.FloatField(null=True)
    error = models.TextField(blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "maintenance_drill"
        indexes = [models.Index(fields=["state", "-id"], name="maintenance_drill_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="running"), name="maintenance_drill_one"
            ),
            models.CheckConstraint(
                name="maintenance_drill_state",
                condition=models.Q(state__in=["running", "passed", "failed", "cancelled"]),
            ),
            models.CheckConstraint(
                name="maintenance_drill_ended",
                condition=models.Q(state="running", finished_at__isnull=True)
                | (~models.Q(state="running") & models.Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="maintenance_drill_measured",
                condition=~models.Q(state="passed") | models.Q(seconds__isnull=False, taken_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.database
