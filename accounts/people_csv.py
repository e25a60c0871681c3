"""Reading a CSV of people, row by row: what would go in, and why anything would not.

Pure reading: no database. The file is taken line by line, so that a bad line is named by its number and one stray
quotation mark does not swallow the rest of the file.
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from accounts import rules
from accounts.errors import ImportUnreadable

MAX_BYTES = 10_000_000
MAX_ROWS = 100_000
MAX_COLUMNS = 100
RECORD_LINES = (
    20  # A value of an ignored column may hold line breaks; more than so many lines is a stray quotation mark.
)
RECORD_CHARS = 10_000
SHOWN_CHARS = 60  # Of a refused value; enough to find it, not to repeat what somebody pasted by mistake.
DELIMITERS = (",", ";", "\t")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FOREIGN = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"PK\x03\x04": "XLSX", b"\xd0\xcf\x11\xe0": "XLS"}

Accepted = tuple[int, str, str, str]  # line, name, username, email
Refused = tuple[int, str, str, str]  # line, field, shortened value, code of the reason


@dataclass
class Parsed:
    """The outcome of a file. `refused` has an entry per bad value; `ignored` are columns that nothing is taken from."""

    accepted: list[Accepted] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    ignored: list[Refused] = field(default_factory=list)


@dataclass(frozen=True)
class _Header:
    delimiter: str
    width: int
    places: dict[str, int]


def parse(lines: Iterable[bytes]) -> Parsed:
    """Read a whole file, given as its physical lines. `ImportUnreadable` when it is no CSV of people at all."""
    records = _Records(_decoded(lines))
    parsed = Parsed()
    header = _read_header(records, parsed)
    seen: dict[str, dict[str, int]] = {"username": {}, "email": {}}
    rows = 0
    for number, cells, broken in records.rows(header.delimiter):
        if not broken and not any(cell.strip() for cell in cells):
            continue
        rows += 1
        if rows > MAX_ROWS:
            raise ImportUnreadable(
                _("The file has more than %(limit)s rows. Split it and import the parts.") % {"limit": f"{MAX_ROWS:,}"}
            )
        if broken:
            parsed.refused.append((number, "", shortened(cells[0]), broken))
        elif len(cells) != header.width:
            parsed.refused.append((number, "", f"{len(cells)} / {header.width}", "columns"))
        else:
            _take(parsed, number, {name: cells[place] for name, place in header.places.items()}, seen)
    return parsed


def _take(parsed: Parsed, line: int, raw: dict[str, str], seen: dict[str, dict[str, int]]) -> None:
    values = {name: rules.normalised(name, raw[name]) for name in rules.FIELDS}
    bad = False
    for name in rules.FIELDS:
        code = _problem(name, raw[name], values[name])
        if not code and name in seen:
            # Also against rows that are refused for something else: nobody can say which of the two is meant.
            first = seen[name].setdefault(values[name].lower(), line)
            code = f"duplicate:{first}" if first != line else ""
        if code:
            bad = True
            parsed.refused.append((line, name, shortened(raw[name]), code))
    if not bad:
        parsed.accepted.append((line, values["name"], values["username"], values["email"]))


def _problem(name: str, raw: str, value: str) -> str:
    if raw.lstrip(" ").startswith(_FORMULA) and value:
        return "formula"
    return rules.problem(name, value)


def shortened(value: str) -> str:
    """A refused value as it may be kept and shown: no control characters, at most 60 characters."""
    text = rules.INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", value[: SHOWN_CHARS + 1])
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _decoded(lines: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    total = 0
    for number, raw in enumerate(lines, start=1):
        line = raw
        total += len(line)
        if total > MAX_BYTES:
            raise ImportUnreadable(
                _("The file is larger than %(limit)s MB. Split it and import the parts.")
                % {"limit": MAX_BYTES // 1_000_000}
            )
        if number == 1:
            _refuse_foreign(line)
            line = line.removeprefix(b"\xef\xbb\xbf")
        try:
            yield number, line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ImportUnreadable(
                _(
                    "Line %(line)d, byte %(byte)d is not UTF-8 (0x%(value)02X). "
                    "Save the file as “CSV UTF-8” and upload it again."
                )
                % {"line": number, "byte": error.start + 1, "value": line[error.start]}
            ) from error


def _refuse_foreign(line: bytes) -> None:
    kind = next((name for mark, name in _FOREIGN.items() if line.startswith(mark)), "UTF-16" if b"\0" in line else "")
    if kind in {"XLSX", "XLS"}:
        raise ImportUnreadable(_("This is a spreadsheet, not a CSV file. Save it as “CSV UTF-8” and upload that."))
    if kind:
        raise ImportUnreadable(
            _("Line 1, byte 1: the file is encoded in UTF-16. Save it as “CSV UTF-8” and upload it again.")
        )


class _Records:
    """Physical lines put together to records: a record goes on while a quotation mark is open."""

    def __init__(self, lines: Iterator[tuple[int, str]]) -> None:
        self._lines = lines
        self._ahead: deque[tuple[int, str]] = deque()

    def _next(self) -> tuple[int, str] | None:
        return self._ahead.popleft() if self._ahead else next(self._lines, None)

    def header(self) -> tuple[int, str]:
        """The first line that is not blank; (0, "") of an empty file."""
        while (line := self._next()) is not None:
            if line[1].strip():
                return line
        return 0, ""

    def rows(self, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
        """Each record: number of its first line, its cells, and the code of what makes it unreadable (or "")."""
        while (line := self._next()) is not None:
            number, text = line
            cells = _cells(text, delimiter)
            taken: list[tuple[int, str]] = []
            while cells is None and text.count('"') % 2 and len(taken) < RECORD_LINES:
                following = self._next()
                if following is None:
                    break
                taken.append(following)
                text += following[1]
                cells = _cells(text, delimiter)
            if cells is not None:
                yield number, cells, ""
                continue
            # Only the first line is to blame; what was drawn in after it is read again by itself.
            self._ahead.extendleft(reversed(taken))
            yield number, [line[1]], "row_too_long" if len(line[1]) > RECORD_CHARS else "quotes"


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of a record; None while a quotation mark is open, or when it is misplaced, or the record too long."""
    if len(text) > RECORD_CHARS:
        return None
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _read_header(records: _Records, parsed: Parsed) -> _Header:
    number, text = records.header()
    if not number:
        raise ImportUnreadable(_("The file is empty. Its first line names the columns: name, username, email."))
    best: tuple[int, str, list[str]] = (-1, ",", [])
    for delimiter in DELIMITERS:
        names = [_column(cell) for cell in _cells(text, delimiter) or []]
        best = max(best, (len(set(names) & set(rules.FIELDS)), delimiter, names), key=lambda item: item[0])
    _found, delimiter, names = best
    missing = [name for name in rules.FIELDS if name not in names]
    if missing:
        raise ImportUnreadable(
            _("Line %(line)d must name the columns name, username and email; missing there: %(missing)s.")
            % {"line": number, "missing": ", ".join(missing)}
        )
    twice = [name for name in rules.FIELDS if names.count(name) > 1]
    if twice:
        raise ImportUnreadable(_("The column %(name)s stands twice in the header; remove one.") % {"name": twice[0]})
    if len(names) > MAX_COLUMNS:
        raise ImportUnreadable(
            _("The file has more than %(limit)d columns; keep name, username and email.") % {"limit": MAX_COLUMNS}
        )
    titles = _cells(text, delimiter) or []
    parsed.ignored = [
        (number, shortened(title.strip()), "", "ignored")
        for title, name in zip(titles, names, strict=False)
        if name and name not in rules.FIELDS
    ]
    return _Header(delimiter, len(names), {name: names.index(name) for name in rules.FIELDS})


def _column(cell: str) -> str:
    """A heading as it is compared: "E-Mail" and "User name" are as good as email and username."""
    return re.sub(r"[\s_-]+", "", cell).casefold()
