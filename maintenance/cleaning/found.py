"""What every way of cleaning tells: what it would remove, and what one step removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from portal.kit.registry import Cleanup, Text

SAMPLE_ROWS = 5


@dataclass(frozen=True)
class Found:
    """What would go now. `total` is how much there is of it altogether (0: unknown), `note` why nothing can be done."""

    count: int
    size: int
    columns: Sequence[Text]
    sample: list[list[Any]]
    total: int = 0
    note: str = ""

    @property
    def share(self) -> int:
        """Percent of everything that would go, rounded up; 0 where the whole is unknown."""
        return min(100, -(-self.count * 100 // self.total)) if self.total else 0


@dataclass(frozen=True)
class Step:
    """One batch. `place` is where the next one begins (JSON), `over` says that a pass has come to its end."""

    rows: int
    place: Any
    over: bool
    digest: str = ""
    bytes: int = 0
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Size:
    """Rows (the planner's estimate) and bytes of what is cleaned; None where there is no such thing."""

    rows: int | None
    bytes: int


@dataclass
class Pace:
    """How large a batch may be: rows, and blocks of the table that it looks at. Adapted by the engine."""

    rows: int
    blocks: int = 256


class Way(Protocol):
    """One way of cleaning, for one clean-up up to one cut-off."""

    outside: ClassVar[bool]  # Whether a step is made outside of the batch's transaction; it is idempotent then.
    passes: ClassVar[int]  # How often it is gone through while something was removed.
    unit: ClassVar[str]  # rows, files or tables.

    def __init__(self, spec: Cleanup, cutoff: datetime) -> None:
        """Nothing is looked at yet."""

    def look(self) -> Found:
        """What would go now."""

    def left(self) -> int:
        """How much is old enough now."""

    def size(self) -> Size:
        """How large the thing is now."""

    def step(self, place: Any, pace: Pace) -> Step:
        """Remove one batch from `place` on (None: from the beginning)."""


@dataclass
class Tally:
    """What one clean-up of a run has done so far; kept in the run's cursor as JSON."""

    name: str
    cutoff: str
    place: Any = None
    went: int = 1
    in_pass: int = 0
    deleted: int = 0
    bytes: int = 0
    batches: int = 0
    busy_ms: float = 0.0
    hash: str = ""
    expected: int = 0
    rows_before: int | None = None
    bytes_before: int = 0
    blocks: int = 256
    size: int = 1000

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Tally":
        """As it stands in a cursor."""
        return cls(**kept)
