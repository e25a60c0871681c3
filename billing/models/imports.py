"""Customers and subscriptions that ran elsewhere before: the uploaded file, and what came of each of its rows."""

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from billing.models.customers import Customer
from billing.models.subscriptions import Subscription
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import Model, TenantModel, no_evidence


class CustomerImport(Model):
    """An uploaded CSV of customers between its dry run and its confirmation. Goes two days after it was uploaded."""

    evidence = no_evidence("A draft: confirmed and done are events, and each customer and subscription has its own.")

    class State(models.TextChoices):
        """Life of an import."""

        PREVIEW = "preview", _("Checked")
        CONFIRMED = "confirmed", _("Under way")
        DONE = "done", _("Done")

    uploaded_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    filename = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.PREVIEW)
    accepted = models.JSONField(help_text="Rows that would go in: [line, values by column].")
    known = models.JSONField(help_text="Rows that went in before: [line, external id].")
    refused = models.JSONField(help_text="Rows that would not: [line, column, value, reason].")
    failed = models.JSONField(default=list, help_text="Rows that the run could not do: [line, external id, reason].")
    run_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_customer_import"
        constraints = [
            models.CheckConstraint(
                name="billing_customer_import_state", condition=models.Q(state__in=["preview", "confirmed", "done"])
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="billing_customer_import_old")]

    def __str__(self) -> str:
        return self.filename


class ImportedRow(TenantModel):
    """That the row with this external id went in, once and for ever: sent again, it is known."""

    evidence = no_evidence("Written with the events of its customer and subscription, which say the same.")

    external_id = models.CharField(max_length=80, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_imported_row"

    def __str__(self) -> str:
        return self.external_id
