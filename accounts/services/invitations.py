"""Inviting people to an organisation by mail, and their answer. A link works once and for a week."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from accounts import rules
from accounts.errors import (
    AddressUnverified,
    AlreadyMember,
    InvitationForAnother,
    InvitationGone,
    OrganisationClosed,
    RegistrationClosed,
)
from accounts.models import Invitation, Organisation, User
from accounts.organisation_guards import authorise_in, held_organisation, held_roles, locked_organisation
from accounts.services.invitation_checks import parted
from accounts.services.links import address_proved
from accounts.services.memberships import membership_put
from accounts.services.privacy import consents_give
from accounts.services.registrations import person_put
from accounts.settings import REGISTRATION
from portal.kit import clock, context, crypto, errors, jobs
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.notify import notify
from portal.kit.record import record, record_many
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import Role
from rbac.standing import standing_on

LIFE = timedelta(days=7)
JOB = "accounts.send_invitations"
AT_ONCE = 20  # So many mails are written while somebody waits; a job writes more of them.


@dataclass(frozen=True)
class Invited:
    """What became of many addresses: those with an invitation on its way, and the others with the reason."""

    sent: tuple[Invitation, ...]
    skipped: tuple[tuple[str, str], ...]


def invitations_create(*, actor: Actor, organisation: Organisation, addresses: Sequence[str], role: Role) -> Invited:
    """Invite addresses with a role; a mail to each. Event `accounts.invitation.created` per invitation.

    Needs `member:create` there and the right to give the role; staff may do it from outside. An address that is a
    member's, or has an open invitation, is left alone with the reason. `Invalid` (field `addresses`) for what is no
    address, and for more than 200. The mails of more than 20 are written by a job.
    """
    authorise_in(actor, "member:create", organisation.pk)
    rbac.may_delegate(actor=actor, role=role, scope_id=organisation.pk)
    with standing_on(organisation.pk):
        organisation = held_organisation(actor, "member:create", organisation.pk)
        rbac.may_delegate(actor=actor, role=role, scope_id=organisation.pk)
        _expired_withdraw(organisation)
        checked = parted(organisation=organisation, written=addresses)
        checked.insist()
        if len(checked.ready) <= AT_ONCE:
            sent = [_invite(actor, organisation, address, role) for address in checked.ready]
        else:
            sent = _invite_later(actor, organisation, checked.ready, role)
    return Invited(tuple(sent), tuple((row.value, row.reason) for row in checked.refused if row.kind == "left"))


def _expired_withdraw(organisation: Organisation) -> None:
    """An invitation that nobody used in time makes room for a new one."""
    waiting = Invitation.objects.filter(organisation=organisation, accepted_at=None, revoked_at=None)
    for old in waiting.filter(expires_at__lte=clock.now()):
        old.revoked_at = clock.now()
        old.save(update_fields=["revoked_at"])
        record("accounts.invitation.revoked", target=old, reason="expired")


def _made(actor: Actor, organisation: Organisation, address: str, role: Role, token: str) -> Invitation:
    now = clock.now()
    return Invitation(
        organisation=organisation,
        email=address,
        role=role,
        digest=crypto.digest(token),
        invited_by_id=actor.id if actor.kind == "person" else None,
        created_at=now,
        sent_at=now,
        expires_at=now + LIFE,
    )


def _changes(invitation: Invitation) -> dict[str, tuple[Any, Any]]:
    return {"email": (None, invitation.email), "role": (None, invitation.role.code)}


def _invite(actor: Actor, organisation: Organisation, address: str, role: Role) -> Invitation:
    token = crypto.token()
    invitation = _made(actor, organisation, address, role, token)
    invitation.save(force_insert=True)
    record("accounts.invitation.created", target=invitation, changes=_changes(invitation))
    _mail(invitation, organisation, role, token)
    return invitation


def _invite_later(actor: Actor, organisation: Organisation, addresses: Sequence[str], role: Role) -> list[Invitation]:
    """The invitations at once, under tokens that nobody learns; a job gives each the one that it mails."""
    made = [_made(actor, organisation, address, role, crypto.token()) for address in addresses]
    for invitation in made:
        invitation.sent_at = None
    Invitation.objects.bulk_create(made)
    record_many("accounts.invitation.created", [(invitation, _changes(invitation)) for invitation in made])
    # What the mails say was decided here; who writes them needs no right in the organisation.
    worker = Actor("system", None, str(context.actor().label))
    jobs.enqueue(JOB, actor=worker, args={"organisation": str(organisation.pk), "number": len(made)})
    return made


def invitations_send(*, organisation_id: UUID) -> int:
    """Mail some of the invitations that wait for their mail; how many. None is left when it is zero. Part of a job."""
    with standing_on(organisation_id):
        rows = Invitation.objects.select_for_update(of=("self",)).select_related("organisation", "role", "invited_by")
        waiting = rows.filter(organisation_id=organisation_id, sent_at=None, accepted_at=None, revoked_at=None)
        some = list(waiting.order_by("id")[:AT_ONCE])
        for invitation in some:
            _send(invitation, invitation.organisation)
    return len(some)


def _send(invitation: Invitation, organisation: Organisation) -> None:
    """A new token, good for a week from now, to the address; the older one dies."""
    token, now = crypto.token(), clock.now()
    invitation.digest, invitation.sent_at, invitation.expires_at = crypto.digest(token), now, now + LIFE
    invitation.save(update_fields=["digest", "sent_at", "expires_at"])
    _mail(invitation, organisation, invitation.role, token)


def _mail(invitation: Invitation, organisation: Organisation, role: Role, token: str) -> None:
    # The address is the installation's own setting: a forged Host header leads nobody elsewhere.
    url = f"{settings.STEWARD_PUBLIC_URL}/invitations/{token}"
    inviter = str(invitation.invited_by) if invitation.invited_by else ""
    values = {"organisation": organisation.name, "role": role.label, "inviter": inviter, "url": url, "days": LIFE.days}
    notify(invitation.email, "invitation", "invitation", values)


def invitation_resend(*, actor: Actor, invitation: Invitation) -> Invitation:
    """Mail a new link, good for a week from now; the older one dies. Event `accounts.invitation.resent`.

    It is the actor's invitation from now on. `InvitationGone` when it was accepted or withdrawn meanwhile.
    """
    authorise_in(actor, "member:create", invitation.organisation_id)
    rbac.may_delegate(actor=actor, role=invitation.role, scope_id=invitation.organisation_id)
    with standing_on(invitation.organisation_id):
        organisation = held_organisation(actor, "member:create", invitation.organisation_id)
        rbac.may_delegate(actor=actor, role=invitation.role, scope_id=invitation.organisation_id)
        invitation = _locked(invitation.pk)
        if actor.kind == "person" and actor.id is not None:
            invitation.invited_by = User.objects.get(pk=actor.id)
            invitation.save(update_fields=["invited_by"])
        record("accounts.invitation.resent", target=invitation)
        _send(invitation, organisation)
    return invitation


def invitation_revoke(*, actor: Actor, invitation: Invitation, reason: str = "") -> Invitation:
    """Withdraw an open invitation: its link opens nothing any more. Event `accounts.invitation.revoked`.

    `InvitationGone` when it was accepted or withdrawn meanwhile.
    """
    authorise_in(actor, "member:create", invitation.organisation_id)
    with standing_on(invitation.organisation_id):
        invitation = _locked(invitation.pk)
        invitation.revoked_at = clock.now()
        invitation.save(update_fields=["revoked_at"])
        record("accounts.invitation.revoked", target=invitation, reason=reason)
    return invitation


@dataclass(frozen=True)
class Offer:
    """What a live link offers, for the page that it opens."""

    invitation_id: UUID
    organisation_id: UUID
    organisation: str
    role: str
    email: str
    known: bool  # Whether somebody has an account with this address, and so signs in instead of making one.


def invitation_offer(*, token: str) -> Offer:
    """What the link offers; `InvitationGone` when it is none, or none any more. Looking spends nothing."""
    found = _by_token(token)
    if found is None:
        raise InvitationGone
    key, organisation_id = found
    with standing_on(organisation_id):
        live = _live(key)
        known = User.objects.filter(email__iexact=live.email).exists()
        return Offer(key, organisation_id, live.organisation.name, live.role.label, live.email, known)


def invitation_accept(*, actor: Actor, token: str) -> Organisation:
    """Join by a link, as the signed-in person whose address was invited. The link is spent.

    Events `accounts.invitation.accepted`, `accounts.membership.added`, `rbac.binding.granted`; an address that was not
    verified is so now. `InvitationGone` for a dead link, or when who invited may not give the role any more;
    `InvitationForAnother` for another person's address.
    """
    found = _by_token(token)
    if found is None:
        raise InvitationGone
    return _accept_as(actor, *found, mailed=True)


def invitation_accept_own(*, actor: Actor, invitation_id: UUID) -> Organisation:
    """Join by an open invitation to one's own address, without its link. As `invitation_accept`.

    `AddressUnverified` for whoever has not proved that the address is theirs: an administrator may have mistyped it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT organisation_id FROM accounts_invitations_of(%s, %s) WHERE id = %s",
            [actor.id, clock.now(), invitation_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise InvitationGone
    return _accept_as(actor, invitation_id, row[0], mailed=False)


def _accept_as(actor: Actor, invitation_id: UUID, organisation_id: UUID, *, mailed: bool) -> Organisation:
    if actor.id is None:
        raise errors.Unauthenticated
    with standing_on(organisation_id):
        _hold(organisation_id)
        user = User.objects.select_for_update(no_key=True).get(pk=actor.id)
        live = _live(invitation_id, lock=True)
        if user.email.lower() != live.email.lower():
            raise InvitationForAnother
        if mailed:
            address_proved(user=user)
        elif user.email_verified_at is None:
            raise AddressUnverified
        # Somebody may have been added by hand meanwhile: the invitation is used up all the same.
        with suppress(AlreadyMember):
            _join(live, user)
        return live.organisation


def invitation_join(*, token: str, name: str, username: str, password: str) -> tuple[User, Organisation]:
    """Join by a link as a new person with an own password. The link is spent; nobody is signed in.

    Events `accounts.user.created` and those of `invitation_accept`. `InvitationGone` for a dead link, or when somebody
    has an account with the address (who signs in instead); `RegistrationClosed` where administrators make all
    accounts; `Invalid` with fields.
    """
    found = _by_token(token)
    if found is None:
        raise InvitationGone
    if REGISTRATION.value() == "off":
        raise RegistrationClosed
    key, organisation_id = found
    with writing():
        # No account is written before the invitation is locked: two that join at once make one person.
        with standing_on(organisation_id):
            _hold(organisation_id)
            live = _live(key, lock=True)
        if User.objects.filter(email__iexact=live.email).exists():
            raise InvitationGone
        user = person_put(email=live.email, name=name, username=username, password=password)
        with context.acting(Actor("person", user.pk, str(user))):
            changes = {field: (None, getattr(user, field)) for field in rules.FIELDS}
            record("accounts.user.created", target=user, changes=changes, reason="invited")
            consents_give(user=user)
            with standing_on(organisation_id):
                _join(live, user)
    return user, live.organisation


def _join(live: Invitation, user: User) -> None:
    live.accepted_at = clock.now()
    live.save(update_fields=["accepted_at"])
    record("accounts.invitation.accepted", target=live, data={"role": live.role.code})
    membership_put(
        organisation_id=live.organisation_id,
        user=user,
        role=live.role,
        granted_by=live.invited_by_id,
        reason="invitation",
    )


def _by_token(token: str) -> tuple[UUID, UUID] | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, organisation_id FROM accounts_invitation_by(%s)", [crypto.digest(token)])
        row: tuple[UUID, UUID] | None = cursor.fetchone()
    return row


def _hold(organisation_id: UUID) -> None:
    """Who invited keeps or loses the right to before or after this, not meanwhile."""
    with suppress(OrganisationClosed):  # An invitation into it is gone, which is found below.
        locked_organisation(organisation_id)
    held_roles(organisation_id)


def _live(key: UUID, *, lock: bool = False) -> Invitation:
    """An invitation that can be accepted now; `InvitationGone` otherwise."""
    rows = Invitation.objects.select_related("organisation", "role", "invited_by")
    if lock:
        rows = rows.select_for_update(of=("self",))
    live = rows.filter(pk=key, accepted_at=None, revoked_at=None, expires_at__gt=clock.now()).first()
    if live is None or live.organisation.state != Organisation.State.ACTIVE or not _still_given(live):
        raise InvitationGone
    return live


def _still_given(live: Invitation) -> bool:
    """Whether who invited could give the role today, from inside the organisation or as staff: nobody hands on a right
    that was taken away meanwhile. What nobody is known to have sent, the system did."""
    if live.invited_by is None:
        return True
    if not live.invited_by.is_active:
        return False
    inside = Actor("person", live.invited_by.pk, str(live.invited_by), live.organisation_id)
    for giver in (inside, replace(inside, organisation_id=None)):
        with suppress(errors.Forbidden):
            rbac.may_delegate(actor=giver, role=live.role, scope_id=live.organisation_id)
            return True
    return False


def _locked(key: UUID) -> Invitation:
    """An invitation that is not answered, expired or not."""
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("role", "invited_by")
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound
    if found.accepted_at is not None or found.revoked_at is not None:
        raise InvitationGone
    return found
