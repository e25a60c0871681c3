"""Creating organisations, changing them, suspending, closing and handing them over."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import rules
from accounts.errors import MemberInactive
from accounts.models import Invitation, Membership, Organisation, User
from accounts.organisation_guards import authorise_in, held_organisation, held_roles, locked_organisation
from accounts.services.member_mails import members_tell_later
from accounts.services.memberships import membership_add, roles_by_code
from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound
from portal.kit.notify import notify
from portal.kit.record import diff, record
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import INSTALLATION, Binding
from rbac.standing import standing_on

EDITABLE = ("name", "slug")
RESERVED = frozenset({"admin", "api", "me", "new", "platform", "steward", "www"})


def organisation_create(*, actor: Actor, name: str, slug: str, owner: User | None = None) -> Organisation:
    """Create an organisation, with its scope and optionally its first owner. Staff only (`organisation:admin`).

    Event `accounts.organisation.created`, and those of the owner's membership. `Invalid` names taken or malformed fields.
    """
    authorise(actor, "organisation:admin")
    with writing():
        organisation = organisation_put(name=name, slug=slug)
        if owner is not None:
            membership_add(actor=actor, organisation=organisation, user=owner, role=roles_by_code()["owner"])
    return organisation


def organisation_put(*, name: str, slug: str) -> Organisation:
    """Write an organisation with its scope and nobody in it; part of another service, which has decided that it may be."""
    organisation = Organisation(name=name.strip(), slug=slug.strip().lower())
    with writing():
        _save(organisation)
        rbac.scope_ensure(organisation_id=organisation.pk)
        with standing_on(organisation.pk):
            changes = {field: (None, getattr(organisation, field)) for field in EDITABLE}
            record("accounts.organisation.created", target=organisation, changes=changes)
    return organisation


def organisation_update(*, actor: Actor, organisation: Organisation, values: dict[str, Any]) -> Organisation:
    """Change name or short name; old addresses stop working. Event `accounts.organisation.updated`; none when all is
    as it was. `Invalid` with fields."""
    authorise_in(actor, "organisation:update", organisation.pk)
    unknown = set(values) - set(EDITABLE)
    if unknown:
        raise errors.Invalid(fields={name: [_("This cannot be changed here.")] for name in sorted(unknown)})
    clean = {name: str(value).strip() for name, value in values.items()}
    if "slug" in clean:
        clean["slug"] = clean["slug"].lower()
    with standing_on(organisation.pk):
        organisation = held_organisation(actor, "organisation:update", organisation.pk)
        changes = diff(organisation, clean)
        if not changes:
            return organisation
        for field, (_before, after) in changes.items():
            setattr(organisation, field, after)
        _save(organisation, update_fields=list(changes))
        record("accounts.organisation.updated", target=organisation, changes=changes)
    return organisation


def organisation_suspend(*, actor: Actor, organisation: Organisation, reason: str = "") -> Organisation:
    """Shut an organisation's pages and API for its members; nothing is lost, they are told by mail.

    Event `accounts.organisation.suspended`."""
    return _set_state(actor, organisation, Organisation.State.SUSPENDED, "accounts.organisation.suspended", reason)


def organisation_resume(*, actor: Actor, organisation: Organisation, reason: str = "") -> Organisation:
    """Open a suspended organisation again. Event `accounts.organisation.resumed`."""
    return _set_state(actor, organisation, Organisation.State.ACTIVE, "accounts.organisation.resumed", reason)


def _set_state(actor: Actor, organisation: Organisation, state: str, code: str, reason: str) -> Organisation:
    authorise(actor, "organisation:admin")
    with standing_on(organisation.pk):
        organisation = locked_organisation(organisation.pk)
        held_roles(INSTALLATION)  # The right is one of the installation, wherever who has it stands.
        authorise(actor, "organisation:admin")
        before = organisation.state
        if before == state:
            return organisation
        organisation.state = state
        organisation.save(update_fields=["state"])
        record(code, target=organisation, changes={"state": (before, state)}, reason=reason)
        members_tell_later(actor=actor, organisation=organisation)
    return organisation


def organisation_close(*, actor: Actor, organisation: Organisation, reason: str = "") -> Organisation:
    """Close an organisation for good: nobody enters it any more, open invitations die, its short name stays taken.

    By an owner (`organisation:delete`) or staff. Event `accounts.organisation.closed`, with what was withdrawn; the
    members are told by mail.
    """
    authorise_in(actor, "organisation:delete", organisation.pk)
    with standing_on(organisation.pk):
        organisation = held_organisation(actor, "organisation:delete", organisation.pk)
        before = organisation.state
        organisation.state = Organisation.State.CLOSED
        organisation.save(update_fields=["state"])
        withdrawn = 0
        for invitation in Invitation.objects.select_for_update().filter(
            organisation=organisation, accepted_at=None, revoked_at=None
        ):
            invitation.revoked_at = clock.now()
            invitation.save(update_fields=["revoked_at"])
            record("accounts.invitation.revoked", target=invitation, reason="organisation closed")
            withdrawn += 1
        record(
            "accounts.organisation.closed",
            target=organisation,
            changes={"state": (before, organisation.state)},
            reason=reason,
            data={"invitations_withdrawn": withdrawn},
        )
        members_tell_later(actor=actor, organisation=organisation)
    return organisation


def ownership_transfer(*, actor: Actor, organisation: Organisation, to: Membership, reason: str = "") -> None:
    """Hand an organisation over: another member becomes owner, the acting owner an administrator.

    By an owner (`organisation:transfer`); staff makes the member owner and leaves the present ones as they are. Events
    `accounts.organisation.transferred`, `rbac.binding.granted` and `.revoked`. `MemberInactive` for somebody who cannot
    act now, `NotFound` for a membership of another organisation.
    """
    authorise_in(actor, "organisation:transfer", organisation.pk)
    with standing_on(organisation.pk):
        organisation = held_organisation(actor, "organisation:transfer", organisation.pk)
        member = _transferee(organisation.pk, to.pk)
        roles = roles_by_code()
        _role_only(organisation.pk, member.user_id, roles["owner"].code, actor, reason)
        if actor.organisation_id is not None and actor.id is not None and actor.id != member.user_id:
            _role_only(organisation.pk, actor.id, roles["admin"].code, actor, reason)
        record("accounts.organisation.transferred", target=organisation, reason=reason)
        data = {"user": member.user, "organisation": organisation.name, "role": roles["owner"].label}
        notify(member.user_id, "organisation", "role_changed", data)


def _transferee(organisation_id: UUID, membership_id: UUID) -> Membership:
    rows = Membership.objects.select_for_update(of=("self",)).select_related("user")
    member = rows.filter(pk=membership_id, organisation_id=organisation_id).first()
    if member is None:
        raise NotFound
    if member.state != Membership.State.ACTIVE or not member.user.is_active:
        raise MemberInactive
    return member


def _role_only(organisation_id: UUID, person_id: UUID, code: str, actor: Actor, reason: str) -> None:
    """Make the role the only one of a person there. The new one first, so that there is an owner at every moment."""
    wanted = roles_by_code()[code]
    rbac.binding_put(person_id=person_id, role=wanted, scope_id=organisation_id, granted_by=actor.id, reason=reason)
    rows = Binding.objects.select_related("role").filter(user_id=person_id, scope_id=organisation_id)
    for row in rows.exclude(role=wanted):
        rbac.binding_take(person_id=person_id, role=row.role, scope_id=organisation_id, reason=reason)


def _save(organisation: Organisation, *, update_fields: list[str] | None = None) -> None:
    """Validate and save; every reason for a refusal comes back by field."""
    wrong: dict[str, list[str]] = {}
    if rules.INVISIBLE.search(organisation.name):
        wrong["name"] = [rules.reason_text("invisible")]
    if organisation.slug in RESERVED:
        wrong["slug"] = [_("This short name is kept for Steward's own pages. Choose another.")]
    if wrong:
        raise errors.Invalid(fields=wrong)
    try:
        organisation.full_clean()
    except ValidationError as error:
        raise errors.Invalid(fields=error.message_dict) from error
    try:
        with transaction.atomic():
            organisation.save(update_fields=update_fields)
    except IntegrityError as error:
        raise errors.Invalid(fields={"slug": [_("Another organisation has this short name.")]}) from error
