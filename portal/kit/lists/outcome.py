"""What a bulk action did."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True)
class Outcome:
    """The rows that an action changed, and those that it left alone with the reason, a sentence for the person."""

    done: Sequence[UUID] = field(default_factory=tuple)
    skipped: Sequence[tuple[UUID, str]] = field(default_factory=tuple)

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome((*self.done, *other.done), (*self.skipped, *other.skipped))
