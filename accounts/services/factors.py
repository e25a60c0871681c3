"""Second factors of a person: setting up, replacing and removing an authenticator app."""

import os
from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from accounts import factors
from accounts.errors import FactorRequired, NoFactor, SetUpGone
from accounts.factor_selectors import recovery_codes_left, totp_new, totp_of
from accounts.models import PendingSignIn, RecoveryCode, Session, TotpDevice, User
from accounts.models.factors import PURPOSE
from accounts.services import recovery_codes
from accounts.services.factor_duty import factor_duty_settle
from accounts.services.guards import person_id
from accounts.services.sessions import session_prove
from portal.kit import clock, crypto, errors
from portal.kit.access import CONFIRMED_FOR
from portal.kit.context import Actor
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing

SEED_BYTES = 20  # RFC 4226: 160 bits, the length of the hash.


def totp_begin(*, actor: Actor) -> TotpDevice:
    """Make a seed for the acting person's authenticator app; it counts for nothing until `totp_confirm`.

    A former one that was not confirmed goes. The app in use, if there is one, stays in use until then.
    """
    own = person_id(actor)
    with writing():
        # The person's row is the lock of everything about its factors.
        user = User.objects.select_for_update().get(pk=own)
        TotpDevice.objects.filter(user=user, confirmed=False).delete()
        device = TotpDevice(user=user, name=_("Authenticator app"), created_at=clock.now())
        device.key_id, device.sealed = crypto.seal(PURPOSE, os.urandom(SEED_BYTES), bound_to=device.id.bytes)
        device.save(force_insert=True)
    return device


def totp_confirm(*, actor: Actor, session_id: UUID, code: str) -> list[str]:
    """Take the authenticator app into use, proved by a code of it, in place of a former one.

    Returns ten recovery codes with a first second factor, else none: those that are left go on. Event
    `accounts.factor.added` or `accounts.factor.replaced`, and a mail. `SetUpGone` when nothing is being set up,
    `Invalid` (field `code`) for a wrong code. The caller goes on with `factor_proved`, since the session just proved it.
    """
    own = person_id(actor)
    with writing():
        user = User.objects.select_for_update().get(pk=own)
        device = totp_new(own)
        if device is None:
            raise SetUpGone
        if not device.verify_token(plain(code)):
            raise errors.Invalid(
                fields={"code": [_("That is not the code that the app shows now. Wait for the next one and type it.")]}
            )
        replaced = TotpDevice.objects.filter(user=user, confirmed=True).delete()[0]
        device.confirmed, device.confirmed_at = True, clock.now()
        device.save(update_fields=["confirmed", "confirmed_at"])
        factor_changed(user=user, keep=session_id)
        record("accounts.factor.replaced" if replaced else "accounts.factor.added", target=user, data={"kind": "totp"})
        notify(user.pk, "security", "factor_added", {"user": user, "at": clock.now(), "replaced": bool(replaced)})
        return [] if recovery_codes_left(own) else recovery_codes.codes_put(user=user)


def totp_remove(*, actor: Actor, session_id: UUID) -> None:
    """Remove the acting person's authenticator app. Event `accounts.factor.removed`, and a mail.

    Recovery codes go with the last second factor. `FactorRequired` while its roles need the one that would be the last,
    `NoFactor` without an app.
    """
    own = person_id(actor)
    with writing():
        user = User.objects.select_for_update().get(pk=own)
        if totp_of(own) is None:
            raise NoFactor
        factor_guard(user=user)
        TotpDevice.objects.filter(user=user).delete()
        factor_changed(user=user, keep=session_id)
        record("accounts.factor.removed", target=user, data={"kind": "totp"})
        notify(user.pk, "security", "factor_removed", {"user": user, "at": clock.now()})


def factor_guard(*, user: User) -> None:
    """Raise `FactorRequired` when the person's only second factor is needed; before one is removed."""
    held = factors.held(user.pk)
    lasting = sum(held.get(factor.kind, 0) for factor in factors.FACTORS if factor.lasting)
    if user.factor_due_at is not None and lasting <= 1:
        raise FactorRequired


def factor_changed(*, user: User, keep: UUID | None) -> None:
    """What follows every change of a person's second factors; part of the service that made and records it.

    Recovery codes go with the last one, and sign-ins that wait for one end. What another session than `keep` proved
    before is not enough for dangerous acts any more.
    """
    too_long_ago = clock.now() - CONFIRMED_FOR - timedelta(seconds=1)
    with writing():
        if not factors.has_factor(user.pk):
            RecoveryCode.objects.filter(user=user).delete()
        others = Session.objects.filter(user=user, confirmed_at__gt=too_long_ago)
        if keep is not None:
            others = others.exclude(pk=keep)
        others.update(confirmed_at=too_long_ago)
        PendingSignIn.objects.filter(user=user).delete()


def factor_proved(*, actor: Actor, session_id: UUID) -> str:
    """Note that the acting person has just proved a second factor in this session; the new token for its cookie."""
    return session_prove(actor=actor, session_id=session_id, second_factor=True)


def factors_remove_all(*, user: User) -> int:
    """Take away every second factor, recovery code and pending sign-in of a person; part of a service, which records it.

    Where one is needed the grace begins anew. Returns how many second factors there were.
    """
    with writing():
        gone: int = TotpDevice.objects.filter(user=user, confirmed=True).delete()[0]
        TotpDevice.objects.filter(user=user).delete()
        RecoveryCode.objects.filter(user=user).delete()
        PendingSignIn.objects.filter(user=user).delete()
        User.objects.filter(pk=user.pk).update(factor_due_at=None)
        factor_duty_settle(people=[user.pk])
    return gone


def plain(code: str) -> str:
    """A code as its device shows it, without the blanks that people and apps put into it."""
    return "".join(code.split())


def _totp_held(person: UUID) -> int:
    return int(totp_of(person) is not None)


def _totp_checked(user: User, value: str) -> bool:
    device = TotpDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
    return device is not None and device.verify_token(plain(value))


factors.FACTORS.append(factors.Factor("totp", _totp_held, _totp_checked))
