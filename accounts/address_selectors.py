"""Reads about a person's own e-mail address."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import AddressChange, User
from portal.kit import clock, errors
from portal.kit.context import Actor


@dataclass(frozen=True)
class OwnAddress:
    """One's own address: since when it is verified, and the change that waits for answers."""

    email: str
    verified_at: datetime | None
    change: AddressChange | None


def own_address(actor: Actor) -> OwnAddress:
    """The address of the acting person and its open change, if any; two queries."""
    if actor.id is None:
        raise errors.Unauthenticated
    user = User.objects.get(pk=actor.id)
    open_one = AddressChange.objects.filter(user_id=actor.id, ended_at=None, expires_at__gt=clock.now()).first()
    return OwnAddress(user.email, user.email_verified_at, open_one)
