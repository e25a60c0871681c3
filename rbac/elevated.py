"""What every page shows of rights for a while: the own ones, and how many requests and items of access reviews wait for
whom may decide them.

All of it is remembered under the stamps, like the decision itself, so that no page pays for them.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import can
from rbac.decision import also_forget
from rbac.elevation_rules import decided_by
from rbac.epochs import changed_here, stamps_of
from rbac.models import INSTALLATION, Elevation
from rbac.review_selectors import waiting_items
from rbac.rules import Ask, Elevated, effective_at

__all__ = ["Elevated", "elevated_now", "waiting"]

MOST_COUNTED = 100
_waiting: dict[UUID, tuple[int, list[tuple[UUID, datetime]]]] = {}  # By place: its epoch; who waits, until when.
_to_review: dict[tuple[UUID, UUID], tuple[int, int]] = {}  # By place and person: its epoch; how many items.
_LIMIT = 5000


def elevated_now(actor: Actor) -> list[Elevated]:
    """What the acting person has for a while where it stands, the first to end first; no query of its own."""
    if actor.id is None or actor.kind == "system":
        return []
    standing, now = actor.organisation_id, clock.now()
    held = effective_at(actor.id, Ask(standing, standing, standing)).elevated
    return sorted((one for one in held if one.organisation == standing and one.until > now), key=lambda one: one.until)


def waiting(actor: Actor) -> int:
    """How many requests of others wait where `actor` stands, for whom may decide there; 0 for everybody else."""
    if actor.id is None or not can(actor, decided_by(actor.organisation_id)):
        return 0
    root = actor.organisation_id or INSTALLATION
    stamps = stamps_of(actor.id, actor.organisation_id)
    epoch = stamps[0] if actor.organisation_id is None else stamps[1]
    known = _waiting.get(root)
    if known is None or known[0] != epoch or changed_here():
        rows = Elevation.objects.visible_to(actor, decided_by(actor.organisation_id)).filter(
            Q(organisation=actor.organisation_id), state=Elevation.State.ASKED
        )
        known = epoch, list(rows.values_list("user_id", "expires_at")[:MOST_COUNTED])
        if not changed_here():
            if len(_waiting) >= _LIMIT:
                _waiting.clear()
            _waiting[root] = known
    now = clock.now()
    return sum(person_id != actor.id and until > now for person_id, until in known[1])


def to_review(actor: Actor) -> int:
    """How many items of running access reviews wait for the word of `actor` where it stands; 100 for more."""
    if actor.id is None or actor.kind == "system":
        return 0
    root = actor.organisation_id or INSTALLATION
    stamps = stamps_of(actor.id, actor.organisation_id)
    epoch = stamps[0] if actor.organisation_id is None else stamps[1]
    known = _to_review.get((root, actor.id))
    if known is None or known[0] != epoch or changed_here():
        known = epoch, waiting_items(actor)[:MOST_COUNTED].count()
        if not changed_here():
            if len(_to_review) >= _LIMIT:
                _to_review.clear()
            _to_review[root, actor.id] = known
    return known[1]


def forget_waiting() -> None:
    """Drop what this process remembers; see `rbac.decision.forget_everything`."""
    _waiting.clear()
    _to_review.clear()


also_forget(forget_waiting)
