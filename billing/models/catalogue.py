"""What is sold: products, plans and their versions. A version is a draft until it is published; then it never changes."""

from datetime import datetime
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.periods import Anchor, Interval, anchor_of
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model

code_validator = RegexValidator(
    r"\A[a-z0-9][a-z0-9_.-]*\Z", _("Use lower-case letters, digits, hyphens, dots and underscores.")
)


class Product(Model):
    """What plans are plans of: a service with a name of its own. Written by staff (`plan:admin`); archived, never deleted."""

    evidence = EVENT

    code = models.CharField(max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_product"
        indexes = [models.Index(fields=["name", "id"], name="billing_product_name")]

    def __str__(self) -> str:
        return self.name


class Plan(Model):
    """An offer: a base plan, of which a customer has one, or an add-on to one. What it costs stands in its versions.

    `family` joins plans that are the same offer at other intervals: they stand on one card, with a switch. Written by
    staff (`plan:admin`); archived, never deleted: those who have it keep it, nobody else can choose it.
    """

    evidence = EVENT

    class Kind(models.TextChoices):
        """What it is bought as."""

        BASE = "base", _("Plan")
        ADDON = "addon", _("Add-on")

    class State(models.TextChoices):
        """Whether it can be chosen."""

        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        ARCHIVED = "archived", _("Archived")

    class Visibility(models.TextChoices):
        """Who finds it in the plan picker; staff can give either to a customer."""

        PUBLIC = "public", _("Everybody")
        HIDDEN = "hidden", _("Staff only")

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="plans")
    code = models.CharField(max_length=40, unique=True, validators=[code_validator])
    family = models.CharField(max_length=40, validators=[code_validator], help_text="The code of its card.")
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True, default="")
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.BASE)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    visibility = models.CharField(max_length=6, choices=Visibility, default=Visibility.PUBLIC)
    position = models.PositiveIntegerField(default=0, help_text="Its place in the plan picker, from the left.")
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_plan"
        constraints = [
            models.CheckConstraint(name="billing_plan_kind", condition=models.Q(kind__in=["base", "addon"])),
            models.CheckConstraint(
                name="billing_plan_state", condition=models.Q(state__in=["draft", "active", "archived"])
            ),
            models.CheckConstraint(
                name="billing_plan_visibility", condition=models.Q(visibility__in=["public", "hidden"])
            ),
        ]
        indexes = [
            models.Index(fields=["position", "id"], name="billing_plan_position"),
            models.Index(fields=["name", "id"], name="billing_plan_name"),
            models.Index(fields=["created_at", "id"], name="billing_plan_created"),
        ]

    def __str__(self) -> str:
        return self.name


def default_dunning() -> dict[str, Any]:
    """What happens to an invoice that is not paid: days after its due date (policy defaults)."""
    return {
        "retries": [1, 3, 7, 14],
        "stages": [{"day": 3, "do": "warn"}, {"day": 7, "do": "restrict"}, {"day": 21, "do": "suspend"}],
    }


class PlanVersion(Model):
    """The terms of a plan: how often it is billed, how parts of a period are counted, what follows a change. Its prices,
    minimums and entitlements hang on it. Published, it and they never change (triggers): new terms are a new version,
    and who has the old one keeps it.
    """

    evidence = EVENT

    class Unit(models.TextChoices):
        """What a period is measured in."""

        DAY = "day", _("Day")
        WEEK = "week", _("Week")
        MONTH = "month", _("Month")
        YEAR = "year", _("Year")

    class Billing(models.TextChoices):
        """When fixed prices are billed; use is always billed when its period is over."""

        ADVANCE = "advance", _("In advance")
        ARREARS = "arrears", _("In arrears")

    class AnchorKind(models.TextChoices):
        """Where periods begin."""

        CALENDAR = "calendar", _("First day of the calendar period")
        ANNIVERSARY = "anniversary", _("Day of the start")

    class Proration(models.TextChoices):
        """How a part of a period is counted; see `billing.proration`."""

        DAY_COUNTS = "day_counts", _("Days, the last day counts")
        DAY_RATIO = "day_ratio", _("Days, the last day does not count")
        SECONDS = "seconds", _("Seconds")

    class Change(models.TextChoices):
        """When a change of plan takes effect."""

        NOW = "now", _("At once")
        PERIOD_END = "period_end", _("At the end of the period")

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    published_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is sold; None: a draft.")
    interval_unit = models.CharField(max_length=5, choices=Unit, default=Unit.MONTH)
    interval_count = models.PositiveSmallIntegerField(default=1)
    billing = models.CharField(max_length=7, choices=Billing, default=Billing.ADVANCE)
    anchor = models.CharField(max_length=11, choices=AnchorKind, default=AnchorKind.ANNIVERSARY)
    proration = models.CharField(max_length=10, choices=Proration, default=Proration.DAY_RATIO)
    fixed_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="30: every month counts 30 days; None: as the calendar has them."
    )
    trial_days = models.PositiveSmallIntegerField(default=0)
    on_upgrade = models.CharField(max_length=10, choices=Change, default=Change.NOW)
    on_downgrade = models.CharField(max_length=10, choices=Change, default=Change.PERIOD_END)
    dunning = models.JSONField(default=default_dunning)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_plan_version"
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="billing_plan_version_number"),
            models.UniqueConstraint(
                fields=["plan"], condition=models.Q(published_at=None), name="billing_plan_version_one_draft"
            ),
            models.CheckConstraint(
                name="billing_plan_version_interval",
                condition=models.Q(interval_unit__in=["day", "week", "month", "year"], interval_count__range=(1, 366)),
            ),
            models.CheckConstraint(
                name="billing_plan_version_billing", condition=models.Q(billing__in=["advance", "arrears"])
            ),
            models.CheckConstraint(
                name="billing_plan_version_anchor", condition=models.Q(anchor__in=["calendar", "anniversary"])
            ),
            models.CheckConstraint(
                name="billing_plan_version_proration",
                condition=models.Q(proration__in=["day_counts", "day_ratio", "seconds"]),
            ),
            # Months of 30 days mean nothing to weeks, nor to seconds.
            models.CheckConstraint(
                name="billing_plan_version_fixed_days",
                condition=models.Q(fixed_days=None)
                | models.Q(
                    fixed_days=30, interval_unit__in=["month", "year"], proration__in=["day_counts", "day_ratio"]
                ),
            ),
            models.CheckConstraint(
                name="billing_plan_version_changes",
                condition=models.Q(on_upgrade__in=["now", "period_end"], on_downgrade__in=["now", "period_end"]),
            ),
            models.CheckConstraint(name="billing_plan_version_trial", condition=models.Q(trial_days__range=(0, 730))),
        ]

    def __str__(self) -> str:
        return f"{self.plan} {self.number}"

    @property
    def is_draft(self) -> bool:
        """Whether it can still be changed."""
        return self.published_at is None

    @property
    def interval(self) -> Interval:
        """How long a period is."""
        return Interval(self.interval_unit, self.interval_count)  # type: ignore[arg-type]

    def anchor_from(self, start: datetime, zone: ZoneInfo, *, day: int = 0) -> Anchor:
        """Where the periods of something that starts then are counted from; `day`: another bill day than the start's.

        Keep `anchor.on`, `.day` and `.at` with what was agreed: they never come from a later period.
        """
        exact = self.proration == self.Proration.SECONDS
        return anchor_of(start, self.interval, zone, kind=self.anchor, day=day, exact=exact)  # type: ignore[arg-type]
