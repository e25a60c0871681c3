"""Giving and taking roles anywhere in an organisation: to a person, a team or everybody, in all of it or on a part.

The one lasting role that every member has in the organisation is changed with the membership, not here.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import IntegrityError, models, transaction

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import roles_changed
from portal.kit.errors import NotFound
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing
from rbac import access_selectors, decision
from rbac.conditions import conditions_clean
from rbac.delegation import Content, authorise_in, check_delegable, content_of, fits, measure, top_rank
from rbac.duties import duties_kept
from rbac.errors import (
    EndPassed,
    HeldAlready,
    MembersRole,
    NotAMember,
    OwnerDenied,
    OwnerForever,
    RoleElsewhere,
    SuperiorTouched,
)
from rbac.govern_errors import FromElevation
from rbac.holders import Holder, active_members, people_of
from rbac.models import INSTALLATION, Binding, Role, Scope, Team, TeamPath
from rbac.selectors import OWNER, owners
from rbac.services.keepers import scope_hold
from rbac.standing import standing_on


def access_give(
    *,
    actor: Actor,
    holder: Holder,
    role: Role,
    scope: Scope,
    effect: str = "allow",
    expires_at: datetime | None = None,
    reason: str = "",
    conditions: Mapping[str, Any] | None = None,
    origin: tuple[str, UUID] | None = None,
) -> Binding:
    """Give a role on a scope of an organisation, or with effect "deny" take its rights away there (`role:assign`).

    Nobody gives what they could not hand on there for as long, nor above their own rank, and nobody is denied anything
    by whom they rank above (`CannotDelegate`, `SuperiorTouched`, `OwnerDenied`). Only to active members, teams and
    everybody of that organisation (`NotAMember`), and nobody what a rule separates from what they hold
    (`DutiesConflict`). Event `rbac.binding.granted` or `.denied`, and a mail to a person; the mail is left to who gives
    it as the `origin` (kind and id) of the binding.
    """
    organisation_id = _organisation_of(scope)
    authorise_in(actor, "role:assign", scope)
    with standing_on(organisation_id):
        scope_hold(actor=actor, code="role:assign", scope=scope)
        _check_place(role, scope, holder, effect, expires_at)
        _check_holder(holder, organisation_id)
        content = content_of(role)
        limits = measure(actor, scope, expires_at)
        check_delegable(limits, content, role.rank)
        takes = _takes(content, effect)
        _guard_holder(actor, holder, scope, takes=takes, rank=limits.rank if limits is not None else None)
        kept = duties_kept(organisation_id, people_of(holder, organisation_id))
        kind, origin_id = origin or ("", None)
        binding = Binding(
            origin=kind,
            origin_id=origin_id,
            scope=scope,
            role=role,
            user_id=holder.person_id,
            team=holder.team,
            everyone=holder.everyone,
            effect=effect,
            expires_at=expires_at,
            reason=reason,
            granted_by=actor.id,
            conditions=conditions_clean(dict(conditions) if conditions else None),
        )
        same = {name: getattr(binding, name) for name in ("scope", "role", "user_id", "team", "everyone", "effect")}
        Binding.objects.filter(**same, expires_at__lte=clock.now()).delete()  # What is over makes room.
        try:
            with transaction.atomic():
                binding.save(force_insert=True)
        except IntegrityError as error:
            raise HeldAlready from error
        kept.check()
        code = "rbac.binding.granted" if effect == "allow" else "rbac.binding.denied"
        _tell(code, binding, reason, mail=origin is None)
    return binding


def access_limit(*, actor: Actor, binding: Binding, expires_at: datetime | None, reason: str = "") -> Binding:
    """Let a binding end at another moment, or never (None). Who may give it until then may. Event
    `rbac.binding.limited`, and a mail to a person; nothing when it ends then already. `FromElevation` for what was
    approved until then, `DutiesConflict` for one that was over."""
    organisation_id = _organisation_of(binding.scope)
    authorise_in(actor, "role:assign", binding.scope)
    with standing_on(organisation_id):
        scope_hold(actor=actor, code="role:assign", scope=binding.scope)
        binding = _locked(binding)
        if binding.expires_at == expires_at:
            return binding
        if binding.origin_id is not None:
            raise FromElevation
        holder = Holder.of(binding)
        _check_place(binding.role, binding.scope, holder, binding.effect, expires_at)
        # Both ends: whoever could not have given it as it is does not change it either.
        content = content_of(binding.role)
        for until in (expires_at, binding.expires_at):
            limits = measure(actor, binding.scope, until)
            check_delegable(limits, content, binding.role.rank)
        _guard_holder(actor, holder, binding.scope, takes=True, rank=limits.rank if limits is not None else None)
        kept = duties_kept(organisation_id, people_of(holder, organisation_id))
        binding.expires_at = expires_at
        binding.save(update_fields=["expires_at"])
        kept.check()
        _tell("rbac.binding.limited", binding, reason)
    return binding


def access_take(*, actor: Actor, binding: Binding, reason: str = "") -> None:
    """Take a binding away; the very next check knows (`role:assign`). Event `rbac.binding.revoked`, a mail to a person.

    Who could give it may take it, but nobody from whom ranks above. `MembersRole` for the role of the membership.
    """
    organisation_id = _organisation_of(binding.scope)
    authorise_in(actor, "role:assign", binding.scope)
    with standing_on(organisation_id):
        scope_hold(actor=actor, code="role:assign", scope=binding.scope)
        binding = _locked(binding)
        holder = Holder.of(binding)
        if _is_members_own(binding.role, binding.scope, holder, binding.effect, binding.expires_at):
            raise MembersRole
        limits = measure(actor, binding.scope, binding.expires_at)
        check_delegable(limits, content_of(binding.role), binding.role.rank)
        _guard_holder(actor, holder, binding.scope, takes=False, rank=limits.rank if limits is not None else None)
        _tell("rbac.binding.revoked", binding, reason)
        binding.delete()


def check_denied_by_team(*, actor: Actor, team: Team, person_id: UUID) -> None:
    """Raise `SuperiorTouched` when a team would take rights from a person who ranks above `actor`."""
    scope = Scope.objects.get(pk=team.organisation_id)
    limits = measure(actor, scope)
    if limits is None or top_rank([person_id], team.organisation_id) <= limits.rank:
        return
    for row in Binding.objects.select_related("role").filter(team__in=_around(team)):
        if _takes(content_of(row.role), row.effect):
            raise SuperiorTouched


def _around(team: Team) -> list[UUID]:
    return list(TeamPath.objects.filter(descendant=team).values_list("ancestor_id", flat=True))


def _takes(content: Content, effect: str) -> bool:
    """Whether holding it takes rights away."""
    return effect == Binding.Effect.DENY or bool(content.deny)


def _organisation_of(scope: Scope) -> UUID:
    """The installation's roles are given by `binding_grant`, and by the rules that protect its people."""
    if scope.pk == INSTALLATION or scope.organisation_id is None:
        raise RoleElsewhere
    return scope.organisation_id


