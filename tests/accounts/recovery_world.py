"""People who lost a device, for the cases that need many of them."""

from datetime import timedelta

from accounts.models import Passkey, Recovery, User
from portal.kit import clock, context, crypto
from portal.kit.services import writing
from tests.factories import person

REASON = "Phone in the sea; known by voice"


def key_of(user: User, name: str = "Phone") -> Passkey:
    """A passkey that no device answers for."""
    with context.system("a test"), writing():
        return Passkey.objects.create(
            user=user,
            name=name,
            credential_id=crypto.token().encode(),
            public_key=b"-",
            transports="internal,hybrid",
            syncs=True,
            backed_up=True,
        )


def carrier(name: str = "Loser", *, role: str | None = None, is_active: bool = True) -> User:
    """A person with a passkey."""
    user = person(name, role=role, is_active=is_active)
    key_of(user)
    return user


def waiting(by: User, user: User | None = None, *, minutes: int = 0) -> Recovery:
    """A recovery that was asked for so many minutes ago, without its mail."""
    moment = clock.now() - timedelta(minutes=minutes)
    with context.system("a test"), writing():
        return Recovery.objects.create(
            user=user or carrier(),
            reason=REASON,
            asked_by=by,
            asked_at=moment,
            expires_at=moment + timedelta(hours=72),
            digest=crypto.digest(crypto.token()),
        )
