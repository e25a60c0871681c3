"""Ten codes for the day on which the device is lost: shown once, kept as keyed hashes, each good for one sign-in."""

from uuid import UUID

from accounts import passwords
from accounts.errors import NoFactor
from accounts.factor_selectors import recovery_codes_left
from accounts.factors import FACTORS, Factor, has_factor
from accounts.models import RecoveryCode, User
from accounts.services.guards import person_id
from portal.kit import clock, crypto
from portal.kit.context import Actor
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing

NUMBER = 10
FEW = 3  # From here down the person is told to make new ones.


def recovery_codes_make(*, actor: Actor) -> list[str]:
    """Make ten new codes for the acting person and return them, the only time; the former ones stop working.

    Event `accounts.recovery_codes.made` and a mail. `NoFactor` for who has no second factor that they could stand for.
    """
    own = person_id(actor)
    with writing():
        user = User.objects.select_for_update().get(pk=own)
        if not has_factor(own):
            raise NoFactor
        return codes_put(user=user)


def codes_put(*, user: User) -> list[str]:
    """Write ten new codes; part of another service, which has locked the person's row."""
    codes = [passwords.temporary() for _ in range(NUMBER)]
    now = clock.now()
    with writing():
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(user=user, digest=_digest(user.pk, code), created_at=now) for code in codes
        )
        record("accounts.recovery_codes.made", target=user, data={"codes": NUMBER})
        notify(user.pk, "security", "recovery_codes_made", {"user": user, "at": now})
    return codes


def _taken(user: User, value: str) -> bool:
    """Use a code up. One statement finds, locks and marks it: a second request with it waits, and finds it used."""
    now = clock.now()
    unused = RecoveryCode.objects.filter(user=user, digest=_digest(user.pk, value), used_at=None)
    if not unused.update(used_at=now):
        return False
    left = recovery_codes_left(user.pk)
    record("accounts.recovery_codes.used", target=user, data={"left": left})
    notify(user.pk, "security", "recovery_code_used", {"user": user, "at": now, "left": left})
    return True


def _digest(person: UUID, code: str) -> str:
    # Only the letters and digits count: people type codes with blanks, without hyphens, in capitals.
    letters = "".join(letter for letter in code.lower() if letter.isascii() and letter.isalnum())
    return crypto.signature("recovery-code", f"{person}:{letters}")


FACTORS.append(Factor("recovery", recovery_codes_left, _taken, lasting=False))
