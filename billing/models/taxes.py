"""Rates of tax of the legal entities, each for a stretch of time: documents of the past keep theirs."""

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.customers import LegalEntity, country_validator
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model


class TaxRate(Model):
    """A rate that an entity charges in [valid_from, valid_until): once in force it ends and another begins.

    Empty `country`: everywhere. Written by staff (`invoice:admin`). The database refuses to delete one, to give it to
    another entity, and two of a code at the same time.
    """

    evidence = EVENT

    class Category(models.TextChoices):
        """What kind of supply it is for, or why nothing is due."""

        STANDARD = "standard", _("Standard")
        REDUCED = "reduced", _("Reduced")
        ZERO = "zero", _("Zero")
        EXEMPT = "exempt", _("Exempt")
        REVERSE = "reverse", _("Reverse charge")

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="tax_rates")
    code = models.SlugField(max_length=24, help_text="The same for the rates that follow each other.")
    name = models.CharField(max_length=60, help_text="As printed on documents, such as VAT.")
    country = models.CharField(max_length=2, blank=True, default="", validators=[country_validator])
    region = models.CharField(max_length=10, blank=True, default="")
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    category = models.CharField(max_length=10, choices=Category, default=Category.STANDARD)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True, help_text="The first day on which it is no longer in force.")
    source = models.CharField(max_length=200, blank=True, default="", help_text="Where it is from, and of which day.")
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_tax_rate"
        constraints = [
            models.UniqueConstraint(fields=["entity", "code", "valid_from"], name="billing_tax_rate_once"),
            models.UniqueConstraint(
                fields=["entity", "code"],
                condition=models.Q(valid_until__isnull=True),
                name="billing_tax_rate_one_open",
            ),
            models.CheckConstraint(
                name="billing_tax_rate_percent", condition=models.Q(percent__gte=0) & models.Q(percent__lte=100)
            ),
            models.CheckConstraint(
                name="billing_tax_rate_nothing_due",
                condition=models.Q(category__in=["standard", "reduced"])
                | (models.Q(category__in=["zero", "exempt", "reverse"]) & models.Q(percent=0)),
            ),
            models.CheckConstraint(
                name="billing_tax_rate_until",
                condition=models.Q(valid_until__isnull=True) | models.Q(valid_until__gt=models.F("valid_from")),
            ),
        ]
        indexes = [models.Index(fields=["entity", "country", "code", "valid_from"], name="billing_tax_rate_order")]

    def __str__(self) -> str:
        return f"{self.name} {self.percent.normalize():f} %"
