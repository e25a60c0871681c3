"""Backups."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model

Q = models.Q


class Backup(Model):
    """The catalogue of backups: what was made, where it lies, whether it was read again, and why it is still kept.

    The truth lies at the targets: the row of a finished backup can be made again from its manifest alone
    (`backup list --rebuild`). Written by whoever makes, verifies, pins or prunes one; kept as history when the files
    are gone.
    """

    evidence = EVENT
    grantable: ClassVar[bool] = True  # Single rights on one of them can be given; they go with it, by a trigger.

    class State(models.TextChoices):
        """Life of a backup."""

        RUNNING = "running", _("Being made")
        COMPLETE = "complete", _("Complete")
        PARTIAL = "partial", _("Not at every target")
        FAILED = "failed", _("Failed")
        MISSING = "missing", _("Missing")
        DELETED = "deleted", _("Deleted")

    class Kind(models.TextChoices):
        """What it was made for."""

        NIGHTLY = "nightly", _("Nightly")
        MANUAL = "manual", _("By hand")
        BEFORE = "before", _("Before a change")

    USABLE = (State.COMPLETE, State.PARTIAL)

    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    kind = models.CharField(max_length=10, choices=Kind)
    act = models.CharField(max_length=200, blank=True, help_text="What it was made before, or for.")
    started_by = models.CharField(max_length=200)
    run_id = models.UUIDField(null=True)
    started_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, help_text="The moment that a restore brings back.")
    finished_at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0)
    stored_bytes = models.BigIntegerField(default=0, help_text="At one target.")
    plain_bytes = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    key_id = models.CharField(max_length=100, blank=True)
    targets = models.JSONField(default=list)
    missed = models.JSONField(default=dict, help_text="Targets that have no copy, and why.")
    manifest = models.JSONField(null=True)
    error = models.TextField(blank=True)
    verified_at = models.DateTimeField(null=True, help_text="When every byte was last read and found good.")
    verified_bytes = models.BigIntegerField(default=0)
    verify_seconds = models.FloatField(default=0)
    damaged_at = models.DateTimeField(null=True)
    damage = models.TextField(blank=True)
    pinned_at = models.DateTimeField(null=True)
    pinned_by = models.CharField(max_length=200, blank=True)
    pinned_until = models.DateField(null=True, help_text="The last day; empty: until somebody unpins it.")
    pinned_why = models.CharField(max_length=500, blank=True)
    kept_as = models.JSONField(default=list)
    deleted_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "maintenance_backup"
        constraints = [
            models.CheckConstraint(
                name="maintenance_backup_state",
                condition=Q(state__in=["running", "complete", "partial", "failed", "missing", "deleted"]),
            ),
            models.CheckConstraint(
                name="maintenance_backup_kind", condition=Q(kind__in=["nightly", "manual", "before"])
            ),
            models.CheckConstraint(
                name="maintenance_backup_finished",
                condition=Q(state="running", finished_at__isnull=True)
                | (~Q(state="running") & Q(finished_at__isnull=False)),
            ),
            # What can be restored says from when it is, under which key and where it lies.
            models.CheckConstraint(
                name="maintenance_backup_usable",
                condition=~Q(state__in=["complete", "partial"])
                | (Q(taken_at__isnull=False) & ~Q(key_id="") & ~Q(targets=[])),
            ),
            models.CheckConstraint(
                name="maintenance_backup_deleted",
                condition=Q(state="deleted", deleted_at__isnull=False)
                | (~Q(state="deleted") & Q(deleted_at__isnull=True)),
            ),
            # A pinned one is never deleted; the database keeps that too.
            models.CheckConstraint(
                name="maintenance_backup_pin_keeps",
                condition=Q(pinned_at__isnull=True) | (~Q(state="deleted") & ~Q(pinned_by="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["-taken_at"], condition=Q(state__in=["complete", "partial"]), name="maintenance_backup_newest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"

    @property
    def usable(self) -> bool:
        """Whether it can be restored, as far as is known."""
        return self.state in self.USABLE and self.damaged_at is None

    @property
    def moment(self) -> datetime:
        """When it is from."""
        return self.taken_at or self.started_at

    def age(self, now: datetime) -> timedelta:
        """How old its content is."""
        return now - self.moment
