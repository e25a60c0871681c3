"""Base models: an id that sorts by time, the evidence of its changes, and the tenant that owns it."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from django.db import models

from portal.kit import ids


@dataclass(frozen=True)
class Evidence:
    """How a change of a model shows in the audit trail: one event per object, one per run, or none with a reason."""

    kind: Literal["event", "summary", "none"]
    reason: str = ""


EVENT = Evidence("event")
SUMMARY = Evidence("summary")


def no_evidence(reason: str) -> Evidence:
    """Changes of this model leave no event; `reason` says why nobody will miss it."""
    return Evidence("none", reason)


class Model(models.Model):
    """A row with a UUIDv7 key. Every concrete model states its `evidence` (system check steward.E002)."""

    evidence: ClassVar[Evidence]
    # Row-level security stands on the table (`grants.tenant`), so it is read inside a transaction only.
    walled: ClassVar[bool] = False

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)

    class Meta:
        abstract = True


class TenantModel(Model):
    """A row that belongs to one organisation. Row-level security hides it from every other: its migration runs
    `grants.tenant(table)`, and a structural test refuses a table without (design: mechanisms, roles and policies)."""

    walled = True

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True
