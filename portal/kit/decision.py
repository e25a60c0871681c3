"""The decision as every room sees it; rbac answers (see its `decision.py`). Fail closed: no answer is a refusal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models

from portal.kit.context import Actor
from portal.kit.errors import Forbidden
from portal.kit.ports import port


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer: allowed or not, why in one word, and the version (stamps) it was computed at."""

    allowed: bool
    reason: str
    version: str

    def __bool__(self) -> bool:
        return self.allowed


@port
def can(
    actor: Actor, code: str, obj: models.Model | None = None, *, context: Mapping[str, Any] | None = None
) -> Decision:
    """May `actor` do `code` (on `obj`)? Unknown codes raise."""
    raise NotImplementedError


@port
def check_many(actor: Actor, questions: Sequence[tuple[str, models.Model | None]]) -> list[Decision]:
    """The answers to many questions, in order, in at most one query."""
    raise NotImplementedError


@port
def visible_to(actor: Actor, code: str, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """The part of `queryset` on which `actor` holds `code`."""
    raise NotImplementedError


@port
def role_labels(people: Iterable[UUID]) -> dict[UUID, list[str]]:
    """The labels of the roles that each person holds on the installation, highest first; one query."""
    raise NotImplementedError


def authorise(actor: Actor, code: str, obj: models.Model | None = None) -> None:
    """The first step of every service: raises `Forbidden` before anything was written."""
    if not can(actor, code, obj):
        raise Forbidden
