"""Erasing a person: the row stays under a pseudonym, so that what it did stays told; nothing that names it does."""

from uuid import UUID

from django.db import connection, transaction

from accounts import avatars
from accounts.errors import Erased, NotYourself, RootProtected
from accounts.lockout import locks_clear
from accounts.models import (
    AddressChange,
    Consent,
    Device,
    Invitation,
    Link,
    Membership,
    Registration,
    SurveyAnswer,
    User,
)
from accounts.services.guards import guard, owners_kept
from accounts.services.keys import keys_end
from accounts.services.own_data import own_exports_purge
from accounts.services.recoveries import factors_take, recoveries_forget
from accounts.services.sessions import sessions_end_all
from audit import personal
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.mail.services import address_purge
from portal.kit.models import OutboundMessage
from portal.kit.notes import notes_purge
from portal.kit.notices.choices import choices_purge
from portal.kit.record import record
from portal.kit.search.kept import searches_purge
from portal.kit.services import writing
from rbac import selectors as rbac
from rbac import services as rbac_services
from rbac.errors import LastAdministrator
from rbac.standing import standing_on

DOMAIN = "erased.invalid"  # Reserved: mail to it goes nowhere.


def user_anonymise(*, actor: Actor, user: User, reason: str = "") -> User:
    """Erase a person for good: user name and address are free again, sessions, links, roles, mails and notes are gone.

    Its key of the trail is destroyed: events stay and tell of an erased person. Event `accounts.user.anonymised`.
    Refused for the root administrator (the system included), oneself, whom ranks above, the last super administrator
    and the last active owner of an organisation; `Erased` for somebody erased already.
    """
    authorise(actor, "user:admin", user)
    if actor.id == user.pk:
        raise NotYourself
    guard(actor, user)
    if user.is_root:
        raise RootProtected
    with writing():
        rbac_services.administrators_lock()
        if rbac.holders_of("super_admin") == [user.pk]:
            raise LastAdministrator
        owners_kept(people=[user.pk])
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.erased_at is not None:
            raise Erased
        active = user.is_active
        gone = _take_away(user, reason)
        _pseudonymise(user)
        _personal_key_destroy(user.pk)
        # After the key: even the name in this very event cannot be read any more.
        changes = {"is_active": (True, False)} if active else {}
        record("accounts.user.anonymised", target=user, changes=changes, reason=reason, data=gone)
    return user


def _take_away(user: User, reason: str) -> dict[str, int]:
    """End and remove what hangs on the person; how many of each."""
    gone = {
        "sessions_ended": sessions_end_all(user=user),
        "keys_revoked": keys_end(owner_id=user.pk, reason=reason),
        "memberships": _leave_all(user, reason),
        "roles": rbac_services.bindings_purge(people=[user.pk]),
        "invitations": Invitation.objects.filter(email__iexact=user.email).delete()[0],
    }
    rbac_services.stamp_bump(key=user.pk)
    factors_take(user=user)
    recoveries_forget(user=user)
    Link.objects.filter(user=user).delete()
    Device.objects.filter(user=user).delete()
    AddressChange.objects.filter(user=user).delete()
    Registration.objects.filter(email__iexact=user.email).delete()
    OutboundMessage.objects.filter(person_id=user.pk).delete()
    address_purge(address=user.email)
    choices_purge(person_id=user.pk)
    notes_purge(object_id=user.pk)
    searches_purge(person_id=user.pk)
    locks_clear(user.pk)
    own_exports_purge(user=user)
    # That somebody agreed stays provable; from where is nobody's business any more.
    Consent.objects.filter(user=user).update(address=None)
    SurveyAnswer.objects.filter(user=user).update(user=None, comment="")
    if (picture := user.avatar) is not None:
        transaction.on_commit(lambda: avatars.remove(picture))
    return gone


def _leave_all(user: User, reason: str) -> int:
    """Take the person out of its organisations, each of which finds that in its own trail."""
    found = list(Membership.objects.select_related("user").filter(user=user).order_by("organisation_id"))
    for membership in found:
        with standing_on(membership.organisation_id):
            record("accounts.membership.removed", target=membership, reason=reason)
            membership.delete()
    return len(found)


def _pseudonymise(user: User) -> None:
    # The id is no secret: it stands in the events, which is what makes it a pseudonym.
    user.username = f"erased-{user.pk.hex}"
    user.email = f"{user.pk.hex}@{DOMAIN}"
    user.name = user.username
    user.is_active = user.must_change_password = False
    user.password_changed_at = user.last_seen_at = user.last_login = None
    user.factor_due_at = None
    user.preferences, user.avatar = {}, None
    user.leaving_at = user.leaving_warned_at = user.surveyed_at = None
    user.erased_at = clock.now()
    user.set_unusable_password()
    user.save()


def _personal_key_destroy(person: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_personal_key_destroy(%s, %s)", [person, clock.now()])
    # Others may go on reading for a minute; this process forgets at once, also for what it writes from here on.
    personal.forget_everything()
    transaction.on_commit(personal.forget_everything)
