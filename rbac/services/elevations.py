"""Roles for a while: asked for with a reason, decided by somebody who could give them, over by themselves.

What is approved is a binding like any other, with an end; so the decision needs to know nothing of elevations. Whoever
decides is measured at that moment, under the lock under which roles are given: who has lost the right between the page
and the click has lost it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise, roles_changed
from portal.kit.errors import NotFound
from portal.kit.record import record
from portal.kit.services import writing
from rbac import decision
from rbac.counting import counting
from rbac.delegation import authorise_in, fits
from rbac.elevation_rules import (
    cleaned_text,
    decided_by,
    in_person,
    longest,
    place_of,
    role_for_a_while,
    seen_by,
    waits,
)
from rbac.errors import HeldAlready, NotAMember, RoleElsewhere
from rbac.govern_errors import ElevationGone, ElevationOpen, ElevationRole, SecondPersonNeeded
from rbac.holders import Holder, active_members
from rbac.models import INSTALLATION, Binding, Elevation, Role, Scope
from rbac.services.access import access_give
from rbac.services.bindings import binding_grant
from rbac.services.elevation_mails import tell_deciders, tell_person
from rbac.services.keepers import scope_hold, scope_lock
from rbac.services.stamps import badge_changed
from rbac.standing import standing_on

BATCH = 100
State = Elevation.State


def elevation_ask(*, actor: Actor, role: Role, scope: Scope, minutes: int, reason: str) -> Elevation:
    """Ask for a role on a scope for some minutes. Event `rbac.elevation.asked`, a mail and a notice to those who may decide.

    `InPerson`, `RoleElsewhere`, `ElevationRole` for what nobody has for a while, `HeldAlready`, `ElevationOpen` while the
    same is asked for or counts, `Invalid` with fields (`minutes`, `reason`). Nothing is held before somebody approves.
    """
    authorise(actor, seen_by(scope.pk))
    person_id = in_person(actor)
    if not fits(role, scope):
        raise RoleElsewhere
    if not role_for_a_while(role):
        raise ElevationRole
    reason = cleaned_text(reason, "reason", needed=True)
    if not 1 <= minutes <= longest() // timedelta(minutes=1):
        raise errors.Invalid(fields={"minutes": [_("Choose one of the times offered.")]})
    root = scope.organisation_id or INSTALLATION
    with standing_on(root):
        scope_lock(scope_id=root)
        if scope.organisation_id is not None and not active_members(scope.organisation_id, [person_id]):
            raise NotAMember
        _tidy(Elevation.objects.filter(user_id=person_id, scope_id=scope.pk, role=role))
        if Elevation.objects.filter(
            user_id=person_id, scope_id=scope.pk, role=role, state__in=[State.ASKED, State.APPROVED]
        ).exists():
            raise ElevationOpen
        _check_not_held(person_id, role, scope)
        now = clock.now()
        row = Elevation.objects.create(
            organisation_id=scope.organisation_id,
            user_id=person_id,
            role=role,
            role_label=role.label,
            scope_id=scope.pk,
            place=place_of(scope),
            reason=reason,
            minutes=minutes,
            asked_at=now,
            expires_at=now + waits(),
        )
        told = {"reason": (None, reason), "minutes": (None, minutes), "role_label": (None, role.label)}
        record("rbac.elevation.asked", target=row, changes=told, data={"place": row.place})
        tell_deciders(row=row, scope=scope, code=decided_by(scope.pk))
        badge_changed(root=root)
    return row


def elevation_approve(*, actor: Actor, elevation: Elevation, words: str = "") -> Elevation:
    """Give what was asked for, from now until its time is over. Events `rbac.elevation.approved` and
    `rbac.binding.granted`, a mail and a notice to the person.

    By somebody else who may give that role there now (`SecondPersonNeeded`, `CannotDelegate`, `SuperiorTouched`), in
    person (`InPerson`). `ElevationGone` when it is decided or over, `HeldAlready`, `NotAMember`, `DutiesConflict`.
    """
    scope = _scope(elevation)
    authorise_in(actor, decided_by(scope.pk), scope)
    words = cleaned_text(words, "words")
    decider_id = in_person(actor)
    root = scope.organisation_id or INSTALLATION
    with standing_on(root):
        scope_hold(actor=actor, code=decided_by(scope.pk), scope=scope)
        row = _open(elevation)
        if decider_id == row.user_id:
            raise SecondPersonNeeded
        role = row.role
        if role is None:
            raise ElevationGone
        now = clock.now()
        until = now + min(timedelta(minutes=row.minutes), longest())
        binding = _give(actor, row, role, scope, until)
        row.state, row.decided_by_id, row.decided_at, row.words = State.APPROVED, decider_id, now, words
        row.until, row.binding_id = until, binding.pk
        row.save(update_fields=["state", "decided_by", "decided_at", "words", "until", "binding_id"])
        changes = {"state": (State.ASKED.value, State.APPROVED.value), "until": (None, until)}
        record("rbac.elevation.approved", target=row, changes=changes, reason=words, data={"place": row.place})
        tell_person(row=row, act="approved", by=actor.label)
        badge_changed(root=root)
    return row


def elevation_refuse(*, actor: Actor, elevation: Elevation, words: str) -> Elevation:
    """Say no, and why. Event `rbac.elevation.refused`, a mail and a notice to the person. As `elevation_approve`, but
    whoever may decide there at all may refuse. `Invalid` (field `words`)."""
    scope = _scope(elevation)
    authorise_in(actor, decided_by(scope.pk), scope)
    words = cleaned_text(words, "words", needed=True)
    decider_id = in_person(actor)
    root = scope.organisation_id or INSTALLATION
    with standing_on(root):
        scope_hold(actor=actor, code=decided_by(scope.pk), scope=scope)
        row = _open(elevation)
        if decider_id == row.user_id:
            raise SecondPersonNeeded
        now = clock.now()
        row.state, row.decided_by_id, row.decided_at, row.words = State.REFUSED, decider_id, now, words
        row.ended_at = now
        row.save(update_fields=["state", "decided_by", "decided_at", "words", "ended_at"])
        changes = {"state": (State.ASKED.value, State.REFUSED.value)}
        record("rbac.elevation.refused", target=row, changes=changes, reason=words, data={"place": row.place})
        tell_person(row=row, act="refused", by=actor.label)
        badge_changed(root=root)
    return row


def elevation_withdraw(*, actor: Actor, elevation: Elevation) -> Elevation:
    """Take back what one asked for and nobody has decided. Event `rbac.elevation.withdrawn`. `NotFound` for anybody
    else's, `ElevationGone`."""
    if actor.id is None or actor.id != elevation.user_id:
        raise NotFound
    root = elevation.organisation_id or INSTALLATION
    with standing_on(root):
        scope_lock(scope_id=root)
        row = _open(elevation)
        row.state, row.ended_at, row.ended_by_id = State.WITHDRAWN, clock.now(), actor.id
        row.save(update_fields=["state", "ended_at", "ended_by"])
        changes = {"state": (State.ASKED.value, State.WITHDRAWN.value)}
        record("rbac.elevation.withdrawn", target=row, changes=changes, data={"place": row.place})
        badge_changed(root=root)
    return row


