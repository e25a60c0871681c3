"""The question that an address asks a list, read once for page, fragment, count, export, bulk action and API."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from portal.kit import paging
from portal.kit.lists.errors import QueryMalformed
from portal.kit.lists.filters import Given, Malformed, Values
from portal.kit.lists.search import cleaned

if TYPE_CHECKING:
    from portal.kit.lists.declare import List

SIZES = (25, 50, 100, 200)
# What the framework itself reads; a filter may not be named so.
OWN = ("q", "sort", "limit", "cursor", "columns", "view", "format", "density")
ALL = "all"  # `?view=all`: the whole list, also for whom a view comes first.


@dataclass(frozen=True)
class Chosen:
    """A question to a list. Two equal questions have the same `query()`."""

    text: str = ""
    filters: Mapping[str, Given] = field(default_factory=dict)
    sort: str = ""
    columns: tuple[str, ...] = ()
    size: int = 0
    cursor: paging.Cursor | None = None

    @property
    def narrowing(self) -> bool:
        """Whether it leaves any rows out."""
        return bool(self.text or self.filters)

    def given(self, name: str) -> Given:
        """What the filter `name` is set to, () for nothing."""
        return self.filters.get(name, ())

    def where(self, name: str, given: Given) -> "Chosen":
        """The same question with the filter set differently, from the first page."""
        filters = {key: value for key, value in self.filters.items() if key != name}
        return replace(self, filters=filters | ({name: given} if given else {}), cursor=None)

    def pairs(self, *, without: Iterable[str] = ()) -> list[tuple[str, str]]:
        """The parameters that spell it, in one order."""
        left = set(without)
        found = [("q", self.text)]
        found += [pair for name in sorted(self.filters) for pair in self.filters[name]]
        found += [("sort", self.sort), ("columns", ",".join(self.columns)), ("limit", str(self.size or ""))]
        found.append(("cursor", str(self.cursor or "")))
        return [(name, value) for name, value in found if value and name not in left]

    def query(self, *, without: Iterable[str] = ()) -> str:
        """The query string, without the question mark."""
        return urlencode(self.pairs(without=without))

    def narrowing_query(self) -> str:
        """The query string of what narrows alone: what "all that match" means, whatever page or order is shown."""
        return self.query(without=("sort", "columns", "limit", "cursor"))


def values_of(query: QueryDict | str | Mapping[str, Any]) -> Values:
    """The parameters with all values of each."""
    if isinstance(query, str):
        query = QueryDict(query)
    if isinstance(query, QueryDict):
        return {name: [str(value) for value in sent] for name, sent in query.lists()}
    return {name: [str(each) for each in (sent if isinstance(sent, list) else [sent])] for name, sent in query.items()}


def parse(declared: "List", values: Values, *, also: Iterable[str] = ()) -> Chosen:
    """The question that `values` spell. `QueryMalformed` names every parameter that the list does not have or whose
    value it does not know; `also` are further parameters that the caller reads itself."""
    wrong: dict[str, list[str]] = {}
    known = {*OWN, *also, *(name for each in declared.filters for name in each.parameters)}
    for name in values:
        if name not in known:
            wrong[name[:60]] = [_("This list has no such parameter.")]
    filters: dict[str, Given] = {}
    for each in declared.filters:
        try:
            given = each.read(values)
        except Malformed as error:
            wrong[error.parameter] = [error.text]
        else:
            if given:
                filters[each.name] = given
    chosen = Chosen(
        text=cleaned(_last(values, "q")) if declared.search else "",
        filters=filters,
        sort=_read(wrong, "sort", lambda: sort_of(declared, _last(values, "sort"))) or "",
        columns=_read(wrong, "columns", lambda: columns_of(declared, _last(values, "columns").split(","))) or (),
        size=_read(wrong, "limit", lambda: size_of(_last(values, "limit"))) or 0,
        cursor=None if wrong else paging.parse(_last(values, "cursor")),
    )
    if wrong:
        raise QueryMalformed(fields=wrong)
    return chosen


def sort_of(declared: "List", text: str) -> str:
    """The order that `text` names, "" for none; `Malformed` for what the list is not sorted by."""
    if text and text.removeprefix("-") not in declared.orders:
        known = ", ".join(declared.orders)
        raise Malformed(
            "sort",
            _("Sort by one of: %(values)s, with a hyphen before it for the other direction.") % {"values": known},
        )
    return text


def columns_of(declared: "List", names: Sequence[str]) -> tuple[str, ...]:
    """The columns named, each once, the fixed ones first; `Malformed` for one that there is not."""
    sent = [name for name in dict.fromkeys(names) if name]
    known = {column.name for column in declared.columns}
    if unknown := [name for name in sent if name not in known]:
        raise Malformed("columns", _("This list has no column %(name)s.") % {"name": unknown[0][:60]})
    if not sent:
        return ()
    fixed = [column.name for column in declared.columns if column.fixed]
    return (*fixed, *(name for name in sent if name not in fixed))


def size_of(text: str) -> int:
    """The page size, 0 for none; `Malformed` unless it is one of `SIZES`."""
    if not text:
        return 0
    if text not in {str(size) for size in SIZES}:
        raise Malformed("limit", _("Choose one of: %(values)s.") % {"values": ", ".join(map(str, SIZES))})
    return int(text)


def view_of(values: Values) -> UUID | str | None:
    """The saved view that `?view=` names, `ALL`, or None; `QueryMalformed` for anything else."""
    text = _last(values, "view")
    if not text or text == ALL:
        return text or None
    try:
        return UUID(text)
    except ValueError:
        raise QueryMalformed(fields={"view": [_("There is no such view.")]}) from None


def _last(values: Values, name: str) -> str:
    sent = values.get(name, ())
    return sent[-1] if sent else ""


def _read(wrong: dict[str, list[str]], name: str, read: Any) -> Any:
    try:
        return read()
    except Malformed as error:
        wrong[name] = [error.text]
        return None
