"""Runs of jobs."""

from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model


class JobRun(Model):
    """One run of a declared job. In state `queued` it is the outbox: the broker is only told that it exists.

    Written by `enqueue` in the transaction that asks for it, then by the worker that holds its fence. Each claim raises
    the fence; every batch commits only while the fence is still its own, so a worker that was declared dead and wakes
    up cannot write over its successor. Finished runs go after 90 days.
    """

    evidence = EVENT
    grantable: ClassVar[bool] = True  # Single rights on one of them can be given; they go with it, by a trigger.

    class State(models.TextChoices):
        """Life of a run."""

        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        CANCELLING = "cancelling", _("Cancelling")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    LIVE = (State.QUEUED, State.RUNNING, State.CANCELLING)

    name = models.CharField(max_length=100)
    args = models.JSONField(default=dict)
    key = models.CharField(max_length=200, null=True)  # noqa: DJ001 - NULL is "no key" and not equal to itself
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=200)
    actor_scopes = models.JSONField(null=True, help_text="The only rights that the key which started it may use.")
    organisation_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    run_at = models.DateTimeField(default=clock.now)
    queued_at = models.DateTimeField(default=clock.now)
    published_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    phase = models.CharField(max_length=200, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    cursor = models.JSONField(null=True)
    log = models.JSONField(default=list)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True)
    error_id = models.CharField(max_length=40, blank=True)
    schedule = models.CharField(max_length=100, blank=True)
    slot = models.DateTimeField(null=True)
    parent_id = models.UUIDField(null=True, help_text="The run that waits for this one: a night for its steps.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "maintenance_job_run"
        constraints = [
            # Two beats, or a beat that starts twice, make one run of a slot.
            models.UniqueConstraint(
                fields=["schedule", "slot"], condition=models.Q(slot__isnull=False), name="maintenance_run_slot_once"
            ),
            # A night that is killed and goes on finds the step that it had started, also when that has ended by now.
            models.UniqueConstraint(
                fields=["parent_id", "key"],
                condition=models.Q(parent_id__isnull=False),
                name="maintenance_run_child_once",
            ),
            models.UniqueConstraint(
                fields=["name", "key"],
                condition=models.Q(state__in=["queued", "running", "cancelling"], key__isnull=False),
                name="maintenance_run_key_once",
            ),
            models.CheckConstraint(
                name="maintenance_run_state",
                condition=models.Q(state__in=["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]),
            ),
            models.CheckConstraint(
                name="maintenance_run_finished",
                condition=models.Q(state__in=["succeeded", "failed", "cancelled"], finished_at__isnull=False)
                | models.Q(state__in=["queued", "running", "cancelling"], finished_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["run_at"], condition=models.Q(state="queued"), name="maintenance_run_queued"),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state__in=["running", "cancelling"]),
                name="maintenance_run_lease",
            ),
            models.Index(fields=["name", "-id"], name="maintenance_run_name"),
            models.Index(fields=["schedule", "-id"], condition=~models.Q(schedule=""), name="maintenance_run_schedule"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether it is not finished yet."""
        return self.state in self.LIVE

    @property
    def elapsed(self) -> timedelta | None:
        """How long it has run, or ran; None before its first start."""
        if self.started_at is None:
            return None
        return max(timedelta(0), (self.finished_at or clock.now()) - self.started_at)  # The clock may have been set.
