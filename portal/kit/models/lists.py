"""How people arrange lists, and the views that they keep."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from portal.kit import clock
from portal.kit.models.base import EVENT, Model, no_evidence

NAME_LIMIT = 60
QUERY_LIMIT = 2000


class ListPreference(Model):
    """How one person likes to see one list: columns in their order, sort, density, page size and first view.

    Written by its person through `lists.services`; goes with a reset. Empty fields mean the list's own default.
    """

    evidence = no_evidence("Where a person puts its columns tells nothing; nobody else sees it.")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    list_name = models.CharField(max_length=60)
    columns = models.JSONField(default=list, blank=True)
    sort = models.CharField(max_length=61, blank=True)
    compact = models.BooleanField(default=False)
    size = models.PositiveSmallIntegerField(null=True)
    view = models.ForeignKey("kit.SavedView", null=True, on_delete=models.SET_NULL, related_name="+")

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "kit_list_preference"
        constraints = [models.UniqueConstraint(fields=["person", "list_name"], name="kit_list_preference_once")]

    def __str__(self) -> str:
        return f"{self.list_name} of {self.person_id}"


class SavedView(Model):
    """A named question to a list: filters, search, sort and columns as its address spells them.

    Seen by its owner and, shared, by everybody who may see the list in the same organisation (none: the
    installation's own lists). `role_id` makes it what people with that role see first. It shows nobody rows that they
    could not see without it.
    """

    evidence = EVENT

    list_name = models.CharField(max_length=60)
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=NAME_LIMIT)
    query = models.CharField(max_length=QUERY_LIMIT, blank=True)
    shared = models.BooleanField(default=False)
    role_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "kit_saved_view"
        constraints = [
            models.UniqueConstraint(
                "list_name", "owner", "organisation", Lower("name"), name="kit_saved_view_name", nulls_distinct=False
            ),
            models.UniqueConstraint(
                fields=["list_name", "role_id"], condition=models.Q(role_id__isnull=False), name="kit_saved_view_role"
            ),
            models.CheckConstraint(
                name="kit_saved_view_role_shared", condition=models.Q(role_id=None) | models.Q(shared=True)
            ),
        ]
        indexes = [models.Index(fields=["list_name", "shared"], name="kit_saved_view_list")]

    def __str__(self) -> str:
        return self.name
