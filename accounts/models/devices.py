"""The browsers and clients that a person has signed in with."""

from typing import ClassVar, Self

from django.db import models

from accounts.models.people import User
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import Model, no_evidence


class Device(Model):
    """A browser or client that a person signed in with before, so that an unknown one can be told of.

    It proves nothing and opens nothing. The row has the SHA-256 of the person and of what the browser keeps in a cookie
    (a client: of how it calls itself). Written at sign-in, gone by clean-up 400 days after the last one.
    """

    evidence = no_evidence("Every sign-in is an event, and so is one from an unknown browser.")

    digest = models.BinaryField(max_length=32)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    created_at = models.DateTimeField(default=clock.now)
    seen_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_device"
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="accounts_device_known")]
        indexes = [models.Index(fields=["seen_at", "id"], name="accounts_device_seen")]

    def __str__(self) -> str:
        return f"device of {self.user_id}"
