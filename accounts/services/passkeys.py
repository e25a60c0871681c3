"""Passkeys: made, renamed and removed by their person; asked for as a second factor, to confirm, or to sign in."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import authenticators, factors, rules
from accounts.errors import PasskeyRefused, PasskeysFull, PasskeysUnavailable
from accounts.factor_selectors import recovery_codes_left
from accounts.models import Passkey, PasskeyChallenge, User
from accounts.models.passkeys import NAME_LIMIT
from accounts.services.factors import factor_changed, factor_guard
from accounts.services.guards import person_id
from accounts.services.recovery_codes import codes_put
from portal.kit import clock, crypto, errors
from portal.kit.context import Actor
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing

LIMIT = 20  # Per person; nobody carries more, and every one is a way in.
LIFE = timedelta(minutes=5)  # Of a challenge.
Purpose = PasskeyChallenge.Purpose


def registration_begin(*, actor: Actor, session_id: UUID) -> dict[str, Any]:
    """What the browser asks the authenticator for a new passkey; the answer goes to `passkey_add`, of the same session.

    `PasskeysFull` at 20, `PasskeysUnavailable` where the installation's address is a number.
    """
    party = _party()
    user = User.objects.get(pk=person_id(actor))
    known = list(Passkey.objects.filter(user=user))
    if len(known) >= LIMIT:
        raise PasskeysFull
    challenge = _challenge(Purpose.REGISTER, _of_session(session_id), user)
    return authenticators.registration_options(party, user, challenge, known)


def passkey_add(*, actor: Actor, session_id: UUID, answer: str, name: str) -> tuple[Passkey, list[str]]:
    """Keep the passkey that an authenticator made for one's own account, and mail its owner. Event `accounts.passkey.added`.

    Returns ten recovery codes with it where the person has none left. The caller goes on with `factor_proved`, since
    the session just proved a second factor. `PasskeyRefused` for an answer that is not right, too late, or comes a
    second time; the challenge is spent all the same. `PasskeysFull` at 20, `Invalid` (field `name`).
    """
    codes: list[str] = []
    party = _party()
    name = _clean(name)
    with writing():
        # Locked, so that two devices at once do not make one more than the limit.
        user = User.objects.select_for_update().get(pk=person_id(actor))
        challenge = _spent(Purpose.REGISTER, holder=crypto.digest(_of_session(session_id)), user=user)
        made = authenticators.made(party, challenge, answer) if challenge else None
        passkey = _kept(user, name, made) if made else None
        if passkey is None:
            _refused(user, Purpose.REGISTER, "answer" if challenge else "challenge")
        else:
            factor_changed(user=user, keep=session_id)
            record("accounts.passkey.added", target=passkey, changes={"name": (None, name)})
            notify(user.pk, "security", "passkey_added", {"user": user, "name": name, "at": passkey.created_at})
            codes = [] if recovery_codes_left(user.pk) else codes_put(user=user)
    if passkey is None:
        raise PasskeyRefused
    return passkey, codes


def _kept(user: User, name: str, made: authenticators.Made) -> Passkey | None:
    if Passkey.objects.filter(user=user).count() >= LIMIT:
        raise PasskeysFull
    try:
        with transaction.atomic():
            return Passkey.objects.create(
                user=user,
                name=name,
                credential_id=made.credential_id,
                public_key=made.public_key,
                sign_count=made.sign_count,
                transports=made.transports,
                syncs=made.syncs,
                backed_up=made.backed_up,
                aaguid=made.aaguid,
            )
    except IntegrityError:
        return None  # Somebody has this very credential; whose it is, is nobody's business.


def passkey_rename(*, actor: Actor, passkey_id: UUID, name: str) -> Passkey:
    """Give one's own passkey another name. Event `accounts.passkey.renamed`; none when it has that name already.

    `Invalid` (field `name`), `NotFound` for somebody else's.
    """
    name = _clean(name)
    with writing():
        passkey = _own(actor, passkey_id)
        if passkey.name != name:
            before, passkey.name = passkey.name, name
            passkey.save(update_fields=["name"])
            record("accounts.passkey.renamed", target=passkey, changes={"name": (before, name)})
    return passkey


def passkey_remove(*, actor: Actor, session_id: UUID, passkey_id: UUID) -> None:
    """Remove one's own passkey: it lets nobody in any more. Mails the owner. Event `accounts.passkey.removed`.

    `FactorRequired` while the person's roles need the second factor that would be the last one, `NotFound` for
    somebody else's.
    """
    with writing():
        user = User.objects.select_for_update().get(pk=person_id(actor))
        passkey = _own(actor, passkey_id)
        factor_guard(user=user)
        name = passkey.name
        record("accounts.passkey.removed", target=passkey, changes={"name": (name, None)})
        passkey.delete()
        factor_changed(user=user, keep=session_id)
        notify(user.pk, "security", "passkey_removed", {"user": user, "name": name, "at": clock.now()})


def passkeys_take(*, user: User) -> int:
    """Remove every passkey of a person; how many. Part of another service, which authorises and records it."""
    with writing():
        PasskeyChallenge.objects.filter(user=user).delete()
        return Passkey.objects.filter(user=user).delete()[0]


def _own(actor: Actor, passkey_id: UUID) -> Passkey:
    found = Passkey.objects.select_for_update().filter(pk=passkey_id, user_id=person_id(actor)).first()
    if found is None:
        raise errors.NotFound
    return found


def _clean(name: str) -> str:
    text = name.strip()
    if not text or len(text) > NAME_LIMIT or rules.INVISIBLE.search(text):
        raise errors.Invalid(fields={"name": [_("Give it a name of 1 to 80 characters, without line breaks.")]})
    return text


# --- asking for one ---


def sign_in_options(*, holder: str) -> dict[str, Any]:
    """What the browser asks any authenticator for a sign-in without a password; the answer goes to `passkey_sign_in`.

    `holder` is the secret of a cookie, which binds the two. `PasskeysUnavailable`.
    """
    return authenticators.authentication_options(_party(), _challenge(Purpose.SIGN_IN, holder, None), [])


def passkey_sign_in(*, holder: str, answer: str) -> User | None:
    """Whose passkey answered right, and made sure who holds it: both factors at once. None for any other answer.

    Event `accounts.passkey.refused` with the reason, and `accounts.passkey.cloned` as in `factor_used`. An answer is good
    once: sent again, also at the same moment, its challenge is gone. The person may be inactive.
    """
    party = _party()
    with writing():
        user, reason = _signer(party, holder, answer)
        if reason:
            _refused(user, Purpose.SIGN_IN, reason)
    return None if reason else user


def _signer(party: authenticators.RelyingParty, holder: str, answer: str) -> tuple[User | None, str]:
    """Whom an answer to `sign_in_options` aims at, as far as that is known, and why it is refused; "" when it is right."""
    challenge, said = _spent(Purpose.SIGN_IN, holder=crypto.digest(holder)), authenticators.named(answer)
    if challenge is None or said is None:
        return None, "answer" if said is None else "challenge"
    passkey = _locked(said.credential_id)
    if passkey is None:
        return None, "unknown"
    if said.user_handle != passkey.user_id.bytes:
        return passkey.user, "of_another"
    used = authenticators.used(party, challenge, answer, passkey, verify_person=True)
    if used is None:
        return passkey.user, "answer"
    return passkey.user, "" if _counted(passkey, used, Purpose.SIGN_IN) else "count"


def factor_options(*, holder: str, user: User) -> dict[str, Any]:
    """What the browser asks one of a person's passkeys, to sign in after the password or to confirm.

    The answer is the value of its proof. `holder` is what the browser holds: its session or its pending sign-in, each
    of which has one question at a time. `PasskeysUnavailable` also for who has no passkey.
    """
    party = _party()
    allowed = list(Passkey.objects.filter(user=user).order_by("id"))
    if not allowed:
        raise PasskeysUnavailable(_("You have no passkey. Use another way."))
    return authenticators.authentication_options(party, _challenge(Purpose.SECOND_FACTOR, holder, user), allowed)


def factor_used(*, user: User, answer: str) -> bool:
    """Whether a passkey of `user` answered a question of its own right; part of a service, inside `writing()`.

    The question is used up either way, under its lock: of two requests with one answer at most one passes. The caller
    records a refusal. Event `accounts.passkey.cloned` (critical, with a mail) where the authenticator's count of uses
    did not rise, so that a copy of it must be about.
    """
    party, said = authenticators.relying_party(), authenticators.named(answer)
    challenge = _spent(Purpose.SECOND_FACTOR, user=user, challenge=said.challenge) if said else None
    if party is None or said is None or challenge is None:
        return False
    passkey = _locked(said.credential_id)
    if passkey is None or passkey.user_id != user.pk or said.user_handle not in {None, user.pk.bytes}:
        return False
    used = authenticators.used(party, challenge, answer, passkey)
    return used is not None and _counted(passkey, used, Purpose.SECOND_FACTOR)


def _counted(passkey: Passkey, used: authenticators.Used, purpose: Purpose) -> bool:
    """Note the use, unless the authenticator's count says that somebody else used it meanwhile."""
    if (used.sign_count or passkey.sign_count) and used.sign_count <= passkey.sign_count:
        counts = {"purpose": purpose.value, "count": used.sign_count, "known": passkey.sign_count}
        record("accounts.passkey.cloned", target=passkey, outcome="denied", data=counts)
        values = {"user": passkey.user, "name": passkey.name, "at": clock.now()}
        notify(passkey.user_id, "security", "passkey_cloned", values)
        return False
    passkey.sign_count, passkey.backed_up, passkey.last_used_at = used.sign_count, used.backed_up, clock.now()
    passkey.save(update_fields=["sign_count", "backed_up", "last_used_at"])
    return True


