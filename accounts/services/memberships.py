"""Who belongs to an organisation, and with which role. Each membership has exactly one role, a binding of rbac."""

from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.errors import AlreadyMember, Deactivated, MemberInactive
from accounts.models import Membership, Organisation, User
from accounts.organisation_guards import (
    authorise_in,
    guard_member,
    held_organisation,
    held_roles,
    locked_organisation,
)
from accounts.services.guards import person_id
from accounts.services.keys import keys_end
from portal.kit.context import Actor
from portal.kit.errors import Forbidden, NotFound
from portal.kit.notify import notify
from portal.kit.record import record
from rbac import access_selectors
from rbac import services as rbac
from rbac.duties import duties_kept
from rbac.models import Role
from rbac.standing import standing_on


def roles_by_code() -> dict[str, Role]:
    """The roles of organisations by code, highest first."""
    return {role.code: role for role in Role.objects.filter(catalogue="organisation").order_by("-rank")}


def membership_add(*, actor: Actor, organisation: Organisation, user: User, role: Role, reason: str = "") -> Membership:
    """Make a person a member with a role, without an invitation. By staff, or by who may invite and give that role.

    Events `accounts.membership.added` and `rbac.binding.granted`. `AlreadyMember`, `Deactivated` for an inactive person.
    """
    authorise_in(actor, "member:create", organisation.pk)
    rbac.may_delegate(actor=actor, role=role, scope_id=organisation.pk)
    with standing_on(organisation.pk):
        held_organisation(actor, "member:create", organisation.pk)
        rbac.may_delegate(actor=actor, role=role, scope_id=organisation.pk)
        return membership_put(organisation_id=organisation.pk, user=user, role=role, granted_by=actor.id, reason=reason)


def membership_put(
    *, organisation_id: UUID, user: User, role: Role, granted_by: UUID | None, reason: str = ""
) -> Membership:
    """Write a membership with its role; part of another service, which has decided that it may be."""
    with standing_on(organisation_id):
        organisation = locked_organisation(organisation_id)
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not user.is_active:
            raise Deactivated
        membership = Membership(organisation=organisation, user=user)
        try:
            with transaction.atomic():
                membership.save(force_insert=True)
        except IntegrityError as error:
            raise AlreadyMember from error
        changes = {"role": (None, role.code)}
        data = {"organisation": organisation.name}
        record("accounts.membership.added", target=membership, changes=changes, reason=reason, data=data)
        rbac.binding_put(person_id=user.pk, role=role, scope_id=organisation_id, granted_by=granted_by, reason=reason)
    return membership


def membership_role_set(*, actor: Actor, membership: Membership, role: Role, reason: str = "") -> bool:
    """Give a member another role in place of the present one; its next request knows. Returns whether it changed.

    Events `rbac.binding.granted` and `rbac.binding.revoked`; a mail to the member. Refused for who ranks above, for
    roles that the actor may not give or take, for the last owner (`LastOwner`), and for a role that a rule separates from
    what the member holds (`DutiesConflict`).
    """
    scope_id = membership.organisation_id
    rbac.may_delegate(actor=actor, role=role, scope_id=scope_id)
    guard_member(actor, membership.user_id, scope_id)
    with standing_on(scope_id):
        locked_organisation(scope_id)
        held_roles(scope_id)
        rbac.may_delegate(actor=actor, role=role, scope_id=scope_id)
        guard_member(actor, membership.user_id, scope_id)
        membership = _locked(membership)
        if membership.state != Membership.State.ACTIVE:
            raise MemberInactive
        before = access_selectors.member_roles(membership.user_id, scope_id)
        if [held.pk for held in before] == [role.pk]:
            return False
        # The new role comes before the old one goes, so only the outcome says whether a rule separates anything.
        kept = duties_kept(scope_id, [membership.user_id])
        rbac.binding_grant(
            actor=actor, person_id=membership.user_id, role=role, scope_id=scope_id, reason=reason, kept=kept
        )
        for held in before:
            if held.pk != role.pk:
                rbac.binding_revoke(
                    actor=actor, person_id=membership.user_id, role=held, scope_id=scope_id, reason=reason
                )
        kept.check()
        data = {"user": membership.user, "organisation": membership.organisation.name, "role": role.label}
        notify(membership.user_id, "organisation", "role_changed", data)
    return True


