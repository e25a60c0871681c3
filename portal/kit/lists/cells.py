"""Makers of cells: what a column shows of a presented row, as text or safe HTML."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django.utils.html import conditional_escape, format_html

from portal.kit.templatetags import kit

Cell = Callable[[Any], str]
DASH = "\N{EN DASH}"


def text(name: str, css: str = "") -> Cell:
    """The attribute `name` (dots go deeper); a dash for nothing. `css`: classes around it."""
    read = attrgetter(name)

    def cell(row: Any) -> str:
        value = conditional_escape(read(row) or DASH)
        return format_html('<span class="{}">{}</span>', css, value) if css else value

    return cell


def number(name: str) -> Cell:
    """A whole number with the digit groups of the language."""
    read = attrgetter(name)
    return lambda row: kit.count(read(row))


def moment(name: str, style: str = "relative", empty: str = "") -> Cell:
    """A moment; styles and `empty` as in the template tag `when`."""
    read = attrgetter(name)
    return lambda row: kit.when(read(row), style, empty)


def status(tone: str, label: str) -> Cell:
    """A chip from two attributes: its tone and its word; none without a word."""
    tones, labels = attrgetter(tone), attrgetter(label)
    return lambda row: kit.status(tones(row), labels(row)) if labels(row) else ""


def who(second: str) -> Cell:
    """The head of a row that has a `label`, a `hue`, perhaps an `avatar`, and a page: avatar, name, and the attribute `second` below it."""
    return _head(second, lambda row: kit.avatar(row.label, row.hue, "", getattr(row, "avatar", None)))


def what(second: str, icon: str) -> Cell:
    """As `who`, for a thing: an icon, as the initials of a number or a sentence tell nothing."""
    return _head(second, lambda row: format_html('<span class="glyph" aria-hidden="true">{}</span>', kit.icon(icon)))


def _head(second: str, mark: Callable[[Any], str]) -> Cell:
    below = attrgetter(second)

    def cell(row: Any) -> str:
        return format_html(
            '<a class="who" href="{}">{}<span><b>{}</b><small>{}</small></span></a>',
            row.url,
            mark(row),
            row.label,
            below(row),
        )

    return cell
