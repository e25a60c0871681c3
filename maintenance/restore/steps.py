"""The steps of a restore: what is being done, for how long it took, and the moments at which it may be cancelled."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypedDict


class Step(TypedDict):
    """A finished step, as it is kept in the row."""

    name: str
    seconds: float
    detail: str


class Check(TypedDict):
    """Something that was proved of a restored database, or not."""

    name: str
    ok: bool
    detail: str


Tick = Callable[[str, int, int], None]


def silent(step: str, done: int, total: int) -> None:
    """Nobody watches."""


@dataclass
class Steps:
    """Collects the steps. `tick(step, done, total)` is called about twice a second; what it raises ends the restore."""

    tick: Tick = silent
    done: list[Step] = field(default_factory=list)
    _detail: str = ""
    _name: str = ""
    _started: float = field(default_factory=time.monotonic)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the block under a name that people read."""
        self._name, self._detail, started = name, "", time.monotonic()
        self.tick(name, 0, 0)
        yield
        self.done.append({"name": name, "seconds": round(time.monotonic() - started, 3), "detail": self._detail})

    def detail(self, text: str) -> None:
        """Say what came of the present step."""
        self._detail = text

    def progress(self, done: int, total: int) -> None:
        """Say how far the present step is."""
        self.tick(self._name, done, total)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return round(time.monotonic() - self._started, 3)
