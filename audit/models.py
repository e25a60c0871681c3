"""The trail's tables. Their SQL (partitions, triggers, grants) stands in the migrations; the models read them."""

from typing import ClassVar, Self

from django.db import models

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Evidence, Model, no_evidence


class Event(models.Model):
    """One thing that happened. Written only by `audit.services.event_record`; never changed; goes with its partition.

    The table is partitioned by month on the UUIDv7 key, so a look-up by id reads one partition and a page reads the
    newest ones. `personal` holds what names a person (labels, personal fields of a diff) as ciphertext under that
    person's key: destroying the key erases it and leaves every row as it was.
    """

    evidence: ClassVar[Evidence] = no_evidence("The trail does not record itself.")
    walled: ClassVar[bool] = True

    class Outcome(models.TextChoices):
        """How it ended."""

        OK = "ok", "ok"
        DENIED = "denied", "denied"
        FAILED = "failed", "failed"

    id = models.UUIDField(primary_key=True, editable=False)
    schema = models.PositiveSmallIntegerField(default=1)
    occurred_at = models.DateTimeField()
    code = models.TextField()
    category = models.TextField()
    severity = models.TextField()
    outcome = models.TextField(choices=Outcome)
    actor_kind = models.TextField()
    actor_id = models.UUIDField(null=True)
    actor_label = models.TextField()
    behalf_id = models.UUIDField(null=True)
    behalf_label = models.TextField()
    organisation_id = models.UUIDField(null=True)
    target_type = models.TextField()
    target_id = models.UUIDField(null=True)
    target_label = models.TextField()
    changes = models.JSONField()
    data = models.JSONField()
    personal = models.JSONField()
    reason = models.TextField()
    source = models.TextField()
    request_id = models.TextField()
    correlation_id = models.TextField()
    session_id = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    agent = models.TextField()

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "audit_event"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.code


class PersonalKey(models.Model):
    """The key under which one person's data in the trail is encrypted, itself sealed by the installation's key.

    Made with the first event that names the person. Destroying it (erasure) empties `sealed`; rows stay.
    """

    evidence: ClassVar[Evidence] = no_evidence("Made as part of an event; its destruction is an event of erasure.")

    subject_id = models.UUIDField(primary_key=True)
    key_id = models.TextField()
    sealed = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "audit_personal_key"

    def __str__(self) -> str:
        return f"key of {self.subject_id}"


class Export(Model):
    """One export of the trail: what was asked for, and its file once that is whole.

    Written by `audit.services.exports` and the job `audit.export_events`; row and file go a day after it was asked for.
    `since` and `until` fix the events at the moment of asking. Only a row in state ready has a file: the whole one, with its
    size and SHA-256; where a job is writing stands in the cursor of its run.
    """

    evidence: ClassVar[Evidence] = EVENT

    class State(models.TextChoices):
        """Life of an export."""

        WORKING = "working", "working"
        READY = "ready", "ready"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    class Format(models.TextChoices):
        """Kind of file."""

        CSV = "csv", "CSV"
        JSON_LINES = "jsonl", "JSON lines"

    requested_by = models.UUIDField(null=True)
    organisation_id = models.UUIDField(null=True)
    format = models.CharField(max_length=10, choices=Format)
    query = models.JSONField(default=dict)
    since = models.UUIDField()
    until = models.UUIDField()
    state = models.CharField(max_length=10, choices=State, default=State.WORKING)
    rows = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    file = models.CharField(max_length=100, blank=True)
    run_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "audit_export"
        constraints = [
            # A file is offered only when it is whole and can be proved.
            models.CheckConstraint(
                name="audit_export_whole",
                condition=~models.Q(state="ready")
                | (~models.Q(file="") & ~models.Q(sha256="") & models.Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="audit_export_state",
                condition=models.Q(state__in=["working", "ready", "failed", "cancelled"]),
            ),
        ]
        indexes = [
            models.Index(fields=["requested_by", "-id"], name="audit_export_requested_by"),
            models.Index(fields=["created_at"], name="audit_export_created"),
        ]

    def __str__(self) -> str:
        return f"{self.get_format_display()} of {self.created_at:%Y-%m-%d %H:%M}"


class Channel(models.TextChoices):
    """By which door a request came."""

    PAGE = "page", "page"
    API = "api", "api"
    ADMIN = "admin", "admin"


class Activity(models.Model):
    """One request that a page, an endpoint or the admin answered. An observation, not evidence: some may be missing.

    Written in batches by `audit.services.activity`, never changed; goes with its day's partition after 30 days. `route`
    is the declared pattern and `family` the first digit of the status. Who it was is an id alone, and the address is
    shortened, so that there is nothing to erase here.
    """

    evidence: ClassVar[Evidence] = no_evidence("An observation of requests; what they change is recorded by itself.")
    walled: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, editable=False)
    occurred_at = models.DateTimeField()
    channel = models.TextField(choices=Channel)
    method = models.TextField()
    route = models.TextField()
    object_id = models.UUIDField(null=True)
    status = models.PositiveSmallIntegerField()
    family = models.PositiveSmallIntegerField()
    duration_ms = models.FloatField()
    bytes = models.PositiveIntegerField(null=True)
    actor_kind = models.TextField()
    actor_id = models.UUIDField(null=True)
    session_id = models.UUIDField(null=True)
    organisation_id = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    request_id = models.TextField()

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "audit_activity"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


class ActivityHour(models.Model):
    """How many requests a route answered within an hour, and how long they took: sums of `Activity`, for charts.

    Written with each batch of it; goes with it. A row of an organisation counts the requests that named it, a row of
    none those of the whole installation.
    """

    evidence: ClassVar[Evidence] = no_evidence("Sums of observations, written with them.")
    walled: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, editable=False)
    organisation_id = models.UUIDField(null=True)
    hour = models.DateTimeField()
    channel = models.TextField(choices=Channel)
    route = models.TextField()
    family = models.PositiveSmallIntegerField()
    requests = models.BigIntegerField()
    milliseconds = models.FloatField()
    slowest_ms = models.FloatField()

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "audit_activity_hour"

    def __str__(self) -> str:
        return f"{self.route} at {self.hour:%Y-%m-%d %H:00}"


class ActivityDay(models.Model):
    """What a whole day (UTC) of requests came to, kept for good: people, organisations, calls, and how long they took.

    Written once, by the nightly job `audit.sum_days`, and only of days of which every request is still known. The
    week and the month are the 7 and 30 days that end with the day. A spread says how many requests took how long: by
    the number of the step of 5 %, see `audit.spreads`. Names nobody.
    """

    evidence: ClassVar[Evidence] = no_evidence("Sums of observations.")

    day = models.DateField(primary_key=True)
    people = models.PositiveIntegerField()
    people_week = models.PositiveIntegerField()
    people_month = models.PositiveIntegerField()
    organisations_month = models.PositiveIntegerField()
    api_calls = models.BigIntegerField()
    api_failed = models.BigIntegerField()
    api_spread = models.JSONField(default=dict)
    page_spread = models.JSONField(default=dict)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "audit_activity_day"

    def __str__(self) -> str:
        return f"{self.day}"
