"""Inviting people to an organisation by mail, and their answer. A link works once and for a week."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import rules
from accounts.errors import AlreadyMember, InvitationForAnother, InvitationGone
from accounts.models import Invitation, Membership, Organisation, User
from accounts.organisation_guards import authorise_in, locked_organisation
from accounts.services.memberships import membership_put
from portal.kit import clock, context, crypto, errors
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import Role
from rbac.standing import standing_on

LIFE = timedelta(days=7)
BULK_LIMIT = 100  # Addresses at once; who invites more imports them.


@dataclass(frozen=True)
class Invited:
    """What became of many addresses: those with an invitation on its way, and the others with the reason."""

    sent: tuple[Invitation, ...]
    skipped: tuple[tuple[str, str], ...]


def invitations_create(*, actor: Actor, organisation: Organisation, addresses: Sequence[str], role: Role) -> Invited:
    """Invite addresses with a role; a mail to each. Event `accounts.invitation.created` per invitation.

    Needs `member:create` there and the right to give the role; staff may do it from outside. An address that is a
    member's, or has an open invitation, is left alone with the reason. `Invalid` (field `addresses`) for what is no
    address, and for more than 100.
    """
    authorise_in(actor, "member:create", organisation.pk)
    rbac.may_delegate(actor=actor, role=role, scope_id=organisation.pk)
    wanted = _addresses(addresses)
    sent: list[Invitation] = []
    skipped: list[tuple[str, str]] = []
    with standing_on(organisation.pk):
        organisation = locked_organisation(organisation.pk)
        members = _lowered(Membership.objects.filter(organisation=organisation).values_list("user__email", flat=True))
        waiting = Invitation.objects.filter(organisation=organisation, accepted_at=None, revoked_at=None)
        _expired_withdraw(waiting)
        taken = _lowered(waiting.values_list("email", flat=True))
        for address in wanted:
            if address.lower() in members:
                skipped.append((address, _("Belongs to a member already.")))
            elif address.lower() in taken:
                skipped.append((address, _("Has an open invitation; send that one again.")))
            else:
                sent.append(_invite(actor, organisation, address, role))
    return Invited(tuple(sent), tuple(skipped))


def _lowered(values: Iterable[str]) -> set[str]:
    return {value.lower() for value in values}


def _expired_withdraw(waiting: QuerySet[Invitation]) -> None:
    """An invitation that nobody used in time makes room for a new one."""
    for old in waiting.filter(expires_at__lte=clock.now()):
        old.revoked_at = clock.now()
        old.save(update_fields=["revoked_at"])
        record("accounts.invitation.revoked", target=old, reason="expired")


def _addresses(written: Sequence[str]) -> list[str]:
    found: dict[str, str] = {}
    wrong = []
    for text in written:
        address = text.strip()
        if not address:
            continue
        if rules.problem("email", address):
            wrong.append(address[:100])
        found.setdefault(address.lower(), address)
    if wrong:
        named = ", ".join(wrong[:5])
        raise errors.Invalid(fields={"addresses": [_("Not an e-mail address: %(named)s") % {"named": named}]})
    if not found:
        raise errors.Invalid(fields={"addresses": [_("Enter at least one e-mail address.")]})
    if len(found) > BULK_LIMIT:
        raise errors.Invalid(fields={"addresses": [_("At most %(n)d addresses at once.") % {"n": BULK_LIMIT}]})
    return list(found.values())


def _invite(actor: Actor, organisation: Organisation, address: str, role: Role) -> Invitation:
    token, now = crypto.token(), clock.now()
    invitation = Invitation.objects.create(
        organisation=organisation,
        email=address,
        role=role,
        digest=crypto.digest(token),
        invited_by_id=actor.id if actor.kind == "person" else None,
        created_at=now,
        sent_at=now,
        expires_at=now + LIFE,
    )
    changes = {"email": (None, address), "role": (None, role.code)}
    record("accounts.invitation.created", target=invitation, changes=changes)
    _mail(invitation, organisation, role, token)
    return invitation


def _mail(invitation: Invitation, organisation: Organisation, role: Role, token: str) -> None:
    # The address is the installation's own setting: a forged Host header leads nobody elsewhere.
    url = f"{settings.STEWARD_PUBLIC_URL}/invitations/{token}"
    inviter = str(invitation.invited_by) if invitation.invited_by else ""
    values = {"organisation": organisation.name, "role": role.label, "inviter": inviter, "url": url, "days": LIFE.days}
    notify(invitation.email, "invitation", "invitation", values)


def invitation_resend(*, actor: Actor, invitation: Invitation) -> Invitation:
    """Mail a new link, good for a week from now; the older one dies. Event `accounts.invitation.resent`.

    `InvitationGone` when it was accepted or withdrawn meanwhile.
    """
    authorise_in(actor, "member:create", invitation.organisation_id)
    rbac.may_delegate(actor=actor, role=invitation.role, scope_id=invitation.organisation_id)
    token, now = crypto.token(), clock.now()
    with standing_on(invitation.organisation_id):
        organisation = locked_organisation(invitation.organisation_id)
        invitation = _locked(invitation.pk)
        invitation.digest, invitation.sent_at, invitation.expires_at = crypto.digest(token), now, now + LIFE
        invitation.save(update_fields=["digest", "sent_at", "expires_at"])
        record("accounts.invitation.resent", target=invitation)
        _mail(invitation, organisation, invitation.role, token)
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

    Events `accounts.invitation.accepted`, `accounts.membership.added`, `rbac.binding.granted`. `InvitationGone` for a
    dead link, `InvitationForAnother` for another person's address.
    """
    found = _by_token(token)
    if found is None:
        raise InvitationGone
    return _accept_as(actor, *found)


