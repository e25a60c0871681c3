"""Places in the trail: an opaque text that says "older than" or "newer than" one event."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from audit.errors import CursorMalformed

Direction = Literal["older", "newer"]
_VERSION = 1
_DIRECTIONS: tuple[Direction, Direction] = ("older", "newer")
# Version, direction and 16 bytes of id are 18 bytes: 24 characters without padding or spare bits, so one spelling each.
_TEXT = re.compile(r"[A-Za-z0-9_-]{24}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The events beyond `event_id` in one direction. It grants nothing: the rows behind it are filtered as ever."""

    direction: Direction
    event_id: UUID

    def __str__(self) -> str:
        head = bytes([_VERSION, _DIRECTIONS.index(self.direction)])
        return urlsafe_b64encode(head + self.event_id.bytes).decode("ascii")


def parse(text: str) -> Cursor | None:
    """The cursor that `text` spells, None for no text; anything that we did not make is `CursorMalformed`."""
    if not text:
        return None
    if not _TEXT.fullmatch(text):
        raise CursorMalformed
    raw = urlsafe_b64decode(text)
    if raw[0] != _VERSION or raw[1] >= len(_DIRECTIONS):
        raise CursorMalformed
    return Cursor(_DIRECTIONS[raw[1]], UUID(bytes=raw[2:]))
