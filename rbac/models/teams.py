"""Teams: people who hold roles together. A member of a team inside another is a member of both."""

from typing import ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Evidence, TenantModel, no_evidence


class Team(TenantModel):
    """People of an organisation. `group` is what guardian knows it as."""

    evidence = EVENT
    DEPTH: ClassVar[int] = 8  # Teams inside teams; the database refuses more, and a cycle.

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=40)
    description = models.CharField(max_length=300, blank=True)
    external_id = models.CharField(max_length=200, blank=True, db_default="", default="")
    parent = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="children", help_text="The team that it is inside."
    )
    group = models.OneToOneField("auth.Group", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_team"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "slug"], name="rbac_team_slug"),
            models.UniqueConstraint(
                fields=["organisation", "external_id"], condition=~models.Q(external_id=""), name="rbac_team_external"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "name", "id"], name="rbac_team_named"),
            models.Index(fields=["organisation", "created_at", "id"], name="rbac_team_made"),
        ]

    def __str__(self) -> str:
        return self.name


class TeamPath(models.Model):
    """One pair of a team and a team around it (itself included). Written by the database alone."""

    evidence: ClassVar[Evidence] = no_evidence("Follows from the teams; a trigger keeps it.")

    pk = models.CompositePrimaryKey("descendant_id", "ancestor_id")
    ancestor = models.ForeignKey(Team, on_delete=models.DO_NOTHING, related_name="+")
    descendant = models.ForeignKey(Team, on_delete=models.DO_NOTHING, related_name="+")
    depth = models.PositiveSmallIntegerField()

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "rbac_team_path"

    def __str__(self) -> str:
        return f"{self.ancestor_id} around {self.descendant_id}"


class TeamMember(TenantModel):
    """A person or service account in a team; the database refuses who is no member of the organisation."""

    evidence = EVENT

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_team_member"
        constraints = [models.UniqueConstraint(fields=["user", "team"], name="rbac_team_member_once")]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def audit_subject(self) -> UUID:
        """The person whose data this row is."""
        return self.user_id

    @property
    def audit_id(self) -> UUID:
        """Who comes and goes stands in the history of the team."""
        return self.team_id
