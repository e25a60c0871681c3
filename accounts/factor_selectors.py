"""Reads about the second factors of a person: one's own, or of whom a service has already authorised."""

from datetime import timedelta
from uuid import UUID

from accounts.factors import FactorState, held
from accounts.models import PendingSignIn, RecoveryCode, TotpDevice, User
from portal.kit import clock, crypto

SET_UP_WITHIN = timedelta(hours=1)  # A seed that was shown longer ago is not taken into use any more.


def factors_of(user_id: UUID) -> FactorState:
    """What a person has, and from when on it needs a second factor."""
    found = held(user_id)
    due_at = User.objects.filter(pk=user_id).values_list("factor_due_at", flat=True).first()
    return FactorState(bool(found.get("totp")), found.get("passkey", 0), found.get("recovery", 0), due_at)


def totp_of(user_id: UUID) -> TotpDevice | None:
    """The authenticator app in use."""
    return TotpDevice.objects.filter(user=user_id, confirmed=True).first()


def totp_new(user_id: UUID) -> TotpDevice | None:
    """The authenticator app that is being set up."""
    since = clock.now() - SET_UP_WITHIN
    return TotpDevice.objects.filter(user=user_id, confirmed=False, created_at__gt=since).first()


def recovery_codes_left(user_id: UUID) -> int:
    """How many recovery codes are unused."""
    return RecoveryCode.objects.filter(user=user_id, used_at=None).count()


def pending_sign_in(token: str) -> PendingSignIn | None:
    """The live sign-in that `token` stands for, with its person; None when it is used up or over."""
    if not token:
        return None
    rows = PendingSignIn.objects.select_related("user").filter(expires_at__gt=clock.now())
    return rows.filter(digest=crypto.digest(token)).first()
