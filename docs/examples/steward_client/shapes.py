"""What goes to Steward and comes from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Attribute = str | int | bool


@dataclass(frozen=True, slots=True)
class Subject:
    """Who: a user or service account by Steward's id, or a user by the id that your product has for it."""

    id: str = ""
    external_id: str = ""
    type: Literal["user", "service_account"] = "user"

    @classmethod
    def user(cls, external_id: str) -> "Subject":
        """A user as your product knows it."""
        return cls(external_id=external_id)

    def body(self) -> dict[str, Any]:
        """As Steward reads it."""
        return {"type": self.type} | _named(self.id, self.external_id)


@dataclass(frozen=True, slots=True)
class Thing:
    """What: a resource (`<application>/<type>`), a `workspace` or the `organisation`, by Steward's id or by yours."""

    type: str
    external_id: str = ""
    id: str = ""

    def body(self) -> dict[str, Any]:
        """As Steward reads it."""
        return {"type": self.type} | _named(self.id, self.external_id)


def _named(key: str, external_id: str) -> dict[str, str]:
    return {"id": key} if key else {"external_id": external_id}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What conditions of roles are judged by: from where the user calls you, when it last showed a second factor, and
    further attributes. The time is always Steward's."""

    address: str = ""
    second_factor_at: datetime | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """As Steward reads it."""
        told: dict[str, Any] = {}
        if self.address:
            told["address"] = self.address
        if self.second_factor_at is not None:
            told["second_factor_at"] = self.second_factor_at.isoformat()
        if self.attributes:
            told["attributes"] = dict(self.attributes)
        return told


@dataclass(frozen=True, slots=True)
class Question:
    """May `subject` do `permission` to `thing` (None: the organisation)?"""

    subject: Subject
    permission: str
    thing: Thing | None = None
    circumstances: Circumstances | None = None

    def body(self) -> dict[str, Any]:
        """As Steward reads it."""
        told: dict[str, Any] = {"subject": self.subject.body(), "permission": self.permission}
        if self.thing is not None:
            told["resource"] = self.thing.body()
        if self.circumstances is not None:
            told["context"] = self.circumstances.body()
        return told


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer, true where it allows. `keep_seconds`: how long it may be kept while the feed tells of no change."""

    allowed: bool
    reason: str
    version: str
    keep_seconds: int = 0

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer in words, with the sentence of each path that led to it and the roles that would allow it."""

    allowed: bool
    reason: str
    text: str
    paths: tuple[str, ...]
    would_give: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A part of the versions of decisions rose to `version`; of a subject, its ids."""

    part: Literal["installation", "organisation", "subject"]
    version: int
    subject_id: str = ""
    external_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """A part of the feed, where it goes on, and whether there is more right now."""

    items: tuple[Change, ...]
    next_cursor: str
    more: bool


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing of your product as Steward should know it. What is None stays as it is."""

    type: str
    external_id: str
    name: str
    parent: Thing | None = None
    attributes: Mapping[str, Attribute] | None = None
    is_public: bool | None = None

    def body(self) -> dict[str, Any]:
        """As Steward reads it, where the address names the thing."""
        told: dict[str, Any] = {"name": self.name}
        if self.parent is not None:
            told["parent"] = {"id": self.parent.id} if self.parent.id else self.parent.body()
        if self.attributes is not None:
            told["attributes"] = dict(self.attributes)
        if self.is_public is not None:
            told["is_public"] = self.is_public
        return told


@dataclass(frozen=True, slots=True)
class Registered:
    """A resource that Steward knows."""

    id: str
    type: str
    external_id: str
    created: bool
