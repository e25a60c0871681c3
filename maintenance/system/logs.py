"""The newest lines of the log files, bounded in bytes: what somebody looks at to see what happens now.

Lines were cleaned of secrets when they were written (`kit.logs`). Only files of the log folder with our form of names
are read, from their ends.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

LEVELS = ("debug", "info", "warning", "error", "critical")
TAIL_BYTES = 1 << 20  # Read of one file.
FILES = 8  # The newest so many; web, worker, beat and commands write one each, and some were just renamed.
LINES = 200
TEXT_LIMIT = 2_000
_HEAD = frozenset(
    {"time", "level", "logger", "message", "request_id", "correlation_id", "actor_id", "organisation_id", "exception"}
)


@dataclass(frozen=True)
class Asked:
    """What is looked for: lines of at least `level`, of a logger and those below it, of a request, with all `words`."""

    level: str = ""
    logger: str = ""
    request_id: str = ""
    words: str = ""


@dataclass(frozen=True)
class Line:
    """One line. `more` are its further fields as name=value."""

    at: datetime
    level: str
    logger: str
    message: str
    request_id: str
    process: str
    more: str
    error: str


@dataclass(frozen=True)
class Tail:
    """Lines, newest first. `folder` is empty where no files are written; `whole`: everything there is was looked at."""

    folder: str
    lines: list[Line]
    files: int
    whole: bool


def folder() -> Path | None:
    """Where log files are written, None where lines go to standard output alone."""
    written = getattr(settings, "STEWARD_LOG_PATH", "")
    return Path(settings.BASE_DIR, written) if written else None


def tail(asked: Asked, *, limit: int = LINES) -> Tail:
    """The newest lines that fit. Reads at most `FILES` times `TAIL_BYTES` bytes."""
    where = folder()
    if where is None:
        return Tail("", [], 0, True)
    files = _newest(where)
    found: list[Line] = []
    whole = len(files) <= FILES
    for path in files[:FILES]:
        text, complete = _end_of(path)
        whole = whole and complete
        # Newest first within a file, so that no file gives more than could be shown.
        found += _fitting(text, path.name.partition(".")[0], asked, limit)
    found.sort(key=lambda line: line.at, reverse=True)
    return Tail(str(where), found[:limit], len(files), whole)


def _newest(where: Path) -> list[Path]:
    try:
        found = [
            path for path in where.iterdir() if path.suffix == ".jsonl" and path.is_file() and not path.is_symlink()
        ]
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
    except FileNotFoundError:
        return []


def _end_of(path: Path) -> tuple[bytes, bool]:
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - TAIL_BYTES))
        text = stream.read(TAIL_BYTES)
    if size <= TAIL_BYTES:
        return text, True
    return text.partition(b"\n")[2], False  # The first line is a piece of one.


def _fitting(text: bytes, process: str, asked: Asked, limit: int) -> list[Line]:
    found: list[Line] = []
    words = [word.lower() for word in asked.words.split()]
    for raw in reversed(text.split(b"\n")):
        fields = _fields(raw)
        if fields is None or not _fits(fields, raw, words, asked):
            continue
        found.append(_line(fields, process))
        if len(found) == limit:
            break
    return found


def _fields(raw: bytes) -> dict[str, Any] | None:
    if not raw.startswith(b"{"):
        return None
    try:
        fields = orjson.loads(raw)
        datetime.fromisoformat(fields["time"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None  # The last line of a process that was killed may be torn.
    return fields if isinstance(fields, dict) else None


def _fits(fields: Mapping[str, Any], raw: bytes, words: Sequence[str], asked: Asked) -> bool:
    if asked.level in LEVELS and LEVELS.index(asked.level) > _rank(str(fields.get("level"))):
        return False
    logger = str(fields.get("logger", ""))
    if asked.logger and not f"{logger}.".startswith(f"{asked.logger}."):
        return False
    if asked.request_id and asked.request_id not in {fields.get("request_id"), fields.get("correlation_id")}:
        return False
    if words:
        whole = raw.decode("utf-8", "replace").lower()
        return all(word in whole for word in words)
    return True


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else 1


def _line(fields: Mapping[str, Any], process: str) -> Line:
    return Line(
        at=datetime.fromisoformat(fields["time"]),
        level=str(fields.get("level", "")),
        logger=str(fields.get("logger", "")),
        message=str(fields.get("message", ""))[:TEXT_LIMIT],
        request_id=str(fields.get("request_id") or ""),
        process=process,
        more=" ".join(_pairs(fields))[:TEXT_LIMIT],
        error="\n".join(_errors(fields.get("exception")))[:TEXT_LIMIT],
    )


def _pairs(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        if name not in _HEAD and value not in (None, ""):
            yield f"{name}={value}"


def _errors(failure: Any) -> Iterator[str]:
    while isinstance(failure, dict):
        yield f"{failure.get('type')}: {failure.get('message')}"
        for place in reversed(failure.get("trace") or []):
            yield f"  {place.get('file')}:{place.get('line')} {place.get('function')}"
        failure = failure.get("cause")
