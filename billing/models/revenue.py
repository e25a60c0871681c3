"""What was billed in advance and is earned over its days."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from billing.models.customers import Customer, currency_validator
from billing.models.invoices import InvoiceLine
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import TenantModel, no_evidence


class Deferral(TenantModel):
    """How far a line of an invoice is earned: one row per line, moved on by the nightly job.

    `net` was billed for the days until `ends_on`. `earned` of it is income, counted up to `until_on` (exclusive); `taken`
    was taken back by credit notes, or when the invoice became void, before it was earned. The rest stands on the account
    of deferred income, and is earned evenly over [from_on, ends_on), where `base` was earned before `from_on`. Days are
    those of the customer's time zone. Amounts are below 0 where the line gives back.
    """

    evidence = no_evidence("Follows from its invoice line and the calendar; each movement is a journal of the ledger.")

    line = models.OneToOneField(InvoiceLine, on_delete=models.PROTECT, related_name="deferral")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3, validators=[currency_validator])
    sandbox = models.BooleanField(default=False)
    net = models.BigIntegerField()
    taken = models.BigIntegerField(default=0)
    base = models.BigIntegerField(default=0)
    earned = models.BigIntegerField(default=0)
    from_on = models.DateField()
    ends_on = models.DateField()
    until_on = models.DateField()
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_deferral"
        constraints = [
            models.CheckConstraint(
                name="billing_deferral_days",
                condition=Q(ends_on__gt=F("from_on"), until_on__gte=F("from_on"), until_on__lte=F("ends_on")),
            ),
            models.CheckConstraint(
                name="billing_deferral_amounts",
                condition=Q(
                    net__gt=0, taken__gte=0, base__gte=0, earned__gte=F("base"), net__gte=F("taken") + F("earned")
                )
                | Q(net__lt=0, taken__lte=0, base__lte=0, earned__lte=F("base"), net__lte=F("taken") + F("earned")),
            ),
            models.CheckConstraint(
                name="billing_deferral_done",
                condition=Q(until_on__lt=F("ends_on")) | Q(net=F("taken") + F("earned")),
            ),
        ]
        indexes = [
            models.Index(fields=["until_on"], name="billing_deferral_open", condition=Q(until_on__lt=F("ends_on"))),
            models.Index(fields=["customer", "ends_on"], name="billing_deferral_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.from_on} {self.ends_on}"

    @property
    def rest(self) -> int:
        """What is not earned yet, in minor units."""
        return self.net - self.taken - self.earned
