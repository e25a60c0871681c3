"""Signed-in browsers, and counters of failed sign-ins."""

from typing import ClassVar, Self

from django.db import models

from accounts.models.people import User
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import Evidence, Model, no_evidence


class Session(Model):
    """A signed-in browser. The cookie holds a random token, the row its SHA-256. Gone at sign-out or by clean-up."""

    evidence = no_evidence("Sign-in and sign-out are events; being seen is not.")

    digest = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField(default=clock.now)
    seen_at = models.DateTimeField(default=clock.now)
    idle = models.DurationField()
    expires_at = models.DateTimeField(help_text="The earlier of idle and absolute end.")
    ends_at = models.DateTimeField(help_text="Absolute end.")
    platform_at = models.DateTimeField(null=True, help_text="When it was last noted as acting for the platform.")
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=300, blank=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_session"
        constraints = [
            models.CheckConstraint(
                name="accounts_session_ends", condition=models.Q(expires_at__lte=models.F("ends_at"))
            )
        ]
        indexes = [models.Index(fields=["expires_at", "id"], name="accounts_session_expires")]

    def __str__(self) -> str:
        return f"session of {self.user_id}"


class SignInCounter(models.Model):
    """Failed sign-ins of one slot: an (account, address) pair, an account, or an address. Cleaned after a day of quiet."""

    evidence: ClassVar[Evidence] = no_evidence("A counter: every failed sign-in and every lock is an event.")

    slot = models.CharField(max_length=120, primary_key=True)
    failures = models.PositiveIntegerField()
    last_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "accounts_sign_in_counter"
        indexes = [models.Index(fields=["last_at"], name="accounts_counter_last")]

    def __str__(self) -> str:
        return self.slot
