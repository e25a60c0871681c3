"""What was agreed: subscriptions, their items and phases over time, and what waits."""

from typing import ClassVar, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.customers import Customer, currency_validator
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, TenantModel, no_evidence

WITH_SUBSCRIPTION = "Written with the event of its subscription, which says the same."


class Subscription(TenantModel):
    """That a customer takes a plan, from a moment on and for as long as it is not ended. Never deleted.

    What is taken when is in its items; periods are counted from `anchor_at` and never from the last one, so they do not
    drift. `next_at` is when something is to be done about it by itself. `mrr` is its monthly value in minor units as the
    movement log knows it. `bills` counts its billing runs that made something; it is part of the keys of documents.
    """

    evidence = EVENT

    class State(models.TextChoices):
        """Where it stands. `billing.subscription_states` says which moves there are."""

        TRIALING = "trialing", _("Trial")
        ACTIVE = "active", _("Active")
        PAST_DUE = "past_due", _("Past due")
        PAUSED = "paused", _("Paused")
        UNPAID = "unpaid", _("Unpaid")
        CANCELLED = "cancelled", _("Cancelled")
        INCOMPLETE = "incomplete", _("Waits for payment")
        INCOMPLETE_EXPIRED = "incomplete_expired", _("Never paid")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="subscriptions")
    plan_version = models.ForeignKey("billing.PlanVersion", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=State)
    currency = models.CharField(max_length=3, validators=[currency_validator])
    started_at = models.DateTimeField()
    anchor_at = models.DateTimeField(help_text="A moment at which a period begins; all others are counted from it.")
    anchor_day = models.PositiveSmallIntegerField(default=0, help_text="Bill day 1 to 31; 0: the day of `anchor_at`.")
    trial_end = models.DateTimeField(null=True)
    charges_from = models.DateTimeField(null=True, help_text="What lies before was billed elsewhere (import).")
    current_period_start = models.DateTimeField()
    current_period_end = models.DateTimeField()
    cancel_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    billed_at = models.DateTimeField(null=True, help_text="The moment up to which it was looked at for billing last.")
    usage_from = models.DateTimeField(
        null=True, help_text="Single events of use from here on are kept for its bills, however old they get."
    )
    halted_at = models.DateTimeField(
        null=True, help_text="Billing was stopped by the limit on lines; staff lets it go on."
    )
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    mrr = models.BigIntegerField(default=0)
    bills = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_subscription"
        constraints = [
            models.CheckConstraint(
                name="billing_subscription_state",
                condition=models.Q(
                    state__in=[
                        "trialing",
                        "active",
                        "past_due",
                        "paused",
                        "unpaid",
                        "cancelled",
                        "incomplete",
                        "incomplete_expired",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="billing_subscription_ended",
                condition=models.Q(state__in=["cancelled", "incomplete_expired"], ended_at__isnull=False)
                | (~models.Q(state__in=["cancelled", "incomplete_expired"]) & models.Q(ended_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="billing_subscription_period",
                condition=models.Q(current_period_end__gt=models.F("current_period_start")),
            ),
            models.CheckConstraint(
                name="billing_subscription_anchor_day", condition=models.Q(anchor_day__range=(0, 31))
            ),
            models.CheckConstraint(name="billing_subscription_mrr", condition=models.Q(mrr__gte=0)),
        ]
        indexes = [
            models.Index(
                fields=["next_at", "id"],
                condition=models.Q(next_at__isnull=False, halted_at__isnull=True),
                name="billing_subscription_next",
            ),
            models.Index(fields=["customer", "state"], name="billing_subscription_customer"),
            models.Index(fields=["state", "id"], name="billing_subscription_state"),
            models.Index(fields=["created_at", "id"], name="billing_subscription_created"),
            models.Index(
                fields=["organisation", "usage_from"],
                condition=models.Q(usage_from__isnull=False),
                name="billing_subscription_usage",
            ),
        ]

    def __str__(self) -> str:
        return str(self.plan_version)


class SubscriptionItem(TenantModel):
    """That so many of a plan (the base, or an add-on) were taken in [starts_at, ends_at). A change ends one and begins
    another, at the same moment. One that ends where it starts was taken out of the history.

    `through_day`: the local day of its end is still charged (termination under the policy of day counts).
    """

    evidence = no_evidence(WITH_SUBSCRIPTION)

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="items")
    plan_version = models.ForeignKey("billing.PlanVersion", on_delete=models.PROTECT, related_name="+")
    is_base = models.BooleanField()
    quantity = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    through_day = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_subscription_item"
        constraints = [
            models.CheckConstraint(
                name="billing_subscription_item_order",
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gte=models.F("starts_at")),
            ),
            models.CheckConstraint(name="billing_subscription_item_quantity", condition=models.Q(quantity__gte=1)),
            models.UniqueConstraint(
                fields=["subscription"],
                condition=models.Q(is_base=True, ends_at__isnull=True),
                name="billing_subscription_item_base",
            ),
            models.UniqueConstraint(
                fields=["subscription", "plan_version"],
                condition=models.Q(ends_at__isnull=True),
                name="billing_subscription_item_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.plan_version)


class Phase(TenantModel):
    """A stretch [starts_at, ends_at) of a subscription in which something else holds: a trial (nothing is charged), a
    discount, a pause (nothing is charged, and what was charged for it comes back), a fixed term (it does not end)."""

    evidence = no_evidence(WITH_SUBSCRIPTION)

    class Kind(models.TextChoices):
        """What holds in it."""

        TRIAL = "trial", _("Trial")
        DISCOUNT = "discount", _("Discount")
        PAUSE = "pause", _("Pause")
        TERM = "term", _("Fixed term")

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="phases")
    kind = models.CharField(max_length=10, choices=Kind)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    percent_off = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_phase"
        constraints = [
            models.CheckConstraint(
                name="billing_phase_kind", condition=models.Q(kind__in=["trial", "discount", "pause", "term"])
            ),
            models.CheckConstraint(
                name="billing_phase_order",
                condition=models.Q(kind="pause", ends_at__isnull=True) | models.Q(ends_at__gte=models.F("starts_at")),
            ),
            models.CheckConstraint(
                name="billing_phase_percent",
                condition=models.Q(kind="discount", percent_off__gt=0, percent_off__lte=100)
                | (~models.Q(kind="discount") & models.Q(percent_off__isnull=True)),
            ),
            models.UniqueConstraint(
                fields=["subscription"],
                condition=models.Q(kind="pause", ends_at__isnull=True),
                name="billing_phase_one_pause",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}"


class PendingChange(TenantModel):
    """What will be changed by itself at `at`, the end of a period: a plan, a quantity, an add-on. Done or dropped once."""

    evidence = no_evidence(WITH_SUBSCRIPTION)

    class Kind(models.TextChoices):
        """What will be changed."""

        PLAN = "plan", _("Plan")
        QUANTITY = "quantity", _("Quantity")
        ADDON_REMOVE = "addon_remove", _("Add-on ends")

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="pending")
    kind = models.CharField(max_length=20, choices=Kind)
    plan_version = models.ForeignKey("billing.PlanVersion", on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_pending_change"
        constraints = [
            models.CheckConstraint(
                name="billing_pending_change_kind", condition=models.Q(kind__in=["plan", "quantity", "addon_remove"])
            ),
            models.CheckConstraint(
                name="billing_pending_change_end",
                condition=models.Q(done_at__isnull=True) | models.Q(dropped_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["subscription"],
                condition=models.Q(kind="plan", done_at__isnull=True, dropped_at__isnull=True),
                name="billing_pending_change_one_plan",
            ),
        ]

    def __str__(self) -> str:
        return str(self.plan_version)


class CouponRedemption(TenantModel):
    """That a coupon is used for a subscription: on `uses_left` more bills (None: for ever). One at a time."""

    evidence = no_evidence(WITH_SUBSCRIPTION)

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="redemptions")
    coupon = models.ForeignKey("billing.Coupon", on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    uses_left = models.PositiveIntegerField(null=True)
    used_for = models.DateTimeField(null=True, help_text="The start of the period that it was used for last.")
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_coupon_redemption"
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"],
                condition=models.Q(ended_at__isnull=True),
                name="billing_coupon_redemption_one",
            ),
        ]
        indexes = [models.Index(fields=["coupon", "id"], name="billing_coupon_redemption_of")]

    def __str__(self) -> str:
        return str(self.coupon)
