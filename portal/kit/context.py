"""Who acts, and on whose request: the context that the record, the guard and the logs read.

Set by the edge for a request, by the worker for a job, by `system()` for commands and the shell; always reset
afterwards, or an actor would leak into the next request of the same thread.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

ActorKind = Literal["anonymous", "person", "service", "key", "job", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, service account, key, job or the system itself. `label` is frozen into every event.

    `id` is the one whose rights count. `scopes`: the only permissions that may be used; None for all that are held.
    """

    kind: ActorKind
    id: UUID | None
    label: str
    organisation_id: UUID | None = None
    on_behalf_of: "Actor | None" = None
    scopes: frozenset[str] | None = None


ANONYMOUS = Actor("anonymous", None, "anonymous")


@dataclass(slots=True)
class Context:
    """One request, job run or command. `cache` holds what may be remembered for just that long.

    `through`: the key or the impersonating administrator that uses the actor's rights; the record names it as the one
    who acted, on behalf of the actor. `second_factor_at` is when the actor last proved who it is with a second factor,
    in this session.
    """

    actor: Actor = ANONYMOUS
    through: Actor | None = None
    source: Literal["request", "job", "command"] = "request"
    request_id: str = ""
    correlation_id: str = ""
    session_id: UUID | None = None
    second_factor_at: datetime | None = None
    address: str | None = None
    agent: str = ""
    reason: str = ""
    platform: bool = False  # Acts for the whole installation: its transactions see every organisation's rows.
    cache: dict[object, object] = field(default_factory=dict)


_current: ContextVar[Context | None] = ContextVar("steward_context", default=None)


def current() -> Context | None:
    """The context of this request, job or command; None outside of all three."""
    return _current.get()


def actor() -> Actor:
    """The acting one, or the anonymous actor outside of any context."""
    context = _current.get()
    return context.actor if context else ANONYMOUS


def enter(context: Context) -> Token[Context | None]:
    """Make `context` the current one until `leave`; where a `with` block costs too much (every request)."""
    return _current.set(context)


def leave(token: Token[Context | None]) -> None:
    """Put back the context that was there before `enter`."""
    _current.reset(token)


@contextmanager
def use(context: Context) -> Iterator[Context]:
    """Run the block under `context` and put the former one back, whatever happens."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


@contextmanager
def acting(who: Actor) -> Iterator[Context]:
    """Run the block as `who`, everything else of the context unchanged (sign-in, tests)."""
    base = _current.get() or Context(source="command")
    with use(replace(base, actor=who, cache={})) as context:
        yield context


@contextmanager
def system(reason: str) -> Iterator[Context]:
    """Run the block as the system: commands and the shell. `reason` stands in every event it causes."""
    if not reason:
        raise ValueError("Say why the system acts; the reason stands in every event.")
    actor = Actor("system", None, "system")
    with use(Context(actor=actor, source="command", reason=reason, platform=True)) as context:
        yield context
