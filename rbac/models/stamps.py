"""The stamps that say how fresh a decision is."""

from typing import ClassVar, Self

from django.db import models

from portal.kit.models import Evidence, no_evidence


class Stamp(models.Model):
    """The epoch of the installation, an organisation or a person.

    Triggers raise it in the transaction of any change that can alter a decision about it, whoever made the change.
    So the rows in the order of `changed_in` are also the feed of what changed (see `rbac.changes`).
    """

    evidence: ClassVar[Evidence] = no_evidence("A counter: the change that bumps it has its own event.")

    key = models.UUIDField(primary_key=True)
    epoch = models.BigIntegerField(default=1)
    changed_in = models.BigIntegerField(
        default=0, db_default=0, help_text="The transaction that raised it last, as a trigger notes it."
    )

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "rbac_stamp"
        indexes = [models.Index(fields=["changed_in", "key"], name="rbac_stamp_changed")]

    def __str__(self) -> str:
        return f"{self.key} at {self.epoch}"
