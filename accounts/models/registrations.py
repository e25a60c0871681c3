"""People who are on their way in: what was asked for without a session, and addresses that want an account."""

from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models.functions import Lower

from accounts.models.people import User
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Evidence, Model, no_evidence


class Registration(Model):
    """An address was mailed a link under which it becomes an account. The row holds the SHA-256 of the link's token.

    Open until it is used or a day has passed; an address has at most one open one. Goes by clean-up a week later.
    """

    evidence = EVENT

    email = models.EmailField(max_length=254)
    digest = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_registration"
        constraints = [
            models.UniqueConstraint(
                Lower("email"), condition=models.Q(used_at=None), name="accounts_registration_one_open"
            ),
            models.CheckConstraint(
                name="accounts_registration_used",
                condition=models.Q(used_at=None, user=None) | models.Q(used_at__isnull=False, user__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["expires_at", "id"], name="accounts_registration_end")]

    def __str__(self) -> str:
        return self.email

    @property
    def audit_subject(self) -> UUID:
        """The address is personal, and nobody's yet: it is sealed under a key of the registration itself."""
        return self.id


class Ask(Model):
    """Somebody who is not signed in asked for a mail: for a new password, or to register.

    What was typed is sealed (people type passwords into that field). A job finds out whom it concerns and removes the
    row, so that the page which takes it does the same work for every text.
    """

    evidence = no_evidence("What came of it is the event: forgotten, begun, or that nobody has the account.")

    class Kind(models.TextChoices):
        """What was asked for."""

        PASSWORD = "password", "password"
        REGISTRATION = "registration", "registration"

    kind = models.CharField(max_length=12, choices=Kind)
    key_id = models.CharField(max_length=60)
    sealed = models.BinaryField(max_length=2000)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_ask"
        constraints = [
            models.CheckConstraint(name="accounts_ask_kind", condition=models.Q(kind__in=["password", "registration"]))
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="accounts_ask_created")]

    def __str__(self) -> str:
        return f"asked for {self.kind}"


class MailAllowance(models.Model):
    """When mails of this kind were last asked for, so that nobody fills another one's mailbox. Cleaned after a day."""

    evidence: ClassVar[Evidence] = no_evidence("A counter: what it lets through is an event of its own.")

    slot = models.CharField(max_length=120, primary_key=True, help_text="Keyed hash of what it counts.")
    asked = models.JSONField(help_text="Seconds since 1970, oldest first; the last hour's at most.")
    last_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "accounts_mail_allowance"
        indexes = [models.Index(fields=["last_at"], name="accounts_allowance_last")]

    def __str__(self) -> str:
        return self.slot
