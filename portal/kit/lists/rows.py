"""Rows as HTML. They are nearly all of a list's page, and put together node by node in a template they take half its time."""

from collections.abc import Sequence
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.kit.lists.declare import Column

# Where rows are cards: beside the name, a line below with its label, or nowhere.
_CARD = {"head": "", "state": "c-state", "line": "c-wide c-inset", "off": "c-off"}


def drawn(items: Sequence[Any], columns: Sequence[Column], *, picked: bool) -> list[SafeString]:
    """A `<tr>` for each presented row, its first cell the row's head; `picked`: with a box to select it.

    What a cell returns is escaped unless it is safe HTML already.
    """
    opened = [_opened(column, head=place == 0) for place, column in enumerate(columns)]
    box = _("Select %(name)s") if picked else ""
    return [_row(item, opened, box) for item in items]


def _opened(column: Column, *, head: bool) -> tuple[Any, SafeString, str]:
    """What makes the cell, and the tags around it: the same in every row."""
    css = f"{column.css} {_CARD[column.card]}".strip()
    if head:
        return column.cell, format_html('<th scope="row" class="{}">', css), "</th>"
    if column.card == "line":
        return column.cell, format_html('<td class="{}" data-l="{}">', css, column.label), "</td>"
    return column.cell, format_html('<td class="{}">', css), "</td>"


def _row(item: Any, opened: Sequence[tuple[Any, SafeString, str]], box: str) -> SafeString:
    parts = ["<tr>"]
    if box:
        parts.append(
            format_html(
                '<td class="c-pick"><input type="checkbox" form="list-batch" name="ids" value="{}" aria-label="{}"></td>',
                item.id,
                box % {"name": item.label},
            )
        )
    for cell, start, end in opened:
        parts += (start, conditional_escape(cell(item)), end)
    parts.append("</tr>")
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped above
