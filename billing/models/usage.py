"""Use: what host products report, summed up by hour and day, and who was told of limits."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, SUMMARY, TenantModel, no_evidence

KEY_LIMIT = 120
METER_LIMIT = 60
VALUE_LIMIT = 200
DIGITS, PLACES = 24, 9


class UsageEvent(TenantModel):
    """One thing that a customer used, as its host product reported it. Never changed; removed after 90 days.

    `key` is the reporter's own and counts once in an organisation, whenever it is sent again; `digest` tells the same
    event from another one under the same key. `value` is what a meter of distinct things counts. The table is not
    partitioned: a unique index over partitions by time would have to hold the time too, and the same key with another
    time would then be another event.
    """

    evidence = SUMMARY

    meter = models.CharField(max_length=METER_LIMIT, help_text="The code of the meter.")
    key = models.CharField(max_length=KEY_LIMIT)
    quantity = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    value = models.CharField(max_length=VALUE_LIMIT, blank=True, default="")
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(default=clock.now)
    digest = models.BinaryField(max_length=32)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_usage_event"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "key"], name="billing_usage_event_once"),
            models.CheckConstraint(name="billing_usage_event_positive", condition=models.Q(quantity__gte=0)),
        ]
        indexes = [
            models.Index(fields=["organisation", "meter", "occurred_at"], name="billing_usage_event_of"),
            models.Index(fields=["received_at"], name="billing_usage_event_received"),
            models.Index(fields=["key"], name="billing_usage_event_key"),
        ]

    def __str__(self) -> str:
        return self.key


class UsageRollup(TenantModel):
    """The events of one meter in one hour or day (UTC), kept in the transaction that takes the events.

    Hours are removed after 13 months, days stay.
    """

    evidence = no_evidence("A sum of usage events, which have a summary; it can be made again from them.")

    class Grain(models.TextChoices):
        """How long it is."""

        HOUR = "hour", _("Hour")
        DAY = "day", _("Day")

    meter = models.CharField(max_length=METER_LIMIT)
    grain = models.CharField(max_length=4, choices=Grain)
    starts_at = models.DateTimeField()
    events = models.BigIntegerField()
    total = models.DecimalField(max_digits=30, decimal_places=PLACES)
    largest = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    last = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES, help_text="Of its latest event.")
    last_at = models.DateTimeField()
    last_key = models.CharField(max_length=KEY_LIMIT, help_text="Decides between events of one moment.")
    late = models.BigIntegerField(
        default=0, db_default=0, help_text="Events that came over an hour after they happened."
    )
    duplicates = models.BigIntegerField(default=0, db_default=0, help_text="Events that were sent again; not counted.")
    changed_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_usage_rollup"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "meter", "grain", "starts_at"], name="billing_usage_rollup_once"
            ),
            models.CheckConstraint(name="billing_usage_rollup_grain", condition=models.Q(grain__in=["hour", "day"])),
        ]
        indexes = [
            models.Index(fields=["grain", "starts_at"], name="billing_usage_rollup_old"),
            models.Index(fields=["changed_at"], condition=models.Q(grain="day"), name="billing_usage_rollup_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.meter} {self.starts_at:%Y-%m-%d %H:%M}"


class UsageDistinct(TenantModel):
    """A value that a meter of distinct things has seen in an hour, kept for as long as rollups by hour."""

    evidence = no_evidence("A sum of usage events, which have a summary; it can be made again from them.")

    meter = models.CharField(max_length=METER_LIMIT)
    starts_at = models.DateTimeField()
    value = models.CharField(max_length=VALUE_LIMIT)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_usage_distinct"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "meter", "starts_at", "value"], name="billing_usage_distinct_once"
            )
        ]
        indexes = [models.Index(fields=["starts_at"], name="billing_usage_distinct_old")]

    def __str__(self) -> str:
        return f"{self.meter}: {self.value}"


class QuotaAlert(TenantModel):
    """That an organisation was told once in a period that so many percent of a limit are used."""

    evidence = EVENT

    feature = models.CharField(max_length=METER_LIMIT)
    percent = models.PositiveSmallIntegerField()
    period_start = models.DateTimeField()
    used = models.DecimalField(max_digits=30, decimal_places=PLACES)
    limit = models.DecimalField(max_digits=30, decimal_places=PLACES)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_quota_alert"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "feature", "period_start", "percent"], name="billing_quota_alert_once"
            ),
            models.CheckConstraint(name="billing_quota_alert_percent", condition=models.Q(percent__in=[80, 100])),
        ]

    def __str__(self) -> str:
        return f"{self.feature} {self.percent} %"


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour (UTC) that a moment is in."""
    return moment.replace(minute=0, second=0, microsecond=0)
