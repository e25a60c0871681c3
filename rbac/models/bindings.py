"""Who holds what where: roles on scopes, and single rights on single objects."""

from typing import ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.functions import Cast, Now
from guardian.models import GroupObjectPermissionAbstract, UserObjectPermissionAbstract

from portal.kit import clock, ids
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Evidence, Model
from rbac.models.roles import Role
from rbac.models.scopes import Scope
from rbac.models.teams import Team


class Binding(Model):
    """A person, a team or every member of an organisation holds a role on a scope, until `expires_at`.

    It counts there and on everything below. `effect` deny takes the rights of the role away instead. `conditions` say
    when it counts (see `rbac.conditions`). A suspended one gives nothing: it rests while the person is suspended in
    the organisation.
    """

    evidence = EVENT

    class Effect(models.TextChoices):
        """What it does with the rights of its role."""

        ALLOW = "allow", "allow"
        DENY = "deny", "deny"

    class Origin(models.TextChoices):
        """What it follows from, where somebody did not just give it."""

        ELEVATION = "elevation", "elevation"
        GLASS = "glass", "glass"

    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="bindings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="+")
    everyone = models.BooleanField(
        default=False, db_default=False, help_text="Every active member of the organisation."
    )
    effect = models.CharField(max_length=5, choices=Effect, default=Effect.ALLOW, db_default="allow")
    conditions = models.JSONField(null=True)
    expires_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    granted_by = models.UUIDField(null=True)
    is_suspended = models.BooleanField(
        default=False, db_default=False, help_text="Rests: the person was suspended where it stands."
    )
    created_at = models.DateTimeField(default=clock.now, db_default=Now())
    origin = models.CharField(max_length=10, choices=Origin, blank=True, default="", db_default="")
    origin_id = models.UUIDField(null=True, help_text="What it follows from, and ends with.")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_binding"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "team", "everyone", "scope", "role", "effect"],
                nulls_distinct=False,
                name="rbac_binding_once",
            ),
            models.CheckConstraint(
                name="rbac_binding_subject_one",
                condition=models.Q(user__isnull=False, team=None, everyone=False)
                | models.Q(user=None, team__isnull=False, everyone=False)
                | models.Q(user=None, team=None, everyone=True),
            ),
            # What follows from an elevation is one person's, and ends.
            models.CheckConstraint(
                name="rbac_binding_origin_ends",
                condition=models.Q(origin="", origin_id=None)
                | ~models.Q(origin="")
                & models.Q(origin_id__isnull=False, user__isnull=False, expires_at__isnull=False, effect="allow"),
            ),
        ]
        indexes = [
            models.Index(fields=["scope", "role"], name="rbac_binding_scope"),
            models.Index(fields=["scope", "user"], name="rbac_binding_subject"),
            models.Index(fields=["team", "scope"], condition=~models.Q(team=None), name="rbac_binding_team"),
            models.Index(fields=["scope"], condition=models.Q(everyone=True), name="rbac_binding_everyone"),
            models.Index(fields=["expires_at", "id"], condition=~models.Q(expires_at=None), name="rbac_binding_ends"),
            models.Index(
                fields=["user", "expires_at"], condition=~models.Q(origin_id=None), name="rbac_binding_origin"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} on {self.scope_id}"

    @property
    def audit_subject(self) -> UUID | None:
        """The person whose data a diff of this row is."""
        return self.user_id


class ObjectGrant(models.Model):
    """What our grants say more than guardian's: whose object it is, until when, why, and under which conditions.

    Guardian keeps the key of the object as text; `object_id` is the same as a UUID, so that lists can join by an index.
    A row leaves with its object, by a trigger on every table whose rows can be granted.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    object_id = models.GeneratedField(
        expression=Cast("object_pk", models.UUIDField()), output_field=models.UUIDField(), db_persist=True
    )
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    conditions = models.JSONField(null=True)
    expires_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    granted_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now, db_default=Now())

    class Meta:
        abstract = True


class UserGrant(ObjectGrant, UserObjectPermissionAbstract):
    """One right of a person or service account on one object."""

    evidence: ClassVar[Evidence] = EVENT

    class Meta(UserObjectPermissionAbstract.Meta):
        db_table = "rbac_user_grant"
        indexes = [
            models.Index(fields=["user", "permission", "object_id"], name="rbac_user_grant_held"),
            models.Index(fields=["object_id", "permission"], name="rbac_user_grant_object"),
            models.Index(fields=["user", "object_id"], name="rbac_user_grant_on"),
            models.Index(
                fields=["expires_at", "id"], condition=~models.Q(expires_at=None), name="rbac_user_grant_ends"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.permission_id} on {self.object_pk}"

    @property
    def audit_subject(self) -> UUID:
        """The person whose data a diff of this row is."""
        found: UUID = self.user_id
        return found


class TeamGrant(ObjectGrant, GroupObjectPermissionAbstract):
    """One right of a team on one object; `group` is the team's."""

    evidence: ClassVar[Evidence] = EVENT

    class Meta(GroupObjectPermissionAbstract.Meta):
        db_table = "rbac_team_grant"
        indexes = [
            models.Index(fields=["group", "permission", "object_id"], name="rbac_team_grant_held"),
            models.Index(fields=["object_id", "permission"], name="rbac_team_grant_object"),
            models.Index(fields=["group", "object_id"], name="rbac_team_grant_on"),
            models.Index(
                fields=["expires_at", "id"], condition=~models.Q(expires_at=None), name="rbac_team_grant_ends"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.permission_id} on {self.object_pk}"
