"""Exports that somebody asked for: seen by that person alone."""

from typing import cast
from uuid import UUID

from django.db.models import OuterRef, Subquery

from audit import filters
from audit.models import Event, Export, PersonalKey
from audit.presenters import Told
from audit.selectors import narrowing
from audit.selectors.trail import scoped, told
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.managers import ScopedQuerySet

EXPORT = "audit:export"
State = Export.State
# Runs belong to a room above, which may not be asked; but what happened to one is told by the trail itself.
RUN_CANCELLED = "maintenance.run.cancelled"


def exports(actor: Actor) -> ScopedQuerySet[Export]:
    """The exports that `actor` asked for where it stands now (one organisation, or the installation).

    Each with `run_told`, the code of the last event about its run; see `state_of`.
    """
    rows = Export.objects.visible_to(actor, EXPORT)
    about = scoped(actor).filter(target_id=OuterRef("run_id"), id__gt=OuterRef("run_id"))
    own = rows.filter(requested_by=actor.id, organisation_id=actor.organisation_id)
    return cast("ScopedQuerySet[Export]", own.annotate(run_told=Subquery(about.order_by("-id").values("code")[:1])))


def live(actor: Actor) -> int:
    """How many exports of `actor` are still being written."""
    written = exports(actor).filter(state=State.WORKING, expires_at__gt=clock.now())
    return sum(state_of(one) == State.WORKING for one in written)


def state_of(one: Export) -> Export.State:
    """The state of one of `exports`, for people: cancelled too where only its run was, on the page of jobs.

    Derived and not written down, because such a run can be queued again, and then goes on with the file.
    """
    if one.state in {State.WORKING, State.FAILED} and getattr(one, "run_told", None) == RUN_CANCELLED:
        return State.CANCELLED
    return State(one.state)


def export(actor: Actor, export_id: UUID) -> Export:
    """One of them; `NotFound` for another person's, which is told like one that is not there."""
    found = exports(actor).filter(pk=export_id).first()
    if found is None:
        raise NotFound
    return found


def is_current(one: Export) -> bool:
    """Whether its file may be handed out: whole, not expired, and nobody's personal data erased since it was begun."""
    if one.state != State.READY or one.expires_at <= clock.now():
        return False
    return not PersonalKey.objects.filter(destroyed_at__gte=one.created_at).exists()


def exported(actor: Actor, one: Export, after: str, limit: int) -> list[Told]:
    """The next events of an export, newest first, after the id that was written last (empty: from the beginning)."""
    rows = _of(actor, one)
    return told((rows.filter(id__lt=after) if after else rows).order_by("-id")[:limit])


def reaches(actor: Actor, one: Export, number: int) -> bool:
    """Whether an export holds at least so many events; counts no further."""
    return _of(actor, one).order_by("-id")[:number].count() >= number


def _of(actor: Actor, one: Export) -> ScopedQuerySet[Event]:
    rows = narrowing.matching(scoped(actor), filters.parse(one.query))
    return rows.filter(id__gte=one.since, id__lte=one.until)
