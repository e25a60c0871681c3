"""Rows as HTML. They are nearly all of a list's page, and put together node by node in a template they take half its time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.kit.lists.cells import DASH, Cell
from portal.kit.lists.declare import Column

_NOTHING = frozenset({"", DASH, format_html('<span class="quiet">{}</span>', DASH)})
# Where rows are cards: beside the name, a line below with its label, or nowhere.
_CARD = {"head": "", "state": "c-state", "line": "c-wide c-inset", "off": "c-off"}


def drawn(items: Sequence[Any], columns: Sequence[Column], *, picked: bool) -> list[SafeString]:
    """A `<tr>` for each presented row, its first cell the row's head; `picked`: with a box to select it.

    What a cell returns is escaped unless it is safe HTML already.
    """
    opened = [_opened(column, head=place == 0) for place, column in enumerate(columns)]
    box = _("Select %(name)s") if picked else ""
    return [_row(item, opened, box) for item in items]


@dataclass(frozen=True, slots=True)
class _Opened:
    """What makes the cells of a column, and the tags around them: the same in every row."""

    cell: Cell
    start: SafeString
    empty: SafeString  # Around nothing: a card leaves it out.
    end: str


def _opened(column: Column, *, head: bool) -> _Opened:
    css = f"{column.css} {_CARD[column.card]}".strip()
    if head:
        start = format_html('<th scope="row" class="{}">', css)
        return _Opened(column.cell, start, start, "</th>")
    if column.card == "line":
        full, bare = (
            format_html('<td class="{}" data-l="{}">', f"{css}{more}", column.label) for more in ("", " c-none")
        )
        return _Opened(column.cell, full, bare, "</td>")
    start = format_html('<td class="{}">', css)
    return _Opened(column.cell, start, start, "</td>")


def _row(item: Any, opened: Sequence[_Opened], box: str) -> SafeString:
    parts = ["<tr>"]
    if box:
        parts.append(
            format_html(
                '<td class="c-pick"><input type="checkbox" form="list-batch" name="ids" value="{}" aria-label="{}"></td>',
                item.id,
                box % {"name": item.label},
            )
        )
    for one in opened:
        shown = conditional_escape(one.cell(item))
        parts += (one.empty if shown in _NOTHING else one.start, shown, one.end)
    parts.append("</tr>")
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped above
