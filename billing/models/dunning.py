"""Reminding: what is overdue, how often it was tried, and what was taken away for it."""

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.customers import Customer, currency_validator
from billing.models.invoices import Invoice
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, TenantModel


class DunningRun(TenantModel):
    """What a customer owes in one currency and did not pay in time, and how far it is reminded. Retries and stages are
    those of the plan when it began (`policy`). One is open per customer and currency; who pays ends it."""

    evidence = EVENT

    class State(models.TextChoices):
        """Whether something follows."""

        ACTIVE = "active", _("Under way")
        FINISHED = "finished", _("All was tried")
        CLEARED = "cleared", _("Paid")

    class Stage(models.TextChoices):
        """What was taken away: nothing, comfort, everything that is paid for. Signing in never is."""

        NONE = "none", _("Nothing yet")
        WARN = "warn", _("Warned")
        RESTRICT = "restrict", _("Restricted")
        SUSPEND = "suspend", _("Suspended")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="dunning_runs")
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="+", help_text="The oldest document of it."
    )
    currency = models.CharField(max_length=3, validators=[currency_validator])
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.NONE)
    policy = models.JSONField(help_text="Retries and stages in days, as `billing.dunning_policy` reads them.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Charges that were tried again.")
    since = models.DateTimeField(help_text="Retries count from here: the first failed charge, or when it was due.")
    due_at = models.DateTimeField(help_text="Stages count from here.")
    outage_at = models.DateTimeField(null=True, blank=True, help_text="When to try again, after the provider was away.")
    next_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True, help_text="When service ended, in the customer's time.")
    created_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_dunning_run"
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "currency"],
                condition=~models.Q(state="cleared"),
                name="billing_dunning_run_open",
            ),
            models.CheckConstraint(
                name="billing_dunning_run_state", condition=models.Q(state__in=["active", "finished", "cleared"])
            ),
            models.CheckConstraint(
                name="billing_dunning_run_stage",
                condition=models.Q(stage__in=["none", "warn", "restrict", "suspend"]),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "next_at"], name="billing_dunning_run_next"),
            models.Index(fields=["due_at", "id"], name="billing_dunning_run_due"),
        ]

    def __str__(self) -> str:
        return f"{self.customer} {self.currency}"


class DunningStep(TenantModel):
    """Something that was done in a run: a retry, a stage, a notice. Written once, never changed."""

    evidence = EVENT

    class Kind(models.TextChoices):
        """What it was."""

        RETRY = "retry", _("Charge tried again")
        OUTAGE = "outage", _("Provider was away")
        STAGE = "stage", _("Stage")
        NOTICE = "notice", _("Last notice")
        CLEARED = "cleared", _("Paid")

    run = models.ForeignKey(DunningRun, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=10, choices=Kind)
    key = models.CharField(max_length=60, help_text="Which one of its run: no step happens twice.")
    text = models.CharField(max_length=200, blank=True, default="")
    at = models.DateTimeField(help_text="In the customer's time.")
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_dunning_step"
        constraints = [
            models.UniqueConstraint(fields=["run", "key"], name="billing_dunning_step_once"),
            models.CheckConstraint(
                name="billing_dunning_step_kind",
                condition=models.Q(kind__in=["retry", "outage", "stage", "notice", "cleared"]),
            ),
        ]

    def __str__(self) -> str:
        return self.key