def _is_members_own(role: Role, scope: Scope, holder: Holder, effect: str, expires_at: datetime | None) -> bool:
    return (
        role.catalogue == "organisation"
        and scope.kind == Scope.Kind.ORGANISATION
        and holder.person_id is not None
        and effect == Binding.Effect.ALLOW
        and expires_at is None
    )


def _check_place(role: Role, scope: Scope, holder: Holder, effect: str, expires_at: datetime | None) -> None:
    if not fits(role, scope) or effect not in Binding.Effect.values:
        raise RoleElsewhere
    if expires_at is not None and expires_at <= clock.now():
        raise EndPassed
    if role.catalogue == "organisation" and role.code == OWNER:
        # An organisation belongs to people, as a whole, for good: that is a matter of the membership.
        raise OwnerForever
    if _is_members_own(role, scope, holder, effect, expires_at):
        raise MembersRole


def _check_holder(holder: Holder, organisation_id: UUID) -> None:
    if holder.team is not None and holder.team.organisation_id != organisation_id:
        raise NotAMember
    if holder.person_id is not None and not active_members(organisation_id, [holder.person_id]):
        raise NotAMember


def _guard_holder(actor: Actor, holder: Holder, scope: Scope, *, takes: bool, rank: int | None) -> None:
    """Nobody changes what a person above them holds, nor takes rights from a group in which one is."""
    organisation_id = _organisation_of(scope)
    people = people_of(holder, organisation_id) if takes or holder.person_id is not None else []
    whole = scope.kind == Scope.Kind.ORGANISATION
    if takes and whole and owners().filter(scope_id=organisation_id, user_id__in=people).exists():
        raise OwnerDenied
    others = [person for person in people if person != actor.id]
    if rank is not None and others and top_rank(others, organisation_id) > rank:
        raise SuperiorTouched


def _locked(binding: Binding) -> Binding:
    rows = Binding.objects.select_for_update(of=("self",)).select_related("role", "scope", "team")
    found = rows.filter(pk=binding.pk).first()
    if found is None:
        raise NotFound
    return found


def _tell(code: str, binding: Binding, reason: str, *, mail: bool = True) -> None:
    """The event, about whom it concerns, and a mail to a person about its own roles."""
    with writing():
        decision.mark_changed()
        organisation = apps.get_model("accounts", "Organisation")._default_manager.get(
            pk=_organisation_of(binding.scope)
        )
        target: models.Model = binding.team if binding.team is not None else organisation
        if binding.user_id is not None:
            target = get_user_model()._default_manager.get(pk=binding.user_id)
        where = access_selectors.object_of(binding.scope)
        record(
            code,
            target=target,
            reason=reason,
            data={
                "role": binding.role.code,
                "role_label": binding.role.label,
                "effect": binding.effect,
                "scope": str(binding.scope_id),
                "kind": binding.scope.kind,
                "ends": binding.expires_at.isoformat() if binding.expires_at else "",
            },
        )
        if binding.user_id is None:
            return
        roles_changed(people=[binding.user_id])
        if not mail:
            return
        data = {
            "user": target,
            "organisation": str(organisation),
            "place": str(where),
            "role": binding.role.label,
            "act": code.rpartition(".")[2],
            "ends": binding.expires_at,
        }
        notify(binding.user_id, "organisation", "access_changed", data)
