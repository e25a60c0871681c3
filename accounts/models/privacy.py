"""What people asked for about their own data, and what they agreed to."""

from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model


class OwnExport(Model):
    """A copy of everything about one person, which that person asked for: its row, and its file once that is whole.

    Written by `accounts.services.own_data` and the job `accounts.export_own_data`; row and file go seven days after it
    was asked for, and with the person.
    """

    evidence = EVENT

    class State(models.TextChoices):
        """Life of a copy."""

        WORKING = "working", _("Being written")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="own_exports")
    state = models.CharField(max_length=10, choices=State, default=State.WORKING)
    file = models.CharField(max_length=80, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    run_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_own_export"
        constraints = [
            models.CheckConstraint(
                name="accounts_own_export_state", condition=models.Q(state__in=["working", "ready", "failed"])
            ),
            # A file is offered only when it is whole and can be proved.
            models.CheckConstraint(
                name="accounts_own_export_whole",
                condition=~models.Q(state="ready")
                | (~models.Q(file="") & ~models.Q(sha256="") & models.Q(finished_at__isnull=False)),
            ),
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(state="working"), name="accounts_own_export_one_working"
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="accounts_own_export_expires")]

    def __str__(self) -> str:
        return f"copy of {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def audit_subject(self) -> UUID:
        """The person whose data it holds."""
        return self.user_id


class Consent(Model):
    """A person agreed to one version of a legal text. Never changed: agreeing to the next version is another row.

    Stays when the person is erased, without the network address: that somebody agreed has to be provable.
    """

    evidence = EVENT

    class Kind(models.TextChoices):
        """Which text."""

        TERMS = "terms", _("Terms of use")
        PRIVACY = "privacy", _("Privacy policy")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="consents")
    kind = models.CharField(max_length=10, choices=Kind)
    version = models.CharField(max_length=40)
    address = models.GenericIPAddressField(null=True)
    given_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_consent"
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "version"], name="accounts_consent_once"),
            models.CheckConstraint(name="accounts_consent_kind", condition=models.Q(kind__in=["terms", "privacy"])),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"

    @property
    def audit_subject(self) -> UUID:
        """The person who agreed."""
        return self.user_id
