"""When the developer role counts in production."""

from typing import ClassVar, Self

from django.db import models

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model


class DeveloperWindow(Model):
    """A time in which the developer role counts in production, as a super administrator allowed it. Kept for good.

    Written by `developer_role_allow` and `developer_role_refuse`. Over at `ends_at`, or earlier at `ended_at`.
    """

    evidence = EVENT

    allowed_by = models.UUIDField(null=True)
    reason = models.CharField(max_length=300)
    starts_at = models.DateTimeField(default=clock.now)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="When somebody ended it before its time.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_developer_window"
        constraints = [
            models.CheckConstraint(
                name="accounts_developer_window_ends",
                condition=models.Q(ends_at__gt=models.F("starts_at")) & ~models.Q(reason=""),
            ),
            # At most one that nobody has ended: the next one ends it first.
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(ended_at=None), name="accounts_developer_window_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%Y-%m-%d %H:%M} UTC"
