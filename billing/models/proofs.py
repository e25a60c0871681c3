"""What came of each proof of the documents against the ledger."""

from typing import ClassVar, Self

from django.db import models

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import Model, no_evidence


class ProofRun(Model):
    """One run of all checks: when, and what each found. Never changed; goes after thirteen months, the last one stays.

    `results` has an item per check: `name`, `number` of differences, and the `first` of them as [what, expected, found].
    """

    evidence = no_evidence("A run that finds something leaves `billing.proof.broken`; the others change nothing.")

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(default=clock.now)
    wrong = models.PositiveIntegerField(help_text="How many differences all checks found.")
    results = models.JSONField(default=list)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "billing_proof_run"

    def __str__(self) -> str:
        return self.started_at.isoformat()
