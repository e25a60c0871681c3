"""Reporting use and asking what the plan allows.

`Meters` keeps events for a moment and sends them together. Each gets its key when it is noted, not when it is sent: a
batch that got no answer is sent again as it is, and nothing is counted twice.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Protocol

from docs.examples.steward_client.errors import Away, TooMany

BATCH = 1_000  # Events that one call takes.
HELD = 50_000  # Events that are kept while Steward is away; beyond that the oldest go, rather than the product.


@dataclass(frozen=True, slots=True)
class Entitlement:
    """An answer, true where it allows; numbers as exact texts."""

    allowed: bool
    reason: str
    limit: int | None
    used: str | None
    remaining: str | None

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that was used. `quantity` is whole, or an exact text such as "1.25"."""

    meter: str
    quantity: int | str = 1
    properties: Mapping[str, str | int] = field(default_factory=dict)
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    occurred_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def body(self) -> dict[str, Any]:
        """As Steward reads it."""
        told = {"key": self.key, "meter": self.meter, "quantity": self.quantity}
        told |= {"occurred_at": self.occurred_at.isoformat()}
        return told | ({"properties": dict(self.properties)} if self.properties else {})


class Calls(Protocol):
    """What of the client is needed: `Steward` has it."""

    def report(self, uses: Sequence[Use]) -> list[dict[str, str]]:
        """Report use."""


class Meters:
    """Events on their way. Call `flush` from a timer and at the end; `refused` keeps what can never be counted."""

    def __init__(self, steward: Calls) -> None:
        self._steward, self._lock = steward, Lock()
        self._waiting: list[Use] = []
        self.refused: list[dict[str, str]] = []

    def note(self, use: Use) -> None:
        """Keep an event for the next batch; costs no call."""
        with self._lock:
            self._waiting.append(use)
            del self._waiting[:-HELD]

    def flush(self) -> int:
        """Send what waits; how many are left, since Steward is away or asks for patience."""
        while True:
            with self._lock:
                batch = self._waiting[:BATCH]
            if not batch:
                return 0
            try:
                told = self._steward.report(batch)
            except (Away, TooMany):
                return len(self._waiting)
            self.refused += [one for one in told if one["status"] == "refused"]
            sent = {use.key for use in batch}
            with self._lock:
                self._waiting = [use for use in self._waiting if use.key not in sent]
