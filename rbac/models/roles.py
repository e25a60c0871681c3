"""Permissions and roles: what can be held, and the named sets in which it is given."""

from typing import ClassVar, Self

from django.db import models

from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Evidence, Model, no_evidence


class Permission(models.Model):
    """A code with the number of its bit in an effective set; a number is never reused.

    Steward's own are declared in code and have no application; those of a host product are written with it
    (`product/project:read`) and come from the catalogue of the application. Synced by `roles apply`.
    """

    evidence: ClassVar[Evidence] = no_evidence(
        "A mirror of the declarations in code; `roles apply` leaves one event per role it changes."
    )

    number = models.PositiveIntegerField(primary_key=True)
    code = models.CharField(max_length=100, unique=True)
    application = models.ForeignKey("rbac.Application", null=True, on_delete=models.PROTECT, related_name="permissions")
    module = models.ForeignKey(
        "rbac.Module",
        null=True,
        on_delete=models.SET_NULL,
        related_name="permissions",
        help_text="Nobody holds it in an organisation that has this part of the product switched off.",
    )
    auth_permission = models.OneToOneField(
        "auth.Permission",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What guardian knows the code as; only for codes that can be granted on one object.",
    )

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "rbac_permission"
        constraints = [
            models.CheckConstraint(
                name="rbac_permission_of_application",
                condition=models.Q(application=None) & ~models.Q(code__contains="/")
                | ~models.Q(application=None) & models.Q(code__contains="/"),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Role(Model):
    """A named set of permissions. Ready-made ones come from `data/roles.yaml` and are changed only by `roles apply`; an
    organisation makes its own in the catalogue `custom`."""

    evidence = EVENT
    CUSTOM: ClassVar[str] = "custom"

    catalogue = models.CharField(max_length=40)
    code = models.CharField(max_length=60)
    label = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True, db_default="")
    rank = models.PositiveSmallIntegerField(help_text="Higher may act on lower and on equals.")
    inherits = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        "accounts.Organisation",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whose own role it is.",
    )
    application = models.ForeignKey(
        "rbac.Application", null=True, on_delete=models.PROTECT, related_name="+", help_text="Of a host product."
    )

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_role"
        constraints = [
            models.UniqueConstraint(
                fields=["catalogue", "code", "organisation"], nulls_distinct=False, name="rbac_role_code"
            ),
            models.CheckConstraint(
                name="rbac_role_own",
                condition=models.Q(catalogue="custom", organisation__isnull=False, application=None)
                | ~models.Q(catalogue="custom") & models.Q(organisation=None),
            ),
        ]

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
