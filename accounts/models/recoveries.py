"""Recoveries of people who lost the device with their second factor."""

from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model


class Recovery(Model):
    """One administrator asks that a person's second factors be taken away; another one says yes or no.

    It waits for 72 hours. The person is told at once and can stop it by the link in that mail, of whose token the row
    holds the SHA-256. It stays as the memory of who decided; the trail has every step.
    """

    evidence = EVENT

    class State(models.TextChoices):
        """What became of it. One that waits and has expired is told as expired, whatever the column says."""

        WAITING = "waiting", _("Waits for approval")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        CANCELLED = "cancelled", _("Stopped")
        EXPIRED = "expired", _("Expired")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="recoveries")
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    digest = models.BinaryField(max_length=32, unique=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_recovery"
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(state="waiting"), name="accounts_recovery_one_open"
            ),
            # Two people, neither of them the one whose factors go: nobody opens an account alone.
            models.CheckConstraint(
                name="accounts_recovery_two_people",
                condition=models.Q(approved_by=None)
                | ~models.Q(approved_by=models.F("asked_by")) & ~models.Q(approved_by=models.F("user")),
            ),
            models.CheckConstraint(
                name="accounts_recovery_not_for_oneself", condition=~models.Q(asked_by=models.F("user"))
            ),
            models.CheckConstraint(
                name="accounts_recovery_approved",
                condition=models.Q(state="approved", approved_by__isnull=False)
                | ~models.Q(state="approved") & models.Q(approved_by=None),
            ),
            models.CheckConstraint(
                name="accounts_recovery_ended",
                condition=models.Q(state="waiting", ended_at=None)
                | ~models.Q(state="waiting") & models.Q(ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="accounts_recovery_state",
                condition=models.Q(state__in=["waiting", "approved", "refused", "cancelled", "expired"]),
            ),
            models.CheckConstraint(name="accounts_recovery_reasoned", condition=~models.Q(reason="")),
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="accounts_recovery_state_of"),
            models.Index(fields=["expires_at", "id"], name="accounts_recovery_expires"),
            models.Index(fields=["user", "id"], name="accounts_recovery_user"),
            models.Index(fields=["asked_at", "id"], name="accounts_recovery_asked"),
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def audit_subject(self) -> UUID:
        """The person whose data this row is."""
        return self.user_id

    @property
    def is_open(self) -> bool:
        """Whether it can still be approved, refused or stopped."""
        return self.state == self.State.WAITING and clock.now() < self.expires_at
