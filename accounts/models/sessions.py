"""Signed-in browsers, and counters of failed sign-ins."""

from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import Evidence, Model, no_evidence


class Session(Model):
    """A signed-in browser or client. Whoever holds its random token is the person; the row has the token's SHA-256.

    Gone at sign-out or by clean-up. One with an `impersonator` shows the console as its person, to that administrator.
    """

    evidence = no_evidence("Sign-in and sign-out are events; being seen is not.")

    class Kind(models.TextChoices):
        """Who holds it."""

        BROWSER = "browser", _("Browser")
        TOKEN = "token", _("Client with access tokens")

    digest = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.BROWSER, db_default=Kind.BROWSER)
    method = models.CharField(
        max_length=20, default="password", db_default="password", help_text="What the person proved itself with."
    )
    label = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text="What a client calls itself."
    )
    confirmed_at = models.DateTimeField(
        default=clock.now, db_default=Now(), help_text="When the person last proved who it is."
    )
    second_factor_at = models.DateTimeField(null=True, help_text="When a second factor was last proved.")
    impersonator = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    # The constraint is written by hand (0015): the database itself lets a view go with the session it was opened from.
    parent = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        help_text="The impersonator's own session, which this one ends with.",
    )
    reason = models.CharField(
        max_length=300, blank=True, default="", db_default="", help_text="Why it is impersonated."
    )
    read_only = models.BooleanField(default=False, db_default=False)
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
            ),
            models.CheckConstraint(name="accounts_session_kind", condition=models.Q(kind__in=["browser", "token"])),
            models.CheckConstraint(
                name="accounts_session_impersonated",
                condition=models.Q(impersonator=None, parent=None, reason="", read_only=False)
                | models.Q(impersonator__isnull=False, parent__isnull=False, kind="browser") & ~models.Q(reason=""),
            ),
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
