"""Organisations and who belongs to them."""

from typing import ClassVar, Self
from uuid import UUID

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model, TenantModel

slug_validator = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\Z", _("Use lower-case letters, digits and hyphens.")
)


class Organisation(Model):
    """A customer: the tenant that its people, objects, money and events belong to. Closed, never deleted."""

    evidence = EVENT
    scope_field: ClassVar[str] = "id"  # Its own organisation, to the decision.

    class State(models.TextChoices):
        """Life of an organisation."""

        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        CLOSED = "closed", _("Closed")

    slug = models.CharField(max_length=40, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_organisation"
        constraints = [
            models.CheckConstraint(
                name="accounts_organisation_state", condition=models.Q(state__in=["active", "suspended", "closed"])
            )
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="accounts_organisation_name"),
            models.Index(fields=["state", "name", "id"], name="accounts_org_state"),
            models.Index(fields=["created_at", "id"], name="accounts_org_created"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def organisation_id(self) -> UUID:
        """Its events are its own organisation's."""
        return self.id


class Membership(TenantModel):
    """A person belongs to an organisation. What it may do there is a binding on the organisation's scope, not a column.

    Goes when the person leaves or is removed; the trail keeps it.
    """

    evidence = EVENT

    class State(models.TextChoices):
        """Life of a membership."""

        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    joined_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_membership"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "user"], name="accounts_membership_once"),
            models.CheckConstraint(
                name="accounts_membership_state", condition=models.Q(state__in=["active", "suspended"])
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "joined_at", "id"], name="accounts_membership_joined"),
            models.Index(fields=["joined_at", "id"], name="accounts_membership_new"),
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def audit_subject(self) -> UUID:
        """The person whose data this row is."""
        return self.user_id


class Invitation(TenantModel):
    """An address was invited to an organisation with a role. The row holds the SHA-256 of the link's token.

    Open until it is accepted, revoked or a week has passed; an organisation has at most one open one per address, and
    sending it again replaces the token.
    """

    evidence = EVENT

    email = models.EmailField(max_length=254)
    role = models.ForeignKey("rbac.Role", on_delete=models.PROTECT, related_name="+")
    digest = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True, default=clock.now, help_text="None: its mail is being written.")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_invitation"
        constraints = [
            models.UniqueConstraint(
                models.F("organisation"),
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="accounts_invitation_one_open",
            ),
            models.CheckConstraint(
                name="accounts_invitation_one_end", condition=models.Q(accepted_at=None) | models.Q(revoked_at=None)
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "id"], name="accounts_invitation_list"),
            models.Index(Lower("email"), name="accounts_invitation_email"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def audit_subject(self) -> UUID:
        """The address is personal, and maybe nobody's yet: it is sealed under a key of the invitation itself."""
        return self.id
