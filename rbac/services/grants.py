"""Single rights on single objects (RBA-04), kept by guardian. Nothing else in the project calls it.

Its rows say who, which right and which object; ours add whose it is, until when, why and on which conditions. They leave
with their object by a trigger of the database.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission as AuthPermission
from django.db.models import Model
from guardian.shortcuts import assign_perm, remove_perm

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing
from rbac import decision
from rbac.access_selectors import prefix_of
from rbac.conditions import conditions_clean
from rbac.delegation import Content, authorise_in, bits_of, check_delegable, measure, top_rank
from rbac.duties import duties_kept
from rbac.errors import EndPassed, HeldAlready, NotAMember, NotGrantable, SuperiorTouched
from rbac.holders import Holder, active_members
from rbac.models import INSTALLATION, Permission, Scope, Team, TeamGrant, UserGrant
from rbac.services.codes import grantable_model
from rbac.services.keepers import scope_hold
from rbac.standing import standing_on

Grant = UserGrant | TeamGrant


def grant_give(
    *,
    actor: Actor,
    holder: Holder,
    code: str,
    target: Model,
    expires_at: datetime | None = None,
    reason: str = "",
    conditions: Mapping[str, Any] | None = None,
) -> Grant:
    """Give a person, service account or team one right on one object: an organisation, workspace, resource, job run or
    backup (`role:assign` there; `role:admin` for what belongs to no organisation). Event `rbac.grant.given`, a mail to a
    person.

    `CannotDelegate` for a right that the actor could not hand on there for as long, `NotGrantable` for one that is not
    about objects of that kind, `NotAMember`, `EndPassed`, `HeldAlready` (change its end instead: `grant_limit`),
    `DutiesConflict` for one that a rule separates from what they hold.
    """
    row = _permission(code, target)
    scope = _scope_of(target)
    authorise_in(actor, _demanded(scope), scope)
    if expires_at is not None and expires_at <= clock.now():
        raise EndPassed
    with standing_on(scope.organisation_id or INSTALLATION):
        scope_hold(actor=actor, code=_demanded(scope), scope=scope)
        who = _checked(holder, scope)
        check_delegable(measure(actor, scope, expires_at), Content(allow=bits_of([code])), 0)
        over = _rows(holder, row, target)
        over.filter(expires_at__lte=clock.now()).delete()
        if over.exists():
            raise HeldAlready
        kept = duties_kept(scope.organisation_id or INSTALLATION, _people(holder))
        grant = cast(Grant, assign_perm(cast(AuthPermission, row.auth_permission), who, target))
        grant.organisation_id = scope.organisation_id
        grant.expires_at, grant.reason, grant.granted_by = expires_at, reason, actor.id
        grant.conditions = conditions_clean(dict(conditions) if conditions else None)
        grant.save(update_fields=["organisation", "expires_at", "reason", "granted_by", "conditions"])
        kept.check()
        _tell("rbac.grant.given", grant, code, target, reason)
    return grant


def grant_limit(*, actor: Actor, grant: Grant, expires_at: datetime | None, reason: str = "") -> Grant:
    """Let a right on an object end at another moment, or never (None). Who may give it until then may. Event
    `rbac.grant.limited`; nothing when it ends then already."""
    code, target, scope = _about(grant)
    authorise_in(actor, _demanded(scope), scope)
    if expires_at is not None and expires_at <= clock.now():
        raise EndPassed
    with standing_on(scope.organisation_id or INSTALLATION):
        scope_hold(actor=actor, code=_demanded(scope), scope=scope)
        grant = _locked(grant)
        if grant.expires_at == expires_at:
            return grant
        for until in (expires_at, grant.expires_at):
            check_delegable(measure(actor, scope, until), Content(allow=bits_of([code])), 0)
        _guard(actor, grant, scope)
        kept = duties_kept(scope.organisation_id or INSTALLATION)
        grant.expires_at = expires_at
        grant.save(update_fields=["expires_at"])
        kept.check()
        _tell("rbac.grant.limited", grant, code, target, reason)
    return grant


def grant_take(*, actor: Actor, grant: Grant, reason: str = "") -> None:
    """Take a right on an object away; the very next check knows. Event `rbac.grant.taken`, a mail to a person.

    Who could give it may take it, but nobody from whom ranks above (`SuperiorTouched`).
    """
    code, target, scope = _about(grant)
    authorise_in(actor, _demanded(scope), scope)
    with standing_on(scope.organisation_id or INSTALLATION):
        scope_hold(actor=actor, code=_demanded(scope), scope=scope)
        grant = _locked(grant)
        check_delegable(measure(actor, scope, grant.expires_at), Content(allow=bits_of([code])), 0)
        _guard(actor, grant, scope)
        _tell("rbac.grant.taken", grant, code, target, reason)
        remove_perm(grant.permission, grant.user if isinstance(grant, UserGrant) else grant.group, target)


def grants_drop(*, person_id: UUID, organisation_id: UUID, reason: str = "") -> int:
    """Take every right on single objects that a person has in an organisation; part of the service that ends the
    membership. Event `rbac.grant.taken` for each."""
    with standing_on(organisation_id):
        rows = list(
            UserGrant.objects.select_related("permission").filter(user_id=person_id, organisation_id=organisation_id)
        )
        for row in rows:
            record(
                "rbac.grant.taken",
                target=get_user_model()._default_manager.get(pk=person_id),
                reason=reason,
                data={"permission": row.permission.codename, "object": row.object_pk, "ends": ""},
            )
            row.delete()
        if rows:
            decision.mark_changed()
    return len(rows)


def _permission(code: str, target: Model) -> Permission:
    row = Permission.objects.select_related("auth_permission").filter(code=code).first()
    model = grantable_model(code=code) if row is not None else None
    if row is None or row.auth_permission is None or model is None or not isinstance(target, model):
        raise NotGrantable
    if "/" in code and not code.startswith(prefix_of(target)):
        raise NotGrantable
    return row


def _scope_of(target: Model) -> Scope:
    """The place where the right counts: the object where it is a node, else the organisation it belongs to."""
    node = Scope.objects.filter(pk=target.pk).first()
    if node is not None:
        return node
    found = Scope.objects.filter(pk=decision.organisation_of(target) or INSTALLATION).first()
    if found is None:
        raise NotFound
    return found


def _demanded(scope: Scope) -> str:
    return "role:admin" if scope.pk == INSTALLATION else "role:assign"


def _checked(holder: Holder, scope: Scope) -> Model:
    """The user or group that guardian knows the holder as."""
    if holder.team is not None:
        if holder.team.organisation_id != scope.organisation_id:
            raise NotAMember
        return holder.team.group
    if holder.person_id is None:
        raise NotAMember
    if scope.organisation_id is not None and not active_members(scope.organisation_id, [holder.person_id]):
        raise NotAMember
    found = get_user_model()._default_manager.filter(pk=holder.person_id, is_active=True).first()
    if found is None:
        raise NotAMember
    return found


def _people(holder: Holder) -> list[UUID] | None:
    """Whom the duties are checked of; None for a team, whose people are many."""
    return None if holder.person_id is None else [holder.person_id]


def _rows(holder: Holder, row: Permission, target: Model) -> Any:
    same = {"permission": row.auth_permission, "object_pk": str(target.pk)}
    if holder.team is not None:
        return TeamGrant.objects.filter(group_id=holder.team.group_id, **same)
    return UserGrant.objects.filter(user_id=holder.person_id, **same)


def _about(grant: Grant) -> tuple[str, Model, Scope]:
    """The code, the object and its place. A grant whose object is gone is gone with it."""
    model = apps.get_model(grant.content_type.app_label, grant.content_type.model)
    target = model._default_manager.filter(pk=grant.object_pk).first()
    if target is None:
        raise NotFound
    return grant.permission.codename, target, _scope_of(target)


def _locked(grant: Grant) -> Grant:
    found = (
        type(grant)._default_manager.select_for_update(of=("self",)).select_related("permission").filter(pk=grant.pk)
    )
    row: Grant | None = found.first()
    if row is None:
        raise NotFound
    return row


def _guard(actor: Actor, grant: Grant, scope: Scope) -> None:
    if not isinstance(grant, UserGrant) or scope.organisation_id is None or grant.user_id == actor.id:
        return
    limits = measure(actor, scope)
    if limits is not None and top_rank([grant.user_id], scope.organisation_id) > limits.rank:
        raise SuperiorTouched


def _tell(event: str, grant: Grant, code: str, target: Model, reason: str) -> None:
    with writing():
        decision.mark_changed()
        who = grant.user if isinstance(grant, UserGrant) else Team.objects.get(group_id=grant.group_id)
        ends = grant.expires_at.isoformat() if grant.expires_at else ""
        record(event, target=who, reason=reason, data={"permission": code, "object": grant.object_pk, "ends": ends})
        if isinstance(grant, UserGrant):
            data = {
                "user": who,
                "organisation": str(grant.organisation or target),
                "place": str(target),
                "role": code,
                "act": event.rpartition(".")[2],
                "ends": grant.expires_at,
            }
            notify(grant.user_id, "organisation", "access_changed", data)
