"""Prices of a plan's version: per currency, by one of six models; tiers and minimums."""

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.catalogue import PlanVersion, code_validator
from billing.models.customers import currency_validator
from billing.models.meters import Meter
from billing.pricing import PriceShape, Tier
from portal.kit.managers import ScopedManager
from portal.kit.models import Model, no_evidence

# Exact minor units: 0.000000000001 of a cent; enough for a price per token, far from the end for any plan.
EXACT: dict[str, Any] = {"max_digits": 27, "decimal_places": 12}
COUNTED: dict[str, Any] = {"max_digits": 24, "decimal_places": 6}
_PART = no_evidence("Part of its version, whose event tells what it says.")


class Price(Model):
    """One line of a plan in one currency: what it is called on documents, and how it is computed (`billing.pricing`).

    The same `code` in each currency is the same line. Without `meter` the quantity is that of the subscription's item
    (seats); with one it is what was used, billed when the period is over. Part of a version: written with it.
    """

    evidence = _PART

    class Pricing(models.TextChoices):
        """How an amount comes from a quantity."""

        FLAT = "flat", _("Flat fee")
        PER_SEAT = "per_seat", _("Per seat or unit")
        GRADUATED = "graduated", _("Graduated tiers")
        VOLUME = "volume", _("Volume tiers")
        PACKAGE = "package", _("Packages")
        PERCENTAGE = "percentage", _("Percentage")

    plan_version = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="prices")
    code = models.CharField(max_length=40, validators=[code_validator])
    name = models.CharField(max_length=80, help_text="As documents call it.")
    currency = models.CharField(max_length=3, validators=[currency_validator])
    model = models.CharField(max_length=10, choices=Pricing, default=Pricing.FLAT)
    meter = models.ForeignKey(Meter, null=True, blank=True, on_delete=models.PROTECT, related_name="prices")
    unit_amount = models.DecimalField(
        **EXACT, default=0, help_text="Minor units: the fee, of a seat, of a package, or of each event of a percentage."
    )
    package_size = models.DecimalField(**COUNTED, null=True, blank=True)
    free_units = models.DecimalField(**COUNTED, default=0, help_text="Units of a package price that cost nothing.")
    percent = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    free_amount = models.DecimalField(**EXACT, default=0, help_text="Minor units that a percentage leaves out.")
    charge_zero = models.BooleanField(
        default=True, help_text="Whether the flat fee of the first tier is due without any use."
    )
    position = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_price"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["plan_version", "currency", "code"], name="billing_price_once"),
            models.CheckConstraint(
                name="billing_price_model",
                condition=models.Q(model__in=["flat", "per_seat", "graduated", "volume", "package", "percentage"]),
            ),
            models.CheckConstraint(
                name="billing_price_not_negative",
                condition=models.Q(unit_amount__gte=0, free_units__gte=0, free_amount__gte=0),
            ),
            models.CheckConstraint(
                name="billing_price_flat_without_meter", condition=~models.Q(model="flat") | models.Q(meter=None)
            ),
            models.CheckConstraint(
                name="billing_price_package",
                condition=models.Q(model="package", package_size__isnull=False, package_size__gt=0)
                | ~models.Q(model="package") & models.Q(package_size=None, free_units=0),
            ),
            models.CheckConstraint(
                name="billing_price_percentage",
                condition=models.Q(
                    model="percentage", percent__isnull=False, percent__range=(0, 100), meter__isnull=False
                )
                | ~models.Q(model="percentage") & models.Q(percent=None, free_amount=0),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shape(self) -> PriceShape:
        """What computes it; reads the tiers (prefetch `tiers`)."""
        return PriceShape(
            model=self.model,
            unit_amount=self.unit_amount,
            tiers=tuple(Tier(row.up_to, row.unit_amount, row.flat_amount) for row in self.tiers.all()),
            package_size=self.package_size,
            free_units=self.free_units,
            percent=self.percent,
            free_amount=self.free_amount,
            charge_zero=self.charge_zero,
        )


class PriceTier(Model):
    """A step of a graduated or volume price: up to and with `up_to` units (None: without end, always the last)."""

    evidence = _PART

    price = models.ForeignKey(Price, on_delete=models.CASCADE, related_name="tiers")
    position = models.PositiveSmallIntegerField()
    up_to = models.DecimalField(**COUNTED, null=True, blank=True)
    unit_amount = models.DecimalField(**EXACT, default=0)
    flat_amount = models.DecimalField(**EXACT, default=0)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_price_tier"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["price", "position"], name="billing_price_tier_position"),
            models.UniqueConstraint(
                fields=["price"], condition=models.Q(up_to=None), name="billing_price_tier_one_open"
            ),
            models.CheckConstraint(
                name="billing_price_tier_not_negative",
                condition=models.Q(unit_amount__gte=0, flat_amount__gte=0)
                & (models.Q(up_to=None) | models.Q(up_to__gt=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.price} {self.position}"


class PlanMinimum(Model):
    """What a full period of a plan costs at least, in one currency: what fixed prices and use leave open is a line of
    its own (kind `minimum`)."""

    evidence = _PART

    plan_version = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="minimums")
    currency = models.CharField(max_length=3, validators=[currency_validator])
    amount = models.BigIntegerField(help_text="Minor units.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_plan_minimum"
        constraints = [
            models.UniqueConstraint(fields=["plan_version", "currency"], name="billing_plan_minimum_once"),
            models.CheckConstraint(name="billing_plan_minimum_positive", condition=models.Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
