"""Keyset pages: no OFFSET, no counting, the same cost for every page, stable while rows are added."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import F, Func, Model, QuerySet, Subquery, TextField, Value
from django.db.models.expressions import OrderBy
from django.db.models.lookups import GreaterThan, LessThan
from django.http import HttpRequest

from portal.kit.errors import CursorMalformed

PAGE = 50
_VERSION = 1
# Version, direction and 16 bytes of id are 18 bytes: 24 characters without padding or spare bits, so one spelling each.
_TEXT = re.compile(r"[A-Za-z0-9_-]{24}", re.ASCII)
M = TypeVar("M", bound=Model)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The rows after one row, or before it. Only its id travels: names do not belong into addresses and logs.

    It grants nothing: the rows behind it are filtered as ever.
    """

    row_id: UUID
    backwards: bool = False

    def __str__(self) -> str:
        head = bytes([_VERSION, self.backwards])
        return urlsafe_b64encode(head + self.row_id.bytes).decode("ascii")


@dataclass(frozen=True)
class Page(Generic[R]):
    """Rows of one page, and where its neighbours begin (None at an end)."""

    items: list[R]
    previous: Cursor | None
    next: Cursor | None


@dataclass(frozen=True)
class Shown(Generic[R]):
    """A page as a template shows it: rows and the addresses of its neighbours."""

    items: list[R]
    previous_url: str | None
    next_url: str | None
    shown_text: str = ""


def parse(text: str) -> Cursor | None:
    """The cursor that `text` spells, None for no text; anything that we did not make is `CursorMalformed`."""
    if not text:
        return None
    if not _TEXT.fullmatch(text):
        raise CursorMalformed
    raw = urlsafe_b64decode(text)
    if raw[0] != _VERSION or raw[1] > 1:
        raise CursorMalformed
    return Cursor(UUID(bytes=raw[2:]), bool(raw[1]))


@dataclass(frozen=True, slots=True)
class Order:
    """An order of rows: fields in one direction, then the id. With `nullable`, the first field may be empty, and rows
    where it is come last in either direction. An index `(field DESC NULLS LAST, id DESC)`, or for fields that are
    never empty `(fields, id)`, serves both directions.
    """

    fields: tuple[str, ...] = ()
    descending: bool = True
    nullable: bool = False

    def terms(self, *, backwards: bool = False) -> list[OrderBy]:
        """What `order_by` takes."""
        down = self.descending != backwards
        # Exactly the index or its mirror image; that empty ones come last either way is the work of `keyset`.
        nulls: dict[str, Any] = {"nulls_last": True} if down else {"nulls_first": True}
        names = (*self.fields, "id")
        return [
            OrderBy(F(name), descending=down, **(nulls if self.nullable and place == 0 else {}))
            for place, name in enumerate(names)
        ]


def keyset(
    rows: QuerySet[M],
    cursor: Cursor | None,
    *,
    by: str | Order = "",
    descending: bool = True,
    size: int = PAGE,
) -> Page[M]:
    """One page of `rows`, in the order `by` (a field; none: the id alone) and then of the id.

    One query. A nullable field costs another to look the cursor up and one at the border to rows where it is empty.
    With `by`, a cursor whose row is not among `rows` (gone, or no longer visible) starts at the beginning.
    """
    order = by if isinstance(by, Order) else Order((by,) if by else (), descending)
    found = None if cursor is None else _after(rows, order, cursor, size + 1)
    stale = found is None
    backwards = cursor is not None and not stale and cursor.backwards
    # One row more than shown tells whether it goes on.
    if found is None:
        found = _first(rows, order, size + 1)
    more, items = len(found) > size, found[:size]
    if backwards:
        items.reverse()
    if not items:
        return Page([], None, None)
    has_previous = more if backwards else not stale
    has_next = True if backwards else more
    return Page(
        items,
        Cursor(items[0].pk, backwards=True) if has_previous else None,
        Cursor(items[-1].pk) if has_next else None,
    )


def _after(rows: QuerySet[M], order: Order, cursor: Cursor, number: int) -> list[M] | None:
    """The rows beyond the cursor, nearest first; None when its row is not among `rows`."""
    ordered = rows.order_by(*order.terms(backwards=cursor.backwards))
    down = order.descending != cursor.backwards
    if not order.fields:
        return list(ordered.filter(**{"id__lt" if down else "id__gt": cursor.row_id})[:number])
    anchor = rows.order_by().filter(pk=cursor.row_id)
    if order.nullable:
        values = anchor.values_list(*order.fields).first()
        return None if values is None else _nullable(ordered, order, (*values, cursor.row_id), cursor, number)
    # As one comparison of rows, so that the index begins right there, however many have the same first value.
    names = (*order.fields, "id")
    lookup = LessThan if down else GreaterThan
    found = list(ordered.filter(lookup(_row(*map(F, names)), _Values(anchor.values_list(*names)[:1])))[:number])
    return found if found or anchor.exists() else None


def _first(rows: QuerySet[M], order: Order, number: int) -> list[M]:
    ordered = rows.order_by(*order.terms())
    # Downwards the index has the empty ones at its end already.
    return (
        _joined(_ranges(ordered, order), number) if order.nullable and not order.descending else list(ordered[:number])
    )


def _nullable(ordered: QuerySet[M], order: Order, anchor: tuple[Any, ...], cursor: Cursor, number: int) -> list[M]:
    """As `_after`, where the row of the cursor may have no value."""
    lookup = LessThan if order.descending != cursor.backwards else GreaterThan
    names, ranges = (*order.fields, "id"), _ranges(ordered, order)
    if cursor.backwards:
        ranges.reverse()
    if (anchor[0] is None) != cursor.backwards:
        ranges = ranges[1:]
    # Equal in what is empty: there only the other fields and the id tell rows apart.
    start = 1 if anchor[0] is None else 0
    ranges[0] = ranges[0].filter(lookup(_row(*map(F, names[start:])), _row(*map(Value, anchor[start:]))))
    return _joined(ranges, number)


def _ranges(ordered: QuerySet[M], order: Order) -> list[QuerySet[M]]:
    """Rows with a value, and rows without: two ranges of the index, walked one after the other."""
    return [ordered.filter(**{f"{order.fields[0]}__isnull": empty}) for empty in (False, True)]


def _joined(ranges: list[QuerySet[M]], number: int) -> list[M]:
    found: list[M] = []
    for part in ranges:
        if len(found) < number:
            found += part[: number - len(found)]
    return found


class _Values(Subquery):
    """The values of the row that a cursor names, as the other side of a comparison of rows."""

    output_field = TextField()


def _row(*parts: Any) -> Func:
    return Func(*parts, function="ROW", output_field=TextField())


def shown(request: HttpRequest, page: Page[M], present: Callable[[M], R], *, text: str = "") -> Shown[R]:
    """The page for a template: every row presented, the neighbours as addresses with the filters of this one."""
    return Shown(
        [present(row) for row in page.items],
        url(request, page.previous) if page.previous else None,
        url(request, page.next) if page.next else None,
        text,
    )


def of(request: HttpRequest, rows: QuerySet[M], present: Callable[[M], R]) -> Shown[R]:
    """The page of `rows`, newest first, that `?cursor=` of the request names."""
    return shown(request, keyset(rows, parse(request.GET.get("cursor", ""))), present)


def url(request: HttpRequest, cursor: Cursor) -> str:
    """The present address with another cursor."""
    query = request.GET.copy()
    query["cursor"] = str(cursor)
    return f"?{query.urlencode()}"
