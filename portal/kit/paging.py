"""Keyset pages: no OFFSET, no counting, the same cost for every page, stable while rows are added."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
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


def keyset(
    rows: QuerySet[M], cursor: Cursor | None, *, by: str = "", descending: bool = True, size: int = PAGE
) -> Page[M]:
    """One page of `rows`, in the order of the field `by` (none: of the id alone) and the id; one query, two with `by`.

    With `by`, a cursor whose row is not among `rows` (gone, or no longer visible) starts at the beginning.
    """
    beyond = None if cursor is None else _beyond(rows, cursor, by, descending)
    backwards = cursor is not None and beyond is not None and cursor.backwards
    sign = "-" if descending != backwards else ""
    order = [f"{sign}{by}", f"{sign}id"] if by else [f"{sign}id"]
    # One row more than shown tells whether it goes on.
    found = list((rows.filter(beyond) if beyond is not None else rows).order_by(*order)[: size + 1])
    more, items = len(found) > size, found[:size]
    if backwards:
        items.reverse()
    if not items:
        return Page([], None, None)
    has_previous = more if backwards else beyond is not None
    has_next = True if backwards else more
    return Page(
        items,
        Cursor(items[0].pk, backwards=True) if has_previous else None,
        Cursor(items[-1].pk) if has_next else None,
    )


def _beyond(rows: QuerySet[Any], cursor: Cursor, by: str, descending: bool) -> Q | None:
    side = "lt" if descending != cursor.backwards else "gt"
    if not by:
        return Q(**{f"id__{side}": cursor.row_id})
    anchor = rows.filter(pk=cursor.row_id).values_list(by, flat=True).first()
    if anchor is None:
        return None
    # The range on the field alone lets the index begin there; the rest sorts out equal values.
    later = Q(**{f"{by}__{side}": anchor}) | Q(**{f"id__{side}": cursor.row_id})
    return Q(**{f"{by}__{side}e": anchor}) & later


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
