"""What a request asks a list: its address, the person's arrangement, and the saved view that stands behind both."""

from dataclasses import dataclass, replace
from uuid import UUID

from portal.kit import paging
from portal.kit.context import Actor
from portal.kit.lists import query as queries
from portal.kit.lists import selectors
from portal.kit.lists.declare import List
from portal.kit.lists.errors import QueryMalformed
from portal.kit.lists.filters import Values
from portal.kit.lists.query import ALL, Chosen
from portal.kit.lists.selectors import Arrangement
from portal.kit.models import SavedView

_ASIDE = ("view", "cursor", "format", "arrange")  # Parameters that are no part of a question.


@dataclass(frozen=True)
class Asked:
    """`chosen` is what the address says, `shown` with what the person prefers where it says nothing.

    `view` is the saved view that is open, `changed` when the question is no longer the view's own; `starts_elsewhere`
    when the bare address does not show the whole list.
    """

    declared: List
    path: str
    arrangement: Arrangement
    chosen: Chosen
    shown: Chosen
    view: SavedView | None = None
    changed: bool = False
    starts_elsewhere: bool = False

    def url(self, chosen: Chosen, *, keep_view: bool = True) -> str:
        """The address of another question to this list, in the open view unless it shall be left."""
        view = self.view if keep_view else None
        text = chosen.query()
        if view is not None:
            return f"{self.path}?{text}&view={view.pk}" if text else self.whole_url
        if text:
            return f"{self.path}?{text}"
        return self.whole_url if self.starts_elsewhere else self.path

    @property
    def whole_url(self) -> str:
        """The whole list, also where the bare address shows a view."""
        return f"{self.path}?view={ALL}"

    @property
    def compact(self) -> bool:
        """Whether the person likes its rows close."""
        return bool(self.arrangement.preference and self.arrangement.preference.compact)


def ask(declared: List, actor: Actor, path: str, values: Values) -> Asked:
    """The question of these parameters, put to the list at `path`.

    `QueryMalformed` as in `query.parse`, `NotFound` for a view one may not open. One query; two where roles have a
    first view and the person has none of its own.
    """
    arranged = selectors.arrangement(actor, declared)
    own = {name: sent for name, sent in values.items() if name not in _ASIDE}
    named = queries.view_of(values)
    first = arranged.first(actor) if named is None and not own else None
    starts = first is not None or _has_first(arranged)
    view = arranged.view(named) if isinstance(named, UUID) else first
    cursor = paging.parse(_one(values, "cursor"))
    asked = replace(queries.parse(declared, own), cursor=cursor)
    changed = False
    if view is not None:
        kept = _of_view(declared, view)
        if own:
            changed = _question(asked) != _question(kept)
        else:
            asked = replace(kept, cursor=cursor)
    return Asked(declared, path, arranged, asked, _preferred(declared, arranged, asked), view, changed, starts)


def _of_view(declared: List, view: SavedView) -> Chosen:
    """The question that a view keeps; the whole list where a later version of the list no longer understands it."""
    try:
        return declared.parse(view.query)
    except QueryMalformed:
        return Chosen()


def _question(chosen: Chosen) -> str:
    return chosen.query(without=("cursor", "limit"))


def _has_first(arranged: Arrangement) -> bool:
    own = arranged.preference is not None and arranged.preference.view_id is not None
    return own or any(view.role_id is not None for view in arranged.views)


def _preferred(declared: List, arranged: Arrangement, chosen: Chosen) -> Chosen:
    preference = arranged.preference
    if preference is None:
        return chosen
    known = {column.name for column in declared.columns}
    sort = preference.sort if preference.sort.removeprefix("-") in declared.orders else ""
    return replace(
        chosen,
        columns=chosen.columns or tuple(name for name in preference.columns if name in known),
        sort=chosen.sort or sort,
        size=chosen.size or preference.size or 0,
    )


def _one(values: Values, name: str) -> str:
    sent = values.get(name, ())
    return sent[-1] if sent else ""
