"""API keys, how much they are used, and the service accounts of machines."""

from datetime import timedelta
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.models.people import User
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model, TenantModel, no_evidence

LONGEST = timedelta(days=365)  # policy.md: API keys.


class Key(Model):
    """A key of the API: whoever holds its secret acts as its owner, within its scopes. The row holds a keyed hash.

    With an organisation it works there and nowhere else; without one it is staff's, for the whole installation.
    `expires_at` is when it lets nobody in any more: rotation and revocation bring it forward. Goes some months later,
    with the counts of its use; the trail keeps what was done with it.
    """

    evidence = EVENT
    walled: ClassVar[bool] = True

    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="keys")
    name = models.CharField(max_length=80)
    live = models.BooleanField(default=True, help_text="Else it is for trying things out, and says so.")
    prefix = models.CharField(max_length=16, unique=True, help_text="How its secret begins; it is found by that.")
    digest = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=100), null=True, help_text="Permissions; none: all of its owner's.")
    addresses = ArrayField(models.CharField(max_length=43), default=list, help_text="Networks; empty: any.")
    rate_limit = models.PositiveIntegerField(null=True, help_text="Calls a minute; none: the installation's number.")
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now, db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    replaced_by = models.UUIDField(null=True, help_text="The key that a rotation made of it.")
    last_used_at = models.DateTimeField(null=True)
    last_address = models.GenericIPAddressField(null=True)
    refused_at = models.DateTimeField(null=True, help_text="When a refusal was last put into the trail.")
    platform_at = models.DateTimeField(null=True, help_text="When it was last noted as acting for the platform.")
    warned_days = models.PositiveSmallIntegerField(null=True, help_text="The last warning of its end: days before it.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_key"
        constraints = [
            models.CheckConstraint(
                name="accounts_key_ends",
                condition=models.Q(expires_at__lte=models.F("created_at") + LONGEST)
                & models.Q(expires_at__gte=models.F("created_at")),
            ),
            models.CheckConstraint(
                name="accounts_key_revoked_is_over",
                condition=models.Q(revoked_at=None) | models.Q(expires_at__lte=models.F("revoked_at")),
            ),
            models.CheckConstraint(
                name="accounts_key_rate", condition=models.Q(rate_limit=None) | models.Q(rate_limit__gt=0)
            ),
            models.CheckConstraint(
                name="accounts_key_prefix", condition=models.Q(prefix__regex=r"^sk_(live|test)_[0-9A-Za-z]{8}$")
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "name", "id"], name="accounts_key_list"),
            models.Index(fields=["organisation", "created_at", "id"], name="accounts_key_created"),
            models.Index(fields=["organisation", "expires_at", "id"], name="accounts_key_org_ends"),
            models.Index(fields=["owner", "expires_at"], name="accounts_key_owner"),
            models.Index(fields=["expires_at", "id"], name="accounts_key_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}\N{HORIZONTAL ELLIPSIS})"

    @property
    def is_over(self) -> bool:
        """Whether it lets nobody in any more."""
        return self.expires_at <= clock.now()


class KeyUse(Model):
    """How many calls a key made on a day (UTC). Added to every few seconds by each process; goes with the key."""

    evidence = no_evidence("A count: what was done with a key is in the trail, each call in the activity.")
    walled: ClassVar[bool] = True

    key = models.ForeignKey(Key, on_delete=models.CASCADE, related_name="uses")
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    calls = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0, help_text="Of them answered with 400 to 499.")
    failed = models.BigIntegerField(default=0, help_text="Of them answered with 500 and above.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_key_use"
        constraints = [models.UniqueConstraint(fields=["key", "day"], name="accounts_key_use_once")]
        indexes = [models.Index(fields=["day"], name="accounts_key_use_day")]

    def __str__(self) -> str:
        return f"{self.calls} calls on {self.day}"


class ServiceAccount(TenantModel):
    """A machine that acts for an organisation: an account that holds roles and keys and never signs in.

    Its rights are those of its `user`, who is a member of the organisation like a person; this row says whose it is.
    Deleted, it stays under a pseudonym, since events tell of it.
    """

    evidence = EVENT

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="service")
    description = models.CharField(max_length=300, blank=True)
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_service_account"
        indexes = [models.Index(fields=["organisation", "created_at", "id"], name="accounts_service_created")]

    def __str__(self) -> str:
        return str(self.user)
