"""Changes of e-mail addresses that wait for both addresses."""

from typing import ClassVar, Self
from uuid import UUID

from django.db import models

from accounts.models.people import User
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model


class AddressChange(Model):
    """A person wants another e-mail address; it gets it when the old and the new one have confirmed.

    Open until it is done, objected to, called off or replaced (`ended_at`), or a day has passed; a person has at most
    one open one. Goes by clean-up a month later.
    """

    evidence = EVENT

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="address_changes")
    email = models.EmailField(max_length=254, help_text="The address that is wanted.")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    old_confirmed_at = models.DateTimeField(null=True)
    new_confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_address_change"
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(ended_at=None), name="accounts_address_change_one_open"
            )
        ]
        indexes = [models.Index(fields=["expires_at", "id"], name="accounts_address_change_end")]

    def __str__(self) -> str:
        return f"address change of {self.user_id}"

    @property
    def audit_subject(self) -> UUID:
        """The person whose data this row is."""
        return self.user_id
