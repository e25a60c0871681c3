"""Charts about clean-ups: drawn on the server, with their numbers as a table behind them."""

from typing import Any

from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maintenance.cleaning.previews import CATEGORIES
from maintenance.selectors import cleanups as selectors
from maintenance.selectors import sizes
from portal.kit import charts
from portal.kit.context import Actor
from portal.kit.templatetags.kit import size

DAYS = 30  # Of the timeline.
MONTHS_DAYS = 180  # Of the size of the database.
TABLES = 8
MEGABYTE = 1_000_000


def deleted() -> dict[str, Any]:
    """Rows that went each day, as bars; no chart while nothing has ever gone."""
    days = selectors.deleted_per_day(DAYS)
    number = sum(gone for _day, gone in days)
    points = [
        charts.Point(formats.date_format(day, "j M"), gone, formats.date_format(day, "l, j F Y")) for day, gone in days
    ]
    chart = charts.bars(points, title=_("Rows deleted per day"), unit=_("rows")) if number else None
    return {"sum": number, "chart": chart}


def charts_of(actor: Actor) -> list[dict[str, Any]]:
    """The charts of the history, each with a title and a sentence."""
    timeline = deleted()
    empty = charts.bars([], title=_("Rows deleted per day"), unit=_("rows"))
    return [
        {
            "title": _("Timeline"),
            "text": _("Rows and files that went, each of the last 30 days."),
            "chart": timeline["chart"] or empty,
        },
        {
            "title": _("Size of the database"),
            "text": _("Measured once a day, in megabytes."),
            "chart": _database(actor),
        },
        {
            "title": _("Temporary files"),
            "text": _("Number of files by size, old or not."),
            "chart": _files(),
        },
    ]


def _database(actor: Actor) -> SafeString:
    points = [
        charts.Point(formats.date_format(day, "j M"), round(held / MEGABYTE, 1), formats.date_format(day, "j F Y"))
        for day, held in sizes.database_by_day(actor, MONTHS_DAYS)
    ]
    return charts.line(points, title=_("Size of the database"), unit=_("MB"))


def ranks_of() -> list[dict[str, Any]]:
    """What is compared by name, the largest first: tables, and what is past its time."""
    largest = [one for one in sizes.tables_now() if one.name][:TABLES]
    old = sorted(sizes.old_by_category().items(), key=lambda pair: -pair[1])
    return [
        {
            "title": _("Largest tables"),
            "text": _("With their indexes."),
            "rows": _ranked([(one.name, one.bytes, str(size(one.bytes)), _rows(one.rows)) for one in largest]),
        },
        {
            "title": _("Past its time"),
            "text": _("What the next run of each kind would remove."),
            "rows": _ranked([(str(CATEGORIES[name][0]), number, f"{number:,}", "") for name, number in old]),
        },
    ]


def _rows(number: int | None) -> str:
    return ngettext("about %(n)s row", "about %(n)s rows", number or 0) % {"n": f"{number or 0:,}"}


def _ranked(found: list[tuple[str, int, str, str]]) -> list[dict[str, Any]]:
    most = max((value for _label, value, *_ in found), default=0) or 1
    return [
        {"label": label, "share": value * 100 // most, "value": text, "note": note}
        for label, value, text, note in found
    ]


def _files() -> SafeString:
    points = [charts.Point(words, number, words) for words, number in sizes.temp_files_by_size()]
    return charts.bars(points, title=_("Temporary files"), unit=_("files"))
