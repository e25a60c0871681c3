"""Discounts that somebody can ask for by a code."""

from typing import ClassVar, Self

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.catalogue import Plan
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model, no_evidence

coupon_validator = RegexValidator(
    r"\A[A-Z0-9][A-Z0-9_-]{2,39}\Z", _("Use 3 to 40 capital letters, digits and hyphens.")
)


class Coupon(Model):
    """A discount: a share of the amount, or an amount of one currency, on the first document, on some, or on all.

    What it gives never changes (trigger), how often and until when it may be redeemed does. `redeemed` counts, under its
    lock, and never passes `max_redemptions` (constraint). Written by staff (`coupon:admin`); archived, never deleted.
    """

    evidence = EVENT

    class Duration(models.TextChoices):
        """For how long it discounts."""

        ONCE = "once", _("Once")
        REPEATING = "repeating", _("For some periods")
        FOREVER = "forever", _("For ever")

    code = models.CharField(max_length=40, unique=True, validators=[coupon_validator], help_text="Capital letters.")
    name = models.CharField(max_length=80, help_text="As documents call it.")
    percent_off = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    amount_off = models.BigIntegerField(null=True, blank=True, help_text="Minor units of `currency`.")
    currency = models.CharField(max_length=3, blank=True, default="", help_text="Of `amount_off`; empty for a share.")
    duration = models.CharField(max_length=9, choices=Duration, default=Duration.ONCE)
    repeats = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Periods, where it is for some.")
    redeem_by = models.DateTimeField(null=True, blank=True)
    max_redemptions = models.PositiveIntegerField(null=True, blank=True)
    redeemed = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_coupon"
        constraints = [
            models.CheckConstraint(
                name="billing_coupon_off",
                condition=models.Q(
                    percent_off__isnull=False, percent_off__gt=0, percent_off__lte=100, amount_off=None, currency=""
                )
                | models.Q(percent_off=None, amount_off__isnull=False, amount_off__gt=0) & ~models.Q(currency=""),
            ),
            models.CheckConstraint(
                name="billing_coupon_duration",
                condition=models.Q(duration="repeating", repeats__isnull=False, repeats__gte=1)
                | models.Q(duration__in=["once", "forever"], repeats=None),
            ),
            models.CheckConstraint(
                name="billing_coupon_redemptions",
                condition=models.Q(max_redemptions=None) | models.Q(redeemed__lte=models.F("max_redemptions")),
            ),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="billing_coupon_created")]

    def __str__(self) -> str:
        return self.code


class CouponPlan(Model):
    """A plan that a coupon is good for; a coupon without any is good for all."""

    evidence = no_evidence("Part of its coupon, whose event tells the plans.")

    coupon = models.ForeignKey(Coupon, on_delete=models.CASCADE, related_name="plans")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_coupon_plan"
        constraints = [models.UniqueConstraint(fields=["coupon", "plan"], name="billing_coupon_plan_once")]

    def __str__(self) -> str:
        return str(self.plan)
