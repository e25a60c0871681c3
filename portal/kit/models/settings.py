"""Settings of the running portal: what holds now, and every value that ever held."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models.base import EVENT, Model, no_evidence
from portal.kit.runtime import declare

REASON_LIMIT = 300


class SettingValue(Model):
    """What is kept for one setting, by its code; one row from its first change on, never deleted.

    `value` is its JSON, or null after it was set back to the default. `number` is that of its newest version. Written by
    `kit.runtime.services` alone. Which settings there are, rooms declare; a row of one that is gone is read by nobody.
    """

    evidence = EVENT

    code = models.CharField(max_length=60, unique=True)
    value = models.JSONField(null=True)
    number = models.BigIntegerField()
    changed_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "kit_setting"

    def __str__(self) -> str:
        declared = declare.find(self.code)
        return str(declared.label) if declared is not None else self.code


class SettingVersion(Model):
    """One change of a setting: its new value (null: back to the default), who, when, why.

    Append-only: the database refuses to change or delete one. `number` counts all changes of the installation; the
    newest is what processes compare. `reverted_to` is the number of the version whose value was taken up again.
    """

    evidence = no_evidence("Written with the change of the setting, whose event holds the same.")

    number = models.BigIntegerField(unique=True)
    code = models.CharField(max_length=60)
    value = models.JSONField(null=True)
    reason = models.CharField(max_length=REASON_LIMIT, blank=True)
    reverted_to = models.BigIntegerField(null=True)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "kit_setting_version"
        indexes = [models.Index(fields=["code", "-number"], name="kit_setting_version_of")]

    def __str__(self) -> str:
        return f"{self.code} {self.number}"
