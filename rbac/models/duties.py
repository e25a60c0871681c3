"""Separation of duties: what nobody may hold together."""

from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Now

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model


class DutyRule(Model):
    """Two sides of codes and roles: nobody may hold something of both. Of an organisation or, without one, of the
    installation. While it is not active it neither stops anything nor shows conflicts."""

    evidence = EVENT
    walled: ClassVar[bool] = True

    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True)
    ready = models.CharField(max_length=40, blank=True, help_text="Which ready-made rule it was made from.")
    one_codes = models.JSONField(default=list)
    one_roles = models.JSONField(default=list, help_text="Ids of roles.")
    other_codes = models.JSONField(default=list)
    other_roles = models.JSONField(default=list, help_text="Ids of roles.")
    is_active = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_duty_rule"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], nulls_distinct=False, name="rbac_duty_rule_name"),
        ]
        indexes = [models.Index(fields=["organisation", "id"], name="rbac_duty_rule_of")]

    def __str__(self) -> str:
        return self.name
