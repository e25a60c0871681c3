"""Accounts at payment providers, their sealed secrets, and what the providers tell us."""

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.customers import currency_validator
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model, no_evidence


class ProviderAccount(Model):
    """An account at a payment provider that money comes in by. Written by staff (`payment:admin`), switched off, never
    deleted: payments name it."""

    evidence = EVENT

    class Provider(models.TextChoices):
        """Whose account it is."""

        SANDBOX = "sandbox", _("Sandbox")
        RAZORPAY = "razorpay", _("Razorpay")
        STRIPE = "stripe", _("Stripe")
        MANUAL = "manual", _("Bank transfer and UPI")

    code = models.SlugField(max_length=40, unique=True, help_text="Stands in the address of its webhooks.")
    provider = models.CharField(max_length=10, choices=Provider)
    label = models.CharField(max_length=80)
    live = models.BooleanField(
        default=False, help_text="Whether its money is real; customers of a sandbox never use it."
    )
    public_key = models.CharField(max_length=120, blank=True, default="", help_text="What browsers may know.")
    api_base = models.URLField(max_length=200, blank=True, default="", help_text="Empty: the provider's own address.")
    is_default = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    reconciled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_provider_account"
        constraints = [
            models.UniqueConstraint(
                fields=["live"], condition=models.Q(is_default=True), name="billing_provider_account_default"
            ),
            models.CheckConstraint(
                name="billing_provider_account_provider",
                condition=models.Q(provider__in=["sandbox", "razorpay", "stripe", "manual"]),
            ),
            models.CheckConstraint(
                name="billing_provider_account_sandbox_is_no_money",
                condition=~models.Q(provider="sandbox") | models.Q(live=False),
            ),
        ]
        indexes = [models.Index(fields=["label", "id"], name="billing_provider_label")]

    def __str__(self) -> str:
        return self.label


class ProviderSecret(Model):
    """A secret of an account, sealed: its key for calls, or one that webhooks are signed with. The one that took its
    place ends it after the overlap, within which both are right; then it goes."""

    evidence = EVENT

    class Kind(models.TextChoices):
        """What it opens."""

        API = "api", _("Key for calls")
        WEBHOOK = "webhook", _("Secret of webhooks")

    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="secrets")
    kind = models.CharField(max_length=8, choices=Kind)
    key_id = models.CharField(max_length=40)
    sealed = models.BinaryField()
    tail = models.CharField(max_length=4, help_text="Its last characters, to tell it from others.")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_provider_secret"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind"],
                condition=models.Q(expires_at__isnull=True),
                name="billing_provider_secret_present",
            ),
            models.CheckConstraint(
                name="billing_provider_secret_kind", condition=models.Q(kind__in=["api", "webhook"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} •••{self.tail}"


class ProviderEvent(Model):
    """A webhook as it came in: its bytes and the headers that matter, verified, kept before anything is done with it.

    Written by the door, read by the job that does what it says, once for each `event_ref`; bytes never change.
    """

    evidence = no_evidence(
        "The row is the evidence of what a provider said; what was done about it has its own events."
    )

    class State(models.TextChoices):
        """What became of it."""

        RECEIVED = "received", _("Received")
        PROCESSED = "processed", _("Done")
        IGNORED = "ignored", _("Nothing to do")
        FAILED = "failed", _("Failed")

    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="events")
    event_ref = models.CharField(max_length=120, help_text="The provider's id of it, or the hash of its body.")
    kind = models.CharField(max_length=80, help_text="As the provider calls it.")
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    error = models.CharField(max_length=300, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    repeats = models.PositiveIntegerField(default=0, help_text="How often it came again.")
    payment_id = models.UUIDField(null=True, blank=True)
    occurred_at = models.DateTimeField(help_text="When it happened, as the provider says.")
    received_at = models.DateTimeField(default=clock.now)
    processed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_provider_event"
        constraints = [
            models.UniqueConstraint(fields=["account", "event_ref"], name="billing_provider_event_once"),
            models.CheckConstraint(
                name="billing_provider_event_state",
                condition=models.Q(state__in=["received", "processed", "ignored", "failed"]),
            ),
        ]
        indexes = [
            models.Index(fields=["received_at", "id"], name="billing_provider_event_time"),
            models.Index(fields=["kind", "id"], name="billing_provider_event_kind"),
            models.Index(fields=["payment_id"], name="billing_provider_event_payment"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_ref}"


class SandboxCharge(Model):
    """The other side of the sandbox provider: a payment as a real provider would keep it in its own database.

    Made by `billing.providers.sandbox` alone; the app's own side reads it only through that provider's calls.
    """

    evidence = no_evidence("It stands for a foreign database; what comes of it is a payment, which has its events.")

    class State(models.TextChoices):
        """Where the charge is."""

        OPEN = "open", _("Waiting for a card")
        CONFIRM = "confirm", _("Waiting for a confirmation")
        SUCCEEDED = "succeeded", _("Paid")
        FAILED = "failed", _("Refused")
        EXPIRED = "expired", _("Left")

    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+")
    ref = models.CharField(max_length=60, unique=True)
    token = models.BinaryField(null=True, unique=True, help_text="Digest of the token of its page.")
    reference = models.CharField(max_length=60, help_text="What we call it: the id of our payment.")
    key = models.CharField(max_length=120, unique=True, help_text="Of the call that made it.")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, validators=[currency_validator])
    description = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    outcome = models.CharField(max_length=20, blank=True, default="")
    failure = models.CharField(max_length=40, blank=True, default="")
    last4 = models.CharField(max_length=4, blank=True, default="")
    save_card = models.BooleanField(default=False)
    refunded = models.BigIntegerField(default=0)
    return_url = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_sandbox_charge"
        constraints = [
            models.CheckConstraint(
                name="billing_sandbox_charge_state",
                condition=models.Q(state__in=["open", "confirm", "succeeded", "failed", "expired"]),
            ),
            models.CheckConstraint(
                name="billing_sandbox_charge_amounts",
                condition=models.Q(amount__gte=0, refunded__gte=0, refunded__lte=models.F("amount")),
            ),
        ]
        indexes = [models.Index(fields=["account", "changed_at"], name="billing_sandbox_changed")]

    def __str__(self) -> str:
        return self.ref
