"""What is counted (meters) and what a plan entitles to (features and their entitlements)."""

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.catalogue import PlanVersion, code_validator
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model, no_evidence


class Meter(Model):
    """What use is counted as. Its code and how it counts never change (trigger): prices stand on it. Written by staff
    (`plan:admin`); archived, never deleted.
    """

    evidence = EVENT

    class Aggregation(models.TextChoices):
        """How the events of a period become a quantity."""

        COUNT = "count", _("Number of events")
        SUM = "sum", _("Sum of quantities")
        MAX = "max", _("Largest quantity")
        UNIQUE = "unique", _("Different values of a property")
        LAST = "last", _("Last quantity")

    code = models.CharField(max_length=60, unique=True, validators=[code_validator])
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=30, blank=True, default="", help_text="What one of it is called: call, GB.")
    aggregation = models.CharField(max_length=6, choices=Aggregation, default=Aggregation.SUM)
    property = models.CharField(max_length=60, blank=True, default="", help_text="Of which `unique` counts the values.")
    created_at = models.DateTimeField(default=clock.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_meter"
        constraints = [
            models.CheckConstraint(
                name="billing_meter_aggregation",
                condition=models.Q(aggregation__in=["count", "sum", "max", "unique", "last"]),
            ),
            models.CheckConstraint(
                name="billing_meter_property",
                condition=models.Q(aggregation="unique") & ~models.Q(property="")
                | ~models.Q(aggregation="unique") & models.Q(property=""),
            ),
        ]
        indexes = [models.Index(fields=["name", "id"], name="billing_meter_name")]

    def __str__(self) -> str:
        return self.name


class Feature(Model):
    """Something a plan may open (a switch) or give a number of (a limit). Its code, kind and meter never change (trigger).

    A limit with a meter counts what was used in the running period; one without counts what the host product says that
    there is (projects, seats). Written by staff (`plan:admin`); archived, never deleted.
    """

    evidence = EVENT

    class Kind(models.TextChoices):
        """What a plan says about it."""

        SWITCH = "switch", _("Switch")
        LIMIT = "limit", _("Limit")

    code = models.CharField(max_length=60, unique=True, validators=[code_validator])
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True, default="")
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.SWITCH)
    unit = models.CharField(max_length=30, blank=True, default="")
    meter = models.ForeignKey(Meter, null=True, blank=True, on_delete=models.PROTECT, related_name="features")
    position = models.PositiveIntegerField(default=0, help_text="Its place on the cards of plans, from the top.")
    created_at = models.DateTimeField(default=clock.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_feature"
        constraints = [
            models.CheckConstraint(
                name="billing_feature_kind",
                condition=models.Q(kind="limit") | models.Q(kind="switch", meter=None),
            ),
        ]
        indexes = [models.Index(fields=["position", "id"], name="billing_feature_position")]

    def __str__(self) -> str:
        return self.name


class Entitlement(Model):
    """What a version of a plan gives of a feature; without a row it gives nothing. Of a switch the row opens it.

    Of a limit: above `soft_limit` people are told, above `hard_limit` it is refused; both None: as much as one likes.
    An add-on's limits come on top of the plan's. Part of a version: written with it.
    """

    evidence = no_evidence("Part of its version, whose event tells what it gives.")

    plan_version = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="entitlements")
    feature = models.ForeignKey(Feature, on_delete=models.PROTECT, related_name="entitlements")
    soft_limit = models.BigIntegerField(null=True, blank=True)
    hard_limit = models.BigIntegerField(null=True, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_entitlement"
        constraints = [
            models.UniqueConstraint(fields=["plan_version", "feature"], name="billing_entitlement_once"),
            models.CheckConstraint(
                name="billing_entitlement_limits",
                condition=(models.Q(soft_limit=None) | models.Q(soft_limit__gte=0))
                & (models.Q(hard_limit=None) | models.Q(hard_limit__gte=0))
                & (
                    models.Q(soft_limit=None)
                    | models.Q(hard_limit=None)
                    | models.Q(soft_limit__lte=models.F("hard_limit"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return str(self.feature)
