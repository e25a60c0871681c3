"""The one door to the queue. The run row commits with the change that asks for it; the broker is only told afterwards."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models

from portal.kit import clock, ids
from portal.kit.context import Actor
from portal.kit.ports import port


class Again(Exception):
    """Raised by a job that waits for something: it goes back into the queue for `wait`, and its worker is free for
    others. What its batches committed stays; no attempt is counted, since nothing has failed."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"again in {wait}")
        self.wait = wait


@port
def enqueue(
    name: str,
    *,
    actor: Actor,
    args: Mapping[str, Any] | None = None,
    key: str | None = None,
    run_at: datetime | None = None,
    about: models.Model | None = None,
) -> UUID:
    """Write a queued run of the declared job `name` and announce it after commit; returns the run's id.

    `args` must be JSON. With `key`, a run of this job and key that is not finished yet is returned instead of a second
    one. `run_at` (aware) delays it. The run acts with the rights of `actor`; holding the job's right on the one object that
    it is `about` is enough.
    """
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Asked:
    """Work that was asked for and is kept by who does it itself."""

    name: str
    actor: Actor
    args: Mapping[str, Any]
    key: str | None
    run_at: datetime
    id: UUID = field(default_factory=ids.uuid7)


_kept: ContextVar[tuple[frozenset[str], list[Asked]] | None] = ContextVar("steward_jobs_kept", default=None)


@contextmanager
def kept(*names: str) -> Iterator[list[Asked]]:
    """Within the block jobs of these names are not queued but come into the list, in the order in which they are asked
    for: for a past that is told in one transaction, whose work no worker of today may do. Others are queued as ever.

    Who keeps them does them by their declared functions, takes them off the list, and asks nobody else.
    """
    waiting: list[Asked] = []
    token = _kept.set((frozenset(names), waiting))
    try:
        yield waiting
    finally:
        _kept.reset(token)


def keep(
    name: str, *, actor: Actor, args: Mapping[str, Any] | None, key: str | None, run_at: datetime | None
) -> UUID | None:
    """The id of the work that somebody keeps for itself, by key only once; None: it goes into the queue. Part of the
    queue, which asks this first."""
    held = _kept.get()
    if held is None or name not in held[0]:
        return None
    for one in held[1]:
        if key is not None and (one.name, one.key) == (name, key):
            return one.id
    asked = Asked(name, actor, dict(args or {}), key, run_at or clock.now())
    held[1].append(asked)
    return asked.id
