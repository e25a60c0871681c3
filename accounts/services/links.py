"""Single-use links to people who exist: made, looked at, spent. Choosing a new password by one of them.

A token is in the mail and nowhere else; the row holds its digest. A newer link of a kind kills the older one, and so
does another address of the person. Nobody is ever signed in by a link.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.errors import Deactivated, LinkGone, NotAPerson, NotYourself
from accounts.models import AddressChange, Link, User
from accounts.services.allowances import mail_allowed
from accounts.services.guards import guard
from accounts.services.sessions import sessions_end_all
from portal.kit import clock, context, crypto, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing

LIFE = timedelta(minutes=60)  # policy.md: reset tokens.


def link_put(
    *,
    user: User,
    kind: Link.Kind,
    life: timedelta,
    email: str = "",
    made_by: UUID | None = None,
    change: AddressChange | None = None,
) -> tuple[Link, str]:
    """Write a link to `email` (the person's address if empty) and kill the older one of its kind; the link and its token.

    Part of a service that has locked the person, records and mails.
    """
    token, now = crypto.token(), clock.now()
    with writing():
        Link.objects.filter(user=user, kind=kind, used_at=None).delete()
        link = Link.objects.create(
            digest=crypto.digest(token),
            user=user,
            kind=kind,
            email=email or user.email,
            change=change,
            made_by=made_by,
            created_at=now,
            expires_at=now + life,
        )
    return link, token


def link_of(*, token: str, kinds: frozenset[str]) -> Link:
    """The link of one of `kinds` that `token` opens, with its person; `LinkGone` when it opens none (any more).

    Looking spends nothing. The person has to be an active one, with the address that the link was mailed to; a link to
    a new address needs a change that is open.
    """
    rows = Link.objects.select_related("user", "change").filter(kind__in=kinds, used_at=None)
    found = rows.filter(digest=crypto.digest(token), expires_at__gt=clock.now()).first()
    if found is None or not found.user.is_active or found.user.kind != User.Kind.PERSON:
        raise LinkGone
    if found.kind != Link.Kind.NEW and found.email and found.email.lower() != found.user.email.lower():
        raise LinkGone
    if found.change is not None and (found.change.ended_at is not None or found.change.expires_at <= clock.now()):
        raise LinkGone
    return found


def link_spend(*, link: Link) -> None:
    """Use a link up; part of the service that does what it is good for, under the lock of the person."""
    with writing():
        link.used_at = clock.now()
        link.save(update_fields=["used_at"])


def links_kill(*, user: User) -> None:
    """No link of a person opens anything any more, and no change of the address is open; part of another service."""
    with writing():
        Link.objects.filter(user=user, used_at=None).delete()
        AddressChange.objects.filter(user=user, ended_at=None).update(ended_at=clock.now())


def password_link_make(*, actor: Actor, user: User) -> Link:
    """Mail a person a link under which it chooses a new password; its former link dies. Event `accounts.password.linked`.

    Password and sessions stay as they are until the link is used. Refused for oneself, the root administrator, whom
    ranks above the actor, and somebody inactive. The token is in the mail and nowhere else.
    """
    authorise(actor, "user:admin", user)
    guard(actor, user)
    if actor.id == user.pk:
        raise NotYourself(_("Change your own password on its page; a link is for others."))
    if user.kind != User.Kind.PERSON:
        raise NotAPerson
    with writing():
        # Locked, so that of two links made at once the second replaces the first.
        user = User.objects.select_for_update().get(pk=user.pk)
        if not user.is_active:
            raise Deactivated
        link, token = link_put(user=user, kind=Link.Kind.PASSWORD, life=LIFE, made_by=actor.id)
        record("accounts.password.linked", target=user)
        notify(user.pk, "security", "password_link", _mail_values(user, token))
    return link


def password_forgotten(*, text: str) -> None:
    """Mail the person with the user name or address `text` a link for a new password; its former link dies.

    Event `accounts.password.forgotten`, denied where nobody is mailed: nobody has the account, it is inactive or a
    service account, or it is root's, which is recovered on the host alone. Beyond five mails an hour nothing is sent.
    """
    found = User.objects.by_identifier(text)
    able = found is not None and found.is_active and found.kind == User.Kind.PERSON and not found.is_root
    if found is None or not able:
        record("accounts.password.forgotten", target=found, outcome="denied")
        return
    with writing():
        user = User.objects.select_for_update().get(pk=found.pk)
        record("accounts.password.forgotten", target=user)
        if not mail_allowed(to=user.email):
            return
        _link, token = link_put(user=user, kind=Link.Kind.PASSWORD, life=LIFE)
        notify(user.pk, "security", "password_forgotten", _mail_values(user, token))


def _mail_values(user: User, token: str) -> dict[str, object]:
    # The address is the installation's own setting: a forged Host header leads nobody elsewhere.
    url = f"{settings.STEWARD_PUBLIC_URL}/password/{token}"
    return {"user": user, "url": url, "minutes": LIFE.seconds // 60}


def password_link_use(*, token: str, new: str) -> User:
    """Set the password of the link's person: the link is spent and every session ends. Event `accounts.password.reset`.

    Nobody is signed in, and a second factor stays: whoever holds the link is taken for its person here and nowhere
    else. The mail got there, so the address counts as verified (`accounts.address.verified`). `LinkGone` for an
    unknown, used, replaced or expired one, `Invalid` (field `new`) for a password that the rules refuse.
    """
    found = password_link(token=token)
    with writing(), context.acting(Actor("person", found.user_id, str(found.user))):
        # The person first, as in making one: two orders of locks would wait for each other for ever.
        user = User.objects.select_for_update().get(pk=found.user_id)
        link = password_link(token=token)
        try:
            validate_password(new, user)
        except ValidationError as error:
            raise errors.Invalid(fields={"new": error.messages}) from error
        now = clock.now()
        before = user.must_change_password
        user.set_password(new)
        user.must_change_password, user.password_changed_at = False, now
        user.save(update_fields=["password", "must_change_password", "password_changed_at"])
        link_spend(link=link)
        changes = {"password": ("", "")} | ({"must_change_password": (True, False)} if before else {})
        record(
            "accounts.password.reset",
            target=user,
            changes=changes,
            data={"sessions_ended": sessions_end_all(user=user)},
        )
        address_proved(user=user)
        notify(user.pk, "security", "password_changed", {"user": user, "at": now})
    return user


def address_proved(*, user: User) -> bool:
    """What was mailed to the person's address came back, so it is the person's; part of another service.

    Event `accounts.address.verified`; returns False when that was known already.
    """
    if user.email_verified_at is not None:
        return False
    with writing():
        user.email_verified_at = clock.now()
        user.save(update_fields=["email_verified_at"])
        record("accounts.address.verified", target=user)
    return True


def password_link(*, token: str) -> Link:
    """The link for a new password that `token` opens, with its person; as `link_of`."""
    return link_of(token=token, kinds=frozenset({Link.Kind.PASSWORD}))
