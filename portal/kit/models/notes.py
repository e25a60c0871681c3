"""Notes that people leave at things."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models.base import EVENT, Model


class Note(Model):
    """What somebody wrote about an object for the others who look after it. Written and taken away, never changed.

    `organisation` is where it was written: notes of the staff have none and stay unseen by the organisation they are
    about (row-level security). It goes with its object.
    """

    evidence = EVENT

    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.CASCADE, related_name="+")
    object_kind = models.CharField(max_length=60, help_text="The model, as app_label.model.")
    object_id = models.UUIDField()
    text = models.TextField(max_length=4000)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "kit_note"
        indexes = [models.Index(fields=["object_id", "id"], name="kit_note_object")]

    def __str__(self) -> str:
        return f"note on {self.object_kind} {self.object_id}"
