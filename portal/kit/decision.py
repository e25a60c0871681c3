"""The decision as every room sees it; rbac answers (see its `decision.py`). Fail closed: no answer is a refusal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models

from portal.kit.context import Actor
from portal.kit.errors import Forbidden
from portal.kit.paging import PAGE, Cursor, Page
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


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody who holds a code: by the role `role_label`, the highest that gives it, held where `via` says."""

    person_id: UUID
    label: str
    role_label: str
    via: str


@port
def holds_somewhere(actor: Actor, code: str) -> bool:
    """Whether `actor` holds `code` on anything at all where it stands, be it one object only: then the pages that list
    such things open to it, and show just those. One query at most; what `can` allows need not be asked for."""
    raise NotImplementedError


@port
def list_subjects(
    code: str, obj: models.Model | None = None, cursor: Cursor | None = None, limit: int = PAGE
) -> Page[Subject]:
    """Who holds `code` on `obj`, on the organisation that it is or belongs to, or without one on the installation.

    Oldest person first; one query. Whoever shows it demands a right of its own for that.
    """
    raise NotImplementedError


@port
def role_labels(people: Iterable[UUID], organisation_id: UUID | None = None) -> dict[UUID, list[str]]:
    """The labels of the roles that each person holds in the organisation, or without one on the installation, highest
    first; one query."""
    raise NotImplementedError


@port
def own_role_labels(actor: Actor) -> tuple[str, ...]:
    """The labels of the acting one's own roles where it stands, highest first; no query of their own."""
    raise NotImplementedError


@port
def roles_changed(*, people: Iterable[UUID]) -> None:
    """Called in the transaction in which the roles of people changed, for what follows from having one."""
    raise NotImplementedError


@port
def member_remove(*, actor: Actor, organisation_id: UUID, person_id: UUID, reason: str = "") -> None:
    """End a membership with every role that it gives, with the rights of `actor`; `NotFound` for who is no member.

    The lasting role of a member goes with the membership, which a room above knows.
    """
    raise NotImplementedError


def authorise(actor: Actor, code: str, obj: models.Model | None = None) -> None:
    """The first step of every service: raises `Forbidden` before anything was written."""
    if not can(actor, code, obj):
        raise Forbidden
