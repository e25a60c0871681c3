"""Keyset pages: no OFFSET, no counting, stable while rows are added."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from portal.kit.errors import BadRequest

PAGE = 50
M = TypeVar("M", bound=Model)
R = TypeVar("R")


@dataclass(frozen=True)
class Page(Generic[R]):
    """Rows of one page and the addresses of its neighbours (None at an end)."""

    items: list[R]
    previous_url: str | None
    next_url: str | None
    shown_text: str = ""


def page_by_id(request: HttpRequest, rows: QuerySet[M], present: Callable[[M], R], *, size: int = PAGE) -> Page[R]:
    """A page of `rows`, newest id first, by `?before=<id>` or `?after=<id>`; anything else there is a `BadRequest`."""
    before, after = _id(request, "before"), _id(request, "after")
    found: list[M]
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
        newer, older = len(found) > size, True
        found = list(reversed(found[:size]))
    else:
        found = list((rows.filter(pk__lt=before) if before is not None else rows).order_by("-pk")[: size + 1])
        newer, older = before is not None, len(found) > size
        found = found[:size]
    return Page(
        [present(row) for row in found],
        _url(request, "after", found[0].pk) if newer and found else None,
        _url(request, "before", found[-1].pk) if older and found else None,
    )


def _id(request: HttpRequest, name: str) -> UUID | None:
    text = request.GET.get(name)
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise BadRequest("The address of this page is damaged; go back to the first page.") from None


def _url(request: HttpRequest, name: str, value: Any) -> str:
    query = request.GET.copy()
    for other in ("before", "after"):
        query.pop(other, None)
    query[name] = str(value)
    return f"?{query.urlencode()}"
