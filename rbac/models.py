"""Permissions, roles, scopes, bindings, and the stamps that say how fresh a decision is."""

from typing import ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Evidence, Model, no_evidence

INSTALLATION = UUID(int=0)  # The root of the tree of scopes, and the key of its stamp.


class Permission(models.Model):
    """A declared code with the number of its bit in an effective set. Synced by `roles apply`; a number is never reused."""

    evidence: ClassVar[Evidence] = no_evidence(
        "A mirror of the declarations in code; `roles apply` leaves one event per role it changes."
    )

    number = models.PositiveIntegerField(primary_key=True)
    code = models.CharField(max_length=100, unique=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "rbac_permission"

    def __str__(self) -> str:
        return self.code


class Role(Model):
    """A named set of permissions. Ready-made ones come from `data/roles.yaml` and are changed only by `roles apply`."""

    evidence = EVENT

    catalogue = models.CharField(max_length=40)
    code = models.CharField(max_length=60)
    label = models.CharField(max_length=80)
    rank = models.PositiveSmallIntegerField(help_text="Higher may act on lower and on equals.")
    inherits = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_role"
        constraints = [models.UniqueConstraint(fields=["catalogue", "code"], name="rbac_role_code")]

    def __str__(self) -> str:
        return self.label


class RolePermission(models.Model):
    """One permission of one role, allowed or denied; deny wins. Written with its role."""

    evidence: ClassVar[Evidence] = no_evidence(
        "Part of its role: the event of the role lists what was added and removed."
    )

    class Effect(models.TextChoices):
        """What it does."""

        ALLOW = "allow", "allow"
        DENY = "deny", "deny"

    id = models.BigAutoField(primary_key=True)
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="permissions")
    permission = models.ForeignKey(Permission, on_delete=models.PROTECT, related_name="+")
    effect = models.CharField(max_length=5, choices=Effect, default=Effect.ALLOW)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "rbac_role_permission"
        constraints = [models.UniqueConstraint(fields=["role", "permission"], name="rbac_role_permission_once")]

    def __str__(self) -> str:
        return f"{self.effect} {self.permission_id}"


class Scope(Model):
    """A node that bindings stand on: the installation, an organisation; workspaces and resources come below."""

    evidence = no_evidence("Made with the object it stands for, whose event tells of it.")

    class Kind(models.TextChoices):
        """What the node stands for."""

        INSTALLATION = "installation", "installation"
        ORGANISATION = "organisation", "organisation"

    kind = models.CharField(max_length=20, choices=Kind)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "rbac_scope"
        constraints = [
            models.CheckConstraint(
                name="rbac_scope_root",
                condition=models.Q(kind="installation", parent=None)
                | (~models.Q(kind="installation") & ~models.Q(parent=None)),
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(kind="installation"), name="rbac_scope_one_root"
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class Binding(Model):
    """A person holds a role on a scope, until `expires_at`. Written by grant and revoke; the decision reads it.

    A suspended one gives nothing: it rests while the person is suspended in the organisation.
    """

    evidence = EVENT

    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="bindings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    granted_by = models.UUIDField(null=True)
    is_suspended = models.BooleanField(
        default=False, db_default=False, help_text="Rests: the person was suspended where it stands."
    )
    created_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_binding"
        constraints = [models.UniqueConstraint(fields=["user", "scope", "role"], name="rbac_binding_once")]
        indexes = [
            models.Index(fields=["scope", "role"], name="rbac_binding_scope"),
            models.Index(fields=["scope", "user"], name="rbac_binding_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.role} on {self.scope_id}"

    @property
    def audit_subject(self) -> UUID:
        """The person whose data a diff of this row is."""
        return self.user_id


class Stamp(models.Model):
    """The epoch of a scope or person; bumped in the transaction of any change that can alter a decision about it."""

    evidence: ClassVar[Evidence] = no_evidence("A counter: the change that bumps it has its own event.")

    key = models.UUIDField(primary_key=True)
    epoch = models.BigIntegerField(default=1)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "rbac_stamp"

    def __str__(self) -> str:
        return f"{self.key} at {self.epoch}"
