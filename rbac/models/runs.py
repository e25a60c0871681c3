"""Runs that host products tell of: what they did with a resource, how far it is, and how it ended."""

from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, TenantModel, no_evidence
from rbac.models.scopes import Resource, ResourceType


class Run(TenantModel):
    """One run of a resource, as its product tells of it. It goes with its resource, or 30 days after it ended."""

    evidence = EVENT

    class State(models.TextChoices):
        """Where it stands. A lost one was not heard of for too long; the product may still find it again."""

        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        LOST = "lost", _("Lost")

    LIVE: ClassVar[tuple[str, ...]] = ("queued", "running")

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="runs")
    external_id = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    phase = models.CharField(max_length=200, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True, blank=True)
    message = models.CharField(max_length=1000, blank=True, help_text="How it ended, in the words of the product.")
    lines_count = models.PositiveIntegerField(default=0)
    started_by = models.UUIDField(null=True, help_text="Who told of it.")
    cancel_asked_by = models.UUIDField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(default=clock.now, db_default=Now(), help_text="When the product last spoke of it.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_run"
        constraints = [
            models.UniqueConstraint(fields=["resource", "external_id"], name="rbac_run_external"),
            models.CheckConstraint(
                name="rbac_run_ended",
                condition=models.Q(state__in=["queued", "running"], finished_at=None)
                | ~models.Q(state__in=["queued", "running"]) & ~models.Q(finished_at=None),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "created_at", "id"], name="rbac_run_newest"),
            models.Index(fields=["organisation", "state", "id"], name="rbac_run_state"),
            models.Index(fields=["resource", "id"], name="rbac_run_of_resource"),
            models.Index(
                fields=["seen_at"], condition=models.Q(state__in=["queued", "running"]), name="rbac_run_silent"
            ),
            models.Index(fields=["finished_at", "id"], name="rbac_run_finished"),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.state in self.LIVE

    @property
    def elapsed(self) -> timedelta | None:
        """How long it runs or ran; None for one that never began."""
        if self.started_at is None:
            return None
        return (self.finished_at or clock.now()) - self.started_at


class RunLine(TenantModel):
    """One line of the log of a run."""

    evidence = no_evidence("What a program says while it works; that it ran and how it ended is recorded.")

    class Level(models.TextChoices):
        """How much it matters."""

        INFO = "info", _("Information")
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    level = models.CharField(max_length=7, choices=Level, default=Level.INFO)
    text = models.CharField(max_length=2000)
    written_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_run_line"
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="rbac_run_line_number")]

    def __str__(self) -> str:
        return f"{self.number} of {self.run_id}"


class RunTally(TenantModel):
    """How much one organisation ran of one type on one day (UTC). It outlives the runs: invoices are made from it."""

    evidence = no_evidence("A sum of runs, each of which has its own events.")

    type = models.ForeignKey(ResourceType, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    started = models.PositiveIntegerField(default=0)
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(
        default=0, help_text="Failed or cancelled; one that is lost may still be found."
    )
    seconds = models.PositiveBigIntegerField(default=0, help_text="How long the runs took that ended on the day.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_run_tally"
        constraints = [models.UniqueConstraint(fields=["organisation", "type", "day"], name="rbac_run_tally_once")]
        indexes = [models.Index(fields=["day", "type"], name="rbac_run_tally_day")]

    def __str__(self) -> str:
        return f"{self.type_id} on {self.day}"
