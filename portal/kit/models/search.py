"""What people searched for, and the searches that they keep."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from portal.kit import clock
from portal.kit.models.base import Model, no_evidence
from portal.kit.models.lists import NAME_LIMIT

TEXT_LIMIT = 100
KIND_LIMIT = 40


class RecentSearch(Model):
    """A text that one person searched for in one place (an organisation, or none: the platform), and when last.

    Written when a page of results is opened; the newest few are kept, and all go when the person clears them.
    """

    evidence = no_evidence(
        "What a person looked for is its own affair; what it then opened is on record where it matters."
    )

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=TEXT_LIMIT)
    searched_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "kit_recent_search"
        constraints = [
            models.UniqueConstraint(
                "person", "organisation", Lower("text"), name="kit_recent_search_once", nulls_distinct=False
            ),
            models.CheckConstraint(name="kit_recent_search_text", condition=~models.Q(text="")),
        ]

    def __str__(self) -> str:
        return self.text


class SavedSearch(Model):
    """A search that one person keeps under a name, in one place; `kind` narrows it to one kind of record.

    Seen by nobody else. Written by its person; goes when it is deleted, and with the account.
    """

    evidence = no_evidence("A name for a question of one's own; it shows nobody anything, and nobody else sees it.")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=NAME_LIMIT)
    text = models.CharField(max_length=TEXT_LIMIT)
    kind = models.CharField(max_length=KIND_LIMIT, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "kit_saved_search"
        constraints = [
            models.UniqueConstraint(
                "person", "organisation", Lower("name"), name="kit_saved_search_name", nulls_distinct=False
            ),
            models.CheckConstraint(name="kit_saved_search_words", condition=~models.Q(text="") & ~models.Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name
