"""Who may touch whom: the root administrator is nobody's, and nobody reaches above their own rank."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Max

from accounts.errors import Outranked, RootProtected
from accounts.models import Organisation, User
from portal.kit.context import Actor
from portal.kit.errors import Forbidden
from rbac import selectors as rbac
from rbac import services as rbac_services
from rbac.counting import counting
from rbac.models import INSTALLATION, Binding


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


def owners_kept(*, people: Iterable[UUID]) -> None:
    """Raise `LastOwner` when an open organisation would be without an active owner once these people are gone. A closed
    one needs none: whoever closed it must be able to leave."""
    gone = list(people)
    closed = Organisation.objects.filter(state=Organisation.State.CLOSED, pk__in=rbac.owned_scopes(gone))
    rbac_services.owners_guard_everywhere(people=gone, besides=set(closed.values_list("pk", flat=True)))


class BulkGuard:
    """`guard` for many people: their ranks are read once, in one query. It answers instead of raising."""

    def __init__(self, actor: Actor, people: Iterable[User]) -> None:
        self._actor = actor
        wanted = [user.pk for user in people]
        self._ranks = _ranks_of(wanted if actor.id is None else [*wanted, actor.id])

    def refusal(self, user: User) -> Forbidden | None:
        """The error that `guard` would raise for `user`; None where the actor may change it."""
        actor = self._actor
        if actor.kind == "system" or actor.id == user.pk:
            return None
        if user.is_root:
            return RootProtected()
        if actor.id is None or self._ranks.get(user.pk, 0) > self._ranks.get(actor.id, 0):
            return Outranked()
        return None


def _ranks_of(people: list[UUID]) -> dict[UUID, int]:
    found = Binding.objects.filter(counting(), user_id__in=people, scope_id=INSTALLATION).values_list("user_id")
    return dict(found.annotate(rank=Max("role__rank")))
