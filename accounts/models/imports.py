"""Uploaded lists of people."""

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import Model, no_evidence


class PeopleImport(Model):
    """An uploaded CSV of people between its preview and its confirmation. Goes a day after it was uploaded or done."""

    evidence = no_evidence("A draft: the confirmed import leaves one event and one per person created.")

    class State(models.TextChoices):
        """Life of an import."""

        PREVIEW = "preview", _("Preview")
        CONFIRMED = "confirmed", _("Confirmed")
        DONE = "done", _("Done")

    uploaded_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    filename = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.PREVIEW)
    accepted = models.JSONField(help_text="Rows that would go in: [line, name, username, email].")
    refused = models.JSONField(help_text="Rows that would not: [line, field, value, reason].")
    run_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "accounts_people_import"

    def __str__(self) -> str:
        return self.filename
