"""Single-use links."""

from typing import ClassVar, Self

from django.db import models

from accounts.models.people import User
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model


class Link(Model):
    """A link that was mailed to a person and lets whoever opens it do one thing once. The row holds the SHA-256 of its token.

    `email` is where it was mailed: once the person has another address, it opens nothing. A newer link of the same
    kind replaces the older one; a used or expired one goes by clean-up after a week.
    """

    evidence = EVENT

    class Kind(models.TextChoices):
        """What it is good for."""

        PASSWORD = "password", "password"
        VERIFY = "verify", "verify"  # The present address is the person's.
        OLD = "old_email", "old_email"  # The address may be left, or must not be.
        NEW = "new_email", "new_email"  # The address that is wanted is the person's.

    digest = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=10, choices=Kind)
    email = models.EmailField(max_length=254, blank=True, default="", db_default="")
    change = models.ForeignKey("accounts.AddressChange", null=True, on_delete=models.CASCADE, related_name="links")
    made_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_link"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"], condition=models.Q(used_at=None), name="accounts_link_one_open"
            ),
            models.CheckConstraint(
                name="accounts_link_kind",
                condition=models.Q(kind__in=["password", "verify"], change=None)
                | models.Q(kind__in=["old_email", "new_email"], change__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["expires_at", "id"], name="accounts_link_expires")]

    def __str__(self) -> str:
        return f"{self.kind} link of {self.user_id}"
