"""What became of subscriptions, append-only: their history, what was billed of them, and the movements of MRR."""

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.customers import Customer
from billing.models.subscriptions import Subscription, SubscriptionItem
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import TenantModel, no_evidence


class SubscriptionEvent(TenantModel):
    """The history of a subscription: what happened, when in the customer's time (`at`) and when it was written
    (`recorded_at`), who, why, and what it was before and after. Append-only, kept by a trigger."""

    evidence = no_evidence("It is evidence itself, written with the audit event of the same service.")

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=30)
    reason = models.CharField(max_length=30, blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")
    actor_kind = models.CharField(max_length=12)
    actor_id = models.UUIDField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_subscription_event"
        indexes = [models.Index(fields=["subscription", "id"], name="billing_subscription_event_of")]

    def __str__(self) -> str:
        return self.kind


class BilledLine(TenantModel):
    """What was billed, or given back, of one price of an item for one whole period [slot_start, slot_end). Append-only.

    `amount` is before discounts, in minor units; negative ones give back of the line `against`, `taken` minor units of
    its net. `covers_from`/`covers_until` are the part of the period that it stands for. What is wanted for a slot minus
    the sum of these rows is what the next bill has to say (`billing.wanted`).
    """

    evidence = no_evidence("Written with the document that it is on, which has its events.")

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="billed")
    item = models.ForeignKey(SubscriptionItem, on_delete=models.PROTECT, related_name="billed")
    price_id = models.UUIDField()
    slot_start = models.DateTimeField()
    slot_end = models.DateTimeField()
    covers_from = models.DateTimeField()
    covers_until = models.DateTimeField()
    quantity = models.DecimalField(max_digits=24, decimal_places=6, default=1)
    amount = models.BigIntegerField()
    taken = models.BigIntegerField(default=0)
    against = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="given_back")
    invoice_id = models.UUIDField(null=True)
    credit_note_id = models.UUIDField(null=True)
    line_key = models.CharField(max_length=120, unique=True)
    bill = models.PositiveIntegerField(help_text="The number of the billing run, as in Subscription.bills.")
    billed_at = models.DateTimeField(help_text="In the customer's time.")
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_billed_line"
        constraints = [
            models.CheckConstraint(
                name="billing_billed_line_slot", condition=models.Q(slot_end__gt=models.F("slot_start"))
            ),
            models.CheckConstraint(
                name="billing_billed_line_sign",
                condition=models.Q(amount__gte=0, against__isnull=True, taken=0)
                | models.Q(amount__lte=0, against__isnull=False, taken__gte=0),
            ),
        ]
        indexes = [
            models.Index(fields=["subscription", "slot_start"], name="billing_billed_line_slot"),
            models.Index(fields=["invoice_id"], name="billing_billed_line_invoice"),
        ]

    def __str__(self) -> str:
        return self.line_key


class MrrMovement(TenantModel):
    """That the monthly value of a customer changed by `amount` minor units (signed) at `at`. Append-only.

    Kinds by the customer's total before and after (metrics.md): new (first time above 0), reactivation (above 0 again),
    expansion, contraction, churn (down to 0). `snapshot` says what it was made of.
    """

    evidence = no_evidence("Written with the change of the subscription that causes it.")

    class Kind(models.TextChoices):
        """Of what nature it is."""

        NEW = "new", _("New")
        REACTIVATION = "reactivation", _("Reactivation")
        EXPANSION = "expansion", _("Expansion")
        CONTRACTION = "contraction", _("Contraction")
        CHURN = "churn", _("Churn")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="movements")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=12, choices=Kind)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    sandbox = models.BooleanField(default=False, help_text="Not real money: left out of every figure.")
    snapshot = models.JSONField(default=dict)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_mrr_movement"
        constraints = [
            models.CheckConstraint(
                name="billing_mrr_movement_sign",
                condition=models.Q(kind__in=["new", "reactivation", "expansion"], amount__gt=0)
                | models.Q(kind__in=["contraction", "churn"], amount__lt=0),
            ),
        ]
        indexes = [
            models.Index(fields=["at", "id"], name="billing_mrr_movement_at"),
            models.Index(fields=["customer", "at"], name="billing_mrr_movement_customer"),
        ]

    def __str__(self) -> str:
        return self.kind
