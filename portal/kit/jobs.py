"""The one door to the queue. The run row commits with the change that asks for it; the broker is only told afterwards."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models

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