def elevation_end(*, actor: Actor, elevation: Elevation) -> Elevation:
    """Give it back, or take it back, before its time; the very next check knows. Events `rbac.elevation.ended`, a mail to
    the person unless it did so itself. By the person and by who approved it; others take the role away where it is held.
    `Forbidden`, `ElevationGone`."""
    if actor.id is None or actor.id not in {elevation.user_id, elevation.decided_by_id}:
        raise errors.Forbidden
    root = elevation.organisation_id or INSTALLATION
    with standing_on(root):
        scope_lock(scope_id=root)
        row = _locked(elevation)
        if row is None or row.state_now != State.APPROVED:
            raise ElevationGone
        _close(row, by=actor.id)
        if actor.id != row.user_id:
            tell_person(row=row, act="ended", by=actor.label)
    return row


def elevations_tidy(*, actor: Actor) -> dict[str, int]:
    """Write down what is over: requests that nobody answered, and roles whose time has passed, with their bindings.
    Events `rbac.elevation.expired` and `rbac.elevation.ended`; at most a hundred of them, told by how many. The decision
    does not wait for it. Needs `job:admin`."""
    authorise(actor, "job:admin")
    now = clock.now()
    late = Q(state=State.ASKED, expires_at__lte=now) | Q(state=State.APPROVED, until__lte=now)
    found = {"expired": 0, "ended": 0}
    for row in list(Elevation.objects.filter(late).order_by("id")[:BATCH]):
        root = row.organisation_id or INSTALLATION
        with standing_on(root):
            scope_lock(scope_id=root)
            for state in _tidy(Elevation.objects.filter(pk=row.pk)):
                found[state] += 1
    return found


