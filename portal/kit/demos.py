"""What the demonstration is told in: steps, of which each is one transaction of the job that tells it."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from portal.kit.context import Actor


class Step(NamedTuple):
    """A part of the story: how it is called on the page of the job, and what tells it up to a moment. It may be repeated
    after it was rolled back, and nothing of it is told twice."""

    label: str
    tell: Callable[[Actor, datetime], object]
