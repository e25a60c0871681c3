"""Reads about one's own passkeys."""

from uuid import UUID

from accounts.models import Passkey
from portal.kit.context import Actor
from portal.kit.errors import NotFound


def own_passkeys(actor: Actor) -> list[Passkey]:
    """The actor's own passkeys, oldest first; there are twenty at most."""
    if actor.kind != "person" or actor.id is None:
        return []
    return list(Passkey.objects.filter(user_id=actor.id).order_by("id"))


def own_passkey(actor: Actor, passkey_id: UUID) -> Passkey:
    """One of them; `NotFound` for anybody else's."""
    found = next((passkey for passkey in own_passkeys(actor) if passkey.pk == passkey_id), None)
    if found is None:
        raise NotFound
    return found
