"""Payments of customers: how they pay, what came in, what went back, and what is disputed."""

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.customers import Customer, currency_validator
from billing.models.invoices import Invoice
from billing.models.providers import ProviderAccount
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, TenantModel
from portal.kit.money import Money, shown


class PaymentMethod(TenantModel):
    """A card, mandate or account that a customer let us charge again. The provider has its numbers; we have a name for it.

    Removed ones stay, since payments name them, and are charged no more.
    """

    evidence = EVENT

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payment_methods")
    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, default="card")
    label = models.CharField(max_length=80, help_text="As people know it: Visa ending in 4242.")
    provider_ref = models.CharField(max_length=120)
    provider_customer = models.CharField(max_length=120, blank=True, default="")
    expires = models.DateField(null=True, blank=True, help_text="The last day on which it is good.")
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_payment_method"
        constraints = [
            models.UniqueConstraint(fields=["account", "provider_ref"], name="billing_payment_method_once"),
            models.UniqueConstraint(
                fields=["customer"], condition=models.Q(is_default=True), name="billing_payment_method_default"
            ),
            models.CheckConstraint(
                name="billing_payment_method_default_stays",
                condition=models.Q(is_default=False) | models.Q(removed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Payment(TenantModel):
    """Money that a customer pays, or tried to: one attempt by one road. Its state only goes forward; a late
    authorisation after a failure is the one step back (H09). Amount and parties never change; the database holds both."""

    evidence = EVENT

    class State(models.TextChoices):
        """How far it is."""

        CREATED = "created", _("Begun")
        PENDING = "pending", _("Waiting")
        AUTHORISED = "authorised", _("Authorised")
        SUCCEEDED = "succeeded", _("Paid")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Called off")

    class Origin(models.TextChoices):
        """By which road it came."""

        CHECKOUT = "checkout", _("Paid on a page")
        METHOD = "method", _("Charged automatically")
        MANUAL = "manual", _("Recorded by staff")
        PROVIDER = "provider", _("Found at the provider")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payments")
    invoice = models.ForeignKey(Invoice, null=True, blank=True, on_delete=models.PROTECT, related_name="payments")
    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="payments")
    method = models.ForeignKey(PaymentMethod, null=True, blank=True, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=10, choices=ProviderAccount.Provider)
    provider_ref = models.CharField(max_length=120, blank=True, default="", help_text="The provider's id of it.")
    checkout_ref = models.CharField(max_length=120, blank=True, default="", help_text="The order or session it is of.")
    key = models.CharField(max_length=120, unique=True, help_text="What it was begun for; begun again, it is the same.")
    origin = models.CharField(max_length=10, choices=Origin)
    state = models.CharField(max_length=10, choices=State, default=State.CREATED)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, validators=[currency_validator])
    applied = models.BigIntegerField(default=0, help_text="What of it settled the document; the rest is credit.")
    fee = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0)
    disputed = models.BigIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=1)
    failure_code = models.CharField(max_length=60, blank=True, default="")
    failure_text = models.CharField(max_length=200, blank=True, default="")
    reference = models.CharField(max_length=120, blank=True, default="", help_text="What the bank's statement says.")
    flag = models.CharField(max_length=200, blank=True, default="", help_text="What a person has to look at.")
    event_at = models.DateTimeField(help_text="When it happened, in the customer's time.")
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_payment"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "provider_ref"],
                condition=~models.Q(provider_ref=""),
                name="billing_payment_provider_once",
            ),
            models.UniqueConstraint(
                fields=["account", "checkout_ref"],
                condition=~models.Q(checkout_ref=""),
                name="billing_payment_checkout_once",
            ),
            models.CheckConstraint(
                name="billing_payment_state",
                condition=models.Q(state__in=["created", "pending", "authorised", "succeeded", "failed", "cancelled"]),
            ),
            models.CheckConstraint(
                name="billing_payment_origin",
                condition=models.Q(origin__in=["checkout", "method", "manual", "provider"]),
            ),
            models.CheckConstraint(
                name="billing_payment_amounts",
                condition=models.Q(
                    amount__gt=0,
                    applied__gte=0,
                    applied__lte=models.F("amount"),
                    fee__gte=0,
                    refunded__gte=0,
                    refunded__lte=models.F("amount"),
                    disputed__gte=0,
                    disputed__lte=models.F("amount"),
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="billing_payment_customer"),
            models.Index(fields=["event_at", "id"], name="billing_payment_time"),
            models.Index(fields=["organisation", "event_at", "id"], name="billing_payment_tenant_time"),
        ]

    def __str__(self) -> str:
        return self.provider_ref or self.checkout_ref or shown(Money(self.amount, self.currency))


class Refund(TenantModel):
    """Money that goes back to where it came from: of one payment, whole or a part. Once per key (H11)."""

    evidence = EVENT

    class State(models.TextChoices):
        """How far it is."""

        CREATED = "created", _("Asked for")
        PENDING = "pending", _("On its way")
        SUCCEEDED = "succeeded", _("Paid back")
        FAILED = "failed", _("Failed")

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    key = models.CharField(max_length=120, unique=True)
    body_hash = models.BinaryField()
    provider_ref = models.CharField(max_length=120, blank=True, default="")
    state = models.CharField(max_length=10, choices=State, default=State.CREATED)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, validators=[currency_validator])
    from_credit = models.BigIntegerField(default=0, help_text="What of it is the customer's credit, not a document's.")
    reason = models.CharField(max_length=200, blank=True, default="")
    credit_note_id = models.UUIDField(null=True, blank=True, help_text="None: the document is owed again.")
    failure_text = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    settled_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_refund"
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "provider_ref"],
                condition=~models.Q(provider_ref=""),
                name="billing_refund_provider_once",
            ),
            models.CheckConstraint(
                name="billing_refund_amount",
                condition=models.Q(amount__gt=0, from_credit__gte=0, from_credit__lte=models.F("amount")),
            ),
            models.CheckConstraint(
                name="billing_refund_state",
                condition=models.Q(state__in=["created", "pending", "succeeded", "failed"]),
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Dispute(TenantModel):
    """A chargeback: the payer's bank took the money back. Won, it comes again; lost, it stays away."""

    evidence = EVENT

    class State(models.TextChoices):
        """How it stands."""

        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    provider_ref = models.CharField(max_length=120)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, validators=[currency_validator])
    settled = models.BigIntegerField(default=0, help_text="What of it a document owes again.")
    fee = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=120, blank=True, default="")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_dispute"
        constraints = [
            models.UniqueConstraint(fields=["payment", "provider_ref"], name="billing_dispute_once"),
            models.CheckConstraint(name="billing_dispute_state", condition=models.Q(state__in=["open", "won", "lost"])),
            models.CheckConstraint(name="billing_dispute_amount", condition=models.Q(amount__gt=0, fee__gte=0)),
        ]

    def __str__(self) -> str:
        return self.provider_ref
