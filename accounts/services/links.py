"""Links for choosing a new password: made by an administrator, mailed to the person, good once and for an hour."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.errors import Deactivated, LinkGone, NotYourself
from accounts.models import Link, User
from accounts.services.guards import guard
from accounts.services.sessions import sessions_end_all
from portal.kit import clock, context, crypto, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing

LIFE = timedelta(minutes=60)  # policy.md: reset tokens.


def password_link_make(*, actor: Actor, user: User) -> Link:
    """Mail a person a link under which it chooses a new password; its former link dies. Event `accounts.password.linked`.

    Password and sessions stay as they are until the link is used. Refused for oneself, the root administrator, whom
    ranks above the actor, and somebody inactive. The token is in the mail and nowhere else.
    """
    authorise(actor, "user:admin", user)
    guard(actor, user)
    if actor.id == user.pk:
        raise NotYourself(_("Change your own password on its page; a link is for others."))
    token, now = crypto.token(), clock.now()
    with writing():
        # Locked, so that of two links made at once the second replaces the first.
        user = User.objects.select_for_update().get(pk=user.pk)
        if not user.is_active:
            raise Deactivated
        Link.objects.filter(user=user, kind=Link.Kind.PASSWORD, used_at=None).delete()
        link = Link.objects.create(
            digest=crypto.digest(token),
            user=user,
            kind=Link.Kind.PASSWORD,
            made_by=actor.id,
            created_at=now,
            expires_at=now + LIFE,
        )
        record("accounts.password.linked", target=user)
        # The address is the installation's own setting: a forged Host header leads nobody elsewhere.
        url = f"{settings.STEWARD_PUBLIC_URL}/password/{token}"
        notify(user.pk, "security", "password_link", {"user": user, "url": url, "minutes": LIFE.seconds // 60})
    return link


def password_link_use(*, token: str, new: str) -> User:
    """Set the password of the link's person: the link is spent and every session ends. Event `accounts.password.reset`.

    Nobody is signed in: whoever holds the link is taken for its person here and nowhere else. `LinkGone` for an
    unknown, used, replaced or expired one, `Invalid` (field `new`) for a password that the rules refuse.
    """
    found = password_link(token=token)
    with writing(), context.acting(Actor("person", found.user_id, str(found.user))):
        # The person first, as in making one: two orders of locks would wait for each other for ever.
        user = User.objects.select_for_update().get(pk=found.user_id)
        link = _live(token)
        if link is None or not user.is_active:
            raise LinkGone
        try:
            validate_password(new, user)
        except ValidationError as error:
            raise errors.Invalid(fields={"new": error.messages}) from error
        now = clock.now()
        before = user.must_change_password
        user.set_password(new)
        user.must_change_password, user.password_changed_at = False, now
        user.save(update_fields=["password", "must_change_password", "password_changed_at"])
        link.used_at = now
        link.save(update_fields=["used_at"])
        changes = {"password": ("", "")} | ({"must_change_password": (True, False)} if before else {})
        record(
            "accounts.password.reset",
            target=user,
            changes=changes,
            data={"sessions_ended": sessions_end_all(user=user)},
        )
        notify(user.pk, "security", "password_changed", {"user": user, "at": now})
    return user


def password_link(*, token: str) -> Link:
    """The link that `token` opens, with its person; `LinkGone` when it opens none (any more). Looking spends nothing."""
    link = _live(token)
    if link is None or not link.user.is_active:
        raise LinkGone
    return link


def _live(token: str) -> Link | None:
    rows = Link.objects.select_related("user").filter(kind=Link.Kind.PASSWORD, used_at=None)
    return rows.filter(digest=crypto.digest(token), expires_at__gt=clock.now()).first()
