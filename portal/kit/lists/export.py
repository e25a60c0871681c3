"""A list as a file: its view, columns and order, all rows, harmless in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from io import BytesIO, TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Literal

import xlsxwriter  # type: ignore[import-untyped]  # It ships no types.
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise, holds_somewhere
from portal.kit.errors import Forbidden
from portal.kit.lists.declare import Column, List
from portal.kit.lists.errors import TooManyRows
from portal.kit.lists.query import Chosen
from portal.kit.record import record

Format = Literal["csv", "xlsx"]
TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST = 100_000  # Rows of one file; a request that makes more would hold its connection for too long.
CHUNK = 2_000
IN_MEMORY = 2_000_000  # Bytes; beyond them the file waits on disk.
# Spreadsheets run what begins so, also behind blanks.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def list_export(*, actor: Actor, declared: List, chosen: Chosen, format: Format) -> IO[bytes]:  # noqa: A002 - its name in the address
    """The whole file, ready to be sent: an error on the way is an error page and never half a file.

    Event `kit.list.exported` with the number of rows and a hash of the question (which may name people).
    `TooManyRows` beyond `MOST`.
    """
    if not holds_somewhere(actor, declared.code):  # The page's gate says whether a part is enough; `source` cuts to it.
        raise Forbidden
    if declared.export_code:
        authorise(actor, declared.export_code)
    columns = declared.shown(chosen.columns)
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by the reply that sends it
    try:
        count = _WRITERS[format](file, columns, _rows(actor, declared, chosen))
        file.seek(0)
        record(
            "kit.list.exported",
            data={
                "list": declared.name,
                "format": format,
                "rows": count,
                "columns": [column.name for column in columns],
                "question": sha256(chosen.narrowing_query().encode()).hexdigest(),
            },
        )
    except BaseException:
        file.close()
        raise
    return file


def filename(declared: List, format: Format) -> str:  # noqa: A002 - its name in the address
    """`people-2026-11-21.csv`."""
    return f"{declared.name.partition('.')[2]}-{clock.now().date().isoformat()}.{format}"


def _rows(actor: Actor, declared: List, chosen: Chosen) -> Iterator[Any]:
    rows = declared.rows(actor, chosen)
    question, number = replace(chosen, cursor=None, size=CHUNK), 0
    while True:
        page = declared.page(actor, question, rows)
        number += len(page.items)
        if number > MOST:
            raise TooManyRows(
                _("More than %(most)s rows match. Narrow the list and export its parts.") % {"most": f"{MOST:,}"}
            )
        yield from declared.present(actor, page.items)
        if page.next is None:
            return
        question = replace(question, cursor=page.next)


def table_export(
    *,
    name: str,
    columns: Sequence[object],
    rows: Sequence[Sequence[object]],
    format: Format,  # noqa: A002 - its name in the address
    question: str,
) -> bytes:
    """A table that is no declared list as a file, told of like the others: event `kit.list.exported`. Part of pages, whose
    gate has asked for the right. `TooManyRows` beyond `MOST`."""
    if len(rows) > MOST:
        raise TooManyRows(
            _("More than %(most)s rows match. Narrow the list and export its parts.") % {"most": f"{MOST:,}"}
        )
    made = (table_csv if format == "csv" else table_xlsx)(columns, rows)
    record(
        "kit.list.exported",
        data={
            "list": name,
            "format": format,
            "rows": len(rows),
            "columns": [str(column) for column in columns],
            "question": sha256(question.encode()).hexdigest(),
        },
    )
    return made


def table_csv(columns: Sequence[object], rows: Iterable[Sequence[object]]) -> bytes:
    """A table that is no declared list as CSV, as harmless in a spreadsheet as the others."""
    file = BytesIO()
    text = TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([_harmless(str(column)) for column in columns])
    writer.writerows([_harmless(_text(value)) for value in row] for row in rows)
    return file.getvalue()


def table_xlsx(columns: Sequence[object], rows: Iterable[Sequence[object]]) -> bytes:
    """The same as a workbook: numbers and times are numbers and times in it."""
    file = BytesIO()
    book, sheet = _sheet(file, columns)
    for number, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            _cell(sheet, number, place, value)
    book.close()
    return file.getvalue()


def _sheet(file: IO[bytes], columns: Sequence[object]) -> tuple[Any, Any]:
    """A workbook with its one sheet, whose first line is the labels."""
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"})
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for place, column in enumerate(columns):
        sheet.write_string(0, place, str(column), bold)
        sheet.set_column(place, place, 24)
    return book, sheet


def _cell(sheet: Any, number: int, place: int, value: object) -> None:
    if isinstance(value, datetime):
        sheet.write_datetime(number, place, value.astimezone(UTC).replace(tzinfo=None))
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        sheet.write_number(number, place, value)
    elif text := _text(value):
        sheet.write_string(number, place, text[:32_767])  # What a cell holds.


def _csv(file: IO[bytes], columns: Sequence[Column], rows: Iterable[Any]) -> int:
    # With a mark at its beginning, or Excel would read it in the code page of the machine.
    text = TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([_harmless(str(column.label)) for column in columns])
    number = 0
    for number, row in enumerate(rows, 1):  # noqa: B007 - the last one is the count
        writer.writerow([_harmless(_text(column.value(row))) for column in columns])
    text.flush()
    text.detach()
    return number


def _xlsx(file: IO[bytes], columns: Sequence[Column], rows: Iterable[Any]) -> int:
    book, sheet = _sheet(file, [column.label for column in columns])
    number = 0
    for number, row in enumerate(rows, 1):
        for place, column in enumerate(columns):
            _cell(sheet, number, place, column.value(row))
    book.close()
    return number


_WRITERS = {"csv": _csv, "xlsx": _xlsx}


def _text(value: object) -> str:
    """A value as a file holds it: times in UTC, several joined, nothing empty."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | tuple):
        return "; ".join(map(_text, value))
    return str(value)


def _harmless(text: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
