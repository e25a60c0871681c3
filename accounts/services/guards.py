"""Who may touch whom: the root administrator is nobody's, and nobody reaches above their own rank."""

from uuid import UUID

from accounts.errors import Outranked, RootProtected
from accounts.models import User
from portal.kit.context import Actor
from portal.kit.errors import Forbidden
from rbac import selectors as rbac


def person_id(actor: Actor) -> UUID:
    """The id of the acting person; `Forbidden` for an actor that is none (the system has no password or session)."""
    if actor.id is None:
        raise Forbidden
    return actor.id


def guard(actor: Actor, user: User) -> None:
    """Raise `RootProtected` or `Outranked` unless `actor` may change `user`; the system (host shell) always may."""
    if actor.kind == "system" or actor.id == user.pk:
        return
    if user.is_root:
        raise RootProtected
    if actor.id is None or rbac.rank_of(user.pk) > rbac.rank_of(actor.id):
        raise Outranked
