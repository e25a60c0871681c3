"""Columns that many lists have."""

from operator import attrgetter
from typing import Any

from portal.kit.lists import cells
from portal.kit.lists.declare import Column, Text


def moment_column(
    name: str,
    label: Text,
    field: str,
    *,
    style: str = "relative",
    empty: str = "",
    sortable: bool = False,
    css: str = "num",
    **more: Any,
) -> Column:
    """When something happened: the attribute `field`, and the field it is sorted by, the newest first if it is pressed.

    `style` and `empty` as in `cells.moment`; `more` are the other words of a `Column`.
    """
    if sortable:
        more = {"by": (field,), "newest": True, **more}
    return Column(name, label, cell=cells.moment(field, style, empty), value=attrgetter(field), css=css, **more)
