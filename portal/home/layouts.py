"""What stands in a layout: checked when it comes in, and moved about. Pure but for the registry of widgets.

A layout is a list of {"id", "widget", "width", "options"}, in the order in which it is read. The id is a small number that
is unique within it, so that a part keeps its place while others come and go.
"""

from collections.abc import Mapping, Sequence
from itertools import count, zip_longest
from typing import Any

from django.utils.translation import gettext as _

from portal.kit import errors
from portal.kit.widgets import Realm, Widget, widgets

COLUMNS = 12
HALF = 6  # As wide as this or less, two stand in a row of a narrow window.
MOST = 80  # Widgets of one dashboard; every key figure there is finds place, and a page that nobody can read does not.
MOST_ID = 9999

Item = dict[str, Any]
Layout = list[Item]


def cleaned(given: object, realm: Realm) -> Layout:
    """The layout in its one spelling; `Invalid` naming what is wrong. Which widgets a person may see is not asked here:
    a shared one may hold more than one of its readers sees."""
    if not isinstance(given, list) or len(given) > MOST:
        raise _invalid(_("A dashboard is a list of at most %(most)s widgets.") % {"most": MOST})
    found: Layout = []
    for place, one in enumerate(given, 1):
        found.append(_item(one, realm, place))
    ids = [item["id"] for item in found]
    if len(set(ids)) != len(ids):
        raise _invalid(_("Two widgets have the same id."))
    for widget in {item["widget"] for item in found}:
        if not widgets.get(widget).many and sum(item["widget"] == widget for item in found) > 1:
            raise _invalid(_("%(widget)s can stand on a dashboard once.") % {"widget": widgets.get(widget).label})
    return found


def readable(stored: object, realm: Realm) -> Layout:
    """The items of a stored layout that still stand; a widget that an upgrade took away is left out."""
    found: Layout = []
    for place, one in enumerate(stored if isinstance(stored, list) else [], 1):
        try:
            found.append(_item(one, realm, place))
        except errors.Invalid:
            continue
    return found


def made(*wanted: tuple[str, int, Mapping[str, str]] | tuple[str, int]) -> Layout:
    """A layout of (widget, width, options), numbered in their order."""
    return [item_of(one[0], number, one[1], one[2] if len(one) > 2 else {}) for number, one in enumerate(wanted, 1)]


def item_of(code: str, number: int, width: int | None = None, options: Mapping[str, str] | None = None) -> Item:
    """One widget with its own width and options unless others are named."""
    declared = widgets.get(code)
    return {
        "id": number,
        "widget": code,
        "width": width or declared.width,
        "options": {**declared.defaults(), **(options or {})},
    }


def added(layout: Layout, code: str, options: Mapping[str, str] | None = None) -> Layout:
    """With one more widget at its end."""
    taken = {item["id"] for item in layout}
    number = next(one for one in count(1) if one not in taken)
    return [*layout, item_of(code, number, options=options)]


def without(layout: Layout, number: int) -> Layout:
    """Without the widget of that id."""
    return [item for item in layout if item["id"] != number]


def widened(layout: Layout, number: int, by: int) -> Layout:
    """With the widget of that id one step wider (1) or narrower (-1), as far as it goes."""
    found = []
    for item in layout:
        if item["id"] == number:
            steps = widgets.get(item["widget"]).widths
            at = steps.index(item["width"]) if item["width"] in steps else 0
            found.append({**item, "width": steps[min(max(at + by, 0), len(steps) - 1)]})
        else:
            found.append(item)
    return found


def moved(layout: Layout, number: int, way: str) -> Layout:
    """With the widget of that id elsewhere: "left" and "right" by one place, "up" and "down" by one row of the grid, to
    where it then stands below or above the place that it had."""
    at = next((place for place, item in enumerate(layout) if item["id"] == number), None)
    if at is None:
        return layout
    rest = [*layout[:at], *layout[at + 1 :]]
    return [*rest[: (to := _target(layout, at, way))], layout[at], *rest[to:]]


def _target(layout: Layout, at: int, way: str) -> int:
    """The index, in the layout without the widget, that it moves to."""
    last = len(layout) - 1
    if way in {"left", "right"}:
        return min(max(at + (1 if way == "right" else -1), 0), last)
    rows = rows_of(layout)
    row = next(index for index, one in enumerate(rows) if at in one)
    other = row + (1 if way == "down" else -1)
    if not 0 <= other < len(rows):
        return 0 if way == "up" else last
    column = _column(layout, rows[row], at)
    nearest = min(rows[other], key=lambda place: abs(_column(layout, rows[other], place) - column))
    return nearest if way == "up" else max(nearest, at + 1)


def rows_of(layout: Sequence[Item]) -> list[list[int]]:
    """The places in each row, as widths fill it."""
    rows: list[list[int]] = []
    free = 0
    for place, item in enumerate(layout):
        if item["width"] > free:
            rows.append([])
            free = COLUMNS
        rows[-1].append(place)
        free -= item["width"]
    return rows


def alone(layout: Sequence[Item]) -> set[int]:
    """The ids of those beside which nothing stands where a row holds two: they take it whole, so that it has no hole."""
    found, row = set(), 0
    for item, after in zip_longest(layout, layout[1:]):
        row = (row + 1) % 2 if item["width"] <= HALF else 0
        if row and (after is None or after["width"] > HALF):
            found.add(item["id"])
            row = 0
    return found


def _column(layout: Sequence[Item], row: Sequence[int], place: int) -> int:
    width: int = sum(layout[one]["width"] for one in row if one < place)
    return width


def _item(given: object, realm: Realm, place: int) -> Item:
    if not isinstance(given, Mapping) or set(given) - {"id", "widget", "width", "options"}:
        raise _invalid(_("Widget %(place)s is none.") % {"place": place})
    declared = _declared(given.get("widget"), realm)
    number, width, options = given.get("id", place), given.get("width", declared.width), given.get("options", {})
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MOST_ID:
        raise _invalid(_("The id of a widget is a number from 1 to %(most)s.") % {"most": MOST_ID})
    if isinstance(width, bool) or width not in declared.widths:
        widths = ", ".join(map(str, declared.widths))
        raise _invalid(_("%(widget)s is %(widths)s columns wide.") % {"widget": declared.label, "widths": widths})
    return {"id": number, "widget": declared.code, "width": width, "options": options_of(declared, options)}


def options_of(declared: Widget, given: object) -> dict[str, str]:
    """All options of a widget; `Invalid` for one that it has not, or a value that there is not."""
    if not isinstance(given, Mapping) or set(given) - {option.name for option in declared.options}:
        raise _invalid(_("%(widget)s has no such option.") % {"widget": declared.label})
    clean = declared.defaults()
    for option in declared.options:
        try:
            clean[option.name] = option.clean(given.get(option.name, option.default))
        except ValueError:
            text = _("%(option)s of %(widget)s cannot be that.")
            raise _invalid(text % {"option": option.label, "widget": declared.label}) from None
    return clean


def _declared(code: object, realm: Realm) -> Widget:
    if not isinstance(code, str) or code not in widgets or realm not in widgets.get(code).realms:
        raise _invalid(_("There is no widget %(code)s here.") % {"code": str(code)[:60]})
    return widgets.get(code)


def _invalid(text: str) -> errors.Invalid:
    return errors.Invalid(fields={"layout": [text]})
