"""What a list is: one declaration in a room's `lists.py`, from which everything else follows (docs/lists.md)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise

from portal.kit import paging
from portal.kit.context import Actor
from portal.kit.lists import query as queries
from portal.kit.lists import search as searching
from portal.kit.lists.filters import Filter, Given, Many
from portal.kit.lists.outcome import Outcome
from portal.kit.lists.query import Chosen
from portal.kit.lists.search import Search
from portal.kit.paging import Order, Page

Text = str | Promise
Rows = QuerySet[Any]


@dataclass(frozen=True)
class Column:
    """A column. `cell` makes what a row shows (text, or safe HTML of `lists.cells`), `value` what an export writes.

    With `by` (fields of the model) the list can be sorted by it; `nullable` when the first of them may be empty, and
    `newest` when the first press shall sort downwards. A `fixed` column is always shown, before the others; one that
    is not `shown` waits among the columns to be chosen. `css` are classes of its cells; on a phone, where rows are
    cards, `card` says its place: beside the name, a line below with its label, or nowhere.
    """

    name: str
    label: Text
    cell: Callable[[Any], str]
    value: Callable[[Any], object]
    by: tuple[str, ...] = ()
    nullable: bool = False
    newest: bool = False
    fixed: bool = False
    shown: bool = True
    css: str = ""
    card: Literal["head", "state", "line", "off"] = "off"


@dataclass(frozen=True)
class Sort:
    """An order that is no column's own."""

    label: Text
    order: Order


@dataclass(frozen=True)
class Field:
    """What an action asks for: a role, a reason. `options` are offered to the actor; without any it is a text."""

    name: str
    label: Text
    required: bool = False
    options: Callable[[Actor], Sequence[tuple[str, str]]] | None = None
    read: Callable[[str], object] = str
    help: Text = ""
    limit: int = 300


@dataclass(frozen=True)
class Action:
    """Something done to many rows. `run(actor=..., ids=..., **fields)` is a service that tells what it did.

    Shown to whom holds `code`. `question` and `consequence` say what will happen to so many rows; `inverse` names the
    action that undoes it, with the same fields. `step_up`: whoever did not just prove who it is confirms it first.
    `look(actor=..., ids=..., **fields)` tells what it would do, as the context of `look_template`, and changes nothing.
    """

    name: str
    label: Text
    code: str
    run: Callable[..., Outcome]
    question: Callable[[int], str]
    consequence: Text
    done: Callable[[int], str]
    fields: tuple[Field, ...] = ()
    inverse: str = ""
    icon: str = ""
    tone: Literal["primary", "destroy"] = "primary"
    step_up: bool = False
    look: Callable[..., Mapping[str, Any]] | None = None
    look_template: str = ""


@dataclass(frozen=True)
class Empty:
    """What an empty list says when nothing exists yet; `glyph` is a part of the sprite."""

    title: Text
    text: Text
    glyph: str


@dataclass(frozen=True, eq=False)
class List:
    """A list. `name` is `room.noun`, `code` the right to see it, `source(actor)` its rows, from `visible_to` on.

    `present(actor, rows)` makes what the cells read, in a fixed number of queries; each has `id`, `label` and `url`
    ("" for none). `items(number)` says "3 people". `sort` is the first order, with a hyphen for downwards. `export_code` is
    the right to take the rows out as a file, where seeing them is not enough.
    """

    name: str
    label: Text
    url: str
    code: str
    source: Callable[[Actor], Rows]
    present: Callable[[Actor, Sequence[Any]], list[Any]]
    items: Callable[[int], str]
    columns: tuple[Column, ...]
    sort: str
    empty: Empty
    no_match: Text
    filters: tuple[Filter, ...] = ()
    sorts: Mapping[str, Sort] = field(default_factory=dict)
    search: Search | None = None
    actions: tuple[Action, ...] = ()
    export_code: str = ""

    @cached_property
    def orders(self) -> Mapping[str, Sort]:
        """What it can be sorted by; `Order.descending` is the first direction."""
        own = {
            column.name: Sort(column.label, Order(column.by, column.newest, column.nullable))
            for column in self.columns
            if column.by
        }
        return own | dict(self.sorts)

    def parse(self, query: QueryDict | str | Mapping[str, Any], *, also: Sequence[str] = ()) -> Chosen:
        """The question that a query string asks; see `query.parse`."""
        return queries.parse(self, queries.values_of(query), also=also)

    def rows(self, actor: Actor, chosen: Chosen) -> Rows:
        """The rows that `actor` may see and the question leaves, not sorted; one query when it searches."""
        return self.found(actor, chosen).rows

    def found(self, actor: Actor, chosen: Chosen) -> searching.Found:
        """As `rows`, with what can be counted of them."""
        found = searching.Found(self.source(actor))
        for each in self.filters:
            if given := chosen.given(each.name):
                found = self._narrowed(found, each, given)
        if self.search is None or not chosen.text:
            return found
        return searching.narrowed(found, self.search, chosen.text)

    @staticmethod
    def _narrowed(found: searching.Found, each: Filter, given: Given) -> searching.Found:
        if isinstance(each, Many) and each.ids is not None:
            return searching.related(found, each.ids([value for _name, value in given]), each.on)
        return found.both(lambda rows: each.narrow(rows, given))

    def order(self, chosen: Chosen) -> Order:
        """The order of the question, or the list's first one."""
        text = chosen.sort or self.sort
        return Order(
            self.orders[text.removeprefix("-")].order.fields,
            text.startswith("-"),
            self.orders[text.removeprefix("-")].order.nullable,
        )

    def page(self, actor: Actor, chosen: Chosen, rows: Rows | None = None) -> Page[Any]:
        """The page of the question; `rows` where the caller has them already."""
        found = self.rows(actor, chosen) if rows is None else rows
        return paging.keyset(found, chosen.cursor, by=self.order(chosen), size=chosen.size or paging.PAGE)

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    def shown(self, names: Sequence[str]) -> list[Column]:
        """The columns of these names in their order; the ready-made choice for none."""
        if names:
            return [self.column(name) for name in names]
        return [column for column in self.columns if column.fixed or column.shown]

    def action(self, name: str) -> Action | None:
        """The action of that name, None when there is none."""
        return next((action for action in self.actions if action.name == name), None)
