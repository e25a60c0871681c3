"""What host products call the people of an organisation."""

from typing import ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, TenantModel
from rbac.models.scopes import Application


class ExternalPerson(TenantModel):
    """The id by which a host product knows a member of an organisation. It leaves with the membership.

    Only in its own organisation: what one of them says of a person means nothing to another.
    """

    evidence = EVENT

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=200)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_external_person"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "application", "external_id"], name="rbac_external_person_known"
            ),
            models.UniqueConstraint(fields=["organisation", "application", "user"], name="rbac_external_person_once"),
        ]
        indexes = [models.Index(fields=["user"], name="rbac_external_person_user")]

    def __str__(self) -> str:
        return self.external_id

    @property
    def audit_subject(self) -> UUID:
        """The person whose data this row is."""
        return self.user_id
