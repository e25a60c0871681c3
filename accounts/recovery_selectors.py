"""Reads about recoveries of lost devices, for administrators."""

from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Recovery, User
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import NotFound

RIGHT = "user:admin"
KEPT = 20  # Of one person; older ones stand in its history.


def recoveries(actor: Actor) -> QuerySet[Recovery]:
    """The recoveries that `actor` may see (`user:admin`)."""
    return Recovery.objects.visible_to(actor, RIGHT).select_related("user", "asked_by", "approved_by")


def recovery(actor: Actor, recovery_id: UUID, *, of: User | None = None) -> Recovery:
    """One of them, `of` a certain person where that is given; `NotFound` otherwise."""
    rows = recoveries(actor) if of is None else recoveries_of(actor, of)
    found = rows.filter(pk=recovery_id).first()
    if found is None:
        raise NotFound
    return found


def recoveries_of(actor: Actor, user: User) -> QuerySet[Recovery]:
    """Those of one person."""
    return recoveries(actor).filter(user=user)


def recovery_open(actor: Actor, user: User) -> Recovery | None:
    """The one that waits for a person, None without one."""
    return in_state(recoveries_of(actor, user), "waiting").first()


def waiting_count(actor: Actor) -> int:
    """How many wait for an administrator."""
    return in_state(recoveries(actor), "waiting").count()


def in_state(rows: QuerySet[Recovery], state: str) -> QuerySet[Recovery]:
    """Narrowed to a state as it is told: one that waits and was not decided in time counts as expired."""
    late = Q(state="waiting", expires_at__lte=clock.now())
    if state == "expired":
        return rows.filter(Q(state="expired") | late)
    return rows.filter(state=state).exclude(late) if state == "waiting" else rows.filter(state=state)
