"""Everything that the trail holds about one person, for that person: what it did, and what was done to it.

Of each event only what is sealed under the person's own key is opened. Names of others in it, and where others were
when they did something, are theirs.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q

from audit import personal
from audit.models import Event
from audit.presenters import Told

CHUNK = 500


def events_by(person: UUID) -> Iterator[Mapping[str, Any]]:
    """What the person did, oldest first, then what was done in its name."""
    # One after the other: over both at once no index could be walked.
    for which in (Q(actor_id=person), Q(behalf_id=person)):
        for told in _read(which, person):
            row = told.row
            where = {"address": row.address, "browser": row.agent} if row.actor_id == person else {}
            yield _shown(told) | where | {"target_type": row.target_type, "target_id": row.target_id}


def events_about(person: UUID) -> Iterator[Mapping[str, Any]]:
    """What others did to the person, oldest first."""
    for told in _read(Q(target_id=person) & ~Q(actor_id=person), person):
        yield _shown(told) | {"by": told.row.actor_kind, "by_id": told.row.actor_id}


def _read(which: Q, person: UUID) -> Iterator[Told]:
    after: UUID | None = None
    while True:
        rows = Event.objects.filter(which) if after is None else Event.objects.filter(which, id__gt=after)
        found = list(rows.order_by("id")[:CHUNK])
        own = str(person)
        readings = personal.read((row.id, {own: row.personal[own]} if own in row.personal else {}) for row in found)
        yield from (Told(row, readings[row.id], slug="") for row in found)
        if len(found) < CHUNK:
            return
        after = found[-1].id


def _shown(told: Told) -> dict[str, Any]:
    row = told.row
    return {
        "when": row.occurred_at,
        "what": row.code,
        "outcome": row.outcome,
        "reason": row.reason,
        "organisation_id": row.organisation_id,
        "changes": told.raw_changes,
        "facts": row.data,
    }