def _tidy(rows: QuerySet[Elevation]) -> list[str]:
    """Close those of them that are late; what became of each."""
    closed: list[str] = []
    for row in rows.select_for_update(of=("self",)).filter(state__in=[State.ASKED, State.APPROVED]):
        late = row.state_now
        if late == row.state:
            continue
        if late == State.EXPIRED:
            _expire(row)
        else:
            _close(row, by=None)
        tell_person(row=row, act=late)
        closed.append(late)
    return closed


def _expire(row: Elevation) -> None:
    with writing():
        row.state, row.ended_at = State.EXPIRED, clock.now()
        row.save(update_fields=["state", "ended_at"])
        changes = {"state": (State.ASKED.value, State.EXPIRED.value)}
        record("rbac.elevation.expired", target=row, changes=changes, data={"place": row.place})
        badge_changed(root=row.organisation_id or INSTALLATION)


def _close(row: Elevation, *, by: UUID | None) -> None:
    """End what counts, with its binding."""
    with writing():
        row.state, row.ended_at, row.ended_by_id = State.ENDED, clock.now(), by
        row.save(update_fields=["state", "ended_at", "ended_by"])
        Binding.objects.filter(Q(pk=row.binding_id), origin_id=row.pk).delete()
        decision.mark_changed()
        roles_changed(people=[row.user_id])
        changes = {"state": (State.APPROVED.value, State.ENDED.value)}
        record("rbac.elevation.ended", target=row, changes=changes, data={"place": row.place})


def _give(actor: Actor, row: Elevation, role: Role, scope: Scope, until: datetime) -> Binding:
    """The binding, by the very services that anybody gives a role with; they measure the actor, under the lock."""
    origin = (Binding.Origin.ELEVATION.value, row.pk)
    if scope.pk != INSTALLATION:
        return access_give(
            actor=actor,
            holder=Holder(person_id=row.user_id),
            role=role,
            scope=scope,
            expires_at=until,
            reason=row.reason,
            origin=origin,
        )
    _check_not_held(row.user_id, role, scope)
    binding = binding_grant(actor=actor, person_id=row.user_id, role=role, expires_at=until, reason=row.reason)
    with writing():
        binding.origin, binding.origin_id = origin
        binding.save(update_fields=["origin", "origin_id"])
    return binding


def _check_not_held(person_id: UUID, role: Role, scope: Scope) -> None:
    held = Binding.objects.filter(user_id=person_id, role=role, scope_id=scope.pk, effect=Binding.Effect.ALLOW)
    if held.filter(counting()).exists():
        raise HeldAlready


def _scope(row: Elevation) -> Scope:
    """The place of a request; `ElevationGone` when it was deleted meanwhile."""
    found = Scope.objects.filter(pk=row.scope_id).first()
    if found is None:
        raise ElevationGone
    return found


def _locked(elevation: Elevation) -> Elevation | None:
    rows = Elevation.objects.select_for_update(of=("self",)).select_related("user", "role", "organisation")
    return rows.filter(pk=elevation.pk).first()


def _open(elevation: Elevation) -> Elevation:
    """The request, locked; `ElevationGone` unless it still waits."""
    found = _locked(elevation)
    if found is None or found.state_now != State.ASKED:
        raise ElevationGone
    return found
