"""Giving and taking roles, on the installation or in an organisation."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import roles_changed
from portal.kit.record import record
from portal.kit.services import writing
from rbac import selectors
from rbac.counting import counting
from rbac.delegation import authorise_in, check_role
from rbac.duties import Kept, duties_kept
from rbac.errors import LastAdministrator, OwnerForever, RoleElsewhere
from rbac.models import INSTALLATION, Binding, Elevation, GlassBreak, Role, Scope, UserGrant
from rbac.selectors import OWNER
from rbac.services.grants import grants_drop
from rbac.services.keepers import administrators_lock, owners_guard, rights_hold, scope_ensure, scope_lock
from rbac.services.stamps import stamp_bump
from rbac.standing import standing_on


def binding_grant(
    *,
    actor: Actor,
    person_id: UUID,
    role: Role,
    scope_id: UUID = INSTALLATION,
    expires_at: datetime | None = None,
    reason: str = "",
    kept: Kept | None = None,
) -> Binding:
    """Give a person a role on the installation or in an organisation. Nobody gives what they lack or what ranks above them.

    Event `rbac.binding.granted`. Giving a role that is held already changes nothing. `RoleElsewhere` for a role of
    another catalogue, `OwnerForever` for an ownership that would end by itself.
    """
    may_delegate(actor=actor, role=role, scope_id=scope_id, until=expires_at)
    with standing_on(scope_id):
        _hold(actor, role, scope_id, expires_at)
        return binding_put(
            person_id=person_id,
            role=role,
            scope_id=scope_id,
            expires_at=expires_at,
            granted_by=actor.id,
            reason=reason,
            kept=kept,
        )


def binding_put(
    *,
    person_id: UUID,
    role: Role,
    scope_id: UUID,
    granted_by: UUID | None,
    expires_at: datetime | None = None,
    reason: str = "",
    kept: Kept | None = None,
) -> Binding:
    """Write a binding; part of another service, which has decided that it may be. Event `rbac.binding.granted`.

    One that is there and counts stays as it is; one that is over, or only counted for a while, begins anew.
    `DutiesConflict` for one that a rule separates from what they hold; with `kept` the caller checks that, at the end of
    a change of which this is a part.
    """
    if role.catalogue != selectors.catalogue_of(scope_id):
        raise RoleElsewhere
    if role.code == OWNER and expires_at is not None:
        raise OwnerForever
    with standing_on(scope_id):
        if scope_id != INSTALLATION:
            scope_ensure(organisation_id=scope_id)
        duties = kept or duties_kept(scope_id, [person_id])
        binding, created = Binding.objects.get_or_create(
            user_id=person_id,
            scope_id=scope_id,
            role=role,
            effect=Binding.Effect.ALLOW,
            defaults={"reason": reason, "granted_by": granted_by, "expires_at": expires_at},
        )
        for_a_while = binding.expires_at is not None or binding.conditions is not None
        over = not created and not Binding.objects.filter(counting(), pk=binding.pk).exists()
        if over or (not created and expires_at is None and for_a_while):
            binding.reason, binding.granted_by, binding.expires_at = reason, granted_by, expires_at
            binding.created_at, binding.conditions = clock.now(), None
            binding.origin, binding.origin_id = "", None
            anew = ["reason", "granted_by", "expires_at", "created_at", "conditions", "origin", "origin_id"]
            binding.save(update_fields=anew)
            created = True
        if created:
            if kept is None:
                duties.check()
            _changed(person_id)
            _record("rbac.binding.granted", person_id, role, reason)
    return binding


def bindings_limit(*, role: Role, expires_at: datetime, reason: str = "") -> int:
    """Let every binding of a role that has an end, and is not over, end at another moment; part of the service that
    allows the role for a while. Event `rbac.binding.limited` each; returns how many."""
    with writing():
        rows = Binding.objects.select_for_update().filter(counting(), role=role, scope_id=INSTALLATION)
        found = list(rows.exclude(expires_at=None).order_by("pk"))
        for row in found:
            if row.user_id is None:  # Teams belong to organisations and hold nothing on the installation.
                continue
            row.expires_at = expires_at
            row.save(update_fields=["expires_at"])
            stamp_bump(key=row.user_id)
            _record("rbac.binding.limited", row.user_id, role, reason)
    return len(found)


def binding_revoke(
    *, actor: Actor, person_id: UUID, role: Role, scope_id: UUID = INSTALLATION, reason: str = ""
) -> bool:
    """Take a role from a person; the very next check knows. Event `rbac.binding.revoked`. Returns whether it was held.

    The last active super administrator keeps the role (`LastAdministrator`), the last owner ownership (`LastOwner`).
    """
    may_delegate(actor=actor, role=role, scope_id=scope_id)
    with standing_on(scope_id):
        _hold(actor, role, scope_id)
        return binding_take(person_id=person_id, role=role, scope_id=scope_id, reason=reason)


def binding_take(*, person_id: UUID, role: Role, scope_id: UUID, reason: str = "") -> bool:
    """Take one binding away; part of another service, which has decided that it may be. As `binding_revoke`."""
    with standing_on(scope_id):
        if scope_id == INSTALLATION and role.code == "super_admin":
            administrators_lock()
            if selectors.holders_of("super_admin") == [person_id]:
                raise LastAdministrator
        if scope_id != INSTALLATION and role.code == OWNER:
            owners_guard(person_id=person_id, scope_id=scope_id)
        held = Binding.objects.filter(user_id=person_id, scope_id=scope_id, role=role, effect=Binding.Effect.ALLOW)
        deleted, _ = held.delete()
        if deleted and scope_id == INSTALLATION:
            # Whoever loses rights on the installation has no emergency of theirs to end any more.
            Binding.objects.filter(user_id=person_id, origin=Binding.Origin.GLASS).delete()
        if deleted:
            _changed(person_id)
            _record("rbac.binding.revoked", person_id, role, reason)
    return bool(deleted)


def bindings_take(*, person_id: UUID, scope_id: UUID, reason: str = "") -> int:
    """Take every role and right that a person holds anywhere in an organisation; part of the service that ends the
    membership.

    Event `rbac.binding.revoked` or `rbac.grant.taken` for each. `LastOwner` before anything is taken.
    """
    with standing_on(scope_id):
        owners_guard(person_id=person_id, scope_id=scope_id)
        held = Binding.objects.select_related("role").filter(user_id=person_id, scope__organisation_id=scope_id)
        rows = list(held.order_by("pk"))
        grants_drop(person_id=person_id, organisation_id=scope_id, reason=reason)
        for row in rows:
            row.delete()
            _record("rbac.binding.revoked", person_id, row.role, reason)
        if rows:
            _changed(person_id)
    return len(rows)


def bindings_suspend(*, person_id: UUID, scope_id: UUID, reason: str = "") -> int:
    """Let a person's roles in an organisation rest: they give nothing until resumed. Event `rbac.binding.suspended`.

    Part of the service that suspends the membership. `LastOwner` before anything is changed.
    """
    with standing_on(scope_id):
        owners_guard(person_id=person_id, scope_id=scope_id)
        return _rest(person_id, scope_id, suspended=True, reason=reason)


def bindings_resume(*, person_id: UUID, scope_id: UUID, reason: str = "") -> int:
    """Give a person's resting roles their effect back. Event `rbac.binding.resumed`."""
    with standing_on(scope_id):
        scope_lock(scope_id=scope_id)
        return _rest(person_id, scope_id, suspended=False, reason=reason)