def membership_suspend(*, actor: Actor, membership: Membership, reason: str = "") -> Membership:
    """Shut a member out of the organisation; the role rests. Event `accounts.membership.suspended`.

    Refused for oneself, for who ranks above and for the last owner.
    """
    if actor.id == membership.user_id:
        authorise_in(actor, "member:update", membership.organisation_id)
        raise Forbidden
    return _set_state(actor, membership, Membership.State.SUSPENDED, reason)


def membership_resume(*, actor: Actor, membership: Membership, reason: str = "") -> Membership:
    """Let a suspended member in again, with the role it had. Event `accounts.membership.resumed`."""
    return _set_state(actor, membership, Membership.State.ACTIVE, reason)


def _set_state(actor: Actor, membership: Membership, state: str, reason: str) -> Membership:
    scope_id = membership.organisation_id
    authorise_in(actor, "member:update", scope_id)
    guard_member(actor, membership.user_id, scope_id)
    suspended = state == Membership.State.SUSPENDED
    with standing_on(scope_id):
        held_organisation(actor, "member:update", scope_id)
        guard_member(actor, membership.user_id, scope_id)
        membership = _locked(membership)
        before = membership.state
        if before == state:
            return membership
        change = rbac.bindings_suspend if suspended else rbac.bindings_resume
        change(person_id=membership.user_id, scope_id=scope_id, reason=reason)
        membership.state = state
        membership.save(update_fields=["state"])
        code = "accounts.membership.suspended" if suspended else "accounts.membership.resumed"
        data = {"organisation": membership.organisation.name}
        record(code, target=membership, changes={"state": (before, state)}, reason=reason, data=data)
    return membership


def membership_remove(*, actor: Actor, membership: Membership, reason: str = "") -> None:
    """Take a person out of the organisation with every role there. Event `accounts.membership.removed`, and a mail.

    Refused for who ranks above and for the last owner; oneself leaves instead (`membership_leave`).
    """
    authorise_in(actor, "member:delete", membership.organisation_id)
    guard_member(actor, membership.user_id, membership.organisation_id)
    if actor.id == membership.user_id and actor.organisation_id is not None:
        raise Forbidden
    with standing_on(membership.organisation_id):
        held_organisation(actor, "member:delete", membership.organisation_id)
        guard_member(actor, membership.user_id, membership.organisation_id)
        _end(membership, "accounts.membership.removed", reason)


def member_remove(*, actor: Actor, organisation_id: UUID, person_id: UUID, reason: str = "") -> None:
    """Fill of the port `kit.decision.member_remove`: as `membership_remove`, for rooms that know no memberships."""
    rows = Membership.objects.select_related("user", "organisation")
    with standing_on(organisation_id):
        found = rows.filter(organisation_id=organisation_id, user_id=person_id).first()
        if found is None:
            raise NotFound
        membership_remove(actor=actor, membership=found, reason=reason)


def membership_leave(*, actor: Actor, organisation_id: UUID, reason: str = "") -> None:
    """Leave an organisation of one's own accord. Event `accounts.membership.left`. The last owner stays (`LastOwner`).

    `NotFound` when the acting person is no member.
    """
    own = person_id(actor)
    with standing_on(organisation_id):
        found = Membership.objects.filter(organisation_id=organisation_id, user_id=own).first()
        if found is None:
            raise NotFound
        _end(found, "accounts.membership.left", reason)


def _end(membership: Membership, code: str, reason: str) -> None:
    scope_id = membership.organisation_id
    with standing_on(scope_id):
        locked_organisation(scope_id)
        rbac.scope_lock(scope_id=scope_id)
        membership = _locked(membership)
        roles = rbac.bindings_take(person_id=membership.user_id, scope_id=scope_id, reason=reason)
        # Or they would open the organisation again with a later invitation.
        keys_end(owner_id=membership.user_id, organisation_id=scope_id, reason=code)
        told = {"roles": roles, "organisation": membership.organisation.name}
        record(code, target=membership, reason=reason, data=told)
        if code == "accounts.membership.removed":
            data = {"user": membership.user, "organisation": membership.organisation.name}
            notify(membership.user_id, "organisation", "membership_removed", data)
        membership.delete()


def _locked(membership: Membership) -> Membership:
    rows = Membership.objects.select_for_update(of=("self",)).select_related("user", "organisation")
    found = rows.filter(pk=membership.pk).first()
    if found is None:
        raise NotFound
    return found
