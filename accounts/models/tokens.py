"""Access and refresh tokens of clients without a browser."""

from typing import ClassVar, Self

from django.db import models

from accounts.models.sessions import Session
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import Model, no_evidence


class Token(Model):
    """A token of a client's session, by its SHA-256: one that opens the API for minutes, or one that buys the next pair.

    Written at sign-in and at each refresh. Spent refresh tokens stay as long as their session, so that one that comes a
    second time is known for what it is; all of them go with the session, which the database sees to.
    """

    evidence = no_evidence("Sign-in, sign-out and the second use of a spent token are events; a refresh is routine.")

    class Kind(models.TextChoices):
        """What it is good for."""

        ACCESS = "access", "access"
        REFRESH = "refresh", "refresh"

    digest = models.BinaryField(max_length=32, unique=True)
    # The constraint of the database (in the migration) takes them along, also when a clean-up ends the session.
    session = models.ForeignKey(Session, on_delete=models.DO_NOTHING, db_constraint=False, related_name="tokens")
    kind = models.CharField(max_length=7, choices=Kind)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_token"
        constraints = [
            models.CheckConstraint(name="accounts_token_kind", condition=models.Q(kind__in=["access", "refresh"])),
            models.CheckConstraint(
                name="accounts_token_spent", condition=models.Q(used_at=None) | models.Q(kind="refresh")
            ),
            models.UniqueConstraint(
                fields=["session", "kind"], condition=models.Q(used_at=None), name="accounts_token_one_live"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} token of {self.session_id}"
