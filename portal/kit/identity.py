"""Who is signed in, as the edge sees it. accounts finds it out, in the one query of the request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest

from portal.kit.context import Actor
from portal.kit.ports import port


@dataclass(frozen=True, slots=True)
class OrganisationRef:
    """The organisation that a request names and its person is an active member of."""

    id: UUID
    slug: str
    name: str


@dataclass(slots=True)
class Identity:
    """A live session and its person. `stamps` are the versions that decisions of this request are
    made at: of the installation, the organisation (0 without one) and the person.

    `organisation` is the one that the request names (by address or header); its id is the actor's `organisation_id`.
    `platform_at` is when the session was last noted as having entered the platform. `confirmed_at` is when the person
    last proved who it is, `second_factor_at` when with a second factor, `factor_due_at` from when on it needs one.
    `expires_at` is when the session ends if nobody does anything, `ends_at` when it ends in any case.
    `through` is the key or the impersonating administrator behind the session; one that is `read_only` changes nothing.
    Of a key, `session_id` is its own id, and `rate` how many calls a minute it may make where it has a limit of its own.
    `avatar` names the person's picture; at `leaving_at` the account is deleted, as the person asked for.
    """

    actor: Actor
    person: Any
    session_id: UUID
    last_seen_at: datetime
    stamps: tuple[int, int, int]
    active: bool
    must_change_password: bool
    platform_at: datetime | None = None
    organisation: OrganisationRef | None = None
    kind: Literal["browser", "token", "key"] = "browser"
    confirmed_at: datetime | None = None
    second_factor_at: datetime | None = None
    factor_due_at: datetime | None = None
    through: Actor | None = None
    read_only: bool = False
    preferences: Mapping[str, Any] = field(default_factory=dict)
    idle: timedelta | None = None
    expires_at: datetime | None = None
    ends_at: datetime | None = None
    address_unverified: bool = False  # Nobody has confirmed that mails reach the person.
    rate: int | None = None
    avatar: UUID | None = None
    leaving_at: datetime | None = None

    @property
    def viewing(self) -> bool:
        """Whether an administrator sees the console as this person."""
        return self.through is not None and self.kind == "browser"


@port
def identify(request: HttpRequest) -> Identity | None:
    """The identity behind the session cookie of `request`; None without one or when it has ended.

    One query, which does not open the request's transaction. Raises `NotFound` when the request names an organisation
    (`/o/<slug>/` or `Steward-Organisation`) that the person is not a member of.
    """
    raise NotImplementedError


@port
def identity_seen(identity: Identity) -> None:
    """Called once per request that somebody made (and no page by itself), to note when the session was last seen."""
    raise NotImplementedError


@port
def view_admitted(*, identity: Identity) -> None:
    """Called for every request of somebody who sees the console as somebody else; `Unauthenticated` when that is over."""
    raise NotImplementedError


@port
def platform_entered(identity: Identity) -> None:
    """Called when a request enters the platform's role, so that the room can put it into the trail."""
    raise NotImplementedError


@port
def key_used(who: Identity, status: int) -> None:
    """Called once per answered call of a key with the status of its reply, so that the room can note its use. It must
    neither ask the database nor wait for anything."""
    raise NotImplementedError


def of(request: HttpRequest) -> Identity | None:
    """The identity of a request that went through the middleware."""
    return getattr(request, "identity", None)


@port
def people_matching(text: str) -> list[UUID]:
    """The ids of people whose user name, e-mail address or id is exactly `text`; for filters of rooms below accounts."""
    raise NotImplementedError