def _locked(credential_id: bytes) -> Passkey | None:
    """The passkey, its person locked before it: a recovery takes its locks in that order, too."""
    found = Passkey.objects.filter(credential_id=credential_id).values_list("pk", "user_id").first()
    if found is None:
        return None
    user = User.objects.select_for_update().get(pk=found[1])
    passkey = Passkey.objects.select_for_update().filter(pk=found[0]).first()
    if passkey is not None:
        passkey.user = user
    return passkey


def _refused(user: User | None, purpose: Purpose, reason: str) -> None:
    record("accounts.passkey.refused", target=user, outcome="denied", reason=reason, data={"purpose": purpose.value})


# --- challenges ---


def _challenge(purpose: Purpose, holder: str, user: User | None) -> bytes:
    challenge = crypto.token().encode()
    row = PasskeyChallenge(
        purpose=purpose,
        holder=crypto.digest(holder),
        challenge=challenge,
        user=user,
        expires_at=clock.now() + LIFE,
    )
    with writing():
        PasskeyChallenge.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["holder", "purpose"],
            update_fields=["challenge", "user", "expires_at"],
        )
    return challenge


def _spent(purpose: Purpose, **by: Any) -> bytes | None:
    """The open challenge of a holder, or of a person by itself, which is none from here on."""
    row = PasskeyChallenge.objects.select_for_update().filter(purpose=purpose, **by).first()
    if row is None:
        return None
    row.delete()
    return bytes(row.challenge) if clock.now() < row.expires_at else None


def _of_session(session_id: UUID) -> str:
    return f"session:{session_id}"


def _party() -> authenticators.RelyingParty:
    party = authenticators.relying_party()
    if party is None:
        raise PasskeysUnavailable
    return party


def _held(person: UUID) -> int:
    return Passkey.objects.filter(user_id=person).count()


# Before the others: where a person has several, the one that cannot be lured away is asked for first.
factors.FACTORS.insert(0, factors.Factor("passkey", _held, lambda user, value: factor_used(user=user, answer=value)))
