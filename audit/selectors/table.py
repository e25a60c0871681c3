"""The events of the list "audit.events": any order of the id, counted only as far as it is cheap."""

from django.db.models import QuerySet

from audit.filters import EventFilter
from audit.models import Event
from audit.selectors import narrowing
from audit.selectors.trail import scoped
from portal.kit import paging
from portal.kit.context import Actor
from portal.kit.lists.search import Found
from portal.kit.paging import Cursor, Order

# Events of a filter that walks are counted so far: each of its many ranges may have to be read to this depth.
COUNTED = 200


def recent(actor: Actor) -> QuerySet[Event]:
    """The events of the default window that `actor` may see."""
    return narrowing.narrowed(scoped(actor), EventFilter())


def found(actor: Actor, chosen: EventFilter) -> Found:
    """The events that `chosen` finds; one query where only categories and the like narrow, and where a name is looked up.

    Few are known by their ids then. Of more, `COUNTED` are the sample: counting all would read them one by one.
    """
    rows = narrowing.narrowed(scoped(actor), chosen)
    if not narrowing.walks(chosen):
        return Found(rows)
    ids = narrowing.walk(actor, chosen, None, COUNTED)
    some = rows.filter(id__in=ids)
    return Found(some) if len(ids) < COUNTED else Found(rows, some)


def page(
    actor: Actor, chosen: EventFilter, rows: QuerySet[Event], cursor: Cursor | None, *, order: Order, size: int
) -> paging.Page[Event]:
    """One page of `rows`, which `found` gave for `chosen`; one query, one more where only categories and the like narrow."""
    if narrowing.walks(chosen):
        ids = narrowing.walk(actor, chosen, cursor, size + 1, ascending=not order.descending)
        rows = rows.filter(id__in=ids)
    return paging.keyset(rows, cursor, by=order, size=size)
