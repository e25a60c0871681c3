"""The newest events by who did them or by what they are: counted over a bounded part of the window."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection

from audit.filters import EventFilter
from audit.presenters import Told
from audit.selectors import narrowing
from audit.selectors.trail import scoped, told
from portal.kit import ids
from portal.kit.context import Actor

GROUP_LIMIT = (
    2_000  # Events that are looked at, the newest of the window: their rows may lie on as many pages of the disk.
)
GROUPS_SHOWN = 50
By = Literal["actor", "code"]
_COLUMNS = {"actor": "actor_kind, actor_id, actor_label", "code": "code"}


@dataclass(frozen=True)
class Group:
    """Events that have the actor or the code in common; `newest` is one of them, and stands for all."""

    newest: Told
    count: int
    first_at: datetime


@dataclass(frozen=True)
class Groups:
    """The largest groups; `counted` events were looked at, and `more` says that the window holds more than those."""

    items: list[Group]
    counted: int
    more: bool


def groups(actor: Actor, chosen: EventFilter, by: By) -> Groups:
    """The largest groups among the newest `GROUP_LIMIT` events that `chosen` finds; at most four queries."""
    rows = narrowing.narrowed(scoped(actor), chosen).order_by("-id")
    columns = _COLUMNS[by]
    try:
        inner, values = rows.values("id", *columns.split(", "))[:GROUP_LIMIT].query.sql_with_params()
    except EmptyResultSet:  # Who may see nothing at all.
        return Groups([], 0, False)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH looked_at AS MATERIALIZED ({inner}) "  # noqa: S608 - columns are constants, the rest is the query's own
            "SELECT count(*), (array_agg(id ORDER BY id DESC))[1], (array_agg(id ORDER BY id))[1], "
            f"sum(count(*)) OVER () FROM looked_at GROUP BY {columns} ORDER BY 1 DESC, 2 DESC LIMIT {GROUPS_SHOWN}",
            values,
        )
        found: list[tuple[int, UUID, UUID, int]] = cursor.fetchall()
    newest: dict[UUID, Any] = {row.id: row for row in told(scoped(actor).filter(id__in=[row[1] for row in found]))}
    counted = int(found[0][3]) if found else 0
    return Groups(
        [Group(newest[last], count, ids.time_of(first)) for count, last, first, _total in found if last in newest],
        counted,
        counted >= GROUP_LIMIT,
    )