def _rest(person_id: UUID, scope_id: UUID, *, suspended: bool, reason: str) -> int:
    with writing():
        rows = Binding.objects.filter(user_id=person_id, scope__organisation_id=scope_id, is_suspended=not suspended)
        changed = rows.update(is_suspended=suspended)
        if changed:
            _changed(person_id)
            record(
                "rbac.binding.suspended" if suspended else "rbac.binding.resumed",
                target=get_user_model().objects.get(pk=person_id),
                reason=reason,
                data={"roles": changed},
            )
    return changed


def bindings_purge(*, people: Sequence[UUID]) -> int:
    """Take every binding and right of people who are about to be removed altogether; part of that service, which records it."""
    with writing():
        deleted, _ = Binding.objects.filter(user_id__in=people).delete()
        deleted += UserGrant.objects.filter(user_id__in=people).delete()[0]
        of_theirs = Q(user__in=people) | Q(decided_by__in=people) | Q(ended_by__in=people)
        Elevation.objects.filter(of_theirs).delete()
        GlassBreak.objects.filter(Q(user__in=people) | Q(reviewed_by__in=people)).delete()
        for person_id in people if deleted else ():
            stamp_bump(key=person_id)
    return deleted


def may_delegate(*, actor: Actor, role: Role, scope_id: UUID, until: datetime | None = None) -> None:
    """Raise unless `actor` may give and take `role` on a scope, until then or for good.

    On the installation that takes `role:admin`; in an organisation `role:assign` there, or from outside, as staff,
    `organisation:admin`. Nobody reaches above the own rank or gives a right that they could not hand on (see
    `rbac.delegation`); staff, who hold no role inside, are not measured by it: roles of an organisation give nothing
    outside of it.
    """
    scope = Scope.objects.filter(pk=scope_id).first() or Scope(pk=scope_id, organisation_id=scope_id)
    authorise_in(actor, "role:admin" if scope_id == INSTALLATION else "role:assign", scope)
    if role.catalogue != selectors.catalogue_of(scope_id):
        raise RoleElsewhere
    check_role(actor, role, scope, until)


def _hold(actor: Actor, role: Role, scope_id: UUID, until: datetime | None = None) -> None:
    """Lock what roles on a scope are changed under, and ask again: who lost the right while this waited is refused."""
    rights_hold(scope_id=scope_id)
    may_delegate(actor=actor, role=role, scope_id=scope_id, until=until)


def _changed(person_id: UUID) -> None:
    stamp_bump(key=person_id)
    roles_changed(people=[person_id])


def _record(code: str, person_id: UUID, role: Role, reason: str) -> None:
    record(
        code,
        target=get_user_model().objects.get(pk=person_id),
        reason=reason,
        data={"role": role.code, "role_label": role.label},
    )
