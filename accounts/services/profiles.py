"""A person's own profile: name, user name, picture."""

from collections.abc import Mapping
from typing import IO
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import avatars, rules
from accounts.models import User
from accounts.services.guards import person_id
from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.notify import notify
from portal.kit.record import diff, record
from portal.kit.services import writing

OWN = ("name", "username")  # The address has a way of its own, which proves that the new one is one's own.
ORPHAN_SECONDS = 86_400  # A picture that nobody has after a day was left by a change that did not commit.


def profile_update(*, actor: Actor, values: Mapping[str, str]) -> User:
    """Change one's own name or user name. Event `accounts.user.updated`; none when all is as it was.

    A new user name is told by mail, since one signs in with it. `Invalid` names fields that nobody sets here, and what
    is wrong with a value.
    """
    unknown = sorted(set(values) - set(OWN))
    if unknown:
        raise errors.Invalid(fields={name: [_("This cannot be changed here.")] for name in unknown})
    clean = {name: rules.normalised(name, value) for name, value in values.items()}
    wrong = {name: code for name, value in clean.items() if (code := rules.problem(name, value))}
    if wrong:
        raise errors.Invalid(fields={name: [rules.reason_text(code, name)] for name, code in wrong.items()})
    with writing():
        user = User.objects.select_for_update().get(pk=person_id(actor))
        changes = diff(user, clean)
        if not changes:
            return user
        for name, (_before, after) in changes.items():
            setattr(user, name, after)
        try:
            with transaction.atomic():
                user.save(update_fields=list(changes))
        except IntegrityError as error:
            raise errors.Invalid(fields={"username": [rules.reason_text("taken")]}) from error
        record("accounts.user.updated", target=user, changes=changes)
        if "username" in changes:
            before, after = changes["username"]
            notify(user.pk, "security", "username_changed", {"user": user, "before": before, "after": after})
    return user


def avatar_set(*, actor: Actor, picture: IO[bytes]) -> User:
    """Give oneself a picture; the former one goes once the change is committed. Event `accounts.user.updated`.

    `Invalid` (field `picture`) for what is no picture, is too large or too small: nothing is kept then.
    """
    files = avatars.drawn(picture)
    name = avatars.keep(files)
    try:
        return _replaced(actor, name)
    except BaseException:
        avatars.remove(name)
        raise


def avatar_remove(*, actor: Actor) -> User:
    """Have no picture any more. Event `accounts.user.updated`; nothing when there is none."""
    return _replaced(actor, None)


def _replaced(actor: Actor, name: UUID | None) -> User:
    with writing():
        user = User.objects.select_for_update().get(pk=person_id(actor))
        before = user.avatar
        if before == name:
            return user
        user.avatar = name
        user.save(update_fields=["avatar"])
        record("accounts.user.updated", target=user, changes={"avatar": (before is not None, name is not None)})
        if before is not None:
            transaction.on_commit(lambda: avatars.remove(before))
    return user


def avatars_sweep() -> int:
    """Remove pictures that nobody has; part of the hourly tidying, which needs no record. Returns how many."""
    lying = avatars.lying_about(clock.now().timestamp() - ORPHAN_SECONDS)
    used = set(User.objects.filter(avatar__in=lying).values_list("avatar", flat=True))
    for name in lying - used:
        avatars.remove(name)
    return len(lying - used)
