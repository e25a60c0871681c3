"""Signing in: the password, then a second factor where the person has one, then a session.

Between the two the browser holds the token of a pending sign-in, which opens nothing else. What fails is counted, so
these services return None for it: an error would undo the count with the request.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts import factor_selectors, factors, selectors
from accounts.errors import SignInGone
from accounts.factors import Proof
from accounts.lockout import factor_failed, factor_locked
from accounts.models import PendingSignIn, Session, User
from accounts.passwords import INPUT_LIMIT
from accounts.services.sessions import session_refused, session_start
from portal.kit import clock, context, crypto
from portal.kit.edge import client_address
from portal.kit.record import record
from portal.kit.services import writing

PENDING_LIFE = timedelta(minutes=10)
TRIES = 5  # Wrong second factors; then the password is asked for again.
IDENTIFIER_LIMIT = 254


@dataclass(frozen=True)
class Begun:
    """How a sign-in goes on: with a session, or with a second factor. One of the two tokens is empty."""

    session_token: str = ""
    pending_token: str = ""


def first_factor(*, request: HttpRequest, identifier: str, password: str) -> User | None:
    """Whose user name or e-mail address and password these are; None otherwise. Event `accounts.session.refused`.

    Every failure costs the same hash, one during a lock included. The person may be inactive.
    """
    user = password_right(request=request, identifier=identifier, password=password)
    if user is None:
        session_refused(user=None if _nobodys(identifier) else selectors.account_of(identifier))
    return user


def password_right(*, request: HttpRequest, identifier: str, password: str) -> User | None:
    """As `first_factor`, but recorded by the caller; part of a service. Failures are counted for the lock-out."""
    if _nobodys(identifier) or len(password) > INPUT_LIMIT:
        return None  # No guess at anything, so nothing is hashed or counted for it.
    user = authenticate(request=request, username=identifier, password=password)
    if isinstance(user, User):
        return user
    if getattr(request, "axes_locked_out", False):
        make_password(password)  # A lock skips the check; without this, time would tell who is locked.
    return None


def sign_in_begin(
    *,
    request: HttpRequest,
    user: User,
    method: str = "password",
    wanted: str = "",
    kind: str = Session.Kind.BROWSER,
    label: str = "",
) -> Begun:
    """After the first factor, which was `method`: the session of who has no second one, else a pending sign-in.

    Events `accounts.session.started` or `accounts.sign_in.begun`. `wanted` is where the person goes afterwards.
    """
    if not factors.has_factor(user.pk):
        token = session_start(request=request, user=user, method=method, kind=kind, label=label)
        return Begun(session_token=token)
    token, now, current = crypto.token(), clock.now(), context.current()
    with writing():
        PendingSignIn.objects.create(
            digest=crypto.digest(token),
            user=user,
            method=method,
            wanted=wanted if len(wanted) <= PendingSignIn.LONGEST else "",
            created_at=now,
            expires_at=now + PENDING_LIFE,
            address=current.address if current else None,
            agent=current.agent if current else "",
        )
        record("accounts.sign_in.begun", target=user)
    return Begun(pending_token=token)


def sign_in_finish(
    *,
    request: HttpRequest,
    pending_token: str,
    proof: Proof,
    kind: str = Session.Kind.BROWSER,
    label: str = "",
) -> tuple[str, User] | None:
    """Prove the second factor of a pending sign-in: the session's token and its person; None when it was refused.

    Events `accounts.session.started` or `accounts.factor.refused`. A refusal says nothing of its reason: wrong, used
    already, or locked. The pending sign-in is used up by success and by the fifth refusal; `SignInGone` without one.
    """
    found = factor_selectors.pending_sign_in(pending_token)
    if found is None:
        raise SignInGone
    with writing():
        pending = PendingSignIn.objects.select_for_update().filter(pk=found.pk).first()
        if pending is None:  # Another request with the same token was faster.
            raise SignInGone
        user = User.objects.get(pk=pending.user_id)
        if not factor_right(request=request, user=user, proof=proof, where="sign-in"):
            pending.tries += 1
            if pending.tries < TRIES:
                pending.save(update_fields=["tries"])
            else:
                pending.delete()
            return None
        pending.delete()
        method = f"{pending.method}+{proof.kind}"
        return session_start(
            request=request, user=user, method=method, second_factor=True, kind=kind, label=label
        ), user


def factor_right(*, request: HttpRequest, user: User, proof: Proof, where: str) -> bool:
    """Whether `proof` proves a second factor of `user`, which is used up by it; part of a service, inside `writing()`.

    A failure is counted for the lock-out and recorded (`accounts.factor.refused`); during a lock nothing is looked at.
    """
    address = client_address(request)
    locked = factor_locked(user.pk, address)
    if not locked and factors.checked(user, proof):
        return True
    if not locked:
        factor_failed(user.pk, address)
    record("accounts.factor.refused", target=user, outcome="denied", data={"kind": proof.kind, "where": where})
    return False


def _nobodys(identifier: str) -> bool:
    return len(identifier) > IDENTIFIER_LIMIT or "\0" in identifier
