"""Changing and issuing passwords."""

from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import passwords
from accounts.errors import Erased, NotAPerson, NotYourself
from accounts.models import User
from accounts.services.guards import guard, person_id
from accounts.services.sessions import sessions_end_all
from accounts.services.sign_in import password_right
from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing


def password_change(*, request: HttpRequest, actor: Actor, session_id: UUID, current: str, new: str) -> User | None:
    """Change one's own password: ends every other session and mails the owner. Event `accounts.password.changed`.

    None for a wrong current password or a lock, which look the same: the failure is counted for the lock-out, since
    who found an open console must not guess here, and is on record as `accounts.session.doubted`. It does not raise,
    so that the count is kept. `Invalid` names what is wrong with the new one.
    """
    with writing():
        # Locked, so that two changes at once do not both believe the same current password.
        user = User.objects.select_for_update().get(pk=person_id(actor))
        if password_right(request=request, identifier=user.username, password=current) != user:
            record("accounts.session.doubted", target=user, outcome="denied")
            return None
        if current == new:
            raise errors.Invalid(fields={"new": [_("Choose one that differs from the current password.")]})
        try:
            validate_password(new, user)
        except ValidationError as error:
            raise errors.Invalid(fields={"new": error.messages}) from error
        user.set_password(new)
        user.must_change_password = False
        user.password_changed_at = clock.now()
        user.save(update_fields=["password", "must_change_password", "password_changed_at"])
        ended = sessions_end_all(user=user, keep=session_id)
        record("accounts.password.changed", target=user, changes={"password": ("", "")}, data={"sessions_ended": ended})
        notify(user.pk, "security", "password_changed", {"user": user, "at": user.password_changed_at})
    return user


def current_refused() -> errors.Invalid:
    """What is said when `password_change` gave None."""
    return errors.Invalid(
        fields={"current": [_("That is not your current password. After many wrong ones it is not taken for a while.")]}
    )


def password_issue(*, actor: Actor, user: User) -> str:
    """Give a person a temporary password, shown once, that must be changed; ends all its sessions.

    Event `accounts.password.issued`. Refused for oneself, the root administrator and for whom ranks above the actor.
    """
    authorise(actor, "user:admin", user)
    guard(actor, user)
    if actor.id == user.pk:
        raise NotYourself(_("Change your own password on its page; a temporary one is for others."))
    if user.kind != User.Kind.PERSON:
        raise NotAPerson
    password = passwords.temporary()
    with writing():
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.erased_at is not None:
            raise Erased
        before = user.must_change_password
        user.set_password(password)
        user.must_change_password = True
        user.save(update_fields=["password", "must_change_password"])
        ended = sessions_end_all(user=user)
        record(
            "accounts.password.issued",
            target=user,
            changes={"password": ("", ""), "must_change_password": (before, True)},
            data={"sessions_ended": ended},
        )
        notify(user.pk, "security", "password_issued", {"user": user})
    return password
