"""Dashboards that people arrange, what they were before, and which one each person begins with."""

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.models.base import EVENT, Model, no_evidence

NAME_LIMIT = 60


class Dashboard(Model):
    """An arrangement of widgets: which, in which order, how wide, with what options.

    Written by its owner through `portal.home.services`. Seen by its owner, and shared by everybody, or by people with one
    of `role_ids`, in the same organisation (none: the installation). It shows nobody what they could not see without it:
    each widget asks for its own permission. `layout` is a list of {id, widget, width, options}; the database holds its
    shape, `portal.home.layouts` what stands in it.
    """

    evidence = EVENT

    class Sharing(models.TextChoices):
        """Who else sees it."""

        NOBODY = "nobody", _("Only me")
        ROLES = "roles", _("People with a role")
        EVERYBODY = "everybody", _("Everybody here")

    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=NAME_LIMIT)
    layout = models.JSONField(default=list)
    sharing = models.CharField(max_length=10, choices=Sharing, default=Sharing.NOBODY)
    role_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "home_dashboard"
        constraints = [
            models.UniqueConstraint(
                "owner", "organisation", Lower("name"), name="home_dashboard_name", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="home_dashboard_sharing", condition=models.Q(sharing__in=["nobody", "roles", "everybody"])
            ),
            models.CheckConstraint(
                name="home_dashboard_roles",
                condition=models.Q(sharing="roles", role_ids__len__gt=0)
                | ~models.Q(sharing="roles") & models.Q(role_ids__len=0),
            ),
        ]
        indexes = [models.Index(fields=["organisation", "sharing"], name="home_dashboard_shared")]

    def __str__(self) -> str:
        return self.name


class DashboardVersion(Model):
    """What a dashboard was when it was saved; the newest is as it is now. The oldest go when there are too many."""

    evidence = no_evidence("Saving a dashboard is told of the dashboard itself; this is what it was then.")

    dashboard = models.ForeignKey(Dashboard, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=NAME_LIMIT)
    layout = models.JSONField()
    saved_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "home_dashboard_version"
        constraints = [models.UniqueConstraint(fields=["dashboard", "number"], name="home_dashboard_version_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class HomeChoice(Model):
    """The dashboard that a person begins with where it stands (None: that of its role), and whether it has put the first
    steps away. Written by its person; goes with the person or the organisation."""

    evidence = no_evidence("With which page a person begins tells nothing; nobody else sees it.")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.CASCADE, related_name="+")
    dashboard = models.ForeignKey(Dashboard, null=True, on_delete=models.SET_NULL, related_name="+")
    steps_away_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "home_choice"
        constraints = [
            models.UniqueConstraint(fields=["person", "organisation"], name="home_choice_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"home of {self.person_id}"