def invitation_accept_own(*, actor: Actor, invitation_id: UUID) -> Organisation:
    """Join by an open invitation to one's own address, without its link. As `invitation_accept`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT organisation_id FROM accounts_invitations_of(%s, %s) WHERE id = %s",
            [actor.id, clock.now(), invitation_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise InvitationGone
    return _accept_as(actor, invitation_id, row[0])


def _accept_as(actor: Actor, invitation_id: UUID, organisation_id: UUID) -> Organisation:
    if actor.id is None:
        raise errors.Unauthenticated
    with standing_on(organisation_id):
        user = User.objects.get(pk=actor.id)
        live = _live(invitation_id, lock=True)
        if user.email.lower() != live.email.lower():
            raise InvitationForAnother
        # Somebody may have been added by hand meanwhile: the invitation is used up all the same.
        with suppress(AlreadyMember):
            _join(live, user)
        return live.organisation


def invitation_join(*, token: str, name: str, username: str, password: str) -> tuple[User, Organisation]:
    """Join by a link as a new person with an own password. The link is spent; nobody is signed in.

    Events `accounts.user.created` and those of `invitation_accept`. `InvitationGone` for a dead link, or when somebody
    has an account with the address (who signs in instead); `Invalid` with fields.
    """
    found = _by_token(token)
    if found is None:
        raise InvitationGone
    key, organisation_id = found
    with writing():
        # No account is written before the invitation is locked: two that join at once make one person.
        with standing_on(organisation_id):
            live = _live(key, lock=True)
        if User.objects.filter(email__iexact=live.email).exists():
            raise InvitationGone
        user = _new_person(live.email, name, username, password)
        with context.acting(Actor("person", user.pk, str(user))):
            changes = {field: (None, getattr(user, field)) for field in rules.FIELDS}
            record("accounts.user.created", target=user, changes=changes, reason="invited")
            with standing_on(organisation_id):
                _join(live, user)
    return user, live.organisation


def _new_person(email: str, name: str, username: str, password: str) -> User:
    values = {"name": name, "username": username, "email": email}
    clean = {field: rules.normalised(field, value) for field, value in values.items()}
    codes = {field: rules.problem(field, value) for field, value in clean.items()}
    wrong = {field: [rules.reason_text(code, field)] for field, code in codes.items() if code}
    user = User(**clean, password_changed_at=clock.now())
    try:
        validate_password(password, user)
    except ValidationError as error:
        wrong["new"] = error.messages
    if wrong:
        raise errors.Invalid(fields=wrong)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise errors.Invalid(fields={"username": [rules.reason_text("taken")]}) from error
    return user


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


def _live(key: UUID, *, lock: bool = False) -> Invitation:
    """An invitation that can be accepted now; `InvitationGone` otherwise."""
    rows = Invitation.objects.select_related("organisation", "role")
    if lock:
        rows = rows.select_for_update(of=("self",))
    live = rows.filter(pk=key, accepted_at=None, revoked_at=None, expires_at__gt=clock.now()).first()
    if live is None or live.organisation.state != Organisation.State.ACTIVE:
        raise InvitationGone
    return live


def _locked(key: UUID) -> Invitation:
    """An invitation that is not answered, expired or not."""
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("role", "invited_by")
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound
    if found.accepted_at is not None or found.revoked_at is not None:
        raise InvitationGone
    return found
