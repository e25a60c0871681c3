"""What stands in the file of an export: one line per event, newest first."""

import csv
import io
from collections.abc import Iterable
from typing import Any

import orjson

from audit.api.serializers import event_body
from audit.presenters import Told

# A spreadsheet takes a cell that begins with one of these for a formula; an apostrophe before it makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
COLUMNS = (
    "id",
    "occurred_at",
    "code",
    "sentence",
    "category",
    "severity",
    "outcome",
    "actor_kind",
    "actor_id",
    "actor",
    "on_behalf_of",
    "organisation_id",
    "target_type",
    "target_id",
    "target",
    "changes",
    "data",
    "reason",
    "source",
    "request_id",
    "correlation_id",
    "session_id",
    "address",
    "agent",
    "erased",
    "altered",
)


def header(kind: str) -> bytes:
    """The first line of a file of that kind; JSON lines have none. CSV begins with the mark of UTF-8, for Excel."""
    return b"\xef\xbb\xbf" + _csv([COLUMNS]) if kind == "csv" else b""


def lines(kind: str, events: Iterable[Told]) -> bytes:
    """The events as lines of a file of that kind. Secrets are masked as on the page; erased parts stay erased."""
    if kind == "csv":
        return _csv([_safe(value) for value in _row(event)] for event in events)
    return b"".join(orjson.dumps(_body(event), default=str, option=orjson.OPT_APPEND_NEWLINE) for event in events)


def _body(event: Told) -> dict[str, Any]:
    return dict(event_body(event))


def _row(event: Told) -> list[Any]:
    body = _body(event)
    actor, behalf, target = body["actor"], body["on_behalf_of"] or {}, body["target"] or {}
    flat = body | {
        "occurred_at": event.when.isoformat(),
        "actor_kind": actor["kind"],
        "actor_id": actor["id"],
        "actor": actor["label"],
        "on_behalf_of": behalf.get("label"),
        "target_type": target.get("type"),
        "target_id": target.get("id"),
        "target": target.get("label"),
        "changes": orjson.dumps(body["changes"], default=str).decode() if body["changes"] else "",
        "data": orjson.dumps(body["data"], default=str).decode() if body["data"] else "",
    }
    return [flat[name] for name in COLUMNS]


def _safe(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv(rows: Iterable[Iterable[Any]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode("utf-8", "replace")
